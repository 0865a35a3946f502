//! A project.

use artifact_core::{ArtifactAddress, ArtifactName, ArtifactType, VersionSelector};
use artifact_store::service::{ListQuery, Membership, Project};
use async_graphql::{Context, ID, Object, Result};

use super::{
    ArtifactNode, ArtifactTypeConnection, ArtifactTypeNode, CollectionConnection, CollectionNode,
    EntityNode, MembershipNode, RunConnection, RunNode, UserNode,
};
use crate::graphql::asker::{asker, list_query};
use crate::graphql::connection::connection;
use crate::graphql::ids::encode;
use crate::graphql::scalars::{DateTime, JsonString};

/// A project.
pub(crate) struct ProjectNode(pub(crate) Project);

connection! {
    /// Projects.
    ProjectConnection, ProjectEdge, ProjectNode
}

impl ProjectNode {
    /// Finds `collection`, `collection:alias` or `collection:vN` in this project.
    fn find(&self, context: &Context<'_>, name: &str) -> Result<Option<Membership>> {
        let Ok(address) = name.parse::<ArtifactAddress>() else {
            return Ok(None);
        };
        let selector = address.selector().cloned();
        let selector = selector.unwrap_or_else(VersionSelector::latest);
        let service = &asker(context).service;
        Ok(service.membership(&self.0.address, address.name(), &selector)?)
    }

    fn run_named(&self, context: &Context<'_>, name: Option<String>) -> Result<Option<RunNode>> {
        let Some(Ok(id)) = name.map(|name| name.parse()) else {
            return Ok(None);
        };
        let found = asker(context).service.run(&self.0.address, &id)?;
        Ok(found.map(RunNode))
    }
}

#[Object(name = "Project")]
impl ProjectNode {
    async fn id(&self) -> ID {
        let address = &self.0.address;
        encode(
            "Project",
            format_args!("v1:{}:{}", address.project, address.entity),
        )
    }

    async fn internal_id(&self) -> ID {
        encode("ProjectInternalId", self.0.number)
    }

    async fn name(&self) -> &str {
        self.0.address.project.as_str()
    }

    async fn entity(&self, context: &Context<'_>) -> Result<EntityNode> {
        let name = &self.0.address.entity;
        let entity = asker(context).service.entity(name)?;
        let entity = entity.ok_or_else(|| format!("there is no entity {name}"))?;
        Ok(EntityNode(entity))
    }

    async fn entity_name(&self) -> &str {
        self.0.address.entity.as_str()
    }

    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    async fn updated_at(&self) -> DateTime {
        self.0.updated_at.into()
    }

    async fn access(&self) -> &str {
        "PRIVATE"
    }

    async fn views(&self) -> Option<JsonString> {
        None
    }

    async fn is_benchmark(&self) -> bool {
        false
    }

    async fn user(&self) -> UserNode {
        UserNode::named(self.0.address.entity.clone())
    }

    async fn read_only(&self) -> bool {
        false
    }

    async fn allow_all_artifact_types_in_registry(&self) -> bool {
        true
    }

    async fn run(&self, context: &Context<'_>, name: Option<String>) -> Result<Option<RunNode>> {
        self.run_named(context, name)
    }

    /// The older name of [`Self::run`].
    async fn bucket(
        &self,
        context: &Context<'_>,
        name: Option<String>,
        #[graphql(name = "missingOk")] _missing_ok: Option<bool>,
    ) -> Result<Option<RunNode>> {
        self.run_named(context, name)
    }

    async fn runs(
        &self,
        context: &Context<'_>,
        filters: Option<JsonString>,
        after: Option<String>,
        first: Option<i32>,
        order: Option<String>,
    ) -> Result<RunConnection> {
        let query = list_query(after, first, filters.map(|filters| filters.0), order);
        let slice = asker(context).service.runs(&self.0.address, &query)?;
        Ok(RunConnection::of(slice, RunNode))
    }

    async fn run_count(&self, context: &Context<'_>, filters: Option<JsonString>) -> Result<i32> {
        let filters = filters.map(|filters| filters.0);
        let count = asker(context)
            .service
            .run_count(&self.0.address, filters.as_deref())?;
        Ok(i32::try_from(count).unwrap_or(i32::MAX))
    }

    async fn artifact(
        &self,
        context: &Context<'_>,
        name: Option<String>,
    ) -> Result<Option<ArtifactNode>> {
        let found = self.find(context, &name.unwrap_or_default())?;
        Ok(found.map(|membership| ArtifactNode(membership.version)))
    }

    async fn artifact_type(
        &self,
        context: &Context<'_>,
        name: Option<String>,
    ) -> Result<Option<ArtifactTypeNode>> {
        let Some(Ok(name)) = name.map(|name| name.parse::<ArtifactType>()) else {
            return Ok(None);
        };
        let found = asker(context)
            .service
            .artifact_type(&self.0.address, &name)?;
        Ok(found.map(ArtifactTypeNode))
    }

    async fn artifact_types(
        &self,
        context: &Context<'_>,
        after: Option<String>,
        first: Option<i32>,
        #[graphql(name = "includeAll")] _include_all: Option<bool>,
    ) -> Result<ArtifactTypeConnection> {
        let query = list_query(after, first, None, None);
        let slice = asker(context)
            .service
            .artifact_types(&self.0.address, &query)?;
        Ok(ArtifactTypeConnection::of(slice, ArtifactTypeNode))
    }

    async fn artifact_collection(
        &self,
        context: &Context<'_>,
        name: Option<String>,
    ) -> Result<Option<CollectionNode>> {
        let Some(Ok(name)) = name.map(|name| name.parse::<ArtifactName>()) else {
            return Ok(None);
        };
        let found = asker(context).service.collection(&self.0.address, &name)?;
        Ok(found.map(CollectionNode::from))
    }

    async fn artifact_collections(
        &self,
        context: &Context<'_>,
        after: Option<String>,
        first: Option<i32>,
        filters: Option<JsonString>,
        order: Option<String>,
    ) -> Result<CollectionConnection> {
        let query: ListQuery = list_query(after, first, filters.map(|filters| filters.0), order);
        let slice = asker(context)
            .service
            .collections(&self.0.address, None, &query)?;
        Ok(CollectionConnection::of(slice, CollectionNode::from))
    }

    async fn artifact_collection_membership(
        &self,
        context: &Context<'_>,
        name: Option<String>,
    ) -> Result<Option<MembershipNode>> {
        let found = self.find(context, &name.unwrap_or_default())?;
        Ok(found.map(MembershipNode))
    }
}
