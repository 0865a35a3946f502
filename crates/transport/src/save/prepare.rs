//! From a draft to a manifest: resolve the references, hash the files.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::PathBuf;

use artifact_core::ports::UploadBody;
use artifact_core::{
    ArtifactDigest, ArtifactDraft, ArtifactName, ArtifactType, ContentKey, DigestAlgorithm,
    DraftContents, EntryDigest, FileStamp, LogicalPath, Metadata, Source, Ttl,
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
    File(PathBuf, FileStamp),
    Bytes(Bytes),
}

impl Body {
    pub(super) fn to_upload(&self) -> UploadBody<'_> {
        match self {
            Self::File(path, _) => UploadBody::File(path),
            Self::Bytes(bytes) => UploadBody::Bytes(bytes),
        }
    }
}

impl std::fmt::Display for Body {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path, _) => path.display().fmt(formatter),
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
    let (name, artifact_type) = (draft.name().clone(), draft.artifact_type().clone());
    let (description, metadata, ttl) =
        (draft.description.clone(), draft.metadata.clone(), draft.ttl);
    let algorithm = draft.algorithm;
    let DraftContents {
        files,
        repeats,
        references,
    } = draft.into_contents();

    let mut claims = Claims::default();
    if !references.is_empty() {
        flow.progress.start(Phase::Resolve, None, None);
        for reference in &references {
            for (path, entry) in references::resolve(reference, resolvers, &*flow.progress).await? {
                claims.add(
                    path,
                    entry,
                    || reference.uri.to_string(),
                    |_| reference.uri.to_string(),
                )?;
            }
        }
        flow.progress.finish(Phase::Resolve);
    }

    let mut contents = Vec::with_capacity(files.len() + repeats.len());
    for (path, source) in files.into_iter().chain(repeats) {
        contents.push(Content {
            path,
            body: source.try_into()?,
            key: None,
        });
    }
    let worker = flow.clone();
    let (mut contents, known) = tokio::task::spawn_blocking(move || {
        let known = read_contents(&worker, &contents, algorithm, purpose);
        (contents, known)
    })
    .await
    .unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
    let known = known?;

    let mut is_kept = Vec::with_capacity(contents.len());
    for (content, known) in contents.iter().zip(&known) {
        let entry = ManifestEntry::file(known.digest, known.size);
        let before = |path: &LogicalPath| origin(&contents, path);
        is_kept.push(claims.add(
            content.path.clone(),
            entry,
            || content.body.to_string(),
            before,
        )?);
    }
    for (content, known) in contents.iter_mut().zip(known) {
        content.key = known.key;
    }
    let mut is_kept = is_kept.into_iter();
    contents.retain(|_| is_kept.next().unwrap_or(false));

    let entries = claims.0;
    ArtifactDraft::check_folders(entries.keys())?;
    let manifest: Manifest = entries.into_iter().collect();
    let digest = manifest.digest(algorithm);
    Ok(Prepared {
        name,
        artifact_type,
        description,
        metadata,
        ttl,
        algorithm,
        digest,
        manifest,
        contents,
    })
}

/// Returns where the content of `path` was first taken from.
fn origin(contents: &[Content], path: &LogicalPath) -> String {
    let first = contents.iter().find(|content| content.path == *path);
    first.map_or_else(
        || "a reference".to_owned(),
        |content| content.body.to_string(),
    )
}

/// Entries by path; a path may be claimed again with the same content.
#[derive(Default)]
struct Claims(BTreeMap<LogicalPath, ManifestEntry>);

impl Claims {
    /// Puts `entry` at `path`, and tells whether nothing was there before.
    fn add(
        &mut self,
        path: LogicalPath,
        entry: ManifestEntry,
        origin: impl FnOnce() -> String,
        origin_before: impl FnOnce(&LogicalPath) -> String,
    ) -> Result<bool, FlowError> {
        match self.0.entry(path) {
            Entry::Vacant(place) => {
                place.insert(entry);
                Ok(true)
            }
            Entry::Occupied(taken) if taken.get().digest == entry.digest => Ok(false),
            Entry::Occupied(taken) => {
                let path = taken.key().clone();
                Err(FlowError::Conflict {
                    first: origin_before(&path),
                    second: origin(),
                    path,
                })
            }
        }
    }
}

impl TryFrom<Source> for Body {
    type Error = FlowError;

    /// Makes paths absolute, so that they do not depend on the working directory.
    fn try_from(source: Source) -> Result<Self, FlowError> {
        match source {
            Source::Bytes(bytes) => Ok(Self::Bytes(bytes)),
            Source::File { path, stamp } if path.is_absolute() => Ok(Self::File(path, stamp)),
            Source::File { path, stamp } => match std::path::absolute(&path) {
                Ok(path) => Ok(Self::File(path, stamp)),
                Err(source) => Err(FlowError::Read { path, source }),
            },
        }
    }
}

fn read_contents(
    flow: &Flow,
    contents: &[Content],
    algorithm: DigestAlgorithm,
    purpose: Purpose,
) -> Result<Vec<Known>, FlowError> {
    let transfer = (purpose == Purpose::Save).then_some(&*flow.transfer);
    let files: Vec<_> = contents
        .iter()
        .filter_map(|content| match &content.body {
            Body::File(path, stamp) => Some((path.as_path(), stamp)),
            Body::Bytes(_) => None,
        })
        .collect();
    let mut files = local::read_files(
        &files,
        algorithm,
        transfer,
        &flow.stat_cache,
        &*flow.progress,
    )?
    .into_iter();
    contents
        .iter()
        .map(|content| match &content.body {
            Body::File(..) => Ok(files.next().expect("every file was read")),
            Body::Bytes(bytes) => {
                let digest = hashing::digest(algorithm, bytes);
                let ingested = transfer
                    .map(|transfer| transfer.ingest_bytes(bytes))
                    .transpose();
                let moved = |source| FlowError::Transfer {
                    path: content.path.to_string(),
                    source,
                };
                let key = ingested.map_err(moved)?.flatten();
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
