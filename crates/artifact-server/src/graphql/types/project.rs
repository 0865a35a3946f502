//! A project.

use std::borrow::Cow;

use artifact_core::records::Project;
use artifact_core::{ArtifactAddress, ArtifactName, ArtifactType, ProjectAddress, VersionSelector};
use artifact_store::service::{ListQuery, Membership};
use async_graphql::{Context, ID, Object, Result};

use super::{
    ArtifactNode, ArtifactTypeConnection, ArtifactTypeNode, CollectionConnection, CollectionNode,
    EntityNode, MembershipNode, RunConnection, RunNode, UserNode,
};
use crate::graphql::connection::connection;
use crate::graphql::context::{list_query, request_context};
use crate::graphql::scalars::encode;
use crate::graphql::scalars::{DateTime, JsonString};

/// A project; everything but its address is read on demand.
pub(crate) struct ProjectNode {
    address: ProjectAddress,
    record: Option<Project>,
}

impl From<Project> for ProjectNode {
    fn from(record: Project) -> Self {
        Self {
            address: record.address.clone(),
            record: Some(record),
        }
    }
}

connection! {
    /// Projects.
    ProjectConnection, ProjectEdge, ProjectNode
}

impl ProjectNode {
    /// Returns the project at the address of a record that the account may see.
    pub(crate) const fn at(address: ProjectAddress) -> Self {
        Self {
            address,
            record: None,
        }
    }

    fn record(&self, context: &Context<'_>) -> Result<Cow<'_, Project>> {
        if let Some(record) = &self.record {
            return Ok(Cow::Borrowed(record));
        }
        let found = request_context(context).service.project(&self.address)?;
        let found = found.ok_or_else(|| format!("there is no project {}", self.address))?;
        Ok(Cow::Owned(found))
    }

    /// Finds `collection`, `collection:alias` or `collection:vN` in this project.
    fn find(&self, context: &Context<'_>, name: &str) -> Result<Option<Membership>> {
        let Ok(address) = name.parse::<ArtifactAddress>() else {
            return Ok(None);
        };
        let selector = address.selector().cloned();
        let selector = selector.unwrap_or_else(VersionSelector::latest);
        let service = &request_context(context).service;
        Ok(service.membership(&self.address, address.name(), &selector)?)
    }

    fn run_named(&self, context: &Context<'_>, name: Option<String>) -> Result<Option<RunNode>> {
        let Some(Ok(id)) = name.map(|name| name.parse()) else {
            return Ok(None);
        };
        let found = request_context(context).service.run(&self.address, &id)?;
        Ok(found.map(RunNode))
    }
}

#[Object(name = "Project")]
impl ProjectNode {
    async fn id(&self) -> ID {
        let address = &self.address;
        encode(
            "Project",
            format_args!("v1:{}:{}", address.project, address.entity),
        )
    }

    async fn internal_id(&self, context: &Context<'_>) -> Result<ID> {
        Ok(encode("ProjectInternalId", self.record(context)?.number))
    }

    async fn name(&self) -> &str {
        self.address.project.as_str()
    }

    async fn entity(&self) -> EntityNode {
        EntityNode::named(self.address.entity.clone())
    }

    async fn entity_name(&self) -> &str {
        self.address.entity.as_str()
    }

    async fn description(&self, context: &Context<'_>) -> Result<Option<String>> {
        Ok(self.record(context)?.description.clone())
    }

    async fn created_at(&self, context: &Context<'_>) -> Result<DateTime> {
        Ok(self.record(context)?.created_at.into())
    }

    async fn updated_at(&self, context: &Context<'_>) -> Result<DateTime> {
        Ok(self.record(context)?.updated_at.into())
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
        UserNode::named(self.address.entity.clone())
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

    /// The older name of `run`.
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
        let slice = request_context(context)
            .service
            .runs(&self.address, &query)?;
        Ok(RunConnection::of(slice, RunNode))
    }

    async fn run_count(&self, context: &Context<'_>, filters: Option<JsonString>) -> Result<i32> {
        let filters = filters.map(|filters| filters.0);
        let count = request_context(context)
            .service
            .run_count(&self.address, filters.as_deref())?;
        Ok(i32::try_from(count).unwrap_or(i32::MAX))
    }

    async fn artifact(
        &self,
        context: &Context<'_>,
        name: Option<String>,
    ) -> Result<Option<ArtifactNode>> {
        let found = self.find(context, &name.unwrap_or_default())?;
        Ok(found.map(|membership| ArtifactNode::from(membership.version)))
    }

    async fn artifact_type(
        &self,
        context: &Context<'_>,
        name: Option<String>,
    ) -> Result<Option<ArtifactTypeNode>> {
        let Some(Ok(name)) = name.map(|name| name.parse::<ArtifactType>()) else {
            return Ok(None);
        };
        let found = request_context(context)
            .service
            .artifact_type(&self.address, &name)?;
        Ok(found.map(ArtifactTypeNode::from))
    }

    async fn artifact_types(
        &self,
        context: &Context<'_>,
        after: Option<String>,
        first: Option<i32>,
        #[graphql(name = "includeAll")] _include_all: Option<bool>,
    ) -> Result<ArtifactTypeConnection> {
        let query = list_query(after, first, None, None);
        let slice = request_context(context)
            .service
            .artifact_types(&self.address, &query)?;
        Ok(ArtifactTypeConnection::of(slice, ArtifactTypeNode::from))
    }

    async fn artifact_collection(
        &self,
        context: &Context<'_>,
        name: Option<String>,
    ) -> Result<Option<CollectionNode>> {
        let Some(Ok(name)) = name.map(|name| name.parse::<ArtifactName>()) else {
            return Ok(None);
        };
        let found = request_context(context)
            .service
            .collection(&self.address, &name)?;
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
        let slice = request_context(context)
            .service
            .collections(&self.address, None, &query)?;
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
