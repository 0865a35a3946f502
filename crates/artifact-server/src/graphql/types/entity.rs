//! An entity: a user or a team, to which projects belong.

use artifact_core::ProjectAddress;
use artifact_store::service::Entity;
use async_graphql::{Context, ID, Object, Result, SimpleObject};

use super::{OrganizationNode, ProjectConnection, ProjectNode, UserNode};
use crate::graphql::asker::{asker, list_query};
use crate::graphql::ids::encode;
use crate::graphql::scalars::{DateTime, Int64, JsonString};

/// An entity.
pub(crate) struct EntityNode(pub(crate) Entity);

#[Object(name = "Entity")]
impl EntityNode {
    async fn id(&self) -> ID {
        encode("Entity", self.0.number)
    }

    async fn name(&self) -> &str {
        self.0.name.as_str()
    }

    /// A personal entity reads as a team of one.
    async fn is_team(&self) -> bool {
        true
    }

    async fn entity_type(&self) -> &str {
        if self.0.is_personal { "user" } else { "team" }
    }

    async fn available(&self) -> bool {
        false
    }

    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
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

    async fn members(&self) -> Vec<Member> {
        if !self.0.is_personal {
            return Vec::new();
        }
        vec![Member {
            id: encode("User", self.0.number).0,
            role: "admin",
            admin: true,
            pending: false,
            email: String::new(),
            username: self.0.name.to_string(),
            name: self.0.name.to_string(),
            photo_url: None,
            account_type: "MEMBER",
            api_key: None,
        }]
    }

    async fn organization(&self) -> Option<OrganizationNode> {
        Some(OrganizationNode::of(self.0.clone()))
    }

    async fn user(&self) -> Option<UserNode> {
        let name = &self.0.name;
        self.0.is_personal.then(|| UserNode::named(name.clone()))
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
            entity: self.0.name.clone(),
            project,
        };
        let found = asker(context).service.project(&address)?;
        Ok(found.map(ProjectNode))
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
        let slice = asker(context).service.projects(&self.0.name, &query)?;
        Ok(ProjectConnection::of(slice, ProjectNode))
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
