//! Lineage: which runs log and use which versions.

use artifact_core::records::{ArtifactId, Run, RunAddress};

use super::Core;
use crate::StoreError;
use crate::ids::version_key;
use crate::metadata::{MetadataStoreExt as _, Scope};

impl Core {
    /// Records that a run uses a version.
    pub(crate) fn use_artifact(&self, run: &RunAddress, id: &ArtifactId) -> Result<(), StoreError> {
        let (key, now) = (version_key(id)?, self.now());
        self.metadata.writing(&Scope::Run(run.clone()), |tx| {
            let run = self.existing_run(&*tx, run)?;
            let version = self.committed_version(&*tx, key)?;
            tx.put_usage(run, version.key, now)
        })
    }

    /// Returns the run that logged a version.
    pub(super) fn logged_by(&self, id: &ArtifactId) -> Result<Option<Run>, StoreError> {
        let key = version_key(id)?;
        self.metadata.reading(|rows| {
            let version = self.committed_version(rows, key)?;
            let run = rows.logged_by(version.key)?;
            run.map(|run| rows.run_record(run)).transpose()
        })
    }

    /// Returns the runs that use a version, in the order in which they began to.
    pub(super) fn used_by(&self, id: &ArtifactId) -> Result<Vec<Run>, StoreError> {
        let key = version_key(id)?;
        self.metadata.reading(|rows| {
            let version = self.committed_version(rows, key)?;
            let runs = rows.used_by(version.key)?;
            runs.into_iter().map(|run| rows.run_record(run)).collect()
        })
    }
}
