//! The same for programs that are not async.
//!
//! ```
//! use wandb_rs::{Artifact, blocking};
//!
//! # let folder = tempfile::tempdir()?;
//! # std::env::set_current_dir(&folder)?;
//! # std::fs::write("model.h5", "weights")?;
//! let client = blocking::Client::open(wandb_rs::Client::builder().store("my-store"))?;
//! let run = client.init().job_type("train").start()?;
//! let mut artifact = Artifact::new("mnist", "model")?;
//! artifact.add_file("model.h5")?;
//! let logged = run.log_artifact(artifact).wait()?;
//! run.finish()?;
//! client.wait(logged.download().to("copy"))?;
//! assert_eq!(std::fs::read("copy/model.h5")?, b"weights");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::future::IntoFuture;
use std::path::Path;
use std::sync::Arc;

use artifact_core::records::RunAddress;
use artifact_core::{ArtifactAddress, LogicalPath};
use serde::Serialize;
use serde_json::{Map, Value};
use tokio::runtime::Runtime;

use crate::table::LoggedObject;
use crate::{Artifact, ClientBuilder, Error, LogOptions, LoggedArtifact, PartialOptions, Upserted};

/// A [`Client`](crate::Client) with a runtime of its own.
///
/// Not for use within an async program: there it panics.
#[derive(Debug, Clone)]
pub struct Client {
    inner: crate::Client,
    runtime: Arc<Runtime>,
}

impl Client {
    /// Returns the client that `builder` describes.
    ///
    /// # Errors
    /// As [`ClientBuilder::open`], and [`Error::Runtime`] when no threads can be started.
    pub fn open(builder: ClientBuilder) -> Result<Self, Error> {
        let runtime = Runtime::new().map_err(|source| Error::Runtime { source })?;
        Ok(Self {
            inner: builder.open()?,
            runtime: Arc::new(runtime),
        })
    }

    /// Returns the client that the environment describes.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn from_env() -> Result<Self, Error> {
        Self::open(crate::Client::builder())
    }

    /// Returns what the registry has; what it asks is waited for with [`wait`](Self::wait):
    /// `client.wait(api.run("entity/project/id"))`.
    #[must_use]
    pub fn api(&self) -> crate::Api {
        self.inner.api()
    }

    /// Begins a run.
    pub fn init(&self) -> RunBuilder {
        RunBuilder {
            inner: self.inner.init(),
            client: self.clone(),
        }
    }

    /// Finds a version.
    ///
    /// # Errors
    /// As [`Client::artifact`](crate::Client::artifact).
    pub fn artifact<A>(&self, address: A) -> Result<LoggedArtifact, Error>
    where
        A: TryInto<ArtifactAddress>,
        Error: From<A::Error>,
    {
        self.runtime.block_on(self.inner.artifact(address))
    }

    /// Logs an artifact outside a run of the caller's.
    ///
    /// # Errors
    /// As [`Client::save`](crate::Client::save).
    pub fn save(&self, artifact: Artifact) -> Result<LoggedArtifact, Error> {
        self.runtime.block_on(self.inner.save(artifact))
    }

    /// Finds a table in a version.
    ///
    /// # Errors
    /// As [`LoggedArtifact::get`].
    pub fn get(
        &self,
        artifact: &LoggedArtifact,
        name: impl AsRef<str>,
    ) -> Result<LoggedObject, Error> {
        self.runtime.block_on(artifact.get(name))
    }

    /// Does whatever the async interface offers, and waits for it: `client.wait(artifact.download())`.
    ///
    /// # Errors
    /// Those of the work.
    pub fn wait<F: IntoFuture>(&self, work: F) -> F::Output {
        self.runtime.block_on(work.into_future())
    }
}

/// Builds a run.
#[derive(Debug, Clone)]
#[must_use]
pub struct RunBuilder {
    inner: crate::RunBuilder,
    client: Client,
}

impl RunBuilder {
    /// Sets the kind of work that the run does.
    pub fn job_type(self, job_type: impl Into<String>) -> Self {
        self.with(|run| run.job_type(job_type))
    }

    /// Sets more options, in terms of the async [`RunBuilder`](crate::RunBuilder).
    pub fn with(mut self, say: impl FnOnce(crate::RunBuilder) -> crate::RunBuilder) -> Self {
        self.inner = say(self.inner);
        self
    }

    /// Starts the run.
    ///
    /// # Errors
    /// As [`RunBuilder::start`](crate::RunBuilder::start).
    pub fn start(self) -> Result<Run, Error> {
        let inner = self.client.runtime.block_on(self.inner.start())?;
        Ok(Run {
            inner,
            client: self.client,
        })
    }
}

/// A [`Run`](crate::Run) that waits.
#[derive(Debug)]
pub struct Run {
    inner: crate::Run,
    client: Client,
}

impl Run {
    /// Logs an artifact, and returns at once.
    pub fn log_artifact(&self, artifact: Artifact) -> LogHandle {
        self.log_artifact_with(artifact, LogOptions::new())
    }

    /// Logs an artifact with aliases and tags, and returns at once.
    pub fn log_artifact_with(&self, artifact: Artifact, options: LogOptions) -> LogHandle {
        let _guard = self.client.runtime.enter();
        LogHandle {
            inner: self.inner.log_artifact_with(artifact, options),
            client: self.client.clone(),
        }
    }

    /// Logs an artifact as this run's part of one version that several runs write, and waits for it.
    ///
    /// # Errors
    /// As awaiting what [`Run::upsert_artifact`](crate::Run::upsert_artifact) returns.
    pub fn upsert_artifact(&self, artifact: Artifact) -> Result<Upserted, Error> {
        self.upsert_artifact_with(artifact, PartialOptions::new())
    }

    /// Logs a partial version with a distributed id or aliases, and waits for it.
    ///
    /// # Errors
    /// As [`upsert_artifact`](Self::upsert_artifact).
    pub fn upsert_artifact_with(
        &self,
        artifact: Artifact,
        options: PartialOptions,
    ) -> Result<Upserted, Error> {
        let _guard = self.client.runtime.enter();
        self.client
            .wait(self.inner.upsert_artifact_with(artifact, options))
    }

    /// Finishes the version that the runs of this run's group have upserted, and returns at once.
    pub fn finish_artifact(&self, artifact: Artifact) -> LogHandle {
        self.finish_artifact_with(artifact, PartialOptions::new())
    }

    /// Finishes a version with a distributed id or aliases, and returns at once.
    pub fn finish_artifact_with(&self, artifact: Artifact, options: PartialOptions) -> LogHandle {
        let _guard = self.client.runtime.enter();
        LogHandle {
            inner: self.inner.finish_artifact_with(artifact, options),
            client: self.client.clone(),
        }
    }

    /// Finds a version, and records that the run uses it.
    ///
    /// # Errors
    /// As [`Run::use_artifact`](crate::Run::use_artifact).
    pub fn use_artifact<A>(&self, address: A) -> Result<LoggedArtifact, Error>
    where
        A: TryInto<ArtifactAddress>,
        Error: From<A::Error>,
    {
        self.client
            .runtime
            .block_on(self.inner.use_artifact(address))
    }

    /// Returns the run's address: `entity/project/id`.
    #[must_use]
    pub const fn address(&self) -> &RunAddress {
        self.inner.address()
    }

    /// Returns whether the run existed before, and is resumed.
    #[must_use]
    pub const fn is_resumed(&self) -> bool {
        self.inner.is_resumed()
    }

    /// Returns whether the run was asked to stop.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.inner.is_stopped()
    }

    /// Returns the step that [`log`](Self::log) is going to log to.
    #[must_use]
    pub fn step(&self) -> u64 {
        self.inner.step()
    }

    /// Logs metrics as the next step of the history.
    ///
    /// # Errors
    /// As [`Run::log`](crate::Run::log).
    pub fn log<T: Serialize + ?Sized>(&self, metrics: &T) -> Result<(), Error> {
        self.inner.log(metrics)
    }

    /// Logs metrics to a step of the history, which stays open.
    ///
    /// # Errors
    /// As [`Run::log_at`](crate::Run::log_at).
    pub fn log_at<T: Serialize + ?Sized>(&self, step: u64, metrics: &T) -> Result<(), Error> {
        self.inner.log_at(step, metrics)
    }

    /// Sets a value of the summary, until one of this name is logged.
    ///
    /// # Errors
    /// As [`Run::set_summary`](crate::Run::set_summary).
    pub fn set_summary<T: Serialize + ?Sized>(
        &self,
        key: impl Into<String>,
        value: &T,
    ) -> Result<(), Error> {
        self.inner.set_summary(key, value)
    }

    /// Sets values of the configuration; those that are not named stay.
    pub fn update_config(&self, values: Map<String, Value>) {
        self.inner.update_config(values);
    }

    /// Returns the configuration.
    #[must_use]
    pub fn config(&self) -> Map<String, Value> {
        self.inner.config()
    }

    /// Adds a text to the run's console, line by line.
    pub fn print_line(&self, text: impl AsRef<str>) {
        self.inner.print_line(text);
    }

    /// Stores a file with the run, under its own name.
    ///
    /// # Errors
    /// As [`Run::save_file`](crate::Run::save_file).
    pub fn save_file(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        self.client.runtime.block_on(self.inner.save_file(path))
    }

    /// Stores a file with the run, under another name.
    ///
    /// # Errors
    /// As [`Run::save_file_as`](crate::Run::save_file_as).
    pub fn save_file_as<N>(&self, path: impl AsRef<Path>, name: N) -> Result<(), Error>
    where
        N: TryInto<LogicalPath>,
        Error: From<N::Error>,
    {
        let saved = self.inner.save_file_as(path, name);
        self.client.runtime.block_on(saved)
    }

    /// Marks the run as preempted, to be resumed later.
    pub fn mark_preempting(&self) {
        self.inner.mark_preempting();
    }

    /// Waits for every log, sends all pending lines, and ends the run with success.
    ///
    /// # Errors
    /// As [`Run::finish`](crate::Run::finish).
    pub fn finish(self) -> Result<(), Error> {
        self.finish_with(0)
    }

    /// Waits for every log, sends all pending lines, and ends the run with this exit code.
    ///
    /// # Errors
    /// As [`Run::finish_with`](crate::Run::finish_with).
    pub fn finish_with(self, exit_code: i32) -> Result<(), Error> {
        let finished = self.inner.finish_with(exit_code);
        self.client.runtime.block_on(finished)
    }

    /// Ends the run at once with this exit code, whatever is being logged.
    pub fn abandon(self, exit_code: i32) {
        self.inner.abandon(exit_code);
    }
}

/// A log on its way.
#[derive(Debug)]
#[must_use = "only the handle returns whether the artifact was logged"]
pub struct LogHandle {
    inner: crate::LogHandle,
    client: Client,
}

impl LogHandle {
    /// Waits for the log.
    ///
    /// # Errors
    /// As awaiting a [`LogHandle`](crate::LogHandle).
    pub fn wait(self) -> Result<LoggedArtifact, Error> {
        self.client.wait(self.inner)
    }
}
