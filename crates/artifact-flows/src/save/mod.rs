//! Saves artifacts: hash, create, upload missing content, send the manifest, and commit, or leave the commit to another
//! writer.

mod build_manifest;
mod copy;
mod freeze;
mod journal;
mod pending;
mod prepare;
mod read_files;
mod upload;

use std::sync::Arc;

use artifact_core::ports::{ArtifactRecord, CreateArtifact, RegistryError};
use artifact_core::records::ArtifactId;
use artifact_core::{Alias, ArtifactDigest, ProjectAddress, RunId, Tag};
use manifest::Manifest;

pub use copy::{CopyTarget, copy, log_existing};
pub use freeze::freeze;
pub use journal::UploadJournal;
pub use prepare::{InheritedEntries, InheritingDraft, Prepared, Purpose, prepare};

use self::build_manifest::Contents;
use self::journal::{ConfirmedFiles, OpenJournal};
use self::pending::{BeginOutcome, Pending};
use crate::blocking;
use crate::read_manifest::read_manifest;
use crate::references::ResolverLookup;
use crate::{Flow, FlowError};

/// Target of a save.
#[derive(Debug, Clone)]
pub struct SaveTarget {
    /// The project of the collection.
    pub project: ProjectAddress,
    /// The run that logs it; `None` outside a run.
    pub run: Option<RunId>,
    /// Aliases that move to the version, besides `latest`, which always does.
    pub aliases: Vec<Alias>,
    /// The tags of the version.
    pub tags: Vec<Tag>,
    /// Id shared by all writers of a distributed version; `None` for a single writer.
    pub distributed_id: Option<String>,
}

/// Outcome of a save.
#[derive(Debug, Clone)]
pub struct Saved {
    /// The version.
    pub record: ArtifactRecord,
    /// Whether the collection already had a version with this digest.
    pub is_deduplicated: bool,
    /// Counts of new and reused content.
    pub stats: SavedStats,
}

/// Counts of an artifact's new and reused content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SavedStats {
    /// Files whose content was new to the registry.
    pub new_files: u64,
    /// Their bytes.
    pub new_bytes: u64,
    /// Files whose content the registry already had.
    pub reused_files: u64,
    /// Their bytes.
    pub reused_bytes: u64,
}

/// One writer's part of a distributed version, as the registry has it now.
#[derive(Debug, Clone)]
pub struct PartialVersion {
    /// The pending version.
    pub artifact: ArtifactId,
    /// The digest of its entries.
    pub digest: ArtifactDigest,
    /// The bytes of its entries, references included.
    pub size: u64,
    /// Number of entries, references included.
    pub file_count: u64,
    /// Counts of new and reused content.
    pub stats: SavedStats,
}

/// Logs a draft: [`prepare()`] with a hash function that the registry knows, then [`save`].
///
/// # Errors
/// As the two.
pub async fn log(
    flow: &Flow,
    draft: impl Into<InheritingDraft>,
    resolvers: &ResolverLookup,
    target: SaveTarget,
) -> Result<Saved, FlowError> {
    let prepared = prepare_for_target(flow, draft.into(), resolvers, &target).await?;
    save(flow, prepared, target).await
}

/// Saves a draft as one writer's part of the version that all writers with the target's distributed id share. Nothing
/// is visible before one of them [saves](save) the last part.
///
/// # Errors
/// As [`prepare()`]; fails when the registry refuses, or content cannot be transferred.
pub async fn upsert(
    flow: &Flow,
    draft: impl Into<InheritingDraft>,
    resolvers: &ResolverLookup,
    target: SaveTarget,
) -> Result<PartialVersion, FlowError> {
    let mut prepared = prepare_for_target(flow, draft.into(), resolvers, &target).await?;
    let uploaded = upload_version(flow, &mut prepared, target, Finish::LeavePending).await?;
    Ok(PartialVersion {
        artifact: uploaded.artifact,
        digest: prepared.digest,
        size: prepared.manifest.size(),
        file_count: prepared.manifest.len() as u64,
        stats: uploaded.stats,
    })
}

async fn prepare_for_target(
    flow: &Flow,
    mut inheriting: InheritingDraft,
    resolvers: &ResolverLookup,
    target: &SaveTarget,
) -> Result<Prepared, FlowError> {
    let draft = &mut inheriting.draft;
    let (registry, wanted) = (&flow.registry, draft.algorithm);
    let (artifact_type, name) = (draft.artifact_type(), draft.name());
    let algorithm = registry.digest_algorithm(&target.project, artifact_type, name, wanted);
    draft.algorithm = algorithm.await?;
    prepare(flow, inheriting, resolvers, Purpose::Save).await
}

/// Saves a prepared artifact. Nothing is visible before all of it is stored. In a distributed version this is the last
/// part.
///
/// With a [journal](UploadJournal), an interrupted save is continued: files that the registry confirmed are not sent
/// again, and the version keeps the run that began it.
///
/// # Errors
/// Fails when the registry refuses, or content cannot be transferred.
pub async fn save(
    flow: &Flow,
    mut prepared: Prepared,
    target: SaveTarget,
) -> Result<Saved, FlowError> {
    let uploaded = upload_version(flow, &mut prepared, target, Finish::Commit).await?;
    let (record, is_deduplicated) = match uploaded.committed {
        Some(record) => {
            let is_deduplicated = record.id != uploaded.artifact;
            (record, is_deduplicated)
        }
        None => (
            flow.registry.artifact(&uploaded.artifact.into()).await?,
            true,
        ),
    };
    Ok(Saved {
        record,
        is_deduplicated,
        stats: uploaded.stats,
    })
}

/// Last step of a save.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Finish {
    /// Commit: the version becomes visible.
    Commit,
    /// Leave the version pending, for other writers.
    LeavePending,
}

/// Outcome of uploading a version.
struct UploadedVersion {
    /// The pending version, or an existing one with the same entries.
    artifact: ArtifactId,
    /// The committed version, if it was committed.
    committed: Option<ArtifactRecord>,
    stats: SavedStats,
}

async fn upload_version(
    flow: &Flow,
    prepared: &mut Prepared,
    target: SaveTarget,
    ending: Finish,
) -> Result<UploadedVersion, FlowError> {
    let contents = Arc::new(std::mem::take(&mut prepared.contents));
    let request = create_request(prepared, target);
    let is_distributed = request.distributed_id.is_some();
    let base = prepared.base.clone();
    let mut journal = open_journal(flow, &request).await;
    loop {
        let outcome = pending::begin(flow, &request, base.as_ref(), journal.as_mut()).await?;
        let (pending, confirmed) = match outcome {
            BeginOutcome::New(pending) => (pending, None),
            BeginOutcome::Continued(pending, confirmed) => (pending, Some(confirmed)),
            BeginOutcome::Overtaken(id) => {
                let record = flow.registry.artifact(&id.into()).await?;
                return resolve_overtaken(flow, record, &prepared.manifest).await;
            }
            BeginOutcome::Committed(id) => {
                let stats = SavedStats {
                    reused_files: contents.list.len() as u64,
                    reused_bytes: prepared.manifest.size(),
                    ..SavedStats::default()
                };
                return Ok(UploadedVersion {
                    artifact: id,
                    committed: None,
                    stats,
                });
            }
        };
        let is_continued = confirmed.is_some();
        let upload = VersionUpload {
            contents: &contents,
            pending: &pending,
            confirmed: confirmed.unwrap_or_default(),
            journal: journal.as_mut(),
        };
        let (committed, stats) = match upload.run(flow, &mut prepared.manifest, ending).await {
            Ok(uploaded) => uploaded,
            Err(UploadFailure { error, is_final }) => {
                if let (true, Some(journal)) = (is_final, &mut journal) {
                    journal.forget();
                }
                if is_distributed && let Some(record) = finished_meanwhile(flow, &pending).await {
                    let outcome = resolve_overtaken(flow, record, &prepared.manifest).await;
                    // A continued version may have been finished long ago; then a new one is created.
                    if outcome.is_ok() || !is_continued {
                        return outcome;
                    }
                }
                // The earlier uploads may be the reason. The next round starts from nothing, so it is the last.
                if is_final && is_continued {
                    continue;
                }
                return Err(error);
            }
        };
        if let Some(journal) = journal {
            journal.remove();
        }
        return Ok(UploadedVersion {
            artifact: pending.artifact,
            committed,
            stats,
        });
    }
}

/// Resolves the case that another writer finished the version, which is `record`, before this part was stored.
async fn resolve_overtaken(
    flow: &Flow,
    record: ArtifactRecord,
    part: &Manifest,
) -> Result<UploadedVersion, FlowError> {
    if !contains_entries(flow, &record, part).await? {
        let version = record.address().to_string();
        return Err(FlowError::FinishedMeanwhile { version });
    }
    Ok(UploadedVersion {
        artifact: record.id.clone(),
        committed: Some(record),
        stats: SavedStats::default(),
    })
}

/// Returns the committed version, if another writer finished it meanwhile.
async fn finished_meanwhile(flow: &Flow, pending: &Pending) -> Option<ArtifactRecord> {
    // The lookup finds committed versions only.
    let lookup = pending.artifact.clone().into();
    flow.registry.artifact(&lookup).await.ok()
}

/// Whether a version has all entries of a part: another writer uploaded the same, or the response to this one was lost.
async fn contains_entries(
    flow: &Flow,
    record: &ArtifactRecord,
    part: &Manifest,
) -> Result<bool, FlowError> {
    let whole = read_manifest(flow, record).await?;
    Ok(part.iter().all(|(path, entry)| {
        let found = whole.get(path);
        found.is_some_and(|found| found.digest == entry.digest)
    }))
}

/// The upload of one version.
struct VersionUpload<'a> {
    contents: &'a Arc<Contents>,
    pending: &'a Pending,
    confirmed: ConfirmedFiles,
    journal: Option<&'a mut OpenJournal>,
}

/// Error of an upload.
struct UploadFailure {
    error: FlowError,
    /// Whether this version can never be committed.
    is_final: bool,
}

impl UploadFailure {
    fn of(error: FlowError, is_final: impl FnOnce(&RegistryError) -> bool) -> Self {
        Self {
            is_final: pending::registry_error(&error).is_some_and(is_final),
            error,
        }
    }
}

impl VersionUpload<'_> {
    async fn run(
        self,
        flow: &Flow,
        manifest: &mut Manifest,
        ending: Finish,
    ) -> Result<(Option<ArtifactRecord>, SavedStats), UploadFailure> {
        let Self {
            contents,
            pending,
            confirmed,
            journal,
        } = self;
        let sent = upload::contents(flow, contents, pending, &confirmed, manifest, journal).await;
        let stats = sent.map_err(|error| UploadFailure::of(error, pending::is_gone))?;
        let is_final = |said: &_| pending::is_gone(said) || pending::is_refusal(said);
        let sent = pending::send_manifest(flow, manifest, pending).await;
        sent.map_err(|error| UploadFailure::of(error, is_final))?;
        if ending == Finish::LeavePending {
            return Ok((None, stats));
        }
        let record = flow.registry.commit_artifact(&pending.artifact).await;
        let record = record.map_err(|error| UploadFailure::of(error.into(), is_final))?;
        Ok((Some(record), stats))
    }
}

fn create_request(prepared: &Prepared, target: SaveTarget) -> CreateArtifact {
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
        distributed_id: target.distributed_id,
        is_incremental: prepared.is_incremental,
    }
}

async fn open_journal(flow: &Flow, request: &CreateArtifact) -> Option<OpenJournal> {
    let journal = flow.journal.clone()?;
    let (location, request) = (flow.registry.location(), request.clone());
    blocking::run(move || journal.open(&location, &request)).await
}
