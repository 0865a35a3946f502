//! How far a run is, for whoever continues it.

use artifact_core::ports::{LineCounts, RunAddress, RunProgress};
use serde_json::{Map, Value};

use super::{OWN_CONFIG, Run, RunStream, Service};
use crate::StoreError;

impl Service {
    /// Returns how far a run is; `None` where there is none, or none that a client ever started.
    pub(crate) fn run_progress(&self, run: &RunAddress) -> Result<Option<RunProgress>, StoreError> {
        let found = self.run(&run.project, &run.id)?;
        let Some(run) = found.filter(was_started) else {
            return Ok(None);
        };
        let last = self.last_lines(&run.id, RunStream::History, 1)?;
        let last = last.first();
        let last: Option<Map<_, _>> = last.and_then(|line| serde_json::from_str(&line.text).ok());
        let step = |of: &Map<String, Value>| of.get("_step").and_then(Value::as_u64);
        let last_step = last.as_ref().and_then(step);
        let last_step = last_step.or_else(|| step(&run.summary));
        let [history, events, console] = run.line_counts;
        Ok(Some(RunProgress {
            summary: run.summary.clone(),
            line_counts: LineCounts {
                history,
                events,
                console,
            },
            last_step,
            record: run.into_record(),
        }))
    }
}

/// Whether a client started the run: it says so in its own part of the configuration. Source: section 2.3 of the wire
/// protocol.
fn was_started(run: &Run) -> bool {
    run.config
        .get(OWN_CONFIG)
        .and_then(|own| own.get("value"))
        .is_some_and(|own| own.get("t").is_some())
}
