//! Entities, organizations and users.
//!
//! An account of this server is a user with a personal entity, and each entity is an organization with itself as its only member.

use std::borrow::Cow;

use artifact_core::records::{Account, AccountKey, Entity};
use artifact_core::{EntityName, ProjectAddress};
use async_graphql::{ComplexObject, Context, ID, Object, Result, SimpleObject};

use super::{ProjectConnection, ProjectNode};
use crate::graphql::connection::{connection, single_page};
use crate::graphql::context::{list_query, request_context};
use crate::graphql::enums::RampIDType;
use crate::graphql::scalars::encode;
use crate::graphql::scalars::{DateTime, Int64, JsonString};

/// An entity; everything but its name is read on demand.
pub(crate) struct EntityNode {
    name: EntityName,
    record: Option<Entity>,
}

impl From<Entity> for EntityNode {
    fn from(record: Entity) -> Self {
        Self {
            name: record.name.clone(),
            record: Some(record),
        }
    }
}

impl EntityNode {
    /// Returns the entity of a record that the account may see.
    pub(crate) const fn named(name: EntityName) -> Self {
        Self { name, record: None }
    }

    fn record(&self, context: &Context<'_>) -> Result<Cow<'_, Entity>> {
        if let Some(record) = &self.record {
            return Ok(Cow::Borrowed(record));
        }
        let found = request_context(context).service.entity(&self.name)?;
        let found = found.ok_or_else(|| format!("there is no entity {}", self.name))?;
        Ok(Cow::Owned(found))
    }
}

#[Object(name = "Entity")]
impl EntityNode {
    async fn id(&self, context: &Context<'_>) -> Result<ID> {
        Ok(encode("Entity", self.record(context)?.number))
    }

    async fn name(&self) -> &str {
        self.name.as_str()
    }

    /// A personal entity is presented as a team with one member.
    async fn is_team(&self) -> bool {
        true
    }

    async fn entity_type(&self, context: &Context<'_>) -> Result<&str> {
        let is_personal = self.record(context)?.is_personal;
        Ok(if is_personal { "user" } else { "team" })
    }

    async fn available(&self) -> bool {
        false
    }

    async fn created_at(&self, context: &Context<'_>) -> Result<DateTime> {
        Ok(self.record(context)?.created_at.into())
    }

    async fn photo_url(&self) -> Option<String> {
        None
    }

    async fn read_only(&self) -> bool {
        false
    }

    async fn read_only_admin(&self) -> bool {
        false
    }

    async fn private_only(&self) -> bool {
        false
    }

    async fn storage_bytes(&self) -> Int64 {
        Int64(0)
    }

    async fn code_saving_enabled(&self) -> bool {
        false
    }

    async fn default_access(&self) -> &str {
        "PRIVATE"
    }

    async fn is_paid(&self) -> bool {
        false
    }

    async fn members(&self, context: &Context<'_>) -> Result<Vec<Member>> {
        let entity = self.record(context)?;
        if !entity.is_personal {
            return Ok(Vec::new());
        }
        Ok(vec![Member {
            id: encode("User", entity.number).0,
            role: "admin",
            admin: true,
            pending: false,
            email: String::new(),
            username: entity.name.to_string(),
            name: entity.name.to_string(),
            photo_url: None,
            account_type: "MEMBER",
            api_key: None,
        }])
    }

    async fn organization(&self, context: &Context<'_>) -> Result<Option<OrganizationNode>> {
        let own = self.record(context)?.into_owned();
        Ok(Some(own.into()))
    }

    async fn user(&self, context: &Context<'_>) -> Result<Option<UserNode>> {
        let is_personal = self.record(context)?.is_personal;
        Ok(is_personal.then(|| UserNode::named(self.name.clone())))
    }

    async fn xxhash_digests_enabled(&self) -> bool {
        true
    }

    async fn project(
        &self,
        context: &Context<'_>,
        name: Option<String>,
    ) -> Result<Option<ProjectNode>> {
        let Some(Ok(project)) = name.map(|name| name.parse()) else {
            return Ok(None);
        };
        let address = ProjectAddress {
            entity: self.name.clone(),
            project,
        };
        let found = request_context(context).service.project(&address)?;
        Ok(found.map(ProjectNode::from))
    }

    async fn projects(
        &self,
        context: &Context<'_>,
        filters: Option<JsonString>,
        after: Option<String>,
        first: Option<i32>,
        order: Option<String>,
    ) -> Result<ProjectConnection> {
        let query = list_query(after, first, filters.map(|filters| filters.0), order);
        let slice = request_context(context)
            .service
            .projects(&self.name, &query)?;
        Ok(ProjectConnection::of(slice, ProjectNode::from))
    }
}

/// A member of a team.
#[derive(SimpleObject)]
pub(crate) struct Member {
    id: String,
    role: &'static str,
    admin: bool,
    pending: bool,
    email: String,
    username: String,
    name: String,
    photo_url: Option<String>,
    account_type: &'static str,
    api_key: Option<String>,
}

/// An organization.
#[derive(SimpleObject)]
#[graphql(name = "Organization", complex)]
pub(crate) struct OrganizationNode {
    id: ID,
    name: String,
    org_entity: Option<EntityNode>,
    advanced_registry_features: Option<AdvancedRegistryFeatures>,
    core_weave_organization_id: Option<String>,
}

impl From<Entity> for OrganizationNode {
    fn from(entity: Entity) -> Self {
        Self {
            id: encode("Organization", entity.number),
            name: entity.name.to_string(),
            org_entity: Some(entity.into()),
            advanced_registry_features: None,
            core_weave_organization_id: None,
        }
    }
}

#[ComplexObject]
impl OrganizationNode {
    async fn feature_flags(
        &self,
        #[graphql(name = "rampIDType")] _ramp_id_type: Option<RampIDType>,
    ) -> Vec<FeatureFlag> {
        Vec::new()
    }
}

/// A feature flag of an organization.
#[derive(SimpleObject)]
pub(crate) struct FeatureFlag {
    ramp_key: String,
    is_enabled: bool,
}

/// Features of an organization's registries.
#[derive(SimpleObject)]
pub(crate) struct AdvancedRegistryFeatures {
    advanced_search: bool,
}

/// A user.
pub(crate) struct UserNode {
    name: EntityName,
    /// Empty for all but the account of the request.
    keys: Vec<AccountKey>,
}

impl UserNode {
    /// Returns the user of an account, with its keys.
    pub(crate) fn of_account(account: &Account) -> Self {
        Self {
            name: account.name.clone(),
            keys: account.keys.clone(),
        }
    }

    /// Returns a user by name, without keys.
    pub(crate) fn named(name: EntityName) -> Self {
        Self {
            name,
            keys: Vec::new(),
        }
    }
}

#[Object(name = "User")]
impl UserNode {
    async fn id(&self, context: &Context<'_>) -> Result<ID> {
        let entity = request_context(context).service.entity(&self.name)?;
        Ok(encode("User", entity.map_or(0, |entity| entity.number)))
    }

    async fn name(&self) -> &str {
        self.name.as_str()
    }

    async fn username(&self) -> &str {
        self.name.as_str()
    }

    async fn email(&self) -> &str {
        ""
    }

    async fn admin(&self) -> bool {
        false
    }

    /// JSON text.
    async fn flags(&self) -> &str {
        "{}"
    }

    /// The default entity, which is the personal one.
    async fn entity(&self) -> &str {
        self.name.as_str()
    }

    async fn deleted_at(&self) -> Option<DateTime> {
        None
    }

    async fn photo_url(&self) -> Option<String> {
        None
    }

    async fn api_keys(&self) -> ApiKeyConnection {
        let keys = self.keys.iter().map(|key| ApiKeyNode {
            owner: self.name.clone(),
            key: key.clone(),
        });
        ApiKeyConnection::of(single_page(keys.collect()), |key| key)
    }

    /// The personal entity reads as a team of one.
    async fn teams(&self, context: &Context<'_>) -> Result<TeamConnection> {
        let own = request_context(context).service.entity(&self.name)?;
        let teams = own.into_iter().collect();
        Ok(TeamConnection::of(single_page(teams), EntityNode::from))
    }

    async fn organizations(&self, context: &Context<'_>) -> Result<Vec<OrganizationNode>> {
        let own = request_context(context).service.entity(&self.name)?;
        Ok(own.into_iter().map(OrganizationNode::from).collect())
    }
}

/// An API key, reduced to its prefix: the store has only its hash.
pub(crate) struct ApiKeyNode {
    owner: EntityName,
    key: AccountKey,
}

#[Object(name = "ApiKey")]
impl ApiKeyNode {
    async fn id(&self) -> ID {
        encode("ApiKey", format_args!("{}:{}", self.owner, self.key.prefix))
    }

    /// The prefix of the key, by which a client finds its own among several.
    async fn name(&self) -> &str {
        &self.key.prefix
    }

    async fn description(&self) -> Option<String> {
        None
    }
}

connection! {
    /// API keys of a user.
    ApiKeyConnection, ApiKeyEdge, ApiKeyNode
}

connection! {
    /// Teams that a user belongs to.
    TeamConnection, TeamEdge, EntityNode
}
