//! Versions, their aliases, and their memberships in collections.

use artifact_core::records::ArtifactState as State;
use artifact_core::records::Version;
use artifact_core::{DigestAlgorithm, Ttl, VersionIndex};
use artifact_store::service::{Membership, Slice, VersionAlias};
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject, Union};

use super::{
    ArtifactTypeNode, CollectionNode, FileConnection, FileNode, ManifestNode, RunConnection,
    RunNode, SequenceNode, TagNode, UserNode,
};
use crate::graphql::connection::{PageInfo, connection, single_page};
use crate::graphql::context::{list_query, request_context};
use crate::graphql::enums::{ArtifactDigestAlgorithm, ArtifactState};
use crate::graphql::scalars::encode;
use crate::graphql::scalars::{DateTime, Int64, JsonString};

/// A version.
pub(crate) struct ArtifactNode {
    version: Version,
    /// The aliases, if they were read in a batch with those of other versions.
    aliases: Option<Vec<VersionAlias>>,
}

impl From<Version> for ArtifactNode {
    fn from(version: Version) -> Self {
        Self {
            version,
            aliases: None,
        }
    }
}

/// The protocol's number for a version without a time to live.
const NO_LIMIT: i64 = -2;

/// The creator of a version.
#[derive(Union)]
#[graphql(name = "ArtifactCreator")]
pub(crate) enum Creator {
    Run(Box<RunNode>),
    User(UserNode),
}

/// An entry of a manifest whose URL a client requests.
#[derive(InputObject)]
pub(crate) struct ArtifactManifestEntryInput {
    name: String,
    /// Not used, as are the fields that follow: the version has them.
    digest: String,
    #[graphql(name = "birthArtifactID")]
    birth_artifact_id: Option<String>,
    #[graphql(name = "ref")]
    reference: Option<String>,
    size: Option<Int64>,
}

connection! {
    /// Versions that a run logged or used.
    RunArtifactConnection, RunArtifactEdge, ArtifactNode
}

/// Versions of a collection.
#[derive(SimpleObject)]
pub(crate) struct VersionedArtifactConnection {
    edges: Vec<VersionedArtifactEdge>,
    page_info: PageInfo,
    total_count: i32,
}

/// A version in a listing of a collection.
#[derive(SimpleObject)]
pub(crate) struct VersionedArtifactEdge {
    /// `v0`, `v1`, …
    version: String,
    node: ArtifactNode,
    cursor: String,
}

impl VersionedArtifactConnection {
    /// Returns a connection of versions with their indexes and aliases.
    pub(crate) fn of_versions(
        slice: Slice<(VersionIndex, Version)>,
        aliases: Vec<Vec<VersionAlias>>,
    ) -> Self {
        Self {
            page_info: PageInfo {
                end_cursor: slice.items.last().map(|last| last.cursor.clone()),
                has_next_page: slice.has_more,
            },
            total_count: i32::try_from(slice.total).unwrap_or(i32::MAX),
            edges: slice
                .items
                .into_iter()
                .zip(aliases)
                .map(|(listed, aliases)| VersionedArtifactEdge {
                    version: listed.item.0.to_string(),
                    node: ArtifactNode {
                        version: listed.item.1,
                        aliases: Some(aliases),
                    },
                    cursor: listed.cursor,
                })
                .collect(),
        }
    }
}

#[Object(name = "Artifact")]
impl ArtifactNode {
    /// In standard base64: clients decode it for `wandb-artifact://` URIs.
    async fn id(&self) -> ID {
        ID(self.version.id.0.clone())
    }

    async fn artifact_sequence(&self) -> SequenceNode {
        self.version.sequence.clone().into()
    }

    async fn version_index(&self) -> Option<u32> {
        self.version.index.map(VersionIndex::get)
    }

    async fn artifact_type(&self) -> ArtifactTypeNode {
        let project = &self.version.sequence.project;
        ArtifactTypeNode::named(project.clone(), self.version.artifact_type.clone())
    }

    async fn description(&self) -> Option<&str> {
        self.version.description.as_deref()
    }

    async fn metadata(&self) -> Result<JsonString> {
        JsonString::of(&self.version.metadata)
    }

    async fn ttl_duration_seconds(&self) -> Int64 {
        Int64(match self.version.ttl {
            Ttl::Seconds(seconds) => i64::try_from(seconds).unwrap_or(i64::MAX),
            Ttl::Inherit | Ttl::Disabled => NO_LIMIT,
        })
    }

    async fn ttl_is_inherited(&self) -> bool {
        self.version.ttl == Ttl::Inherit
    }

    async fn tags(&self) -> Vec<TagNode> {
        self.version.tags.iter().map(TagNode::from).collect()
    }

    async fn history_step(&self) -> Option<Int64> {
        self.version.history_step.map(Int64::of)
    }

    async fn state(&self) -> ArtifactState {
        self.version.state.into()
    }

    async fn size(&self) -> Int64 {
        Int64::of(self.version.size)
    }

    async fn digest(&self) -> String {
        self.version.digest.to_string()
    }

    async fn digest_algorithm(&self) -> ArtifactDigestAlgorithm {
        self.version.algorithm.into()
    }

    /// Opaque to clients. Derived from the digest, since a committed version never changes.
    async fn commit_hash(&self) -> Option<String> {
        let Version {
            state,
            algorithm,
            digest,
            ..
        } = &self.version;
        let is_default = *algorithm == DigestAlgorithm::default();
        let prefix = if is_default {
            ""
        } else {
            &algorithm.folder()[..1]
        };
        matches!(state, State::Committed).then(|| format!("{prefix}{digest}"))
    }

    async fn file_count(&self) -> i32 {
        i32::try_from(self.version.file_count).unwrap_or(i32::MAX)
    }

    async fn created_at(&self) -> DateTime {
        self.version.created_at.into()
    }

    async fn updated_at(&self) -> DateTime {
        self.version.updated_at.into()
    }

    async fn aliases(&self, context: &Context<'_>) -> Result<Vec<AliasNode>> {
        let aliases = match &self.aliases {
            Some(read) => read.clone(),
            None => request_context(context)
                .service
                .aliases_of_version(&self.version.id)?,
        };
        Ok(aliases.into_iter().map(AliasNode).collect())
    }

    async fn current_manifest(&self, context: &Context<'_>) -> Result<Option<ManifestNode>> {
        let ticket = request_context(context)
            .service
            .manifest_ticket(&self.version.id)?;
        Ok(ticket.map(|ticket| ManifestNode::stored(self.version.number, ticket)))
    }

    async fn created_by(&self, context: &Context<'_>) -> Result<Option<Creator>> {
        if let Some(id) = &self.version.run {
            let run = request_context(context).service.run_with_id(id)?;
            return Ok(run.map(|run| Creator::Run(Box::new(RunNode(run)))));
        }
        let account = self.version.created_by.clone();
        Ok(account.map(|name| Creator::User(UserNode::named(name))))
    }

    async fn used_by(
        &self,
        context: &Context<'_>,
        #[graphql(name = "first")] _first: Option<i32>,
        #[graphql(name = "after")] _after: Option<String>,
    ) -> Result<RunConnection> {
        let runs = request_context(context)
            .service
            .runs_using(&self.version.id)?;
        Ok(RunConnection::of(single_page(runs), RunNode))
    }

    async fn artifact_memberships(&self, context: &Context<'_>) -> Result<MembershipConnection> {
        let memberships = request_context(context)
            .service
            .memberships(&self.version.id)?;
        Ok(MembershipConnection::of(
            single_page(memberships),
            MembershipNode,
        ))
    }

    async fn files(
        &self,
        context: &Context<'_>,
        names: Option<Vec<Option<String>>>,
        after: Option<String>,
        first: Option<i32>,
    ) -> Result<FileConnection> {
        let names: Vec<String> = names.unwrap_or_default().into_iter().flatten().collect();
        self.entries(context, &names, after, first)
    }

    #[expect(clippy::too_many_arguments, reason = "the protocol has as many")]
    async fn files_by_manifest_entries(
        &self,
        context: &Context<'_>,
        entries: Option<Vec<ArtifactManifestEntryInput>>,
        #[graphql(name = "storageLayout")] _storage_layout: Option<String>,
        #[graphql(name = "manifestVersion")] _manifest_version: Option<String>,
        #[graphql(name = "storageRegion")] _storage_region: Option<String>,
        after: Option<String>,
        first: Option<i32>,
    ) -> Result<FileConnection> {
        let entries = entries.unwrap_or_default().into_iter();
        let names: Vec<String> = entries.map(|entry| entry.name).collect();
        self.entries(context, &names, after, first)
    }
}

impl ArtifactNode {
    fn entries(
        &self,
        context: &Context<'_>,
        names: &[String],
        after: Option<String>,
        first: Option<i32>,
    ) -> Result<FileConnection> {
        let query = list_query(after, first, None, None);
        let slice = request_context(context)
            .service
            .entries(&self.version.id, names, &query)?;
        Ok(FileConnection::of(slice, |entry| {
            FileNode::of_entry(&self.version, entry)
        }))
    }
}

/// The membership of a version in a collection.
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
