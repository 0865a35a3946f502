//! A type of artifacts.

use artifact_core::ArtifactName;
use artifact_store::service::ArtifactTypeRecord;
use async_graphql::{Context, ID, Object, Result};

use super::{CollectionConnection, CollectionNode};
use crate::graphql::asker::{asker, list_query};
use crate::graphql::connection::connection;
use crate::graphql::ids::encode;
use crate::graphql::scalars::{DateTime, JsonString};

/// A type of artifacts in a project.
pub(crate) struct ArtifactTypeNode(pub(crate) ArtifactTypeRecord);

connection! {
    /// Types of artifacts.
    ArtifactTypeConnection, ArtifactTypeEdge, ArtifactTypeNode
}

#[Object(name = "ArtifactType")]
impl ArtifactTypeNode {
    async fn id(&self) -> ID {
        encode("ArtifactType", self.0.number)
    }

    async fn name(&self) -> &str {
        self.0.name.as_str()
    }

    async fn description(&self) -> Option<String> {
        None
    }

    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    async fn artifact_collection(
        &self,
        context: &Context<'_>,
        name: Option<String>,
    ) -> Result<Option<CollectionNode>> {
        let Some(Ok(name)) = name.map(|name| name.parse::<ArtifactName>()) else {
            return Ok(None);
        };
        let found = asker(context).service.collection(&self.0.project, &name)?;
        let of_type = found.filter(|collection| collection.artifact_type == self.0.name);
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
        let service = &asker(context).service;
        let slice = service.collections(&self.0.project, Some(&self.0.name), &query)?;
        Ok(CollectionConnection::of(slice, CollectionNode::from))
    }
}
