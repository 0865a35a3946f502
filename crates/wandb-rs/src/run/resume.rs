//! Resumption of runs.

use std::path::{Path, PathBuf};

use artifact_core::RunId;
use artifact_core::ports::{ArtifactRegistry, RunProgress};
use artifact_core::records::RunAddress;

use crate::{Error, Resume};

/// Returns the progress of the run to resume; `None` if a new one begins.
///
/// By default, a run whose id was given is resumed as well: its lines are never overwritten.
pub(super) async fn progress(
    registry: &dyn ArtifactRegistry,
    run: &RunAddress,
    resume: Option<Resume>,
    is_id_given: bool,
) -> Result<Option<RunProgress>, Error> {
    if resume.is_none() && !is_id_given {
        return Ok(None);
    }
    let found = registry.run_progress(run).await?;
    match (resume, &found) {
        (Some(Resume::Must), None) => Err(Error::NothingToResume {
            run: run.to_string(),
        }),
        (Some(Resume::Never), Some(_)) => Err(Error::RunExists {
            run: run.to_string(),
        }),
        _ => Ok(found),
    }
}

/// The file that remembers a run until it ends well, for [`Resume::Auto`]; it is the official client's.
#[derive(Debug, Clone)]
pub(super) struct Unfinished(PathBuf);

impl Unfinished {
    /// Returns that of the folder that contains `wandb`.
    pub(super) fn below(root: &Path) -> Self {
        Self(root.join("wandb").join("wandb-resume.json"))
    }

    /// Returns the run that did not end well, if there is one.
    pub(super) fn run(&self) -> Option<RunId> {
        let text = std::fs::read_to_string(&self.0).ok()?;
        let value: serde_json::Value = serde_json::from_str(&text).ok()?;
        value.get("run_id")?.as_str()?.parse().ok()
    }

    /// Remembers a run.
    pub(super) fn remember(&self, run: &RunId) -> Result<(), Error> {
        let text = serde_json::json!({ "run_id": run.as_str() }).to_string();
        let folder = self.0.parent().unwrap_or(&self.0);
        std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::write(&self.0, text))
            .map_err(|source| Error::Unremembered {
                path: self.0.clone(),
                source,
            })
    }

    /// Forgets the run, which has ended well.
    pub(super) fn forget(&self) {
        // If it stays, the next run resumes this one, and reports that.
        _ = std::fs::remove_file(&self.0);
    }
}
