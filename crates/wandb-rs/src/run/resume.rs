//! Whether a run goes on that is there already.

use std::path::{Path, PathBuf};

use artifact_core::RunId;
use artifact_core::ports::{ArtifactRegistry, RunProgress};
use artifact_core::records::RunAddress;

use crate::{Error, Resume};

/// Returns how far the run is that is to go on; `None` where a new one is to begin.
///
/// Where nothing is said, a run whose id was given goes on as well: its lines are never written over.
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
    /// Returns that of the folder that `wandb` lies in.
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
        // Where it stays, the next run goes on with this one, which it says.
        _ = std::fs::remove_file(&self.0);
    }
}
