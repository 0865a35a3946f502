//! Runs as rows.

use artifact_core::records::{Run, RunAddress, RunChanges, RunState};
use artifact_core::{EntityName, InvalidValue, ProjectAddress, RunId, Timestamp};
use artifact_store::StoreError;
use artifact_store::metadata::{ProjectKey, RunKey, RunTable, RunTableMut, run_storage_id};
use rusqlite::{Row, params};

use super::rows::Rows;
use super::values;

/// Selects what [`run`] reads, of runs `r`; the large columns only if `?2`.
macro_rules! select_runs {
    ($condition:literal) => {
        concat!(
            "SELECT r.id, e.name, p.name, r.run_id, coalesce(r.display_name, r.run_id), r.description, r.notes, r.tags,
                    r.run_group, r.job_type, r.git_commit, r.repo, r.program, r.host, r.sweep,
                    iif(?2, r.config, '{}'), iif(?2, r.summary, '{}'),
                    r.state, r.exit_code, c.name, r.created_at, r.heartbeat_at
             FROM run r
             JOIN project p ON p.id = r.project_id
             JOIN entity e ON e.id = p.entity_id
             LEFT JOIN entity c ON c.id = r.created_by
             WHERE ",
            $condition
        )
    };
}

fn run(row: &Row<'_>) -> rusqlite::Result<(RunKey, Run)> {
    let key = RunKey(row.get(0)?);
    let project = ProjectAddress {
        entity: values::text(row, 1)?,
        project: values::text(row, 2)?,
    };
    let created_by: Option<String> = row.get(19)?;
    let created_by = created_by.map(EntityName::try_from).transpose();
    let run = Run {
        id: run_storage_id(key),
        address: RunAddress {
            project,
            id: values::text(row, 3)?,
        },
        display_name: row.get(4)?,
        description: row.get(5)?,
        notes: row.get(6)?,
        tags: values::json(row, 7)?,
        group: row.get(8)?,
        job_type: row.get(9)?,
        commit: row.get(10)?,
        repo: row.get(11)?,
        program: row.get(12)?,
        host: row.get(13)?,
        sweep: row.get(14)?,
        config: values::json(row, 15)?,
        summary: values::json(row, 16)?,
        state: state(row, 17)?,
        exit_code: row.get(18)?,
        created_by: created_by.map_err(|error| values::unreadable(19, error))?,
        created_at: values::time(row, 20)?,
        heartbeat_at: values::time(row, 21)?,
    };
    Ok((key, run))
}

fn state(row: &Row<'_>, column: usize) -> rusqlite::Result<RunState> {
    let text = row.get_ref(column)?.as_str()?;
    text.parse()
        .map_err(|error: InvalidValue| values::unreadable(column, error))
}

impl RunTable for Rows<'_> {
    fn run(&self, project: ProjectKey, id: &RunId) -> Result<Option<RunKey>, StoreError> {
        self.optional(
            "SELECT id FROM run WHERE project_id = ?1 AND run_id = ?2 AND deleted_at IS NULL",
            params![project.0, id.as_str()],
            |row| row.get(0).map(RunKey),
        )
    }

    fn is_run_deleted(&self, project: ProjectKey, id: &RunId) -> Result<bool, StoreError> {
        self.one(
            "SELECT EXISTS (SELECT 1 FROM run WHERE project_id = ?1 AND run_id = ?2 AND deleted_at IS NOT NULL)",
            params![project.0, id.as_str()],
            |row| row.get(0),
        )
    }

    fn project_of_run(&self, run: RunKey) -> Result<Option<(ProjectKey, bool)>, StoreError> {
        self.optional(
            "SELECT project_id, deleted_at IS NOT NULL FROM run WHERE id = ?1",
            params![run.0],
            |row| Ok((ProjectKey(row.get(0)?), row.get(1)?)),
        )
    }

    fn count_runs_ever(&self, project: ProjectKey) -> Result<u64, StoreError> {
        self.one(
            "SELECT count(*) FROM run WHERE project_id = ?1",
            params![project.0],
            |row| values::count(row, 0),
        )
    }

    fn run_record(&self, key: RunKey) -> Result<Run, StoreError> {
        let (_, run) = self.one(select_runs!("r.id = ?1"), params![key.0, true], run)?;
        Ok(run)
    }

    fn runs_of(
        &self,
        project: ProjectKey,
        in_full: bool,
    ) -> Result<Vec<(RunKey, Run)>, StoreError> {
        self.all(
            select_runs!("r.project_id = ?1 AND r.deleted_at IS NULL"),
            params![project.0, in_full],
            run,
        )
    }

    fn run_status(&self, run: RunKey) -> Result<(RunState, bool), StoreError> {
        self.one(
            "SELECT state, stop_asked FROM run WHERE id = ?1",
            params![run.0],
            |row| Ok((state(row, 0)?, row.get(1)?)),
        )
    }
}

impl RunTableMut for Rows<'_> {
    fn insert_run(
        &mut self,
        project: ProjectKey,
        id: &RunId,
        display_name: &str,
        created_by: Option<&EntityName>,
        now: Timestamp,
    ) -> Result<RunKey, StoreError> {
        let key = self.insert(
            "INSERT INTO run (project_id, run_id, display_name, state, created_by, created_at, heartbeat_at)
             VALUES (?1, ?2, ?3, 'running', (SELECT id FROM entity WHERE name = ?4), ?5, ?5)",
            params![
                project.0,
                id.as_str(),
                display_name,
                created_by.map(EntityName::as_str),
                now.as_unix_millis(),
            ],
        )?;
        Ok(RunKey(key))
    }

    fn update_run(&mut self, run: RunKey, changes: &RunChanges) -> Result<(), StoreError> {
        self.execute(
            "UPDATE run SET
                display_name = coalesce(?2, display_name), description = coalesce(?3, description),
                notes = coalesce(?4, notes), tags = coalesce(?5, tags), run_group = coalesce(?6, run_group),
                job_type = coalesce(?7, job_type), git_commit = coalesce(?8, git_commit), repo = coalesce(?9, repo),
                program = coalesce(?10, program), host = coalesce(?11, host), sweep = coalesce(?12, sweep),
                config = coalesce(?13, config), summary = coalesce(?14, summary)
             WHERE id = ?1",
            params![
                run.0,
                changes.display_name,
                changes.description,
                changes.notes,
                changes.tags.as_ref().map(values::to_json).transpose()?,
                changes.group,
                changes.job_type,
                changes.commit,
                changes.repo,
                changes.program,
                changes.host,
                changes.sweep,
                changes.config.as_ref().map(values::to_json).transpose()?,
                changes.summary.as_ref().map(values::to_json).transpose()?,
            ],
        )?;
        Ok(())
    }

    fn set_run_state(
        &mut self,
        run: RunKey,
        state: RunState,
        exit_code: Option<i32>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.execute(
            "UPDATE run SET state = ?2, exit_code = ?3, finished_at = iif(?4, ?5, NULL),
                            stop_asked = iif(?4, 0, stop_asked)
             WHERE id = ?1",
            params![
                run.0,
                state.as_str(),
                exit_code,
                state.is_ended(),
                now.as_unix_millis()
            ],
        )?;
        Ok(())
    }

    fn record_heartbeat(&mut self, run: RunKey, now: Timestamp) -> Result<(), StoreError> {
        self.execute(
            "UPDATE run SET heartbeat_at = max(heartbeat_at, ?2) WHERE id = ?1",
            params![run.0, now.as_unix_millis()],
        )?;
        Ok(())
    }

    fn request_stop(&mut self, run: RunKey) -> Result<(), StoreError> {
        self.execute(
            "UPDATE run SET stop_asked = 1 WHERE id = ?1",
            params![run.0],
        )?;
        Ok(())
    }

    fn delete_run(&mut self, run: RunKey, now: Timestamp) -> Result<(), StoreError> {
        self.execute(
            "UPDATE run SET deleted_at = coalesce(deleted_at, ?2) WHERE id = ?1",
            params![run.0, now.as_unix_millis()],
        )?;
        Ok(())
    }
}
