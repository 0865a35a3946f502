//! Runs and lineage as rows.

use artifact_core::ports::{RunAddress, RunOutcome, RunRecord, RunSpec};
use artifact_core::{ProjectAddress, RunId, Timestamp};
use rusqlite::params;

use super::rows::Rows;
use super::values;
use crate::StoreError;
use crate::metadata::{ProjectKey, RunKey, RunTable, RunTableMut, VersionKey};

impl RunTable for Rows<'_> {
    fn run(&self, project: ProjectKey, id: &RunId) -> Result<Option<RunKey>, StoreError> {
        self.optional(
            "SELECT id FROM run WHERE project_id = ?1 AND run_id = ?2",
            params![project.0, id.as_str()],
            |row| row.get(0).map(RunKey),
        )
    }

    fn run_record(&self, run: RunKey) -> Result<RunRecord, StoreError> {
        self.one(
            "SELECT e.name, p.name, r.run_id, r.display_name, r.job_type, r.run_group, r.notes, r.tags, r.config,
                    r.created_at, r.exit_code
             FROM run r JOIN project p ON p.id = r.project_id JOIN entity e ON e.id = p.entity_id
             WHERE r.id = ?1",
            params![run.0],
            |row| {
                Ok(RunRecord {
                    spec: RunSpec {
                        address: RunAddress {
                            project: ProjectAddress { entity: values::text(row, 0)?, project: values::text(row, 1)? },
                            id: values::text(row, 2)?,
                        },
                        display_name: row.get(3)?,
                        job_type: row.get(4)?,
                        group: row.get(5)?,
                        notes: row.get(6)?,
                        tags: values::json(row, 7)?,
                        config: values::json(row, 8)?,
                    },
                    created_at: values::time(row, 9)?,
                    outcome: row.get::<_, Option<i32>>(10)?.map(|exit_code| RunOutcome { exit_code }),
                })
            },
        )
    }

    fn run_that_logged(&self, version: VersionKey) -> Result<Option<RunKey>, StoreError> {
        self.optional(
            "SELECT run_id FROM version WHERE id = ?1 AND run_id IS NOT NULL",
            params![version.0],
            |row| row.get(0).map(RunKey),
        )
    }

    fn runs_that_use(&self, version: VersionKey) -> Result<Vec<RunKey>, StoreError> {
        self.all(
            "SELECT run_id FROM usage WHERE version_id = ?1 ORDER BY id",
            params![version.0],
            |row| row.get(0).map(RunKey),
        )
    }
}

impl RunTableMut for Rows<'_> {
    fn put_run(
        &mut self,
        project: ProjectKey,
        spec: &RunSpec,
        now: Timestamp,
    ) -> Result<RunKey, StoreError> {
        self.one(
            "INSERT INTO run (project_id, run_id, display_name, job_type, run_group, notes, tags, config, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (project_id, run_id) DO UPDATE SET
                display_name = coalesce(excluded.display_name, display_name),
                job_type = coalesce(excluded.job_type, job_type),
                run_group = coalesce(excluded.run_group, run_group),
                notes = coalesce(excluded.notes, notes),
                tags = iif(excluded.tags = '[]', tags, excluded.tags),
                config = iif(excluded.config = '{}', config, excluded.config),
                exit_code = NULL,
                finished_at = NULL
             RETURNING id",
            params![
                project.0,
                spec.address.id.as_str(),
                spec.display_name,
                spec.job_type,
                spec.group,
                spec.notes,
                values::to_json(&spec.tags)?,
                values::to_json(&spec.config)?,
                now.as_unix_millis(),
            ],
            |row| row.get(0).map(RunKey),
        )
    }

    fn finish_run(
        &mut self,
        run: RunKey,
        outcome: RunOutcome,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.execute(
            "UPDATE run SET exit_code = ?2, finished_at = ?3 WHERE id = ?1",
            params![run.0, outcome.exit_code, now.as_unix_millis()],
        )?;
        Ok(())
    }

    fn put_usage(
        &mut self,
        run: RunKey,
        version: VersionKey,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO usage (version_id, run_id, first_used_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            params![version.0, run.0, now.as_unix_millis()],
        )?;
        Ok(())
    }
}
