//! Runs of a registry.

use std::fmt;
use std::ops::Deref;

use artifact_core::ports::{FileSelection, ListRequest, RegistryError, RunRelation};
use artifact_core::records;
use artifact_core::records::RunAddress;
use serde_json::{Map, Value};

use super::{File, Listing, map};
use crate::{Client, Error, LoggedArtifact};

/// A run of a registry. Its [`records::Run`] is a dereference away: `run.state`.
#[derive(Debug, Clone)]
pub struct Run {
    client: Client,
    record: records::Run,
}

impl Run {
    pub(crate) const fn new(client: Client, record: records::Run) -> Self {
        Self { client, record }
    }

    /// Returns its address: `entity/project/id`.
    #[must_use]
    pub const fn address(&self) -> &RunAddress {
        &self.record.address
    }

    /// Returns its id.
    #[must_use]
    pub const fn id(&self) -> &crate::RunId {
        &self.address().id
    }

    /// Returns its display name, or else its id.
    #[must_use]
    pub fn display_name(&self) -> &str {
        &self.record.display_name
    }

    /// Returns its configuration, without the client's own part.
    #[must_use]
    pub fn config(&self) -> Map<String, Value> {
        self.record.config.values()
    }

    /// Lists its files, by name.
    pub fn files(&self) -> Listing<File> {
        self.selected(FileSelection::default())
    }

    /// Lists the files whose name is like `pattern`, with `%` and `_` as in SQL's `LIKE`: `media/%`.
    pub fn files_like(&self, pattern: impl Into<String>) -> Listing<File> {
        self.selected(FileSelection {
            names: Vec::new(),
            pattern: Some(pattern.into()),
        })
    }

    /// Finds a file by its name.
    ///
    /// # Errors
    /// [`Error::Registry`] when there is none.
    pub async fn file(&self, name: &str) -> Result<File, Error> {
        let selection = FileSelection {
            names: vec![name.to_owned()],
            pattern: None,
        };
        let page = self.selected(selection).page().await?;
        let none = || RegistryError::Rejected {
            what: format!("the run {} has no file {name}", self.address()),
        };
        let found = page.items.into_iter().next();
        Ok(found.ok_or_else(none)?)
    }

    /// Lists the versions that it logged, in the order in which it did.
    pub fn logged_artifacts(&self) -> Listing<LoggedArtifact> {
        self.related(RunRelation::Logged)
    }

    /// Lists the versions that it uses, in the order in which it began to.
    pub fn used_artifacts(&self) -> Listing<LoggedArtifact> {
        self.related(RunRelation::Used)
    }

    fn selected(&self, selection: FileSelection) -> Listing<File> {
        let (client, run) = (self.client.clone(), self.address().clone());
        Listing::new(move |request: ListRequest| {
            let (client, run, selection) = (client.clone(), run.clone(), selection.clone());
            async move {
                let page = client.catalog().run_files(&run, &selection, request.page);
                let page = page.await?;
                Ok(map(page, |record| File::new(client.clone(), record)))
            }
        })
    }

    fn related(&self, relation: RunRelation) -> Listing<LoggedArtifact> {
        let (client, run) = (self.client.clone(), self.address().clone());
        Listing::new(move |request: ListRequest| {
            let (client, run) = (client.clone(), run.clone());
            async move {
                let catalog = client.catalog();
                let page = catalog.artifacts_of_run(&run, relation, request.page);
                let page = page.await?;
                Ok(map(page, |record| {
                    LoggedArtifact::new(client.clone(), record)
                }))
            }
        })
    }
}

impl Deref for Run {
    type Target = records::Run;

    fn deref(&self) -> &records::Run {
        &self.record
    }
}

impl fmt::Display for Run {
    /// Writes its address: `entity/project/id`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address().fmt(formatter)
    }
}
