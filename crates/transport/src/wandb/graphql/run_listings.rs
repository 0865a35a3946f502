//! Listings of runs, of their files, and of what they log and use. Source: sections 2.6 and 2.8 of the wire protocol.

use super::runs::RunVariablesFields;
use super::scalars::{DateTime, Int64, JsonText};
use super::schema;
use super::{Artifact, PageInfo, Run};

/// A run, and how it does.
#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Run")]
pub(in crate::wandb) struct DetailedRun {
    #[cynic(spread)]
    pub(in crate::wandb) run: Run,
    pub(in crate::wandb) summary_metrics: Option<JsonText>,
    pub(in crate::wandb) heartbeat_at: Option<DateTime>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "RunVariables")]
pub(in crate::wandb) struct DetailedRunQuery {
    #[arguments(name: $project, entityName: $entity)]
    pub(in crate::wandb) project: Option<DetailedRunProject>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Project", variables = "RunVariables")]
pub(in crate::wandb) struct DetailedRunProject {
    #[arguments(name: $name)]
    pub(in crate::wandb) run: Option<DetailedRun>,
}

/// Which runs.
#[derive(cynic::QueryVariables, Debug)]
pub(in crate::wandb) struct RunsVariables {
    pub(in crate::wandb) entity: String,
    pub(in crate::wandb) project: String,
    pub(in crate::wandb) cursor: Option<String>,
    pub(in crate::wandb) per_page: Option<i32>,
    pub(in crate::wandb) order: Option<String>,
    pub(in crate::wandb) filters: Option<JsonText>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "RunsVariables")]
pub(in crate::wandb) struct Runs {
    #[arguments(name: $project, entityName: $entity)]
    pub(in crate::wandb) project: Option<RunsProject>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Project", variables = "RunsVariables")]
pub(in crate::wandb) struct RunsProject {
    #[arguments(filters: $filters, after: $cursor, first: $per_page, order: $order)]
    pub(in crate::wandb) runs: Option<ListedRuns>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "RunConnection")]
pub(in crate::wandb) struct ListedRuns {
    pub(in crate::wandb) edges: Vec<ListedRunEdge>,
    pub(in crate::wandb) page_info: PageInfo,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "RunEdge")]
pub(in crate::wandb) struct ListedRunEdge {
    pub(in crate::wandb) node: Option<DetailedRun>,
    pub(in crate::wandb) cursor: String,
}

/// Which files of a run.
#[derive(cynic::QueryVariables, Debug)]
pub(in crate::wandb) struct ListedFilesVariables {
    pub(in crate::wandb) entity: String,
    pub(in crate::wandb) project: String,
    pub(in crate::wandb) name: String,
    pub(in crate::wandb) file_cursor: Option<String>,
    pub(in crate::wandb) file_limit: Option<i32>,
    pub(in crate::wandb) file_names: Option<Vec<Option<String>>>,
    pub(in crate::wandb) pattern: Option<String>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "ListedFilesVariables")]
pub(in crate::wandb) struct RunFiles {
    #[arguments(name: $project, entityName: $entity)]
    pub(in crate::wandb) project: Option<RunFilesProject>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Project", variables = "ListedFilesVariables")]
pub(in crate::wandb) struct RunFilesProject {
    #[arguments(name: $name)]
    pub(in crate::wandb) run: Option<RunWithFiles>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Run", variables = "ListedFilesVariables")]
pub(in crate::wandb) struct RunWithFiles {
    #[arguments(names: $file_names, after: $file_cursor, first: $file_limit, pattern: $pattern)]
    pub(in crate::wandb) files: Option<ListedFiles>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "RunFileConnection")]
pub(in crate::wandb) struct ListedFiles {
    pub(in crate::wandb) edges: Vec<ListedFileEdge>,
    pub(in crate::wandb) page_info: PageInfo,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "RunFileEdge")]
pub(in crate::wandb) struct ListedFileEdge {
    pub(in crate::wandb) node: Option<RunFile>,
    pub(in crate::wandb) cursor: String,
}

#[derive(cynic::QueryFragment, Debug)]
pub(in crate::wandb) struct RunFile {
    pub(in crate::wandb) name: String,
    #[arguments(upload: false)]
    pub(in crate::wandb) url: String,
    pub(in crate::wandb) direct_url: String,
    pub(in crate::wandb) size_bytes: Int64,
    pub(in crate::wandb) mimetype: Option<String>,
    pub(in crate::wandb) updated_at: Option<DateTime>,
    pub(in crate::wandb) md5: Option<String>,
}

/// Which versions of a run.
#[derive(cynic::QueryVariables, Debug)]
pub(in crate::wandb) struct RunArtifactsVariables {
    pub(in crate::wandb) entity: String,
    pub(in crate::wandb) project: String,
    pub(in crate::wandb) run: String,
    pub(in crate::wandb) cursor: Option<String>,
    pub(in crate::wandb) per_page: Option<i32>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "RunArtifactsVariables")]
pub(in crate::wandb) struct RunOutputArtifacts {
    #[arguments(name: $project, entityName: $entity)]
    pub(in crate::wandb) project: Option<OutputProject>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Project", variables = "RunArtifactsVariables")]
pub(in crate::wandb) struct OutputProject {
    #[arguments(name: $run)]
    pub(in crate::wandb) run: Option<RunWithOutput>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Run", variables = "RunArtifactsVariables")]
pub(in crate::wandb) struct RunWithOutput {
    #[arguments(after: $cursor, first: $per_page)]
    pub(in crate::wandb) output_artifacts: Option<RunArtifacts>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "RunArtifactsVariables")]
pub(in crate::wandb) struct RunInputArtifacts {
    #[arguments(name: $project, entityName: $entity)]
    pub(in crate::wandb) project: Option<InputProject>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Project", variables = "RunArtifactsVariables")]
pub(in crate::wandb) struct InputProject {
    #[arguments(name: $run)]
    pub(in crate::wandb) run: Option<RunWithInput>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Run", variables = "RunArtifactsVariables")]
pub(in crate::wandb) struct RunWithInput {
    #[arguments(after: $cursor, first: $per_page)]
    pub(in crate::wandb) input_artifacts: Option<RunArtifacts>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "RunArtifactConnection")]
pub(in crate::wandb) struct RunArtifacts {
    pub(in crate::wandb) edges: Vec<RunArtifactEdge>,
    pub(in crate::wandb) page_info: PageInfo,
}

#[derive(cynic::QueryFragment, Debug)]
pub(in crate::wandb) struct RunArtifactEdge {
    pub(in crate::wandb) node: Option<Artifact>,
}
