//! Defaults for omitted parts of addresses: from the settings, the server, or its cached responses.

use artifact_core::ports::RegistryError;
use artifact_core::{
    ArtifactAddress, ArtifactName, EntityName, InvalidValue, ProjectAddress, QualifiedAddress,
    VersionSelector,
};
use artifact_flows::{LookupPolicy, RegistryOwner};

use super::Client;
use super::server::Server;
use crate::Error;

impl Client {
    /// Returns the entity that is meant where none is named: that of the settings, on a server the user's own.
    ///
    /// # Errors
    /// [`Error::Registry`] when the server has to be asked and does not answer.
    pub async fn default_entity(&self) -> Result<EntityName, Error> {
        let (Some(server), None) = (&self.0.server, self.settings().named_entity()) else {
            return Ok(self.settings().entity.clone());
        };
        let asked = self.0.default_entity.get_or_try_init(|| async {
            if self.0.is_offline {
                return Err(Error::NoEntityOffline);
            }
            let entity = server
                .default_entity()
                .await?
                .ok_or_else(|| RegistryError::Rejected {
                    what: "the account has no default entity: name one".to_owned(),
                })?;
            Ok::<_, Error>(entity.parse()?)
        });
        asked.await.cloned()
    }

    /// Returns the project that is meant where none is named.
    ///
    /// # Errors
    /// As [`default_entity`](Self::default_entity).
    pub async fn default_project(&self) -> Result<ProjectAddress, Error> {
        Ok(ProjectAddress {
            entity: self.default_entity().await?,
            project: self.settings().project.clone(),
        })
    }

    /// Returns `address` with what it leaves open filled in.
    ///
    /// # Errors
    /// As [`default_entity`](Self::default_entity).
    pub async fn qualify(&self, address: ArtifactAddress) -> Result<QualifiedAddress, Error> {
        self.qualify_to_find(address, self.lookup_policy(LookupPolicy::Registry))
            .await
    }

    /// Returns the project and the name of a collection written `[[entity/]project/]name`.
    ///
    /// # Errors
    /// [`Error::Invalid`] when `path` is none, or names a version; else as [`default_entity`](Self::default_entity).
    pub async fn qualify_collection(
        &self,
        path: &str,
    ) -> Result<(ProjectAddress, ArtifactName), Error> {
        let address: ArtifactAddress = path.parse()?;
        if address.selector().is_some() {
            let rule = "a collection has neither version nor alias: leave out `:` and what follows";
            return Err(InvalidValue::new("collection", path, rule).into());
        }
        let address = self.qualify(address).await?;
        Ok((address.project, address.name))
    }

    /// As [`qualify`](Self::qualify), for a version that is looked for so.
    pub(super) async fn qualify_to_find(
        &self,
        address: ArtifactAddress,
        policy: LookupPolicy,
    ) -> Result<QualifiedAddress, Error> {
        let project = address
            .project()
            .unwrap_or(&self.settings().project)
            .clone();
        let entity = match (address.entity(), &self.0.server) {
            (named, Some(server)) if project.is_registry() => {
                let is_pinned = matches!(address.selector(), Some(VersionSelector::Version(_)));
                let recalls = match policy {
                    LookupPolicy::Registry => false,
                    LookupPolicy::CacheImmutable => is_pinned,
                    LookupPolicy::CacheOnly => true,
                };
                self.registry_entity(server, named, recalls).await?
            }
            // Not asked for where it is not needed: it may cost a question to the server.
            (Some(named), _) => named.clone(),
            (None, _) => self.default_entity().await?,
        };
        let qualified = address.qualify(&ProjectAddress {
            entity: entity.clone(),
            project,
        });
        let project = ProjectAddress {
            entity,
            ..qualified.project
        };
        Ok(QualifiedAddress {
            project,
            ..qualified
        })
    }

    /// Returns the entity that the registries of an organization belong to: the one that is `named`, that of the settings,
    /// or the only one that the user belongs to. `recalls` allows the server's last response.
    async fn registry_entity(
        &self,
        server: &Server,
        named: Option<&EntityName>,
        recalls: bool,
    ) -> Result<EntityName, Error> {
        let organization = named.map(EntityName::as_str);
        let owner = RegistryOwner {
            member: self.settings().named_entity(),
            organization: organization.or(self.settings().organization.as_deref()),
        };
        let versions = self.flow().versions.as_ref();
        let known = versions.filter(|_| recalls);
        if let Some(entity) = known.and_then(|versions| versions.registry_entity(&owner)) {
            return Ok(entity);
        }
        if self.0.is_offline {
            return match named {
                Some(named) => Ok(named.clone()),
                None => self.default_entity().await,
            };
        }
        let member = self.default_entity().await?;
        let entity = server.registry_entity(&member, owner.organization).await?;
        if let Some(versions) = versions {
            versions.remember_registry_entity(&owner, &entity);
        }
        Ok(entity)
    }
}
