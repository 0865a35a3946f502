//! Runs, their files, and the versions that they log and use. Source: sections 2.3, 2.6 and 2.8 of the wire protocol.

use cynic::Id;

use super::artifacts::ArtifactIdVariablesFields;
use super::scalars::{DateTime, Int64, JsonText};
use super::schema;
use super::{Artifact, PageInfo, ProjectInfo};

/// A run.
#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Run")]
pub(crate) struct RunFragment {
    pub(crate) id: Id,
    pub(crate) name: String,
    pub(crate) display_name: Option<String>,
    pub(crate) notes: Option<String>,
    pub(crate) config: Option<JsonText>,
    pub(crate) tags: Option<Vec<String>>,
    pub(crate) state: Option<String>,
    pub(crate) group: Option<String>,
    pub(crate) job_type: Option<String>,
    pub(crate) created_at: Option<DateTime>,
    pub(crate) project: Option<ProjectInfo>,
}

/// Variables: a run to create or change.
#[derive(cynic::QueryVariables, Debug)]
pub(crate) struct UpsertVariables {
    pub(crate) name: Option<String>,
    pub(crate) project: Option<String>,
    pub(crate) entity: Option<String>,
    pub(crate) group_name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) display_name: Option<String>,
    pub(crate) notes: Option<String>,
    pub(crate) commit: Option<String>,
    pub(crate) config: Option<JsonText>,
    pub(crate) host: Option<String>,
    pub(crate) program: Option<String>,
    pub(crate) repo: Option<String>,
    pub(crate) job_type: Option<String>,
    pub(crate) state: Option<String>,
    pub(crate) sweep: Option<String>,
    pub(crate) tags: Option<Vec<String>>,
    pub(crate) summary_metrics: Option<JsonText>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "UpsertVariables")]
pub(crate) struct UpsertBucket {
    #[arguments(input: {
        name: $name,
        modelName: $project,
        entityName: $entity,
        groupName: $group_name,
        description: $description,
        displayName: $display_name,
        notes: $notes,
        commit: $commit,
        config: $config,
        host: $host,
        jobProgram: $program,
        jobRepo: $repo,
        jobType: $job_type,
        state: $state,
        sweep: $sweep,
        tags: $tags,
        summaryMetrics: $summary_metrics
    })]
    pub(crate) upsert_bucket: Option<UpsertBucketPayload>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct UpsertBucketPayload {
    pub(crate) bucket: Option<RunFragment>,
}

/// Variables: a run.
#[derive(cynic::QueryVariables, Debug)]
pub(crate) struct RunVariables {
    pub(crate) entity: String,
    pub(crate) project: String,
    pub(crate) name: String,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "RunVariables")]
pub(crate) struct RunQuery {
    #[arguments(name: $project, entityName: $entity)]
    pub(crate) project: Option<RunProject>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Project", variables = "RunVariables")]
pub(crate) struct RunProject {
    #[arguments(name: $name)]
    pub(crate) run: Option<RunFragment>,
}

/// The progress of a run. Named as in the official client.
#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "RunVariables")]
pub(crate) struct RunResumeStatus {
    #[arguments(name: $project, entityName: $entity)]
    pub(crate) model: Option<ResumedProject>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Project", variables = "RunVariables")]
pub(crate) struct ResumedProject {
    #[arguments(name: $name, missingOk: true)]
    pub(crate) bucket: Option<ResumedRun>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Run")]
pub(crate) struct ResumedRun {
    #[cynic(spread)]
    pub(crate) run: RunFragment,
    pub(crate) summary_metrics: Option<JsonText>,
    pub(crate) history_line_count: Option<i32>,
    pub(crate) events_line_count: Option<i32>,
    pub(crate) log_line_count: Option<i32>,
    pub(crate) history_tail: Option<JsonText>,
    #[arguments(keys: ["t"])]
    pub(crate) wandb_config: Option<JsonText>,
}

/// The run that created a version.
#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "ArtifactIdVariables")]
pub(crate) struct ArtifactCreatedBy {
    #[arguments(id: $id)]
    pub(crate) artifact: Option<CreatedArtifact>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Artifact")]
pub(crate) struct CreatedArtifact {
    pub(crate) created_by: Option<ArtifactCreator>,
}

#[derive(cynic::InlineFragments, Debug)]
pub(crate) enum ArtifactCreator {
    Run(Box<RunFragment>),
    #[cynic(fallback)]
    Other,
}

/// The runs that use a version.
#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "ArtifactIdVariables")]
pub(crate) struct ArtifactUsedBy {
    #[arguments(id: $id)]
    pub(crate) artifact: Option<InputArtifact>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Artifact")]
pub(crate) struct InputArtifact {
    pub(crate) used_by: RunConnection,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct RunConnection {
    pub(crate) edges: Vec<RunEdge>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct RunEdge {
    pub(crate) node: Option<RunFragment>,
}

/// Variables: files of a run to upload.
#[derive(cynic::QueryVariables, Debug)]
pub(crate) struct RunFilesVariables {
    pub(crate) entity: String,
    pub(crate) project: String,
    pub(crate) run: String,
    pub(crate) files: Vec<String>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "RunFilesVariables")]
pub(crate) struct CreateRunFiles {
    #[arguments(input: { entityName: $entity, projectName: $project, runName: $run, files: $files })]
    pub(crate) create_run_files: Option<CreateRunFilesPayload>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct CreateRunFilesPayload {
    #[cynic(rename = "runID")]
    pub(crate) _run_id: Id,
    pub(crate) upload_headers: Vec<String>,
    pub(crate) files: Vec<RunFileUpload>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct RunFileUpload {
    pub(crate) name: String,
    pub(crate) upload_url: Option<String>,
}

/// A run with its summary and heartbeat.
#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Run")]
pub(crate) struct DetailedRun {
    #[cynic(spread)]
    pub(crate) run: RunFragment,
    pub(crate) summary_metrics: Option<JsonText>,
    pub(crate) heartbeat_at: Option<DateTime>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "RunVariables")]
pub(crate) struct DetailedRunQuery {
    #[arguments(name: $project, entityName: $entity)]
    pub(crate) project: Option<DetailedRunProject>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Project", variables = "RunVariables")]
pub(crate) struct DetailedRunProject {
    #[arguments(name: $name)]
    pub(crate) run: Option<DetailedRun>,
}

/// Variables: the runs of a project.
#[derive(cynic::QueryVariables, Debug)]
pub(crate) struct RunsVariables {
    pub(crate) entity: String,
    pub(crate) project: String,
    pub(crate) cursor: Option<String>,
    pub(crate) per_page: Option<i32>,
    pub(crate) order: Option<String>,
    pub(crate) filters: Option<JsonText>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "RunsVariables")]
pub(crate) struct Runs {
    #[arguments(name: $project, entityName: $entity)]
    pub(crate) project: Option<RunsProject>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Project", variables = "RunsVariables")]
pub(crate) struct RunsProject {
    #[arguments(filters: $filters, after: $cursor, first: $per_page, order: $order)]
    pub(crate) runs: Option<ListedRuns>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "RunConnection")]
pub(crate) struct ListedRuns {
    pub(crate) edges: Vec<ListedRunEdge>,
    pub(crate) page_info: PageInfo,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "RunEdge")]
pub(crate) struct ListedRunEdge {
    pub(crate) node: Option<DetailedRun>,
    pub(crate) cursor: String,
}

/// Variables: files of a run.
#[derive(cynic::QueryVariables, Debug)]
pub(crate) struct ListedFilesVariables {
    pub(crate) entity: String,
    pub(crate) project: String,
    pub(crate) name: String,
    pub(crate) file_cursor: Option<String>,
    pub(crate) file_limit: Option<i32>,
    pub(crate) file_names: Option<Vec<Option<String>>>,
    pub(crate) pattern: Option<String>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "ListedFilesVariables")]
pub(crate) struct RunFiles {
    #[arguments(name: $project, entityName: $entity)]
    pub(crate) project: Option<RunFilesProject>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Project", variables = "ListedFilesVariables")]
pub(crate) struct RunFilesProject {
    #[arguments(name: $name)]
    pub(crate) run: Option<RunWithFiles>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Run", variables = "ListedFilesVariables")]
pub(crate) struct RunWithFiles {
    #[arguments(names: $file_names, after: $file_cursor, first: $file_limit, pattern: $pattern)]
    pub(crate) files: Option<ListedFiles>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "RunFileConnection")]
pub(crate) struct ListedFiles {
    pub(crate) edges: Vec<ListedFileEdge>,
    pub(crate) page_info: PageInfo,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "RunFileEdge")]
pub(crate) struct ListedFileEdge {
    pub(crate) node: Option<RunFile>,
    pub(crate) cursor: String,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct RunFile {
    pub(crate) name: String,
    #[arguments(upload: false)]
    pub(crate) url: String,
    pub(crate) direct_url: String,
    pub(crate) size_bytes: Int64,
    pub(crate) mimetype: Option<String>,
    pub(crate) updated_at: Option<DateTime>,
    pub(crate) md5: Option<String>,
}

/// Variables: the versions that a run logs or uses.
#[derive(cynic::QueryVariables, Debug)]
pub(crate) struct RunArtifactsVariables {
    pub(crate) entity: String,
    pub(crate) project: String,
    pub(crate) run: String,
    pub(crate) cursor: Option<String>,
    pub(crate) per_page: Option<i32>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "RunArtifactsVariables")]
pub(crate) struct RunOutputArtifacts {
    #[arguments(name: $project, entityName: $entity)]
    pub(crate) project: Option<OutputProject>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Project", variables = "RunArtifactsVariables")]
pub(crate) struct OutputProject {
    #[arguments(name: $run)]
    pub(crate) run: Option<RunWithOutput>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Run", variables = "RunArtifactsVariables")]
pub(crate) struct RunWithOutput {
    #[arguments(after: $cursor, first: $per_page)]
    pub(crate) output_artifacts: Option<RunArtifacts>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "RunArtifactsVariables")]
pub(crate) struct RunInputArtifacts {
    #[arguments(name: $project, entityName: $entity)]
    pub(crate) project: Option<InputProject>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Project", variables = "RunArtifactsVariables")]
pub(crate) struct InputProject {
    #[arguments(name: $run)]
    pub(crate) run: Option<RunWithInput>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Run", variables = "RunArtifactsVariables")]
pub(crate) struct RunWithInput {
    #[arguments(after: $cursor, first: $per_page)]
    pub(crate) input_artifacts: Option<RunArtifacts>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "RunArtifactConnection")]
pub(crate) struct RunArtifacts {
    pub(crate) edges: Vec<RunArtifactEdge>,
    pub(crate) page_info: PageInfo,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct RunArtifactEdge {
    pub(crate) node: Option<Artifact>,
}
