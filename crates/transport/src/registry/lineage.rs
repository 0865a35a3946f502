//! Which runs log and use which versions.

use artifact_core::ports::RegistryError;
use artifact_core::records::{ArtifactId, ArtifactState, Run, RunAddress};
use cynic::{Id, MutationBuilder as _, QueryBuilder as _};

use super::lookup::{self, null_if_not_found, of};
use super::runs::{explained, record};
use crate::Wandb;
use crate::graphql::{
    ArtifactCreatedBy, ArtifactCreator, ArtifactUsedBy, UseArtifact, UseArtifactInput, UseVariables,
};
use crate::server::Features;

/// Records that a run uses a version.
pub(super) async fn use_artifact(
    server: &Wandb,
    run: &RunAddress,
    artifact: &ArtifactId,
) -> Result<(), RegistryError> {
    let mut input = UseArtifactInput {
        artifact_id: Id::new(artifact.0.clone()),
        entity_name: run.project.entity.to_string(),
        project_name: run.project.project.to_string(),
        run_name: run.id.to_string(),
        artifact_entity_name: None,
        artifact_project_name: None,
    };
    if server.features().await.have(Features::USE_WITH_PROJECT) {
        let (_, sequence) = lookup::state(server, artifact).await?;
        input.artifact_entity_name = sequence
            .project
            .as_ref()
            .map(|info| info.entity.name.clone());
        input.artifact_project_name = sequence.project.map(|info| info.name);
    }
    let operation = UseArtifact::build(UseVariables { input });
    match server.graph.ask(operation).await {
        Ok(answer) => match answer.use_artifact.and_then(|payload| payload.artifact) {
            Some(_) => Ok(()),
            None => Err(server.nonsense("using an artifact", "the answer names no version")),
        },
        Err(error) => {
            let error = server.failed("using an artifact", error);
            let error = explained(server, run, error).await;
            Err(lookup::explained(server, artifact, ArtifactState::Committed, error).await)
        }
    }
}

/// Returns the run that logged a version.
pub(super) async fn logged_by(
    server: &Wandb,
    artifact: &ArtifactId,
) -> Result<Option<Run>, RegistryError> {
    let operation = ArtifactCreatedBy::build(of(artifact));
    let answer = null_if_not_found(server.graph.ask(operation).await);
    let answer = answer.map_err(|error| server.failed("asking who logged an artifact", error))?;
    let artifact = answer
        .and_then(|answer| answer.artifact)
        .ok_or_else(|| no_artifact(server, artifact))?;
    match artifact.created_by {
        Some(ArtifactCreator::Run(run)) => Ok(Some(record(server, *run)?)),
        Some(ArtifactCreator::Other) | None => Ok(None),
    }
}

/// Returns the runs that use a version.
pub(super) async fn used_by(
    server: &Wandb,
    artifact: &ArtifactId,
) -> Result<Vec<Run>, RegistryError> {
    let operation = ArtifactUsedBy::build(of(artifact));
    let answer = null_if_not_found(server.graph.ask(operation).await);
    let answer = answer.map_err(|error| server.failed("asking who uses an artifact", error))?;
    let artifact = answer
        .and_then(|answer| answer.artifact)
        .ok_or_else(|| no_artifact(server, artifact))?;
    let nodes = artifact
        .used_by
        .edges
        .into_iter()
        .filter_map(|edge| edge.node);
    nodes.map(|run| record(server, run)).collect()
}

fn no_artifact(server: &Wandb, artifact: &ArtifactId) -> RegistryError {
    RegistryError::NoArtifact {
        lookup: artifact.to_string(),
        location: server.location.to_string(),
        similar: Vec::new(),
    }
}
