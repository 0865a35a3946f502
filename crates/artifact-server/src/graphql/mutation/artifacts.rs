//! Mutations of versions and of their aliases.

use artifact_core::ports::CreateArtifact;
use artifact_core::records::{ArtifactId, RunAddress, Version};
use artifact_core::{DigestAlgorithm, Metadata, Ttl};
use artifact_store::service::{CreateVersion, Deduplication, UpdateVersion};
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use super::{
    ArtifactAliasInput, ArtifactCollectionAliasInput, Success, TagInput, aliases,
    collection_aliases, tags,
};
use crate::graphql::context::{RequestContext, request_context};
use crate::graphql::enums::ArtifactDigestAlgorithm;
use crate::graphql::scalars::{Int64, JsonString};
use crate::graphql::types::ArtifactNode;

/// The only storage region.
const REGION: &str = "default";

/// Mutations of versions and aliases.
#[derive(Default)]
pub(crate) struct ArtifactMutations;

/// A version to create.
#[derive(InputObject)]
pub(crate) struct CreateArtifactInput {
    entity_name: String,
    project_name: String,
    artifact_type_name: String,
    artifact_collection_name: Option<String>,
    /// Sent by the public API instead, with one name.
    artifact_collection_names: Option<Vec<String>>,
    run_name: Option<String>,
    digest: String,
    digest_algorithm: Option<ArtifactDigestAlgorithm>,
    description: Option<String>,
    aliases: Option<Vec<ArtifactAliasInput>>,
    tags: Option<Vec<TagInput>>,
    metadata: Option<JsonString>,
    labels: Option<JsonString>,
    ttl_duration_seconds: Option<Int64>,
    history_step: Option<Int64>,
    enable_digest_deduplication: Option<bool>,
    #[graphql(name = "distributedID")]
    distributed_id: Option<String>,
    #[graphql(name = "clientID")]
    client_id: Option<ID>,
    #[graphql(name = "sequenceClientID")]
    sequence_client_id: Option<ID>,
    storage_region: Option<String>,
    client_mutation_id: Option<String>,
}

/// The created version, or the existing one with the same digest.
#[derive(SimpleObject)]
pub(crate) struct CreateArtifactPayload {
    artifact: ArtifactNode,
}

/// A version that was changed.
#[derive(SimpleObject)]
pub(crate) struct ArtifactPayload {
    artifact: ArtifactNode,
}

/// A version to commit.
#[derive(InputObject)]
pub(crate) struct CommitArtifactInput {
    #[graphql(name = "artifactID")]
    artifact_id: ID,
    client_mutation_id: Option<String>,
}

/// A version that a run uses.
#[derive(InputObject)]
pub(crate) struct UseArtifactInput {
    #[graphql(name = "artifactID")]
    artifact_id: ID,
    entity_name: String,
    project_name: String,
    run_name: String,
    /// Not used: the name of the version says the same.
    used_as: Option<String>,
    /// Not used: the ID identifies the version.
    artifact_entity_name: Option<String>,
    artifact_project_name: Option<String>,
    client_mutation_id: Option<String>,
}

/// Changes of a version; absent fields stay.
#[derive(InputObject)]
pub(crate) struct UpdateArtifactInput {
    #[graphql(name = "artifactID")]
    artifact_id: ID,
    description: Option<String>,
    metadata: Option<JsonString>,
    ttl_duration_seconds: Option<Int64>,
    tags_to_add: Option<Vec<TagInput>>,
    tags_to_delete: Option<Vec<TagInput>>,
    /// Sent by older clients: all aliases of the version in its sequence after the update.
    aliases: Option<Vec<ArtifactAliasInput>>,
    labels: Option<JsonString>,
    client_mutation_id: Option<String>,
}

/// A version to delete.
#[derive(InputObject)]
pub(crate) struct DeleteArtifactInput {
    #[graphql(name = "artifactID")]
    artifact_id: ID,
    delete_aliases: Option<bool>,
    client_mutation_id: Option<String>,
}

impl CreateArtifactInput {
    fn request(self, request: &RequestContext) -> Result<CreateVersion> {
        if let Some(region) = self
            .storage_region
            .filter(|region| region != REGION && !region.is_empty())
        {
            return Err(format!("there is no storage region `{region}` here; leave it out").into());
        }
        // The public API creates no version: it looks up an existing one by its digest.
        let deduplication = match &self.artifact_collection_names {
            _ if self.enable_digest_deduplication != Some(true) => Deduplication::Off,
            Some(_) => Deduplication::Any,
            None => Deduplication::Newest,
        };
        let names = self.artifact_collection_names.unwrap_or_default();
        let name = self
            .artifact_collection_name
            .or_else(|| names.into_iter().next());
        let name = name.ok_or("artifactCollectionName is needed")?;
        let algorithm = self.digest_algorithm.map(DigestAlgorithm::from);
        Ok(CreateVersion {
            artifact: CreateArtifact {
                project: request
                    .checked_project(Some(&self.entity_name), Some(&self.project_name))?,
                name: name.parse()?,
                artifact_type: self.artifact_type_name.parse()?,
                run: self.run_name.map(|run| run.parse()).transpose()?,
                digest: self.digest.parse()?,
                algorithm: algorithm.unwrap_or(DigestAlgorithm::Md5),
                description: self.description,
                metadata: self
                    .metadata
                    .as_ref()
                    .map(metadata)
                    .transpose()?
                    .unwrap_or_default(),
                ttl: self
                    .ttl_duration_seconds
                    .map(ttl)
                    .transpose()?
                    .unwrap_or_default(),
                aliases: aliases(self.aliases)?,
                tags: tags(self.tags)?,
                distributed_id: self.distributed_id.filter(|id| !id.is_empty()),
                // Not part of the protocol: `deduplication` permits either.
                is_incremental: false,
            },
            history_step: self
                .history_step
                .and_then(|step| u64::try_from(step.0).ok()),
            client_id: self.client_id.map(|id| id.0),
            sequence_client_id: self.sequence_client_id.map(|id| id.0),
            deduplication,
        })
    }
}

fn metadata(text: &JsonString) -> Result<Metadata> {
    if let "" | "null" = text.0.trim() {
        return Ok(Metadata::default());
    }
    let read = serde_json::from_str(&text.0);
    read.map_err(|error| format!("metadata cannot be used: {error}").into())
}

fn ttl(number: Int64) -> Result<Ttl> {
    Ok(Ttl::from_wire(number.0)?)
}

fn existing(request: &RequestContext, id: &ArtifactId) -> Result<Version> {
    let found = request.service.version(id)?;
    Ok(found.ok_or_else(|| format!("there is no artifact with the id {id}"))?)
}

#[Object]
impl ArtifactMutations {
    async fn create_artifact(
        &self,
        context: &Context<'_>,
        input: CreateArtifactInput,
    ) -> Result<CreateArtifactPayload> {
        let request = request_context(context);
        let created = request.service.create_version(&input.request(request)?)?;
        let artifact = ArtifactNode::from(existing(request, &created.id)?);
        Ok(CreateArtifactPayload { artifact })
    }

    async fn commit_artifact(
        &self,
        context: &Context<'_>,
        input: CommitArtifactInput,
    ) -> Result<ArtifactPayload> {
        let id = ArtifactId(input.artifact_id.0);
        let artifact = ArtifactNode::from(request_context(context).service.commit_version(&id)?);
        Ok(ArtifactPayload { artifact })
    }

    async fn use_artifact(
        &self,
        context: &Context<'_>,
        input: UseArtifactInput,
    ) -> Result<Option<ArtifactPayload>> {
        let request = request_context(context);
        let run = RunAddress {
            project: request
                .checked_project(Some(&input.entity_name), Some(&input.project_name))?,
            id: input.run_name.parse()?,
        };
        let used = request
            .service
            .use_version(&run, &ArtifactId(input.artifact_id.0))?;
        Ok(Some(ArtifactPayload {
            artifact: used.into(),
        }))
    }

    async fn update_artifact(
        &self,
        context: &Context<'_>,
        input: UpdateArtifactInput,
    ) -> Result<Option<ArtifactPayload>> {
        let request = request_context(context);
        let id = ArtifactId(input.artifact_id.0);
        let changes = UpdateVersion {
            description: input.description,
            metadata: input.metadata.as_ref().map(metadata).transpose()?,
            ttl: input.ttl_duration_seconds.map(ttl).transpose()?,
            tags_to_add: tags(input.tags_to_add)?,
            tags_to_delete: tags(input.tags_to_delete)?,
        };
        let mut version = request.service.update_version(&id, &changes)?;
        if let Some(wanted) = input.aliases {
            request
                .service
                .replace_aliases(&id, &aliases(Some(wanted))?)?;
            version = existing(request, &id)?;
        }
        Ok(Some(ArtifactPayload {
            artifact: version.into(),
        }))
    }

    async fn delete_artifact(
        &self,
        context: &Context<'_>,
        input: DeleteArtifactInput,
    ) -> Result<Option<ArtifactPayload>> {
        let id = ArtifactId(input.artifact_id.0);
        let with_aliases = input.delete_aliases.unwrap_or_default();
        let deleted = request_context(context)
            .service
            .delete_version(&id, with_aliases)?;
        Ok(Some(ArtifactPayload {
            artifact: deleted.into(),
        }))
    }

    async fn add_aliases(
        &self,
        context: &Context<'_>,
        input: AddAliasesInput,
    ) -> Result<Option<Success>> {
        let request = request_context(context);
        let aliases = collection_aliases(request, input.aliases)?;
        let id = ArtifactId(input.artifact_id.0);
        request.service.add_aliases(&id, &aliases)?;
        Ok(Some(Success::done()))
    }

    async fn delete_aliases(
        &self,
        context: &Context<'_>,
        input: DeleteAliasesInput,
    ) -> Result<Option<Success>> {
        let request = request_context(context);
        let aliases = collection_aliases(request, input.aliases)?;
        let id = ArtifactId(input.artifact_id.0);
        request.service.delete_aliases(&id, &aliases)?;
        Ok(Some(Success::done()))
    }
}

/// Aliases to move to a version.
#[derive(InputObject)]
pub(crate) struct AddAliasesInput {
    #[graphql(name = "artifactID")]
    artifact_id: ID,
    aliases: Vec<ArtifactCollectionAliasInput>,
    client_mutation_id: Option<String>,
}

/// Aliases to remove from a version.
#[derive(InputObject)]
pub(crate) struct DeleteAliasesInput {
    #[graphql(name = "artifactID")]
    artifact_id: ID,
    aliases: Vec<ArtifactCollectionAliasInput>,
    client_mutation_id: Option<String>,
}
