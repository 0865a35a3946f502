//! Which runs log and use which versions.

use artifact_core::records::{ArtifactId, Run, RunStorageId, Version};

use super::{ListQuery, Listed, Service, Slice};
use crate::StoreError;
use crate::metadata::{MetadataStoreExt as _, Relation, VersionKey};

/// The most versions that are given at once.
const LARGEST_SLICE: u32 = 10_000;

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
        self.related(run, Relation::Logs, query)
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
        self.related(run, Relation::Uses, query)
    }

    /// Returns the runs that use a version, in the order in which they began to.
    ///
    /// # Errors
    /// When the store fails.
    pub fn runs_using(&self, id: &ArtifactId) -> Result<Vec<Run>, StoreError> {
        self.core.metadata.reading(|rows| {
            let Some(version) = self.visible_version(rows, id)? else {
                return Ok(Vec::new());
            };
            let mut runs = Vec::new();
            for run in rows.used_by(VersionKey(version.number))? {
                let run = rows.run_record(run)?;
                if self.may_see(rows, &run.address.project.entity)? {
                    runs.push(self.seen(run));
                }
            }
            Ok(runs)
        })
    }

    fn related(
        &self,
        run: &RunStorageId,
        relation: Relation,
        query: &ListQuery,
    ) -> Result<Slice<Version>, StoreError> {
        let limit = query.first.unwrap_or(LARGEST_SLICE).min(LARGEST_SLICE);
        let after = query.after.as_deref().map_or(Ok(0), str::parse);
        let after = after.map_err(|_| StoreError::rejected("the cursor is of another listing"))?;
        self.core.metadata.reading(|rows| {
            let Some(run) = self.visible_run(rows, run)? else {
                return Ok(Slice {
                    items: Vec::new(),
                    has_more: false,
                    total: 0,
                });
            };
            let mut total = 0;
            for (entity, count) in rows.count_related(run, relation)? {
                if self.may_see(rows, &entity)? {
                    total += count;
                }
            }
            // Those of somebody else are as if they were not there, so a part may take several.
            let (mut items, mut after) = (Vec::new(), after);
            let mut has_more = true;
            while has_more && items.len() <= limit as usize {
                let found = rows.related_versions(run, relation, after, limit + 1)?;
                has_more = (limit as usize) < found.len();
                for related in found {
                    after = related.position;
                    if self.may_see(rows, &related.version.sequence.project.entity)? {
                        items.push(Listed {
                            cursor: related.position.to_string(),
                            item: related.version,
                        });
                    }
                }
            }
            let has_more = (limit as usize) < items.len();
            items.truncate(limit as usize);
            Ok(Slice {
                items,
                has_more,
                total,
            })
        })
    }
}
