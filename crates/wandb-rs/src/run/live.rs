//! The state of a live run, shared by its handle and its sender.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use artifact_core::LogicalPath;
use artifact_core::ports::{RegistryError, RunMessage, RunProgress};
use artifact_core::records::{RunAddress, RunChanges, RunConfig};
use serde_json::{Map, Value, json};
use tokio::sync::Notify;

use super::history::{Fields, History, Moment};
use super::outbox::{LONGEST_LINE, Outbox};
use crate::{Client, Error};

/// A live run.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) client: Client,
    pub(super) address: RunAddress,
    /// Wakes the sender.
    pub(super) wake: Notify,
    state: Mutex<State>,
    is_stop_wanted: AtomicBool,
    began: Instant,
    /// The runtime of the run before it was resumed.
    former: Duration,
}

#[derive(Debug)]
struct State {
    history: History,
    outbox: Outbox,
    config: Map<String, Value>,
    /// Whether the run has lines or files: then it gets the files that the official client writes.
    has_spoken: bool,
    refusal: Option<RegistryError>,
}

impl Live {
    pub(super) fn new(
        client: Client,
        address: RunAddress,
        config: Map<String, Value>,
        progress: Option<&RunProgress>,
    ) -> Self {
        let (history, outbox) = match progress {
            Some(found) => (
                History::after(found.last_step, &found.run.summary),
                Outbox::after(found.line_counts),
            ),
            None => (History::default(), Outbox::default()),
        };
        Self {
            client,
            address,
            wake: Notify::new(),
            state: Mutex::new(State {
                history,
                outbox,
                config,
                has_spoken: false,
                refusal: None,
            }),
            is_stop_wanted: AtomicBool::new(false),
            began: Instant::now(),
            former: progress.map(runtime_of).unwrap_or_default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn outbox<T>(&self, work: impl FnOnce(&mut Outbox) -> T) -> T {
        work(&mut self.state().outbox)
    }

    /// Returns the seconds that the run has been going on, in all of its lives.
    pub(super) fn runtime(&self) -> f64 {
        (self.former + self.began.elapsed()).as_secs_f64()
    }

    fn now(&self) -> Moment {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Moment {
            timestamp: since.unwrap_or_default().as_secs_f64(),
            runtime: self.runtime(),
        }
    }

    pub(super) fn step(&self) -> u64 {
        self.state().history.step()
    }

    /// Logs a row; to an open step where `step` is named.
    pub(super) fn log(&self, fields: Fields, step: Option<u64>) -> Result<(), Error> {
        let length: usize = fields
            .iter()
            .map(|(key, text)| key.len() + text.len() + 4)
            .sum();
        if LONGEST_LINE < length {
            return Err(Error::LineTooLong { length });
        }
        let now = self.now();
        let mut state = self.state();
        let line = match step {
            Some(step) => state.history.log_at(step, fields, now)?,
            None => Some(state.history.log(fields, now)),
        };
        state.has_spoken = true;
        state.outbox.change_summary();
        let overflows = line.is_some_and(|line| state.outbox.push_history(line));
        drop(state);
        self.told(overflows);
        Ok(())
    }

    pub(super) fn print_line(&self, line: String) {
        let mut state = self.state();
        state.has_spoken = true;
        let overflows = state.outbox.push_console(line);
        drop(state);
        self.told(overflows);
    }

    pub(super) fn set_summary(&self, key: String, text: String) {
        let mut state = self.state();
        state.has_spoken = true;
        state.history.set_summary(key, text);
        state.outbox.change_summary();
        drop(state);
        self.wake.notify_one();
    }

    pub(super) fn update_config(&self, values: Map<String, Value>) {
        let mut state = self.state();
        state.config.extend(values);
        state.outbox.change_config();
        drop(state);
        self.wake.notify_one();
    }

    pub(super) fn push_uploaded(&self, names: impl IntoIterator<Item = LogicalPath>) {
        let mut state = self.state();
        state.has_spoken = true;
        names
            .into_iter()
            .for_each(|name| state.outbox.push_uploaded(name));
        drop(state);
        self.wake.notify_one();
    }

    fn told(&self, overflows: bool) {
        if overflows {
            tracing::warn!(run = %self.address, "the registry rejects lines of the run: they are dropped");
        }
        self.wake.notify_one();
    }

    /// Closes the open row.
    pub(super) fn close_row(&self) {
        let mut state = self.state();
        if let Some(line) = state.history.close() {
            state.outbox.push_history(line);
        }
    }

    pub(super) fn has_spoken(&self) -> bool {
        self.state().has_spoken
    }

    pub(super) fn summary(&self) -> String {
        self.state().history.summary(self.runtime())
    }

    pub(super) fn config(&self) -> Map<String, Value> {
        self.state().config.clone()
    }

    pub(super) fn is_stop_wanted(&self) -> bool {
        self.is_stop_wanted.load(Ordering::Relaxed)
    }

    /// Sends what waits, message by message. With `is_heartbeat` one is sent even where nothing waits.
    ///
    /// Two at once would only send the same twice.
    pub(super) async fn send(&self, is_heartbeat: bool) -> Result<(), RegistryError> {
        if let Some(version) = self.outbox(|outbox| outbox.due_config()) {
            let registry = self.client.registry();
            let changes = self.config_update();
            registry.upsert_run(&self.address, changes).await?;
            self.outbox(|outbox| outbox.confirm_config(version));
        }
        if is_heartbeat && !self.outbox(|outbox| outbox.is_due()) {
            return self.say(RunMessage::default()).await;
        }
        self.send_messages().await
    }

    /// Sends what waits but for the configuration.
    pub(super) async fn send_messages(&self) -> Result<(), RegistryError> {
        while let Some(next) = self.outbox(|outbox| outbox.next()) {
            let mut message = next.message;
            message.summary = next.with_summary.then(|| self.summary());
            self.say(message).await?;
            self.outbox(|outbox| outbox.confirm(next.sending));
        }
        Ok(())
    }

    /// Reports that the run has ended, and nothing else.
    pub(super) async fn say_end(&self, exit_code: i32) -> Result<(), RegistryError> {
        let end = RunMessage {
            exit_code: Some(exit_code),
            ..RunMessage::default()
        };
        self.say(end).await
    }

    async fn say(&self, message: RunMessage) -> Result<(), RegistryError> {
        let registry = self.client.registry();
        let reply = registry.stream_run(&self.address, message).await?;
        if reply.is_stop_wanted && !self.is_stop_wanted.swap(true, Ordering::Relaxed) {
            tracing::warn!(run = %self.address, "the run was asked to stop");
        }
        Ok(())
    }

    fn config_update(&self) -> RunChanges {
        RunChanges {
            config: Some(wire_config(self.config())),
            ..RunChanges::default()
        }
    }

    /// Gives up: the registry rejects lines, and retries cannot help.
    pub(super) fn give_up(&self, refusal: RegistryError) {
        tracing::warn!(run = %self.address, error = %refusal, "the registry takes nothing more of the run");
        let mut state = self.state();
        state.outbox.close();
        state.refusal = Some(refusal);
    }

    pub(super) fn take_refusal(&self) -> Option<RegistryError> {
        self.state().refusal.take()
    }
}

/// Returns a configuration in the protocol's form, marked as that of a run of this client.
pub(super) fn wire_config(values: Map<String, Value>) -> RunConfig {
    let client = [
        ("cli_version", json!(env!("CARGO_PKG_VERSION"))),
        ("m", json!([])),
    ];
    let client = client.map(|(key, value)| (key.to_owned(), value));
    RunConfig::started(values, client.into_iter().collect())
}

/// Returns whether a retry may succeed.
pub(super) const fn may_pass(error: &RegistryError) -> bool {
    matches!(error, RegistryError::Backend { .. })
}

fn runtime_of(progress: &RunProgress) -> Duration {
    let own = progress.run.summary.get("_wandb");
    let seconds = own
        .and_then(|own| own.get("runtime"))
        .or_else(|| progress.run.summary.get("_runtime"))
        .and_then(Value::as_f64);
    let seconds = seconds.filter(|seconds| seconds.is_finite() && 0.0 <= *seconds);
    Duration::try_from_secs_f64(seconds.unwrap_or_default()).unwrap_or_default()
}
