//! Runs, their progress and files, and the versions that they log and use.

use artifact_core::LogicalPath;
use artifact_core::ports::{RegistryError, RunMessage, RunProgress, RunReply, UploadTicket};
use artifact_core::records::{ArtifactId, ArtifactState, LineCounts, Run, RunAddress, RunChanges};
use cynic::{Id, MutationBuilder as _, QueryBuilder as _};
use serde_json::{Map, Value};

use super::lookup::{self, no_artifact, null_if_not_found, of};
use crate::Wandb;
use crate::graphql::records;
use crate::graphql::{
    ArtifactCreatedBy, ArtifactCreator, ArtifactUsedBy, CreateRunFiles, JsonText,
    RunFilesVariables, RunFragment, RunQuery, RunResumeStatus, RunVariables, UpsertBucket,
    UpsertVariables, UseArtifact, UseArtifactInput, UseVariables,
};
use crate::http::RetryRule;
use crate::registry::files::headers;
use crate::server::Features;
use crate::transfer::locators::UploadLocator;

/// Creates or updates a run. Source: section 2.3 of the wire protocol.
pub(super) async fn upsert(
    server: &Wandb,
    run: &RunAddress,
    changes: RunChanges,
) -> Result<Run, RegistryError> {
    const OPERATION: &str = "writing a run";
    let json = |value: Option<serde_json::Result<String>>| {
        let text = value.transpose();
        let text = text.map_err(|error| server.protocol_error(OPERATION, error.to_string()))?;
        Ok(text.map(JsonText))
    };
    let operation = UpsertBucket::build(UpsertVariables {
        name: Some(run.id.to_string()),
        project: Some(run.project.project.to_string()),
        entity: Some(run.project.entity.to_string()),
        group_name: changes.group,
        description: changes.description,
        display_name: changes.display_name,
        notes: changes.notes,
        commit: changes.commit,
        config: json(changes.config.as_ref().map(serde_json::to_string))?,
        host: changes.host,
        program: changes.program,
        repo: changes.repo,
        job_type: changes.job_type,
        state: changes.state.map(|state| state.as_str().to_owned()),
        sweep: changes.sweep,
        tags: changes.tags,
        summary_metrics: json(changes.summary.as_ref().map(serde_json::to_string))?,
    });
    let response = server
        .graphql
        .execute_by(RetryRule::GraphQlUpsert, operation)
        .await;
    let response = response.map_err(|error| server.failed(OPERATION, error))?;
    let run = response
        .upsert_bucket
        .and_then(|payload| payload.bucket)
        .ok_or_else(|| server.protocol_error(OPERATION, "the response has no run"))?;
    record(server, run)
}

/// Sends a message of a run.
pub(super) async fn stream(
    server: &Wandb,
    run: &RunAddress,
    message: RunMessage,
) -> Result<RunReply, RegistryError> {
    match server.stream(run, message).await {
        Err(error) => Err(explain(server, run, error).await),
        body => body,
    }
}

/// Returns the progress of a run. Source: section 6.5 of the wire protocol.
pub(super) async fn progress(
    server: &Wandb,
    run: &RunAddress,
) -> Result<Option<RunProgress>, RegistryError> {
    const OPERATION: &str = "reading the progress of a run";
    let operation = RunResumeStatus::build(variables(run));
    let response = null_if_not_found(server.graphql.execute(operation).await);
    let response = response.map_err(|error| server.failed(OPERATION, error))?;
    let found = response.and_then(|response| response.model?.bucket);
    let Some(found) = found else {
        return Ok(None);
    };
    let own = object(found.wandb_config.as_ref());
    if !own.contains_key("t") {
        return Ok(None);
    }
    let count = |count: Option<i32>| u64::try_from(count.unwrap_or_default()).unwrap_or_default();
    let summary = object(found.summary_metrics.as_ref());
    Ok(Some(RunProgress {
        line_counts: LineCounts {
            history: count(found.history_line_count),
            events: count(found.events_line_count),
            console: count(found.log_line_count),
        },
        last_step: last_step(found.history_tail.as_ref()).or_else(|| step(&summary)),
        run: Run {
            summary,
            ..record(server, found.run)?
        },
    }))
}

/// Parses a JSON object; anything else gives an empty one.
fn object(text: Option<&JsonText>) -> Map<String, Value> {
    text.and_then(|text| serde_json::from_str(&text.0).ok())
        .unwrap_or_default()
}

/// Returns the step of the last history line, from JSON text of a list of JSON texts.
fn last_step(tail: Option<&JsonText>) -> Option<u64> {
    let lines: Vec<String> = serde_json::from_str(&tail?.0).ok()?;
    step(&serde_json::from_str(lines.last()?).ok()?)
}

fn step(row: &Map<String, Value>) -> Option<u64> {
    // Some servers send numbers as floats.
    let step = row.get("_step")?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a step that is no whole number is none"
    )]
    let whole = |step: f64| step as u64;
    step.as_u64().or_else(|| step.as_f64().map(whole))
}

/// Requests upload tickets for files of a run. Source: section 6.2 of the wire protocol.
pub(super) async fn uploads(
    server: &Wandb,
    run: &RunAddress,
    names: Vec<LogicalPath>,
) -> Result<Vec<Option<UploadTicket>>, RegistryError> {
    const OPERATION: &str = "requesting upload URLs of a run";
    let operation = CreateRunFiles::build(RunFilesVariables {
        entity: run.project.entity.to_string(),
        project: run.project.project.to_string(),
        run: run.id.to_string(),
        files: names.iter().map(ToString::to_string).collect(),
    });
    let payload = match server.graphql.execute(operation).await {
        Ok(response) => response.create_run_files,
        Err(error) => {
            let error = server.failed(OPERATION, error);
            return Err(explain(server, run, error).await);
        }
    };
    let payload =
        payload.ok_or_else(|| server.protocol_error(OPERATION, "the response is empty"))?;
    let headers = headers(Some(payload.upload_headers));
    let mut files = payload.files;
    let tickets = names.iter().map(|name| {
        let found = files.iter().position(|file| file.name == name.as_str());
        let found = found.ok_or_else(|| {
            server.protocol_error(OPERATION, format!("the response lacks {name}"))
        })?;
        let url = files.swap_remove(found).upload_url;
        let url = url.filter(|url| !url.is_empty());
        Ok(url.map(|url| UploadLocator::Whole { url }.ticket(headers.clone())))
    });
    tickets.collect()
}

fn variables(run: &RunAddress) -> RunVariables {
    RunVariables {
        entity: run.project.entity.to_string(),
        project: run.project.project.to_string(),
        name: run.id.to_string(),
    }
}

/// Returns why an operation on a run was rejected: the run's absence, if it is absent, else `error`.
pub(super) async fn explain(
    server: &Wandb,
    run: &RunAddress,
    error: RegistryError,
) -> RegistryError {
    if !matches!(error, RegistryError::Rejected { .. }) {
        return error;
    }
    let operation = RunQuery::build(variables(run));
    match null_if_not_found(server.graphql.execute(operation).await) {
        Ok(response)
            if response.as_ref().is_none_or(|response| {
                response
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

/// Returns the record of a run.
pub(super) fn record(server: &Wandb, run: RunFragment) -> Result<Run, RegistryError> {
    records::run(run).map_err(|error| server.protocol_error("reading a run", error.to_string()))
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
    if server.features().await.contains(Features::USE_WITH_PROJECT) {
        let (_, sequence) = lookup::state(server, artifact).await?;
        input.artifact_entity_name = sequence
            .project
            .as_ref()
            .map(|info| info.entity.name.clone());
        input.artifact_project_name = sequence.project.map(|info| info.name);
    }
    let operation = UseArtifact::build(UseVariables { input });
    match server.graphql.execute(operation).await {
        Ok(response) => match response.use_artifact.and_then(|payload| payload.artifact) {
            Some(_) => Ok(()),
            None => Err(server.protocol_error("using an artifact", "the response has no version")),
        },
        Err(error) => {
            let error = server.failed("using an artifact", error);
            let error = explain(server, run, error).await;
            Err(lookup::explain(server, artifact, ArtifactState::Committed, error).await)
        }
    }
}

/// Returns the run that logged a version.
pub(super) async fn logged_by(
    server: &Wandb,
    artifact: &ArtifactId,
) -> Result<Option<Run>, RegistryError> {
    let operation = ArtifactCreatedBy::build(of(artifact));
    let response = null_if_not_found(server.graphql.execute(operation).await);
    let response = response
        .map_err(|error| server.failed("reading the run that logged an artifact", error))?;
    let artifact = response
        .and_then(|response| response.artifact)
        .ok_or_else(|| no_artifact(server, artifact.to_string(), Vec::new()))?;
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
    let response = null_if_not_found(server.graphql.execute(operation).await);
    let response =
        response.map_err(|error| server.failed("listing the runs that use an artifact", error))?;
    let artifact = response
        .and_then(|response| response.artifact)
        .ok_or_else(|| no_artifact(server, artifact.to_string(), Vec::new()))?;
    let nodes = artifact
        .used_by
        .edges
        .into_iter()
        .filter_map(|edge| edge.node);
    nodes.map(|run| record(server, run)).collect()
}
