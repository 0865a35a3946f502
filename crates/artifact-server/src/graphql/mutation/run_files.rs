//! Changing the files of runs.

use artifact_core::records::RunAddress;
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use super::inputs::Success;
use crate::graphql::context::{RequestContext, request_context};
use crate::graphql::ids::number_in;
use crate::graphql::scalars::Int64;
use crate::graphql::types::RunFileNode;

/// Changes of the files of runs.
#[derive(Default)]
pub(crate) struct RunFileMutations;

/// Files that a run is about to send.
#[derive(InputObject)]
pub(crate) struct CreateRunFilesInput {
    entity_name: Option<String>,
    project_name: Option<String>,
    run_name: String,
    files: Vec<String>,
    client_mutation_id: Option<String>,
}

/// Where to send the files of a run.
#[derive(SimpleObject)]
pub(crate) struct CreateRunFilesPayload {
    #[graphql(name = "runID")]
    run_id: ID,
    upload_headers: Vec<String>,
    files: Vec<RunFileUpload>,
}

/// Where to send a file of a run.
#[derive(SimpleObject)]
pub(crate) struct RunFileUpload {
    name: String,
    upload_url: Option<String>,
}

/// Files that a run has sent.
#[derive(InputObject)]
pub(crate) struct MarkRunFilesUploadedInput {
    entity_name: Option<String>,
    project_name: Option<String>,
    run_name: String,
    /// Not used: what was sent is known without.
    files: Vec<String>,
    client_mutation_id: Option<String>,
}

/// Files to delete.
#[derive(InputObject)]
pub(crate) struct DeleteFilesInput {
    files: Vec<ID>,
    /// The ids say which files; the project adds nothing.
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

#[Object]
impl RunFileMutations {
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

    /// Nothing is left to do: a file counts when its last byte is here.
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
}
