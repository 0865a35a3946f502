//! Listings of runs, of their files, and of what they log and use. Source: sections 2.6 and 2.8 of the wire protocol.

use super::runs::RunVariablesFields;
use super::scalars::{DateTime, Int64, JsonText};
use super::schema;
use super::{Artifact, PageInfo, RunFragment};

/// A run, and how it does.
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

/// Which runs.
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

/// Which files of a run.
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

/// Which versions of a run.
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
