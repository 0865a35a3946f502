//! Collections (sequences, in which versions are created, and portfolios, to which versions are linked) and artifact types.

use std::borrow::Cow;

use artifact_core::records::{ArtifactTypeRecord, Collection, CollectionKind, Version};
use artifact_core::{ArtifactName, ArtifactType, ProjectAddress, Tag, VersionSelector};
use artifact_store::service::{ListQuery, Membership, VersionAlias};
use async_graphql::{Context, ID, Interface, Object, Result, SimpleObject};

use super::{
    AliasConnection, AliasNode, ArtifactNode, MembershipNode, ProjectNode,
    VersionedArtifactConnection,
};
use crate::graphql::connection::{connection, single_page};
use crate::graphql::context::{list_query, request_context};
use crate::graphql::enums::{ArtifactCollectionState, ArtifactDigestAlgorithm};
use crate::graphql::scalars::encode;
use crate::graphql::scalars::{DateTime, JsonString};

/// A collection in which versions are created.
pub(crate) struct SequenceNode(pub(crate) CollectionFields);

/// A collection to which versions are linked.
pub(crate) struct PortfolioNode(pub(crate) CollectionFields);

/// A collection and its state, from which both kinds of nodes are resolved.
pub(crate) struct CollectionFields {
    collection: Collection,
    state: ArtifactCollectionState,
}

/// A collection of either kind.
#[derive(Interface)]
#[expect(
    clippy::duplicated_attributes,
    reason = "each field of an interface is an attribute"
)]
#[graphql(
    name = "ArtifactCollection",
    field(name = "id", ty = "ID"),
    field(name = "name", ty = "String"),
    field(name = "description", ty = "Option<String>"),
    field(name = "created_at", ty = "DateTime"),
    field(name = "updated_at", ty = "DateTime"),
    field(name = "project", ty = "Option<ProjectNode>"),
    field(name = "default_artifact_type", ty = "ArtifactTypeNode"),
    field(name = "tags", ty = "TagConnection"),
    field(name = "state", ty = "ArtifactCollectionState"),
    field(
        name = "aliases",
        ty = "AliasConnection",
        arg(name = "after", ty = "Option<String>"),
        arg(name = "first", ty = "Option<i32>")
    ),
    field(
        name = "artifacts",
        ty = "VersionedArtifactConnection",
        arg(name = "after", ty = "Option<String>"),
        arg(name = "first", ty = "Option<i32>"),
        arg(name = "order", ty = "Option<String>"),
        arg(name = "filters", ty = "Option<JsonString>")
    ),
    field(
        name = "artifact_membership",
        ty = "Option<MembershipNode>",
        arg(name = "alias_name", ty = "Option<String>")
    )
)]
pub(crate) enum CollectionNode {
    ArtifactSequence(SequenceNode),
    ArtifactPortfolio(PortfolioNode),
}

connection! {
    /// Collections.
    CollectionConnection, CollectionEdge, CollectionNode
}

connection! {
    /// Tags of a collection.
    TagConnection, TagEdge, TagNode
}

/// A tag.
#[derive(SimpleObject)]
#[graphql(name = "Tag")]
pub(crate) struct TagNode {
    id: ID,
    name: String,
}

impl From<&Tag> for TagNode {
    fn from(tag: &Tag) -> Self {
        Self {
            id: encode("Tag", tag),
            name: tag.to_string(),
        }
    }
}

impl From<Collection> for CollectionNode {
    fn from(collection: Collection) -> Self {
        Self::in_state(collection, ArtifactCollectionState::Ready)
    }
}

impl From<Collection> for SequenceNode {
    fn from(collection: Collection) -> Self {
        Self(CollectionFields {
            collection,
            state: ArtifactCollectionState::Ready,
        })
    }
}

impl CollectionNode {
    /// Returns the node of a collection that was just deleted.
    pub(crate) fn deleted(collection: Collection) -> Self {
        Self::in_state(collection, ArtifactCollectionState::Deleted)
    }

    fn in_state(collection: Collection, state: ArtifactCollectionState) -> Self {
        let kind = collection.kind;
        let collected = CollectionFields { collection, state };
        match kind {
            CollectionKind::Sequence => Self::ArtifactSequence(SequenceNode(collected)),
            CollectionKind::Portfolio => Self::ArtifactPortfolio(PortfolioNode(collected)),
        }
    }
}

impl CollectionFields {
    fn project(&self) -> ProjectNode {
        ProjectNode::at(self.collection.project.clone())
    }

    fn artifact_type(&self) -> ArtifactTypeNode {
        let Collection {
            project,
            artifact_type,
            ..
        } = &self.collection;
        ArtifactTypeNode::named(project.clone(), artifact_type.clone())
    }

    fn aliases(&self, context: &Context<'_>) -> Result<AliasConnection> {
        let service = &request_context(context).service;
        let aliases: Vec<VersionAlias> = service.aliases_of_collection(&self.collection.id)?;
        Ok(AliasConnection::of(single_page(aliases), AliasNode))
    }

    fn versions(
        &self,
        context: &Context<'_>,
        query: &ListQuery,
    ) -> Result<VersionedArtifactConnection> {
        let service = &request_context(context).service;
        let slice = service.versions(&self.collection.id, query)?;
        let versions = slice.items.iter().map(|listed| &listed.item.1);
        let aliases = service.aliases_of_each(versions)?;
        Ok(VersionedArtifactConnection::of_versions(slice, aliases))
    }

    fn membership(&self, context: &Context<'_>, alias: Option<&str>) -> Result<Option<Membership>> {
        let selector = match alias {
            None => VersionSelector::latest(),
            Some(text) => match text.parse() {
                Ok(selector) => selector,
                Err(_) => return Ok(None),
            },
        };
        let Collection { project, name, .. } = &self.collection;
        Ok(request_context(context)
            .service
            .membership(project, name, &selector)?)
    }

    fn latest(&self, context: &Context<'_>) -> Result<Option<Version>> {
        Ok(request_context(context)
            .service
            .latest_version(&self.collection.id)?)
    }
}

/// Implements the fields of the interface and the fields of one kind for a node.
macro_rules! collection_object {
    ($node:ident, $name:literal, { $($own:tt)* }) => {
        #[Object(name = $name)]
        impl $node {
            async fn id(&self) -> ID {
                ID(self.0.collection.id.0.clone())
            }

            async fn name(&self) -> String {
                self.0.collection.name.to_string()
            }

            async fn description(&self) -> Option<String> {
                self.0.collection.description.clone()
            }

            async fn created_at(&self) -> DateTime {
                self.0.collection.created_at.into()
            }

            async fn updated_at(&self) -> DateTime {
                self.0.collection.updated_at.into()
            }

            async fn project(&self) -> Option<ProjectNode> {
                Some(self.0.project())
            }

            async fn default_artifact_type(&self) -> ArtifactTypeNode {
                self.0.artifact_type()
            }

            async fn tags(&self) -> TagConnection {
                let tags = self.0.collection.tags.iter().map(TagNode::from);
                TagConnection::of(single_page(tags.collect()), |tag| tag)
            }

            async fn state(&self) -> ArtifactCollectionState {
                self.0.state
            }

            /// Always a single page: a collection has few aliases.
            async fn aliases(
                &self,
                context: &Context<'_>,
                #[graphql(name = "after")] _after: Option<String>,
                #[graphql(name = "first")] _first: Option<i32>,
            ) -> Result<AliasConnection> {
                self.0.aliases(context)
            }

            async fn artifacts(
                &self,
                context: &Context<'_>,
                after: Option<String>,
                first: Option<i32>,
                order: Option<String>,
                filters: Option<JsonString>,
            ) -> Result<VersionedArtifactConnection> {
                let query = list_query(after, first, filters.map(|filters| filters.0), order);
                self.0.versions(context, &query)
            }

            async fn artifact_membership(
                &self,
                context: &Context<'_>,
                alias_name: Option<String>,
            ) -> Result<Option<MembershipNode>> {
                let found = self.0.membership(context, alias_name.as_deref())?;
                Ok(found.map(MembershipNode))
            }

            $($own)*
        }
    };
}

collection_object!(SequenceNode, "ArtifactSequence", {
    async fn latest_artifact(&self, context: &Context<'_>) -> Result<Option<ArtifactNode>> {
        Ok(self.0.latest(context)?.map(ArtifactNode::from))
    }

    /// The digest algorithm of the newest version.
    async fn digest_algorithm(
        &self,
        context: &Context<'_>,
    ) -> Result<Option<ArtifactDigestAlgorithm>> {
        let latest = self.0.latest(context)?;
        Ok(latest.map(|version| version.algorithm.into()))
    }
});

collection_object!(PortfolioNode, "ArtifactPortfolio", {});

/// An artifact type of a project; everything but its name is read on demand.
pub(crate) struct ArtifactTypeNode {
    project: ProjectAddress,
    name: ArtifactType,
    record: Option<ArtifactTypeRecord>,
}

connection! {
    /// Artifact types.
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
    /// Returns the type of a record that the account may see.
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
