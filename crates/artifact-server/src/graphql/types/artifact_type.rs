//! A type of artifacts.

use std::borrow::Cow;

use artifact_core::records::ArtifactTypeRecord;
use artifact_core::{ArtifactName, ArtifactType, ProjectAddress};
use async_graphql::{Context, ID, Object, Result};

use super::{CollectionConnection, CollectionNode};
use crate::graphql::connection::connection;
use crate::graphql::context::{list_query, request_context};
use crate::graphql::ids::encode;
use crate::graphql::scalars::{DateTime, JsonString};

/// A type of artifacts in a project. More than its name is read when somebody asks for it.
pub(crate) struct ArtifactTypeNode {
    project: ProjectAddress,
    name: ArtifactType,
    record: Option<ArtifactTypeRecord>,
}

connection! {
    /// Types of artifacts.
    ArtifactTypeConnection, ArtifactTypeEdge, ArtifactTypeNode
}

impl From<ArtifactTypeRecord> for ArtifactTypeNode {
    fn from(record: ArtifactTypeRecord) -> Self {
        Self {
            project: record.project.clone(),
            name: record.name.clone(),
            record: Some(record),
        }
    }
}

impl ArtifactTypeNode {
    /// Returns the type of something that the request sees.
    pub(crate) const fn named(project: ProjectAddress, name: ArtifactType) -> Self {
        Self {
            project,
            name,
            record: None,
        }
    }

    fn record(&self, context: &Context<'_>) -> Result<Cow<'_, ArtifactTypeRecord>> {
        if let Some(record) = &self.record {
            return Ok(Cow::Borrowed(record));
        }
        let Self { project, name, .. } = self;
        let found = request_context(context)
            .service
            .artifact_type(project, name)?;
        let found = found.ok_or_else(|| format!("{project} has no type {name}"))?;
        Ok(Cow::Owned(found))
    }
}

#[Object(name = "ArtifactType")]
impl ArtifactTypeNode {
    async fn id(&self, context: &Context<'_>) -> Result<ID> {
        Ok(encode("ArtifactType", self.record(context)?.number))
    }

    async fn name(&self) -> &str {
        self.name.as_str()
    }

    async fn description(&self) -> Option<String> {
        None
    }

    async fn created_at(&self, context: &Context<'_>) -> Result<DateTime> {
        Ok(self.record(context)?.created_at.into())
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
            .collection(&self.project, &name)?;
        let of_type = found.filter(|collection| collection.artifact_type == self.name);
        Ok(of_type.map(CollectionNode::from))
    }

    async fn artifact_collections(
        &self,
        context: &Context<'_>,
        after: Option<String>,
        first: Option<i32>,
        filters: Option<JsonString>,
        order: Option<String>,
    ) -> Result<CollectionConnection> {
        let query = list_query(after, first, filters.map(|filters| filters.0), order);
        let service = &request_context(context).service;
        let slice = service.collections(&self.project, Some(&self.name), &query)?;
        Ok(CollectionConnection::of(slice, CollectionNode::from))
    }
}
