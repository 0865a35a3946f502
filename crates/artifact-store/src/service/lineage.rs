//! Which runs log and use which versions.

use artifact_core::ports::ArtifactId;

use super::{ListQuery, Run, RunStorageId, Service, Slice, Version};
use crate::StoreError;

impl Service {
    /// Lists the committed versions that a run logged, in the order in which it did. A version that it logged again
    /// without a change is one of them.
    ///
    /// # Errors
    /// When the query cannot be read, and when the store fails.
    pub fn logged_by_run(
        &self,
        run: &RunStorageId,
        query: &ListQuery,
    ) -> Result<Slice<Version>, StoreError> {
        let _ = (run, query);
        todo!()
    }

    /// Lists the versions that a run uses, in the order in which it began to.
    ///
    /// # Errors
    /// When the query cannot be read, and when the store fails.
    pub fn used_by_run(
        &self,
        run: &RunStorageId,
        query: &ListQuery,
    ) -> Result<Slice<Version>, StoreError> {
        let _ = (run, query);
        todo!()
    }

    /// Returns the runs that use a version, in the order in which they began to.
    ///
    /// # Errors
    /// When the store fails.
    pub fn runs_using(&self, id: &ArtifactId) -> Result<Vec<Run>, StoreError> {
        let _ = id;
        todo!()
    }
}
