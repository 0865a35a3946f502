//! Changes of versions. Source: section 2.7 of the wire protocol.

use artifact_core::ports::{ArtifactChanges, ArtifactRecord, RegistryError};
use artifact_core::records::{ArtifactId, ArtifactState};
use artifact_core::{Alias, ArtifactName, ProjectAddress, Tag};
use cynic::{Id, MutationBuilder as _, OperationBuilder};

use super::lookup;
use crate::Wandb;
use crate::graphql::records;
use crate::graphql::{
    self, AddAliases, AliasesVariables, ArtifactCollectionAliasInput, DeleteAliases, EntityInfo,
    GraphQlError, Int64, JsonText, ProjectInfo, Success, TagInput, UpdateArtifact,
    UpdateArtifactInput, UpdateVariables,
};

const OPERATION: &str = "changing an artifact";

/// Changes a committed version: aliases first, as the official client does.
pub(super) async fn artifact(
    server: &Wandb,
    id: &ArtifactId,
    changes: ArtifactChanges,
) -> Result<ArtifactRecord, RegistryError> {
    let (state, sequence) = lookup::state(server, id).await?;
    if state != graphql::ArtifactState::Committed {
        return Err(lookup::wrong_state(id, state, ArtifactState::Committed));
    }
    let info = sequence.project.as_ref();
    let info = info.ok_or_else(|| server.protocol_error(OPERATION, "a version has no project"))?;
    let (add, delete) = (&changes.aliases_to_add, &changes.aliases_to_delete);
    move_aliases(server, id, (info, &sequence.name), add, delete).await?;
    let tags = |tags: &[Tag]| {
        let tag = |tag: &Tag| TagInput {
            tag_name: tag.to_string(),
        };
        Some(tags.iter().map(tag).collect())
    };
    let operation =
        OperationBuilder::<UpdateArtifact, _>::mutation().with_variables(UpdateVariables {
            input: UpdateArtifactInput {
                artifact_id: Id::new(id.0.clone()),
                description: changes.description,
                metadata: changes
                    .metadata
                    .map(|metadata| JsonText(metadata.to_string())),
                ttl_duration_seconds: changes.ttl.map(|ttl| Int64(ttl.to_wire())),
                tags_to_add: tags(&changes.tags_to_add),
                tags_to_delete: tags(&changes.tags_to_delete),
            },
        });
    let operation = lookup::with_features(server, operation).await;
    let response = server.graphql.execute(operation).await;
    let response = response.map_err(|error| server.failed(OPERATION, error))?;
    let artifact = response
        .update_artifact
        .and_then(|payload| payload.artifact)
        .ok_or_else(|| server.protocol_error(OPERATION, "the response has no version"))?;
    records::record(artifact).map_err(|error| server.protocol_error(OPERATION, error.to_string()))
}

/// Moves aliases of a collection to a version in it, then removes others from it.
pub(crate) async fn aliases(
    server: &Wandb,
    id: &ArtifactId,
    (project, name): (&ProjectAddress, &ArtifactName),
    add: &[Alias],
    delete: &[Alias],
) -> Result<(), RegistryError> {
    let info = ProjectInfo {
        name: project.project.to_string(),
        entity: EntityInfo {
            name: project.entity.to_string(),
        },
    };
    move_aliases(server, id, (&info, name.as_str()), add, delete).await
}

async fn move_aliases(
    server: &Wandb,
    id: &ArtifactId,
    (project, collection): (&ProjectInfo, &str),
    add: &[Alias],
    delete: &[Alias],
) -> Result<(), RegistryError> {
    if !add.is_empty() {
        let variables = in_collection(id, project, collection, add);
        let response = server.graphql.execute(AddAliases::build(variables)).await;
        require_success(server, response.map(|response| response.add_aliases))?;
    }
    if !delete.is_empty() {
        let variables = in_collection(id, project, collection, delete);
        let response = server
            .graphql
            .execute(DeleteAliases::build(variables))
            .await;
        require_success(server, response.map(|response| response.delete_aliases))?;
    }
    Ok(())
}

fn in_collection(
    id: &ArtifactId,
    project: &ProjectInfo,
    collection: &str,
    aliases: &[Alias],
) -> AliasesVariables {
    let alias = |alias: &Alias| ArtifactCollectionAliasInput {
        entity_name: project.entity.name.clone(),
        project_name: project.name.clone(),
        artifact_collection_name: collection.to_owned(),
        alias: alias.to_string(),
    };
    AliasesVariables {
        artifact_id: Id::new(id.0.clone()),
        aliases: aliases.iter().map(alias).collect(),
    }
}

fn require_success(
    server: &Wandb,
    response: Result<Option<Success>, GraphQlError>,
) -> Result<(), RegistryError> {
    match response.map_err(|error| server.failed(OPERATION, error))? {
        Some(Success { success: true }) => Ok(()),
        _ => Err(RegistryError::Rejected {
            what: "the server did not change the aliases".to_owned(),
        }),
    }
}
