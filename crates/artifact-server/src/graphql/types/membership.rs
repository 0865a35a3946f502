//! Versions in collections, and the aliases that they bear there.

use artifact_store::service::{Membership, VersionAlias};
use async_graphql::{Context, ID, Object, Result};

use super::{ArtifactNode, CollectionNode, FileConnection, FileNode};
use crate::graphql::connection::connection;
use crate::graphql::context::{list_query, request_context};
use crate::graphql::ids::encode;
use crate::graphql::scalars::DateTime;

/// That a version is in a collection.
pub(crate) struct MembershipNode(pub(crate) Membership);

connection! {
    /// The collections that a version is in.
    MembershipConnection, MembershipEdge, MembershipNode
}

#[Object(name = "ArtifactCollectionMembership")]
impl MembershipNode {
    async fn id(&self) -> ID {
        encode("ArtifactCollectionMembership", self.0.number)
    }

    async fn version_index(&self) -> u32 {
        self.0.index.get()
    }

    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    async fn aliases(&self) -> Vec<AliasNode> {
        let alias = |alias: &artifact_core::Alias| {
            AliasNode(VersionAlias {
                alias: alias.clone(),
                collection: self.0.collection.clone(),
            })
        };
        self.0.aliases.iter().map(alias).collect()
    }

    async fn artifact_collection(&self) -> CollectionNode {
        self.0.collection.clone().into()
    }

    async fn artifact(&self) -> ArtifactNode {
        self.0.version.clone().into()
    }

    async fn files(
        &self,
        context: &Context<'_>,
        names: Option<Vec<Option<String>>>,
        after: Option<String>,
        first: Option<i32>,
    ) -> Result<FileConnection> {
        let names: Vec<String> = names.unwrap_or_default().into_iter().flatten().collect();
        let query = list_query(after, first, None, None);
        let version = &self.0.version;
        let slice = request_context(context)
            .service
            .entries(&version.id, &names, &query)?;
        Ok(FileConnection::of(slice, |entry| {
            FileNode::of_entry(version, entry)
        }))
    }
}

/// An alias of a version in a collection.
pub(crate) struct AliasNode(pub(crate) VersionAlias);

connection! {
    /// Aliases.
    AliasConnection, AliasEdge, AliasNode
}

#[Object(name = "ArtifactAlias")]
impl AliasNode {
    async fn id(&self) -> ID {
        encode(
            "ArtifactAlias",
            format_args!("{}:{}", self.0.collection.number, self.0.alias),
        )
    }

    async fn alias(&self) -> &str {
        self.0.alias.as_str()
    }

    async fn artifact_collection(&self) -> CollectionNode {
        self.0.collection.clone().into()
    }

    async fn artifact_collection_name(&self) -> &str {
        self.0.collection.name.as_str()
    }
}
