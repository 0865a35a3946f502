//! The save flow: hash → create → transfer what is missing → manifest → commit.

mod claims;
mod copy;
mod freeze;
mod journal;
mod local;
mod prepare;
mod references;
mod upload;
mod version;

use std::sync::Arc;

use artifact_core::ports::{ArtifactLookup, ArtifactRecord, CreateArtifact};
use artifact_core::{Alias, ArtifactDraft, ProjectAddress, RunId, Tag};
use manifest::Manifest;

pub use copy::{CopyTarget, copy, log_again};
pub use freeze::freeze;
pub use journal::UploadJournal;
pub use prepare::{Prepared, Purpose, prepare};
pub use references::ResolverLookup;

use self::claims::Contents;
use self::journal::{ConfirmedFiles, OpenJournal};
use self::version::{Begun, Pending};
use crate::{Flow, FlowError};

/// Where a prepared artifact goes.
#[derive(Debug, Clone)]
pub struct SaveTarget {
    /// The project of the collection.
    pub project: ProjectAddress,
    /// The run that logs it; `None` where a person does, outside a run.
    pub run: Option<RunId>,
    /// The aliases that move to the version; `latest` always does.
    pub aliases: Vec<Alias>,
    /// The tags of the version.
    pub tags: Vec<Tag>,
}

/// What saving came to.
#[derive(Debug, Clone)]
pub struct Saved {
    /// The version.
    pub record: ArtifactRecord,
    /// Whether the collection had a version with this digest already.
    pub is_deduplicated: bool,
    /// What the registry took.
    pub stats: SavedStats,
}

/// What the registry took of an artifact's content, and what it had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SavedStats {
    /// Files whose content the registry did not have before.
    pub new_files: u64,
    /// Their bytes.
    pub new_bytes: u64,
    /// Files whose content the registry had.
    pub reused_files: u64,
    /// Their bytes.
    pub reused_bytes: u64,
}

/// Logs a draft: [`prepare()`] with a hash function that the registry knows, then [`save`].
///
/// # Errors
/// As the two.
pub async fn log(
    flow: &Flow,
    mut draft: ArtifactDraft,
    resolvers: &ResolverLookup,
    target: SaveTarget,
) -> Result<Saved, FlowError> {
    let (registry, wanted) = (&flow.registry, draft.algorithm);
    let (artifact_type, name) = (draft.artifact_type(), draft.name());
    let algorithm = registry.digest_algorithm(&target.project, artifact_type, name, wanted);
    draft.algorithm = algorithm.await?;
    let prepared = prepare(flow, draft, resolvers, Purpose::Save).await?;
    save(flow, prepared, target).await
}

/// Saves a prepared artifact. Nothing is visible before all of it is there.
///
/// With a [journal](UploadJournal), what an earlier call has brought to the registry before it was interrupted is not
/// brought there again; its version is continued, which then stays one of the run that began it.
///
/// # Errors
/// When the registry refuses, or content cannot be moved.
pub async fn save(
    flow: &Flow,
    mut prepared: Prepared,
    target: SaveTarget,
) -> Result<Saved, FlowError> {
    let contents = Arc::new(std::mem::take(&mut prepared.contents));
    let request = creation(&prepared, target);
    let mut journal = open_journal(flow, &request).await;
    loop {
        let (pending, confirmed) = match version::begin(flow, &request, journal.as_mut()).await? {
            Begun::New(pending) => (pending, None),
            Begun::Continued(pending, confirmed) => (pending, Some(confirmed)),
            Begun::Committed(id) => {
                let record = flow.registry.artifact(&ArtifactLookup::Id(id)).await?;
                let stats = SavedStats {
                    reused_files: contents.list.len() as u64,
                    reused_bytes: prepared.manifest.size(),
                    ..SavedStats::default()
                };
                return Ok(Saved {
                    record,
                    is_deduplicated: true,
                    stats,
                });
            }
        };
        let is_continued = confirmed.is_some();
        let bring = Bring {
            contents: &contents,
            pending: &pending,
            confirmed: confirmed.unwrap_or_default(),
            journal: journal.as_mut(),
        };
        let (record, stats) = match bring.run(flow, &mut prepared.manifest).await {
            Ok(brought) => brought,
            Err(Failure { error, is_final }) => {
                if let (true, Some(journal)) = (is_final, &mut journal) {
                    journal.forget();
                }
                // Perhaps because of what was brought long ago. The next round begins with nothing, so it is the last.
                if is_final && is_continued {
                    continue;
                }
                return Err(error);
            }
        };
        if let Some(journal) = journal {
            journal.remove();
        }
        let is_deduplicated = record.id != pending.artifact;
        return Ok(Saved {
            record,
            is_deduplicated,
            stats,
        });
    }
}

/// What is to be brought to the registry.
struct Bring<'a> {
    contents: &'a Arc<Contents>,
    pending: &'a Pending,
    confirmed: ConfirmedFiles,
    journal: Option<&'a mut OpenJournal>,
}

/// Why it could not be brought.
struct Failure {
    error: FlowError,
    /// Whether nothing will come of this version any more.
    is_final: bool,
}

impl Bring<'_> {
    async fn run(
        self,
        flow: &Flow,
        manifest: &mut Manifest,
    ) -> Result<(ArtifactRecord, SavedStats), Failure> {
        let Self {
            contents,
            pending,
            confirmed,
            journal,
        } = self;
        let sent = upload::contents(flow, contents, pending, &confirmed, manifest, journal).await;
        let stats = sent.map_err(|error| Failure {
            is_final: version::said_by_registry(&error).is_some_and(version::is_gone),
            error,
        })?;
        let finished = version::finish(flow, manifest, pending).await;
        let record = finished.map_err(|error| {
            let is_final = |said| version::is_gone(said) || version::is_refusal(said);
            Failure {
                is_final: version::said_by_registry(&error).is_some_and(is_final),
                error,
            }
        })?;
        Ok((record, stats))
    }
}

fn creation(prepared: &Prepared, target: SaveTarget) -> CreateArtifact {
    CreateArtifact {
        project: target.project,
        name: prepared.name.clone(),
        artifact_type: prepared.artifact_type.clone(),
        run: target.run,
        digest: prepared.digest,
        algorithm: prepared.algorithm,
        description: prepared.description.clone(),
        metadata: prepared.metadata.clone(),
        ttl: prepared.ttl,
        aliases: target.aliases,
        tags: target.tags,
    }
}

async fn open_journal(flow: &Flow, request: &CreateArtifact) -> Option<OpenJournal> {
    let journal = flow.journal.clone()?;
    let (location, request) = (flow.registry.location(), request.clone());
    tokio::task::spawn_blocking(move || journal.open(&location, &request))
        .await
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
}
