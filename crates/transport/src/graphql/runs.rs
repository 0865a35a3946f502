//! Runs, and what they log and use.

use cynic::Id;

use super::ProjectInfo;
use super::artifacts::ArtifactIdVariablesFields;
use super::scalars::{DateTime, JsonText};
use super::schema;

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

/// A run to create or change.
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

/// Which run.
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

/// How far a run is. Named as the official client names it.
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

/// Who created a version.
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

/// Which runs use a version.
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

/// Files that a run is about to send.
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
