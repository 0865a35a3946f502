//! A file of a run.

use std::ops::Deref;
use std::path::{Path, PathBuf};

use artifact_core::ports::RunFileRecord;

use crate::{Client, Error};

/// A file of a run. Its [`RunFileRecord`] is a dereference away: `file.direct_url`.
///
/// `direct_url` is the URL of the content, on a server a signed one that expires; `url` needs the
/// credentials. In the embedded store both are the `file:` URL of the stored content, which must not be written to.
#[derive(Debug, Clone)]
pub struct File {
    client: Client,
    record: RunFileRecord,
}

impl File {
    pub(crate) const fn new(client: Client, record: RunFileRecord) -> Self {
        Self { client, record }
    }

    /// Downloads the file to the folder `root`, under its own name, and returns its path.
    ///
    /// It appears there only when its length and MD5 are right; one that is right already is not touched. Nothing is
    /// written outside `root`.
    ///
    /// # Errors
    /// [`Error::Flow`] when the name is none that a file here can have, when the content is gone or damaged, and when the
    /// folder cannot be written.
    pub async fn download(&self, root: impl AsRef<Path>) -> Result<PathBuf, Error> {
        let flow = self.client.flow();
        Ok(artifact_flows::fetch_run_file(flow, &self.record, root.as_ref()).await?)
    }
}

impl Deref for File {
    type Target = RunFileRecord;

    fn deref(&self) -> &RunFileRecord {
        &self.record
    }
}
