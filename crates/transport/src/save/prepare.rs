//! From a draft to a manifest: resolve the references, hash the files.

use std::collections::BTreeMap;
use std::path::PathBuf;

use artifact_core::ports::UploadBody;
use artifact_core::{
    ArtifactDigest, ArtifactDraft, ArtifactName, ArtifactType, ContentKey, DigestAlgorithm,
    EntryDigest, LogicalPath, Metadata, Source, Ttl,
};
use bytes::Bytes;
use manifest::{Manifest, ManifestEntry};

use super::local::{self, Known};
use super::references::{self, ResolverLookup};
use crate::hashing;
use crate::{Flow, FlowError, Phase};

/// An artifact whose entries are known, ready to be saved.
#[derive(Debug)]
pub struct Prepared {
    /// The collection that the version will join.
    pub name: ArtifactName,
    /// Its type.
    pub artifact_type: ArtifactType,
    /// Free text.
    pub description: Option<String>,
    /// Free JSON object.
    pub metadata: Metadata,
    /// How long the version is kept.
    pub ttl: Ttl,
    /// The hash function of the digests.
    pub algorithm: DigestAlgorithm,
    /// The digest of all entries.
    pub digest: ArtifactDigest,
    /// The entries.
    pub manifest: Manifest,
    pub(super) contents: Vec<Content>,
}

/// Content of an entry that the registry must hold.
#[derive(Debug, Clone)]
pub(super) struct Content {
    pub(super) path: LogicalPath,
    pub(super) body: Body,
    pub(super) key: Option<ContentKey>,
}

/// Where content can be read again, should the registry not hold it.
#[derive(Debug, Clone)]
pub(super) enum Body {
    File(PathBuf),
    Bytes(Bytes),
}

impl Body {
    pub(super) fn to_upload(&self) -> UploadBody<'_> {
        match self {
            Self::File(path) => UploadBody::File(path),
            Self::Bytes(bytes) => UploadBody::Bytes(bytes),
        }
    }
}

impl std::fmt::Display for Body {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(formatter),
            Self::Bytes(bytes) => write!(formatter, "{} bytes in memory", bytes.len()),
        }
    }
}

/// Whether a draft is prepared to be saved, or only to be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Content goes to the registry's store while it is hashed, where the store is near.
    Save,
    /// Nothing is stored anywhere.
    Preview,
}

/// Resolves the references of `draft` and hashes its files; unchanged files come from the stat cache.
///
/// # Errors
/// When a file cannot be read or changes meanwhile, a reference cannot be resolved, one path has two contents, or an
/// entry would be a file and a folder at once.
pub async fn prepare(
    flow: &Flow,
    draft: ArtifactDraft,
    resolvers: &ResolverLookup,
    purpose: Purpose,
) -> Result<Prepared, FlowError> {
    let mut entries: BTreeMap<LogicalPath, (ManifestEntry, String)> = BTreeMap::new();
    if !draft.references().is_empty() {
        flow.progress.start(Phase::Resolve, None, None);
        for reference in draft.references() {
            for (path, entry) in references::resolve(reference, resolvers, &*flow.progress).await? {
                claim(&mut entries, path, entry, || reference.uri.to_string())?;
            }
        }
        flow.progress.finish(Phase::Resolve);
    }

    let sources = absolute_sources(&draft)?;
    let algorithm = draft.algorithm;
    let worker = flow.clone();
    let (sources, known) = tokio::task::spawn_blocking(move || {
        let known = read_sources(&worker, &sources, algorithm, purpose);
        (sources, known)
    })
    .await
    .unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
    let known = known?;

    let mut contents = Vec::with_capacity(sources.len());
    for ((path, body), known) in sources.into_iter().zip(known) {
        let is_new = !entries.contains_key(&path);
        claim(
            &mut entries,
            path.clone(),
            ManifestEntry::file(known.digest, known.size),
            || body.to_string(),
        )?;
        if is_new {
            contents.push(Content {
                path,
                body,
                key: known.key,
            });
        }
    }
    ArtifactDraft::check_folders(entries.keys())?;
    let manifest: Manifest = entries
        .into_iter()
        .map(|(path, (entry, _))| (path, entry))
        .collect();
    Ok(Prepared {
        name: draft.name().clone(),
        artifact_type: draft.artifact_type().clone(),
        digest: manifest.digest(algorithm),
        description: draft.description,
        metadata: draft.metadata,
        ttl: draft.ttl,
        algorithm,
        manifest,
        contents,
    })
}

/// Puts `entry` at `path`, where at most the same content may be already.
fn claim(
    entries: &mut BTreeMap<LogicalPath, (ManifestEntry, String)>,
    path: LogicalPath,
    entry: ManifestEntry,
    origin: impl FnOnce() -> String,
) -> Result<(), FlowError> {
    match entries.get(&path) {
        None => {
            entries.insert(path, (entry, origin()));
            Ok(())
        }
        Some((existing, _)) if existing.digest == entry.digest => Ok(()),
        Some((_, first)) => Err(FlowError::Conflict {
            path,
            first: first.clone(),
            second: origin(),
        }),
    }
}

/// Returns every claim of the draft, with file paths that do not depend on the working directory.
fn absolute_sources(draft: &ArtifactDraft) -> Result<Vec<(LogicalPath, Body)>, FlowError> {
    let claims = draft
        .files()
        .flat_map(|(path, sources)| sources.iter().map(move |source| (path, source)));
    claims
        .map(|(path, source)| {
            let body = match source {
                Source::Bytes(bytes) => Body::Bytes(bytes.clone()),
                Source::File { path, .. } => {
                    Body::File(std::path::absolute(path).map_err(|source| FlowError::Read {
                        path: path.clone(),
                        source,
                    })?)
                }
            };
            Ok((path.clone(), body))
        })
        .collect()
}

fn read_sources(
    flow: &Flow,
    sources: &[(LogicalPath, Body)],
    algorithm: DigestAlgorithm,
    purpose: Purpose,
) -> Result<Vec<Known>, FlowError> {
    let transfer = (purpose == Purpose::Save).then_some(&*flow.transfer);
    let paths: Vec<PathBuf> = sources
        .iter()
        .filter_map(|(_, body)| match body {
            Body::File(path) => Some(path.clone()),
            Body::Bytes(_) => None,
        })
        .collect();
    let mut files = local::read_files(
        &paths,
        algorithm,
        transfer,
        &flow.stat_cache,
        &*flow.progress,
    )?
    .into_iter();
    sources
        .iter()
        .map(|(path, body)| match body {
            Body::File(_) => Ok(files.next().expect("every file was read")),
            Body::Bytes(bytes) => {
                let digest = hashing::digest(algorithm, bytes);
                let ingested = transfer
                    .map(|transfer| transfer.ingest_bytes(bytes))
                    .transpose();
                let key = ingested
                    .map_err(|source| FlowError::Transfer {
                        path: path.to_string(),
                        source,
                    })?
                    .flatten();
                Ok(Known {
                    digest,
                    size: bytes.len() as u64,
                    key,
                })
            }
        })
        .collect()
}

impl Prepared {
    /// Returns the digest of the entry at `path`, which must be a file's.
    pub(super) fn content_digest(
        &self,
        path: &LogicalPath,
    ) -> Option<(artifact_core::ContentDigest, u64)> {
        let entry = self.manifest.get(path)?;
        match &entry.digest {
            EntryDigest::Content(digest) => Some((*digest, entry.size.unwrap_or_default())),
            EntryDigest::Opaque(_) => None,
        }
    }
}
