//! Runs, and what they log and use.

use cynic::Id;

use super::ProjectInfo;
use super::artifacts::ArtifactIdVariablesFields;
use super::scalars::{DateTime, JsonText};
use super::schema;

/// A run.
#[derive(cynic::QueryFragment, Debug)]
pub(in crate::wandb) struct Run {
    pub(in crate::wandb) name: String,
    pub(in crate::wandb) display_name: Option<String>,
    pub(in crate::wandb) notes: Option<String>,
    pub(in crate::wandb) config: Option<JsonText>,
    pub(in crate::wandb) tags: Option<Vec<String>>,
    pub(in crate::wandb) state: Option<String>,
    pub(in crate::wandb) group: Option<String>,
    pub(in crate::wandb) job_type: Option<String>,
    pub(in crate::wandb) created_at: Option<DateTime>,
    pub(in crate::wandb) project: Option<ProjectInfo>,
}

/// A run to create or change.
#[derive(cynic::QueryVariables, Debug)]
pub(in crate::wandb) struct UpsertVariables {
    pub(in crate::wandb) name: Option<String>,
    pub(in crate::wandb) project: Option<String>,
    pub(in crate::wandb) entity: Option<String>,
    pub(in crate::wandb) group_name: Option<String>,
    pub(in crate::wandb) display_name: Option<String>,
    pub(in crate::wandb) notes: Option<String>,
    pub(in crate::wandb) config: Option<JsonText>,
    pub(in crate::wandb) host: Option<String>,
    pub(in crate::wandb) program: Option<String>,
    pub(in crate::wandb) job_type: Option<String>,
    pub(in crate::wandb) tags: Option<Vec<String>>,
    pub(in crate::wandb) summary_metrics: Option<JsonText>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "UpsertVariables")]
pub(in crate::wandb) struct UpsertBucket {
    #[arguments(input: {
        name: $name,
        modelName: $project,
        entityName: $entity,
        groupName: $group_name,
        displayName: $display_name,
        notes: $notes,
        config: $config,
        host: $host,
        jobProgram: $program,
        jobType: $job_type,
        tags: $tags,
        summaryMetrics: $summary_metrics
    })]
    pub(in crate::wandb) upsert_bucket: Option<UpsertBucketPayload>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(in crate::wandb) struct UpsertBucketPayload {
    pub(in crate::wandb) bucket: Option<Run>,
}

/// Which run.
#[derive(cynic::QueryVariables, Debug)]
pub(in crate::wandb) struct RunVariables {
    pub(in crate::wandb) entity: String,
    pub(in crate::wandb) project: String,
    pub(in crate::wandb) name: String,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "RunVariables")]
pub(in crate::wandb) struct RunQuery {
    #[arguments(name: $project, entityName: $entity)]
    pub(in crate::wandb) project: Option<RunProject>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Project", variables = "RunVariables")]
pub(in crate::wandb) struct RunProject {
    #[arguments(name: $name)]
    pub(in crate::wandb) run: Option<Run>,
}

/// How far a run is. Named as the official client names it.
#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "RunVariables")]
pub(in crate::wandb) struct RunResumeStatus {
    #[arguments(name: $project, entityName: $entity)]
    pub(in crate::wandb) model: Option<ResumedProject>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Project", variables = "RunVariables")]
pub(in crate::wandb) struct ResumedProject {
    #[arguments(name: $name, missingOk: true)]
    pub(in crate::wandb) bucket: Option<ResumedRun>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Run")]
pub(in crate::wandb) struct ResumedRun {
    #[cynic(spread)]
    pub(in crate::wandb) run: Run,
    pub(in crate::wandb) summary_metrics: Option<JsonText>,
    pub(in crate::wandb) history_line_count: Option<i32>,
    pub(in crate::wandb) events_line_count: Option<i32>,
    pub(in crate::wandb) log_line_count: Option<i32>,
    pub(in crate::wandb) history_tail: Option<JsonText>,
    #[arguments(keys: ["t"])]
    pub(in crate::wandb) wandb_config: Option<JsonText>,
}

/// Who created a version.
#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "ArtifactIdVariables")]
pub(in crate::wandb) struct ArtifactCreatedBy {
    #[arguments(id: $id)]
    pub(in crate::wandb) artifact: Option<CreatedArtifact>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Artifact")]
pub(in crate::wandb) struct CreatedArtifact {
    pub(in crate::wandb) created_by: Option<ArtifactCreator>,
}

#[derive(cynic::InlineFragments, Debug)]
pub(in crate::wandb) enum ArtifactCreator {
    Run(Box<Run>),
    #[cynic(fallback)]
    Other,
}

/// Which runs use a version.
#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "ArtifactIdVariables")]
pub(in crate::wandb) struct ArtifactUsedBy {
    #[arguments(id: $id)]
    pub(in crate::wandb) artifact: Option<InputArtifact>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Artifact")]
pub(in crate::wandb) struct InputArtifact {
    pub(in crate::wandb) used_by: RunConnection,
}

#[derive(cynic::QueryFragment, Debug)]
pub(in crate::wandb) struct RunConnection {
    pub(in crate::wandb) edges: Vec<RunEdge>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(in crate::wandb) struct RunEdge {
    pub(in crate::wandb) node: Option<Run>,
}

/// Files that a run is about to send.
#[derive(cynic::QueryVariables, Debug)]
pub(in crate::wandb) struct RunFilesVariables {
    pub(in crate::wandb) entity: String,
    pub(in crate::wandb) project: String,
    pub(in crate::wandb) run: String,
    pub(in crate::wandb) files: Vec<String>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "RunFilesVariables")]
pub(in crate::wandb) struct CreateRunFiles {
    #[arguments(input: { entityName: $entity, projectName: $project, runName: $run, files: $files })]
    pub(in crate::wandb) create_run_files: Option<CreateRunFilesPayload>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(in crate::wandb) struct CreateRunFilesPayload {
    #[cynic(rename = "runID")]
    pub(in crate::wandb) _run_id: Id,
    pub(in crate::wandb) upload_headers: Vec<String>,
    pub(in crate::wandb) files: Vec<RunFileUpload>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(in crate::wandb) struct RunFileUpload {
    pub(in crate::wandb) name: String,
    pub(in crate::wandb) upload_url: Option<String>,
}
