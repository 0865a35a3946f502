//! Organizations, which own the registries of their users and teams. Source: section 2.9 of the wire protocol, and section
//! 5.9 of the notes on the official client.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use artifact_core::EntityName;
use artifact_core::ports::RegistryError;
use cynic::QueryBuilder as _;

use crate::Wandb;
use crate::graphql::{
    FetchOrgInfoFromEntity, GraphQlError, MemberEntity, Organization, OrganizationVariables,
};

/// An organization: its display name, and the entity that owns its registries.
#[derive(Debug, Clone, PartialEq, Eq)]
struct KnownOrganization {
    name: String,
    entity: String,
}

/// Organizations by entity, as far as they were queried.
#[derive(Debug, Clone, Default)]
pub(crate) struct Organizations(Arc<Mutex<HashMap<EntityName, Arc<[KnownOrganization]>>>>);

impl Wandb {
    /// Returns the entity that owns the registries of an organization, for a client that works as `entity`. The organization
    /// is named by its display name or its entity; without a name it is the only one that `entity`
    /// belongs to.
    ///
    /// A name of none of its organizations is taken for an entity. If the server has no organizations, registries
    /// belong to `entity` itself.
    ///
    /// # Errors
    /// [`RegistryError::Rejected`] without a name when `entity` belongs to several, and when the name cannot be an
    /// entity; [`RegistryError::Backend`] when the server cannot be reached.
    pub async fn registry_entity(
        &self,
        entity: &EntityName,
        organization: Option<&str>,
    ) -> Result<EntityName, RegistryError> {
        let known = self.organizations_of(entity).await?;
        choose(&known, entity, organization)
    }

    async fn organizations_of(
        &self,
        entity: &EntityName,
    ) -> Result<Arc<[KnownOrganization]>, RegistryError> {
        let remembered = || {
            self.organizations
                .0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        if let Some(known) = remembered().get(entity) {
            return Ok(Arc::clone(known));
        }
        let operation = FetchOrgInfoFromEntity::build(OrganizationVariables {
            entity: entity.to_string(),
        });
        let found = match self.graphql.execute(operation).await {
            Ok(response) => response.entity,
            // The server does not know the query.
            Err(GraphQlError::Rejected(_)) => None,
            Err(error) => return Err(self.failed("reading the organization", error)),
        };
        let organizations = match found {
            Some(MemberEntity {
                organization: Some(organization),
                ..
            }) => vec![organization],
            Some(MemberEntity {
                user: Some(user), ..
            }) => user.organizations,
            _ => Vec::new(),
        };
        let known: Arc<[KnownOrganization]> = organizations.into_iter().filter_map(known).collect();
        remembered().insert(entity.clone(), Arc::clone(&known));
        Ok(known)
    }
}

fn known(organization: Organization) -> Option<KnownOrganization> {
    Some(KnownOrganization {
        name: organization.name,
        entity: organization.org_entity?.name,
    })
}

fn choose(
    known: &[KnownOrganization],
    entity: &EntityName,
    organization: Option<&str>,
) -> Result<EntityName, RegistryError> {
    let name = match (organization, known) {
        (Some(wanted), _) => {
            let is_it = |known: &&KnownOrganization| known.name == wanted || known.entity == wanted;
            known
                .iter()
                .find(is_it)
                .map_or(wanted, |known| &known.entity)
        }
        (None, []) => entity.as_str(),
        (None, [only]) => &only.entity,
        (None, [..]) => {
            let names: Vec<_> = known.iter().map(|known| known.name.as_str()).collect();
            return Err(RegistryError::Rejected {
                what: format!(
                    "{entity} belongs to several organizations ({}): name one before the registry, or in \
                     WANDB_ORGANIZATION",
                    names.join(", ")
                ),
            });
        }
    };
    name.parse().map_err(|error| RegistryError::Rejected {
        what: format!("{name:?} is not an organization of {entity}: {error}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(names: &[(&str, &str)], organization: Option<&str>) -> Result<String, String> {
        let known = names.iter().map(|(name, entity)| KnownOrganization {
            name: (*name).to_owned(),
            entity: (*entity).to_owned(),
        });
        let entity = "ada".parse().unwrap();
        let chosen = choose(&known.collect::<Vec<_>>(), &entity, organization);
        chosen.map(|it| it.to_string()).map_err(|it| it.to_string())
    }

    #[test]
    fn an_organization_goes_by_its_name_or_its_entitys() {
        let two = [("Acme Inc", "acme-org"), ("Home", "home-org")];
        assert_eq!(of(&two, Some("Acme Inc")), Ok("acme-org".to_owned()));
        assert_eq!(of(&two, Some("home-org")), Ok("home-org".to_owned()));
        assert_eq!(of(&two[..1], None), Ok("acme-org".to_owned()));
        assert_eq!(of(&two, Some("other")), Ok("other".to_owned()));
    }

    #[test]
    fn without_organizations_registries_are_ones_own() {
        assert_eq!(of(&[], None), Ok("ada".to_owned()));
    }

    #[test]
    fn which_of_several_is_not_guessed() {
        let error = of(&[("Acme", "a"), ("Home", "h")], None).unwrap_err();
        assert!(
            error.contains("Acme, Home") && error.contains("WANDB_ORGANIZATION"),
            "{error}"
        );
        let error = of(&[], Some("no/entity")).unwrap_err();
        assert!(error.contains("no/entity"), "{error}");
    }
}
