//! Runs, and what they log and use.

use artifact_core::ports::{
    ArtifactId, ArtifactState, RegistryError, RunAddress, RunOutcome, RunRecord, RunSpec,
};
use cynic::{Id, MutationBuilder as _, QueryBuilder as _};
use serde_json::{Map, Value, json};

use super::look_up::{self, null_if_not_found, of};
use crate::wandb::Wandb;
use crate::wandb::graphql::{
    ArtifactCreatedBy, ArtifactCreator, ArtifactUsedBy, JsonText, Run, RunQuery, RunVariables,
    UpsertBucket, UpsertVariables, UseArtifact, UseArtifactInput, UseVariables,
};
use crate::wandb::http::RetryRule;
use crate::wandb::records;
use crate::wandb::server::Features;

/// Creates or updates a run. Source: section 2.3 of the wire protocol.
pub(super) async fn upsert_run(server: &Wandb, spec: RunSpec) -> Result<RunRecord, RegistryError> {
    const WRITING: &str = "writing a run";
    let operation = UpsertBucket::build(UpsertVariables {
        name: Some(spec.address.id.to_string()),
        project: Some(spec.address.project.project.to_string()),
        entity: Some(spec.address.project.entity.to_string()),
        group_name: spec.group,
        display_name: spec.display_name,
        notes: spec.notes,
        config: (!spec.config.is_empty()).then(|| JsonText(wrapped(spec.config))),
        host: None,
        program: None,
        job_type: spec.job_type,
        tags: (!spec.tags.is_empty()).then_some(spec.tags),
        summary_metrics: None,
    });
    let answer = server
        .graph
        .ask_by(RetryRule::QuestionWithConflicts, operation)
        .await;
    let answer = answer.map_err(|error| server.failed(WRITING, error))?;
    let run = answer
        .upsert_bucket
        .and_then(|payload| payload.bucket)
        .ok_or_else(|| server.nonsense(WRITING, "the answer names no run"))?;
    record(server, run)
}

/// Returns a configuration in the protocol's form, as text.
fn wrapped(config: Map<String, Value>) -> String {
    let values = config
        .into_iter()
        .map(|(key, value)| (key, json!({ "value": value })));
    let own = json!({ "value": { "cli_version": env!("CARGO_PKG_VERSION") } });
    let wrapped: Map<_, _> = values
        .chain([(records::OWN_CONFIG.to_owned(), own)])
        .collect();
    Value::from(wrapped).to_string()
}

/// Records that a run has ended. Source: section 6.3 of the wire protocol.
pub(super) async fn finish_run(
    server: &Wandb,
    run: &RunAddress,
    outcome: RunOutcome,
) -> Result<(), RegistryError> {
    let end = json!({ "complete": true, "exitcode": outcome.exit_code });
    match server.stream(run, &end).await {
        Err(error @ RegistryError::Rejected { .. }) => Err(explained(server, run, error).await),
        ended => ended,
    }
}

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
        let (_, sequence) = look_up::state(server, artifact).await?;
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
            Err(look_up::explained(server, artifact, ArtifactState::Committed, error).await)
        }
    }
}

/// Returns the run that logged a version.
pub(super) async fn logged_by(
    server: &Wandb,
    artifact: &ArtifactId,
) -> Result<Option<RunRecord>, RegistryError> {
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
) -> Result<Vec<RunRecord>, RegistryError> {
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

/// Returns why something about a run was refused: if there is no such run, that is why.
pub(super) async fn explained(
    server: &Wandb,
    run: &RunAddress,
    error: RegistryError,
) -> RegistryError {
    if !matches!(error, RegistryError::Rejected { .. }) {
        return error;
    }
    let operation = RunQuery::build(RunVariables {
        entity: run.project.entity.to_string(),
        project: run.project.project.to_string(),
        name: run.id.to_string(),
    });
    match null_if_not_found(server.graph.ask(operation).await) {
        Ok(answer)
            if answer.as_ref().is_none_or(|answer| {
                answer
                    .project
                    .as_ref()
                    .is_none_or(|project| project.run.is_none())
            }) =>
        {
            RegistryError::NoRun {
                run: run.clone(),
                location: server.location.to_string(),
            }
        }
        _ => error,
    }
}

fn record(server: &Wandb, run: Run) -> Result<RunRecord, RegistryError> {
    records::run(run).map_err(|error| server.nonsense("reading a run", error.to_string()))
}

fn no_artifact(server: &Wandb, artifact: &ArtifactId) -> RegistryError {
    RegistryError::NoArtifact {
        lookup: artifact.to_string(),
        location: server.location.to_string(),
        similar: Vec::new(),
    }
}
