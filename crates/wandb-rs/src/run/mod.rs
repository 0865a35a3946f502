//! Runs: logged and used artifacts, history, summary and console.

mod builder;
mod ending;
mod files;
mod history;
mod json_text;
mod live;
mod log;
mod origin;
mod outbox;
mod partial;
mod resume;
mod sender;

use std::collections::HashMap;
use std::future::Future;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use artifact_core::records;
use artifact_core::records::RunAddress;
use artifact_core::{ArtifactAddress, ArtifactName, LogicalPath};
use serde::Serialize;
use serde_json::{Map, Value};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub use builder::{RunBuilder, init};
pub use log::{LogHandle, LogOptions, Logged};
pub use partial::{PartialOptions, UpsertHandle, Upserted};

use crate::{Artifact, Error, LoggedArtifact};
use json_text::JsonText;
use live::Live;
use resume::Unfinished;
use sender::Rhythm;

/// A run: logs and uses artifacts, and reports the progress of work.
///
/// Its lines ([`log`](Self::log), [`set_summary`](Self::set_summary), [`print_line`](Self::print_line),
/// [`update_config`](Self::update_config)) is sent in the background; a registry that is away for a while costs nothing but
/// time, as long as no more than 64 MiB wait.
///
/// ```
/// use serde_json::json;
///
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// let client = wandb_rs::Client::builder().store(folder.path().join("store")).open()?;
/// let run = client.init().config("learning rate", 0.1).start().await?;
/// for epoch in 0..10 {
///     run.log(&json!({"epoch": epoch, "loss": 1.0 / f64::from(epoch + 1)}))?;
///     if run.is_stopped() {
///         break;
///     }
/// }
/// run.finish().await?;
/// # Ok(()) }
/// ```
///
/// # Dropping
/// A run should be finished: only that waits for everything, stores the run's own files, and returns errors. A run
/// that is dropped is ended like a script in Python that just stops: the lines and the summary that wait are sent, and the exit code is 1 while the
/// thread panics and 0 otherwise, as the run cannot see that a `?` has left the function; use
/// [`finish_with`](Self::finish_with) for that. Dropping waits for this at most five seconds.
#[derive(Debug)]
pub struct Run {
    live: Arc<Live>,
    record: records::Run,
    /// The group of runs that it belongs to.
    group: Option<String>,
    is_resumed: bool,
    unfinished: Option<Unfinished>,
    sender: Option<JoinHandle<()>>,
    /// Per artifact name the end of the last log, for the next to wait on.
    last_logs: Mutex<HashMap<ArtifactName, oneshot::Receiver<()>>>,
    is_finished: AtomicBool,
    has_ended: bool,
}

impl Run {
    fn begin(
        live: Live,
        record: records::Run,
        group: Option<String>,
        is_resumed: bool,
        unfinished: Option<Unfinished>,
        rhythm: Rhythm,
    ) -> Self {
        let live = Arc::new(live);
        Self {
            sender: Some(tokio::spawn(sender::send(Arc::clone(&live), rhythm))),
            live,
            record,
            group,
            is_resumed,
            unfinished,
            last_logs: Mutex::default(),
            is_finished: AtomicBool::new(false),
            has_ended: false,
        }
    }

    /// Returns the run's address: `entity/project/id`.
    #[must_use]
    pub const fn address(&self) -> &RunAddress {
        &self.record.address
    }

    /// Returns the record of the run from its start.
    #[must_use]
    pub const fn record(&self) -> &records::Run {
        &self.record
    }

    /// Returns whether the run existed before, and is resumed.
    #[must_use]
    pub const fn is_resumed(&self) -> bool {
        self.is_resumed
    }

    /// Returns whether the run was asked to stop: a button in the browser, for instance. The run learns it with the next
    /// message that it sends, and continues until its program ends it.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.live.is_stop_wanted()
    }

    /// Returns the step that [`log`](Self::log) is going to log to.
    #[must_use]
    pub fn step(&self) -> u64 {
        self.live.step()
    }

    /// Logs metrics as the next step of the history: anything that serializes to an object, such as `json!({"loss": 0.5})`
    /// or a struct. `NaN` and infinite numbers stay what they are. The last value of each goes into the summary.
    ///
    /// # Errors
    /// [`Error::NotMetrics`] when it is no object, [`Error::LineTooLong`] when it is longer than the protocol allows.
    pub fn log<T: Serialize + ?Sized>(&self, metrics: &T) -> Result<(), Error> {
        self.live.log(history::fields_of(metrics)?, None)
    }

    /// Logs metrics to a step of the history, which stays open: more may be logged to it until another step is. Steps only
    /// go up.
    ///
    /// # Errors
    /// As [`log`](Self::log), and [`Error::StepIsPast`] when a later step was logged to.
    pub fn log_at<T: Serialize + ?Sized>(&self, step: u64, metrics: &T) -> Result<(), Error> {
        self.live.log(history::fields_of(metrics)?, Some(step))
    }

    /// Sets a value of the summary, until one of this name is logged.
    ///
    /// # Errors
    /// [`Error::NotMetrics`] when the value cannot be written.
    pub fn set_summary<T: Serialize + ?Sized>(
        &self,
        key: impl Into<String>,
        value: &T,
    ) -> Result<(), Error> {
        let written = tables::serializer::serialize(value).map_err(|error| Error::NotMetrics {
            what: error.to_string(),
        })?;
        let JsonText(text) = written.into_value();
        self.live.set_summary(key.into(), text);
        Ok(())
    }

    /// Sets values of the configuration; those that are not named stay.
    pub fn update_config(&self, values: Map<String, Value>) {
        self.live.update_config(values);
    }

    /// Returns the configuration.
    #[must_use]
    pub fn config(&self) -> Map<String, Value> {
        self.live.config()
    }

    /// Adds a text to the run's console, line by line. Nothing is printed here.
    pub fn print_line(&self, text: impl AsRef<str>) {
        let time = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.%6f");
        for line in text.as_ref().lines() {
            self.live.print_line(format!("{time} {line}"));
        }
    }

    /// Stores a file with the run, under its own name, and waits for that. The same name again replaces it.
    ///
    /// # Errors
    /// [`Error::Flow`] when the file cannot be read or sent, [`Error::Registry`] when the registry refuses it.
    pub async fn save_file(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let path = path.as_ref();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name: LogicalPath = name.parse()?;
        files::save(&self.live, path, name).await
    }

    /// As [`save_file`](Self::save_file), under another name, which may have folders: `plots/loss.png`.
    ///
    /// # Errors
    /// As [`save_file`](Self::save_file), and [`Error::Invalid`] when the name is no path within the run.
    pub async fn save_file_as<N>(&self, path: impl AsRef<Path>, name: N) -> Result<(), Error>
    where
        N: TryInto<LogicalPath>,
        Error: From<N::Error>,
    {
        files::save(&self.live, path.as_ref(), name.try_into()?).await
    }

    /// Marks the run as preempted, to be resumed later.
    pub fn mark_preempting(&self) {
        self.live.outbox(outbox::Outbox::preempt);
        self.live.wake.notify_one();
    }

    /// Logs an artifact as the next version of its collection, and returns at once; await the handle to know how it
    /// went. Artifacts of one name are logged in the order of the calls.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn log_artifact(&self, artifact: Artifact) -> LogHandle {
        self.log_artifact_with(artifact, LogOptions::new())
    }

    /// Logs an artifact with aliases and tags; otherwise as [`log_artifact`](Self::log_artifact).
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn log_artifact_with(&self, artifact: Artifact, options: LogOptions) -> LogHandle {
        let client = self.live.client.clone();
        let run = self.address().clone();
        LogHandle(self.in_turn(artifact, move |artifact| {
            log::log(client, run, artifact, options, None)
        }))
    }

    /// Logs an artifact as this run's part of one version that several runs write, and returns at once. The runs of one
    /// [group](RunBuilder::group) that upsert an artifact of this name write one version; it appears when one of them
    /// [finishes](Self::finish_artifact) it.
    ///
    /// Any number of runs may do so, at any time, in any order, and a run more than once: at each path its latest part
    /// counts. The same part twice counts once. Two runs with different content at one path is an error, for the second.
    ///
    /// ```
    /// use std::io::Write as _;
    ///
    /// use wandb_rs::{Artifact, Client};
    ///
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// let client = Client::builder().store(folder.path()).open()?;
    /// for index in 0..3 {
    ///     // As a rule each in a process of its own.
    ///     let run = client.init().group("night-1").start().await?;
    ///     let mut part = Artifact::new("parts", "dataset")?;
    ///     part.new_file(format!("part-{index}.txt"), |file| write!(file, "{index}"))?;
    ///     run.upsert_artifact(part).await?;
    ///     run.finish().await?;
    /// }
    /// let run = client.init().group("night-1").start().await?;
    /// let version = run.finish_artifact(Artifact::new("parts", "dataset")?).await?;
    /// assert_eq!(version.file_count, 3);
    /// run.finish().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn upsert_artifact(&self, artifact: Artifact) -> UpsertHandle {
        self.upsert_artifact_with(artifact, PartialOptions::new())
    }

    /// Logs a partial version with a distributed id in place of the group, or with aliases; otherwise as
    /// [`upsert_artifact`](Self::upsert_artifact).
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn upsert_artifact_with(
        &self,
        artifact: Artifact,
        options: PartialOptions,
    ) -> UpsertHandle {
        let client = self.live.client.clone();
        let run = self.address().clone();
        let id = self.distributed_id(&options, &artifact);
        UpsertHandle(self.in_turn(artifact, async move |artifact| {
            partial::upsert(client, run, artifact, options.into_log_options(), id?).await
        }))
    }

    /// Finishes the version that the runs of this run's group have [upserted](Self::upsert_artifact), and returns at once:
    /// whatever they and `artifact`, which may be empty, hold becomes the next version. A later upsert begins
    /// another one.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn finish_artifact(&self, artifact: Artifact) -> LogHandle {
        self.finish_artifact_with(artifact, PartialOptions::new())
    }

    /// Finishes a version with a distributed id in place of the group, or with aliases; otherwise as
    /// [`finish_artifact`](Self::finish_artifact).
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn finish_artifact_with(&self, artifact: Artifact, options: PartialOptions) -> LogHandle {
        let client = self.live.client.clone();
        let run = self.address().clone();
        let id = self.distributed_id(&options, &artifact);
        LogHandle(self.in_turn(artifact, async move |artifact| {
            log::log(client, run, artifact, options.into_log_options(), Some(id?)).await
        }))
    }

    /// Returns what this run has in common with the others that write an artifact.
    fn distributed_id(
        &self,
        options: &PartialOptions,
        artifact: &Artifact,
    ) -> Result<String, Error> {
        let given = options.distributed_id.as_ref();
        let is_given = |id: &&String| !id.is_empty();
        let group = self.group.as_ref().filter(is_given);
        let id = given.filter(is_given).or(group).cloned();
        id.ok_or_else(|| Error::NoGroup {
            name: artifact.name().clone(),
        })
    }

    /// Begins a log, which waits for those of the same name that were begun before.
    fn in_turn<T: Send + 'static, F: Future<Output = Result<T, Error>> + Send>(
        &self,
        artifact: Artifact,
        work: impl FnOnce(Artifact) -> F + Send + 'static,
    ) -> JoinHandle<Result<T, Error>> {
        let (done, is_done) = oneshot::channel();
        let mut last_logs = self
            .last_logs
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let previous = last_logs.insert(artifact.name().clone(), is_done);
        drop(last_logs);
        let run = self.address().clone();
        let is_finished = self.is_finished.load(Ordering::Acquire);
        tokio::spawn(async move {
            if is_finished {
                return Err(Error::RunFinished {
                    run: run.to_string(),
                });
            }
            if let Some(previous) = previous {
                // However the one before ended, it is this one's turn.
                _ = previous.await;
            }
            let outcome = work(artifact).await;
            drop(done);
            outcome
        })
    }

    /// Finds a version, and records that the run uses it.
    ///
    /// # Errors
    /// [`Error::Registry`] when there is none.
    pub async fn use_artifact<A>(&self, address: A) -> Result<LoggedArtifact, Error>
    where
        A: TryInto<ArtifactAddress>,
        Error: From<A::Error>,
    {
        let address = address.try_into()?.qualify(&self.address().project);
        let registry = self.live.client.registry();
        let record = registry.artifact(&address.into()).await?;
        registry.use_artifact(self.address(), &record.id).await?;
        Ok(LoggedArtifact::new(self.live.client.clone(), record))
    }

    /// Waits for every log, sends all pending lines, and ends the run with success.
    ///
    /// # Errors
    /// As [`finish_with`](Self::finish_with).
    pub async fn finish(self) -> Result<(), Error> {
        self.finish_with(0).await
    }

    /// Waits for every log, sends all pending lines, and ends the run with this exit code; any but 0 is a failure.
    ///
    /// # Errors
    /// [`Error::Registry`] when the registry fails, and [`Error::LinesLost`] when it rejected lines.
    pub async fn finish_with(mut self, exit_code: i32) -> Result<(), Error> {
        self.is_finished.store(true, Ordering::Release);
        let last_logs = std::mem::take(
            &mut *self
                .last_logs
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
        for log in last_logs.into_values() {
            // Its handle returns the result.
            _ = log.await;
        }
        if let Some(sender) = self.sender.take() {
            // What it was sending is sent again, which changes nothing.
            sender.abort();
            _ = sender.await;
        }
        let ended = ending::end(&self.live, exit_code).await;
        self.has_ended = true;
        if let (0, Ok(()), Some(unfinished)) = (exit_code, &ended, &self.unfinished) {
            unfinished.forget();
        }
        ended
    }

    /// Ends the run at once with this exit code, whatever is being logged; waits at most five seconds.
    pub fn abandon(mut self, exit_code: i32) {
        self.end_now(exit_code);
    }

    fn end_now(&mut self, exit_code: i32) {
        self.has_ended = true;
        if let Some(sender) = self.sender.take() {
            sender.abort();
        }
        ending::end_dropped(Arc::clone(&self.live), exit_code);
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if !self.has_ended {
            self.end_now(i32::from(std::thread::panicking()));
        }
    }
}
