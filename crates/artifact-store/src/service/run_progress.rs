//! How far a run is, for whoever continues it.

use artifact_core::ports::RunProgress;
use artifact_core::records::{RunAddress, RunStream};
use serde_json::{Map, Value};

use super::Service;
use crate::StoreError;

impl Service {
    /// Returns how far a run is; `None` where there is none, or none that a client ever started.
    pub(crate) fn run_progress(&self, run: &RunAddress) -> Result<Option<RunProgress>, StoreError> {
        let found = self.run(&run.project, &run.id)?;
        let Some(run) = found.filter(|run| run.config.is_started()) else {
            return Ok(None);
        };
        let last = self.last_lines(&run.id, RunStream::History, 1)?;
        let last = last.first();
        let last: Option<Map<_, _>> = last.and_then(|line| serde_json::from_str(&line.text).ok());
        let step = |of: &Map<String, Value>| of.get("_step").and_then(Value::as_u64);
        let last_step = last.as_ref().and_then(step);
        let last_step = last_step.or_else(|| step(&run.summary));
        Ok(Some(RunProgress {
            line_counts: self.line_counts(&run.id)?,
            last_step,
            run,
        }))
    }
}
