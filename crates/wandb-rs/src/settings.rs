//! What the environment says; the only place that reads it.

use std::path::PathBuf;

use artifact_core::{EntityName, InvalidValue, ProjectAddress, ProjectName, RunId};
use etcetera::BaseStrategy as _;

use crate::Error;

/// What a client works with unless it is told otherwise.
///
/// | field | from the environment | else |
/// |---|---|---|
/// | `store` | `WANDB_RS_STORE` | `store` in `WANDB_DATA_DIR`, or in `wandb` in the user's data folder |
/// | `entity` | `WANDB_ENTITY` | `local` |
/// | `project` | `WANDB_PROJECT` | `uncategorized` |
/// | `artifact_dir` | `WANDB_ARTIFACT_DIR` | `artifacts` in the working directory |
/// | `run_id` | `WANDB_RUN_ID` | random |
/// | `run_name`, `run_notes`, `run_tags` | `WANDB_NAME`, `WANDB_NOTES`, `WANDB_TAGS` (comma-separated) | none |
/// | `run_group`, `job_type` | `WANDB_RUN_GROUP`, `WANDB_JOB_TYPE` | none |
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// The folder of the embedded store.
    pub store: PathBuf,
    /// The entity of addresses that name none.
    pub entity: EntityName,
    /// The project of addresses that name none.
    pub project: ProjectName,
    /// Where downloads go that name no folder.
    pub artifact_dir: PathBuf,
    /// The id of a run that is given none.
    pub run_id: Option<RunId>,
    /// The name of a run that is given none.
    pub run_name: Option<String>,
    /// The notes of a run that is given none.
    pub run_notes: Option<String>,
    /// The tags of a run that is given none.
    pub run_tags: Vec<String>,
    /// The group of a run that is given none.
    pub run_group: Option<String>,
    /// The job type of a run that is given none.
    pub job_type: Option<String>,
}

impl Settings {
    /// Reads the environment.
    ///
    /// # Errors
    /// [`Error::Setting`] naming the variable whose value cannot be used.
    pub fn from_env() -> Result<Self, Error> {
        let text = |variable: &str| std::env::var(variable).ok().filter(|text| !text.is_empty());
        let folder = |variable: &str| {
            std::env::var_os(variable)
                .filter(|path| !path.is_empty())
                .map(PathBuf::from)
        };
        let store = match (folder("WANDB_RS_STORE"), folder("WANDB_DATA_DIR")) {
            (Some(store), _) => store,
            (None, Some(data)) => data.join("store"),
            (None, None) => user_data_folder()?.join("wandb").join("store"),
        };
        Ok(Self {
            store,
            entity: parsed("WANDB_ENTITY", text("WANDB_ENTITY"))?.unwrap_or_else(default_entity),
            project: parsed("WANDB_PROJECT", text("WANDB_PROJECT"))?
                .unwrap_or_else(ProjectName::uncategorized),
            artifact_dir: folder("WANDB_ARTIFACT_DIR").unwrap_or_else(|| "artifacts".into()),
            run_id: parsed("WANDB_RUN_ID", text("WANDB_RUN_ID"))?,
            run_name: text("WANDB_NAME"),
            run_notes: text("WANDB_NOTES"),
            run_tags: text("WANDB_TAGS")
                .map(|tags| tags.split(',').map(|tag| tag.trim().to_owned()).collect())
                .unwrap_or_default(),
            run_group: text("WANDB_RUN_GROUP"),
            job_type: text("WANDB_JOB_TYPE"),
        })
    }

    /// Returns the project that addresses without one mean.
    #[must_use]
    pub fn default_project(&self) -> ProjectAddress {
        ProjectAddress {
            entity: self.entity.clone(),
            project: self.project.clone(),
        }
    }
}

/// Returns the entity of a store that nobody shares.
fn default_entity() -> EntityName {
    "local".parse().expect("it is a valid name")
}

fn parsed<T: std::str::FromStr<Err = InvalidValue>>(
    variable: &'static str,
    text: Option<String>,
) -> Result<Option<T>, Error> {
    text.map(|text| text.parse())
        .transpose()
        .map_err(|source| Error::Setting { variable, source })
}

fn user_data_folder() -> Result<PathBuf, Error> {
    let strategy = etcetera::choose_base_strategy().map_err(|_| Error::NoHome)?;
    Ok(strategy.data_dir())
}
