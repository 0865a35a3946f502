//! A run.

use artifact_core::records::{Run, RunState, RunStream};
use artifact_store::service::FileSelection;
use async_graphql::{Context, ID, Object, Result};

use super::run_output::{
    ConsoleLines, ParquetHistory, console_lines, history_between, history_keys, sampled, tail,
};
use super::{
    ArtifactNode, ProjectNode, RunArtifactConnection, RunFileConnection, RunFileNode, UserNode,
};
use crate::graphql::connection::connection;
use crate::graphql::context::{list_query, request_context};
use crate::graphql::scalars::{DateTime, Int64, Json, JsonString};

/// A run.
pub(crate) struct RunNode(pub(crate) Run);

connection! {
    /// Runs.
    RunConnection, RunEdge, RunNode
}

impl RunNode {
    fn line_count(&self, context: &Context<'_>, stream: RunStream) -> Result<i32> {
        let counts = request_context(context).service.line_counts(&self.0.id)?;
        Ok(i32::try_from(counts.of(stream)).unwrap_or(i32::MAX))
    }
}

#[Object(name = "Run")]
impl RunNode {
    async fn id(&self) -> ID {
        ID(self.0.id.0.clone())
    }

    /// The run ID.
    async fn name(&self) -> &str {
        self.0.address.id.as_str()
    }

    async fn display_name(&self) -> &str {
        &self.0.display_name
    }

    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    async fn notes(&self) -> Option<&str> {
        self.0.notes.as_deref()
    }

    async fn config(&self) -> Result<JsonString> {
        JsonString::of(&self.0.config)
    }

    async fn summary_metrics(&self) -> Result<JsonString> {
        JsonString::of(&self.0.summary)
    }

    /// The latest system metrics.
    async fn system_metrics(&self, context: &Context<'_>) -> Result<JsonString> {
        let last = request_context(context)
            .service
            .last_lines(&self.0.id, RunStream::Events, 1)?;
        let last = last.into_iter().next().map(|line| line.text);
        Ok(JsonString(last.unwrap_or_else(|| "{}".to_owned())))
    }

    async fn tags(&self) -> &[String] {
        &self.0.tags
    }

    async fn sweep_name(&self) -> Option<&str> {
        self.0.sweep.as_deref()
    }

    async fn state(&self) -> &str {
        match self.0.state {
            RunState::Running => "running",
            RunState::Finished => "finished",
            RunState::Failed => "failed",
            RunState::Preempting => "preempting",
            RunState::Pending => "pending",
            _ => "crashed",
        }
    }

    async fn group(&self) -> Option<&str> {
        self.0.group.as_deref()
    }

    async fn job_type(&self) -> Option<&str> {
        self.0.job_type.as_deref()
    }

    async fn commit(&self) -> Option<&str> {
        self.0.commit.as_deref()
    }

    async fn host(&self) -> Option<&str> {
        self.0.host.as_deref()
    }

    async fn read_only(&self) -> bool {
        false
    }

    async fn stopped(&self) -> bool {
        false
    }

    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    async fn updated_at(&self) -> DateTime {
        self.0.heartbeat_at.into()
    }

    async fn heartbeat_at(&self) -> DateTime {
        self.0.heartbeat_at.into()
    }

    async fn history_line_count(&self, context: &Context<'_>) -> Result<i32> {
        self.line_count(context, RunStream::History)
    }

    async fn events_line_count(&self, context: &Context<'_>) -> Result<i32> {
        self.line_count(context, RunStream::Events)
    }

    async fn log_line_count(&self, context: &Context<'_>) -> Result<i32> {
        self.line_count(context, RunStream::Console)
    }

    /// The last line of the history, as JSON text of a list of JSON texts.
    async fn history_tail(&self, context: &Context<'_>) -> Result<JsonString> {
        tail(context, &self.0.id, RunStream::History)
    }

    /// The last line of the system metrics, in the form of `historyTail`.
    async fn events_tail(&self, context: &Context<'_>) -> Result<JsonString> {
        tail(context, &self.0.id, RunStream::Events)
    }

    async fn history_keys(&self, context: &Context<'_>) -> Result<Json> {
        history_keys(context, &self.0.id)
    }

    /// The part of the configuration that belongs to the client itself, limited to `keys`.
    async fn wandb_config(&self, keys: Option<Vec<String>>) -> Result<JsonString> {
        let mut own = self.0.config.client().cloned().unwrap_or_default();
        if let Some(keys) = keys {
            own.retain(|key, _| keys.contains(key));
        }
        JsonString::of(&own)
    }

    async fn user(&self) -> UserNode {
        let owner = &self.0.address.project.entity;
        UserNode::named(self.0.created_by.as_ref().unwrap_or(owner).clone())
    }

    async fn project_id(&self, context: &Context<'_>) -> Result<Int64> {
        let project = request_context(context)
            .service
            .project(&self.0.address.project)?;
        Ok(Int64(project.map_or(0, |project| project.number)))
    }

    async fn project(&self, context: &Context<'_>) -> Result<Option<ProjectNode>> {
        let project = request_context(context)
            .service
            .project(&self.0.address.project)?;
        Ok(project.map(ProjectNode::from))
    }

    async fn file_count(&self, context: &Context<'_>) -> Result<i32> {
        let count = request_context(context)
            .service
            .run_file_count(&self.0.id)?;
        Ok(i32::try_from(count).unwrap_or(i32::MAX))
    }

    async fn files(
        &self,
        context: &Context<'_>,
        names: Option<Vec<Option<String>>>,
        after: Option<String>,
        first: Option<i32>,
        pattern: Option<String>,
    ) -> Result<RunFileConnection> {
        let selection = FileSelection {
            names: names.unwrap_or_default().into_iter().flatten().collect(),
            pattern: pattern.filter(|pattern| !pattern.is_empty()),
        };
        let query = list_query(after, first, None, None);
        let slice = request_context(context)
            .service
            .run_files(&self.0.id, &selection, &query)?;
        Ok(RunFileConnection::of(slice, |file| RunFileNode {
            run: self.0.address.clone(),
            file,
        }))
    }

    async fn input_artifacts(
        &self,
        context: &Context<'_>,
        after: Option<String>,
        first: Option<i32>,
    ) -> Result<RunArtifactConnection> {
        let query = list_query(after, first, None, None);
        let slice = request_context(context)
            .service
            .used_by_run(&self.0.id, &query)?;
        Ok(RunArtifactConnection::of(slice, ArtifactNode::from))
    }

    async fn output_artifacts(
        &self,
        context: &Context<'_>,
        after: Option<String>,
        first: Option<i32>,
    ) -> Result<RunArtifactConnection> {
        let query = list_query(after, first, None, None);
        let slice = request_context(context)
            .service
            .logged_by_run(&self.0.id, &query)?;
        Ok(RunArtifactConnection::of(slice, ArtifactNode::from))
    }

    /// Lines of the history: those from `minStep` to before `maxStep`, or an even sample of all lines.
    async fn history(
        &self,
        context: &Context<'_>,
        min_step: Option<Int64>,
        max_step: Option<Int64>,
        samples: Option<i32>,
    ) -> Result<Vec<JsonString>> {
        history_between(context, &self.0.id, min_step, max_step, samples)
    }

    /// An even sample of the system metrics.
    async fn events(&self, context: &Context<'_>, samples: Option<i32>) -> Result<Vec<JsonString>> {
        sampled(context, &self.0.id, RunStream::Events, samples)
    }

    async fn sampled_history(
        &self,
        context: &Context<'_>,
        specs: Vec<JsonString>,
    ) -> Result<Vec<Json>> {
        let answer =
            |spec: &JsonString| super::run_output::sampled_history(context, &self.0.id, spec);
        specs.iter().map(answer).collect()
    }

    async fn log_lines(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        #[graphql(name = "useImprovedPagination")] _use_improved_pagination: Option<bool>,
    ) -> Result<ConsoleLines> {
        console_lines(context, &self.0.id, first, after.as_deref(), last)
    }

    /// Nothing is stored as Parquet: all rows are live data.
    async fn parquet_history(
        &self,
        context: &Context<'_>,
        #[graphql(name = "liveKeys")] _live_keys: Vec<String>,
    ) -> Result<ParquetHistory> {
        ParquetHistory::of(context, &self.0.id)
    }
}
