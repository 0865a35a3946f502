//! Mutations of projects, runs and their files.

use artifact_core::RunId;
use artifact_core::records::{ProjectChanges, RunAddress, RunChanges, RunConfig, RunStorageId};
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use serde_json::{Map, Value};

use super::Success;
use crate::graphql::context::{RequestContext, request_context};
use crate::graphql::enums::AlertSeverity;
use crate::graphql::scalars::number_in;
use crate::graphql::scalars::{Duration, Int64, JsonString};
use crate::graphql::types::{ProjectNode, RunFileNode, RunNode};

/// A project to create or change. Other fields of the protocol have no effect here.
#[derive(InputObject)]
pub(crate) struct UpsertModelInput {
    id: Option<String>,
    name: Option<String>,
    entity_name: Option<String>,
    description: Option<String>,
    repo: Option<String>,
    framework: Option<String>,
    access: Option<String>,
    views: Option<String>,
    is_benchmark: Option<bool>,
    client_mutation_id: Option<String>,
}

/// The project after the change.
#[derive(SimpleObject)]
pub(crate) struct UpsertModelPayload {
    inserted: bool,
    project: Option<ProjectNode>,
    /// The older name of `project`.
    model: Option<ProjectNode>,
}

/// Mutations of projects, runs and their files.
#[derive(Default)]
pub(crate) struct RunMutations;

/// A run to create or change; absent fields stay.
#[derive(InputObject)]
pub(crate) struct UpsertBucketInput {
    /// The storage ID, if the client knows it.
    id: Option<String>,
    /// The run ID.
    name: Option<String>,
    model_name: Option<String>,
    entity_name: Option<String>,
    group_name: Option<String>,
    description: Option<String>,
    display_name: Option<String>,
    notes: Option<String>,
    commit: Option<String>,
    config: Option<JsonString>,
    host: Option<String>,
    debug: Option<bool>,
    job_program: Option<String>,
    job_repo: Option<String>,
    job_type: Option<String>,
    state: Option<String>,
    sweep: Option<String>,
    tags: Option<Vec<String>>,
    summary_metrics: Option<JsonString>,
    client_mutation_id: Option<String>,
}

/// The run after the change.
#[derive(SimpleObject)]
pub(crate) struct UpsertBucketPayload {
    bucket: Option<RunNode>,
    inserted: Option<bool>,
}

/// A run to delete.
#[derive(InputObject)]
pub(crate) struct DeleteRunInput {
    id: ID,
    delete_artifacts: Option<bool>,
    client_mutation_id: Option<String>,
}

/// Confirmation that a run was deleted.
#[derive(SimpleObject)]
pub(crate) struct DeleteRunPayload {
    client_mutation_id: Option<String>,
}

/// The new state of a run.
#[derive(InputObject)]
pub(crate) struct UpdateRunStateInput {
    id: ID,
    state: String,
    client_mutation_id: Option<String>,
}

/// A run to stop.
#[derive(InputObject)]
pub(crate) struct StopRunInput {
    id: ID,
    client_mutation_id: Option<String>,
}

/// An alert of a run, which goes only to the server's log.
#[derive(InputObject)]
pub(crate) struct NotifyScriptableRunAlertInput {
    entity_name: String,
    project_name: String,
    run_name: String,
    title: String,
    text: String,
    severity: Option<AlertSeverity>,
    wait_duration: Option<Duration>,
}

impl UpsertBucketInput {
    fn changes(self) -> Result<RunChanges> {
        Ok(RunChanges {
            display_name: self.display_name.filter(|name| !name.is_empty()),
            description: self.description,
            notes: self.notes,
            tags: self.tags,
            group: self.group_name,
            job_type: self.job_type,
            commit: self.commit,
            repo: self.job_repo,
            program: self.job_program,
            host: self.host,
            sweep: self.sweep,
            config: self
                .config
                .map(|text| object("config", &text).map(RunConfig::from))
                .transpose()?,
            summary: self
                .summary_metrics
                .map(|text| object("summaryMetrics", &text))
                .transpose()?,
            state: self.state.map(|state| state.parse()).transpose()?,
        })
    }
}

/// Parses the JSON text of an object. Clients send `null` or the empty string for an empty one.
fn object(field: &str, text: &JsonString) -> Result<Map<String, Value>> {
    match serde_json::from_str(text.0.trim()) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(Value::Null) => Ok(Map::new()),
        Err(_) if text.0.trim().is_empty() => Ok(Map::new()),
        Ok(_) => Err(format!("{field} must be the JSON text of an object").into()),
        Err(error) => Err(format!("{field} is not JSON: {error}").into()),
    }
}

#[Object]
impl RunMutations {
    async fn upsert_bucket(
        &self,
        context: &Context<'_>,
        input: UpsertBucketInput,
    ) -> Result<Option<UpsertBucketPayload>> {
        let request = request_context(context);
        if let Some(id) = input.id.clone().filter(|id| !id.is_empty()) {
            let run = request
                .service
                .update_run(&RunStorageId(id), &input.changes()?)?;
            return Ok(Some(UpsertBucketPayload {
                bucket: Some(RunNode(run)),
                inserted: Some(false),
            }));
        }
        let name = input.name.as_deref().ok_or("a run needs a name or an id")?;
        let id: RunId = name.parse()?;
        let (entity, project) = (input.entity_name.as_deref(), input.model_name.as_deref());
        let project = request.checked_project(entity, project)?;
        let address = RunAddress { project, id };
        let (run, inserted) = request.service.upsert_run(&address, &input.changes()?)?;
        Ok(Some(UpsertBucketPayload {
            bucket: Some(RunNode(run)),
            inserted: Some(inserted),
        }))
    }

    async fn delete_run(
        &self,
        context: &Context<'_>,
        input: DeleteRunInput,
    ) -> Result<Option<DeleteRunPayload>> {
        let with_artifacts = input.delete_artifacts.unwrap_or_default();
        let id = RunStorageId(input.id.0);
        request_context(context)
            .service
            .delete_run(&id, with_artifacts)?;
        Ok(Some(DeleteRunPayload {
            client_mutation_id: input.client_mutation_id,
        }))
    }

    async fn update_run_state(
        &self,
        context: &Context<'_>,
        input: UpdateRunStateInput,
    ) -> Result<Option<Success>> {
        let changes = RunChanges {
            state: Some(input.state.parse()?),
            ..RunChanges::default()
        };
        request_context(context)
            .service
            .update_run(&RunStorageId(input.id.0), &changes)?;
        Ok(Some(Success::done()))
    }

    async fn stop_run(
        &self,
        context: &Context<'_>,
        input: StopRunInput,
    ) -> Result<Option<Success>> {
        request_context(context)
            .service
            .stop_run(&RunStorageId(input.id.0))?;
        Ok(Some(Success::done()))
    }

    async fn notify_scriptable_run_alert(
        &self,
        context: &Context<'_>,
        input: NotifyScriptableRunAlertInput,
    ) -> Result<Option<Success>> {
        let request = request_context(context);
        let project =
            request.checked_project(Some(&input.entity_name), Some(&input.project_name))?;
        let run = request.service.run(&project, &input.run_name.parse()?)?;
        let run = run.ok_or_else(|| format!("there is no run {project}/{}", input.run_name))?;
        let severity = input.severity.unwrap_or(AlertSeverity::Info);
        tracing::warn!(run = %run.address, ?severity, title = input.title, text = input.text, "alert");
        Ok(Some(Success::done()))
    }

    async fn create_run_files(
        &self,
        context: &Context<'_>,
        input: CreateRunFilesInput,
    ) -> Result<Option<CreateRunFilesPayload>> {
        let request = request_context(context);
        let (entity, project) = (input.entity_name.as_deref(), input.project_name.as_deref());
        let run = run_address(request, entity, project, &input.run_name)?;
        let tickets = request.service.request_run_files(&run, &input.files)?;
        let found = request.service.run(&run.project, &run.id)?;
        let found = found.ok_or_else(|| format!("there is no run {run}"))?;
        let uploads = input.files.into_iter().zip(tickets);
        let files = uploads.map(|(name, ticket)| RunFileUpload {
            name,
            upload_url: Some(request.urls.upload(&ticket)),
        });
        Ok(Some(CreateRunFilesPayload {
            run_id: ID(found.id.0),
            upload_headers: Vec::new(),
            files: files.collect(),
        }))
    }

    /// A no-op: a file counts as soon as its last byte has arrived.
    async fn mark_run_files_uploaded(
        &self,
        context: &Context<'_>,
        input: MarkRunFilesUploadedInput,
    ) -> Result<Option<Success>> {
        let request = request_context(context);
        let (entity, project) = (input.entity_name.as_deref(), input.project_name.as_deref());
        let run = run_address(request, entity, project, &input.run_name)?;
        let found = request.service.run(&run.project, &run.id)?;
        found.ok_or_else(|| format!("there is no run {run}"))?;
        Ok(Some(Success::done()))
    }

    async fn delete_files(
        &self,
        context: &Context<'_>,
        input: DeleteFilesInput,
    ) -> Result<Option<Success>> {
        let number = |id: &ID| {
            number_in(RunFileNode::KIND, id)
                .ok_or_else(|| format!("{} is not the id of a run's file", id.0))
        };
        let numbers: Result<Vec<i64>, String> = input.files.iter().map(number).collect();
        request_context(context)
            .service
            .delete_run_files(&numbers?)?;
        Ok(Some(Success::done()))
    }

    async fn upsert_model(
        &self,
        context: &Context<'_>,
        input: UpsertModelInput,
    ) -> Result<Option<UpsertModelPayload>> {
        let request = request_context(context);
        let address =
            request.checked_project(input.entity_name.as_deref(), input.name.as_deref())?;
        let changes = ProjectChanges {
            description: input.description,
        };
        let (project, inserted) = request.service.upsert_project(&address, &changes)?;
        Ok(Some(UpsertModelPayload {
            inserted,
            project: Some(project.clone().into()),
            model: Some(project.into()),
        }))
    }
}

/// Files that a run is about to upload.
#[derive(InputObject)]
pub(crate) struct CreateRunFilesInput {
    entity_name: Option<String>,
    project_name: Option<String>,
    run_name: String,
    files: Vec<String>,
    client_mutation_id: Option<String>,
}

/// Upload URLs for files of a run.
#[derive(SimpleObject)]
pub(crate) struct CreateRunFilesPayload {
    #[graphql(name = "runID")]
    run_id: ID,
    upload_headers: Vec<String>,
    files: Vec<RunFileUpload>,
}

/// The upload URL of one file of a run.
#[derive(SimpleObject)]
pub(crate) struct RunFileUpload {
    name: String,
    upload_url: Option<String>,
}

/// Files that a run has uploaded.
#[derive(InputObject)]
pub(crate) struct MarkRunFilesUploadedInput {
    entity_name: Option<String>,
    project_name: Option<String>,
    run_name: String,
    /// Not used: the store knows the uploaded files.
    files: Vec<String>,
    client_mutation_id: Option<String>,
}

/// Files to delete.
#[derive(InputObject)]
pub(crate) struct DeleteFilesInput {
    files: Vec<ID>,
    /// Not used: the IDs identify the files.
    project_id: Option<Int64>,
    client_mutation_id: Option<String>,
}

fn run_address(
    request: &RequestContext,
    entity: Option<&str>,
    project: Option<&str>,
    run: &str,
) -> Result<RunAddress> {
    Ok(RunAddress {
        project: request.checked_project(entity, project)?,
        id: run.parse()?,
    })
}
