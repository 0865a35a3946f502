//! An entity: a user or a team, to which projects belong.

use std::borrow::Cow;

use artifact_core::records::Entity;
use artifact_core::{EntityName, ProjectAddress};
use async_graphql::{Context, ID, Object, Result, SimpleObject};

use super::{OrganizationNode, ProjectConnection, ProjectNode, UserNode};
use crate::graphql::context::{list_query, request_context};
use crate::graphql::ids::encode;
use crate::graphql::scalars::{DateTime, Int64, JsonString};

/// An entity. More than its name is read when somebody asks for it.
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
    /// Returns the entity of something that the request sees.
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

    /// A personal entity reads as a team of one.
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
