//! Prepares a draft: resolves its references, hashes its files, and builds the manifest.

use artifact_core::ports::{ArtifactRecord, ReferenceObject, ResolveError};
use artifact_core::records::ArtifactId;
use artifact_core::{
    AddReference, ArtifactDigest, ArtifactDraft, ArtifactName, ArtifactType, DigestAlgorithm,
    DraftContents, LogicalPath, Metadata, Source, Ttl,
};
use futures::TryStreamExt as _;
use manifest::{ContentHasher, Manifest, ManifestEntry};

use super::build_manifest::{self, Content, Contents, Referenced};
use super::read_files::{self, HashedContent};
use crate::blocking;
use crate::progress::Running;
use crate::references::ResolverLookup;
use crate::{Flow, FlowError, Phase, Progress};

/// An artifact with known entries, ready to be saved.
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
    /// Time until the version is deleted.
    pub ttl: Ttl,
    /// The hash function of the digests.
    pub algorithm: DigestAlgorithm,
    /// The digest of all entries.
    pub digest: ArtifactDigest,
    /// The entries.
    pub manifest: Manifest,
    /// Whether the entries are added to those of the newest version.
    pub is_incremental: bool,
    /// The version that it was drafted from.
    pub(super) base: Option<ArtifactId>,
    pub(super) contents: Contents,
}

impl Prepared {
    /// Returns an artifact with digest, description, metadata and TTL of `record`, and no entries.
    pub(super) fn like(record: &ArtifactRecord, name: ArtifactName) -> Self {
        Self {
            name,
            artifact_type: record.artifact_type.clone(),
            description: record.description.clone(),
            metadata: record.metadata.clone(),
            ttl: record.ttl,
            algorithm: record.algorithm,
            digest: record.digest,
            manifest: Manifest::default(),
            is_incremental: false,
            base: None,
            contents: Contents::default(),
        }
    }
}

/// A draft, and the entries it inherits.
#[derive(Debug)]
pub struct InheritingDraft {
    /// The draft.
    pub draft: ArtifactDraft,
    /// Inherited entries, if it was drafted from a version.
    pub inherited: Option<InheritedEntries>,
}

/// Entries that a draft inherits from a version: the registry has their content.
#[derive(Debug)]
pub struct InheritedEntries {
    /// The version.
    pub artifact: ArtifactId,
    /// The inherited entries.
    pub entries: Manifest,
}

impl From<ArtifactDraft> for InheritingDraft {
    fn from(draft: ArtifactDraft) -> Self {
        Self {
            draft,
            inherited: None,
        }
    }
}

/// Purpose of preparing a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To save it: a local store ingests content while it is hashed.
    Save,
    /// To show it: nothing is stored.
    Preview,
}

/// Resolves the references of `draft` and hashes its files. Digests of unchanged files come from the stat cache;
/// inherited entries are not read.
///
/// # Errors
/// Fails when a file cannot be read or changes meanwhile, a reference cannot be resolved, one path has two contents, or
/// an entry would be a file and a folder at once.
pub async fn prepare(
    flow: &Flow,
    draft: impl Into<InheritingDraft>,
    resolvers: &ResolverLookup,
    purpose: Purpose,
) -> Result<Prepared, FlowError> {
    let InheritingDraft { draft, inherited } = draft.into();
    let (base, inherited) = inherited
        .map(|inherited| (inherited.artifact, inherited.entries))
        .unzip();
    let (name, artifact_type) = (draft.name().clone(), draft.artifact_type().clone());
    let (description, metadata, ttl) =
        (draft.description.clone(), draft.metadata.clone(), draft.ttl);
    let (algorithm, is_incremental) = (draft.algorithm, draft.is_incremental);
    let DraftContents {
        files,
        repeats,
        references,
    } = draft.into_contents();

    let mut referenced = Vec::new();
    if !references.is_empty() {
        let _running = Running::start(&*flow.progress, Phase::Resolve, None, None);
        for reference in &references {
            let entries = resolve_reference(reference, resolvers, &*flow.progress).await?;
            referenced.extend(entries.into_iter().map(|(path, entry)| Referenced {
                path,
                entry,
                uri: reference.uri.clone(),
            }));
        }
    }

    let list = files.into_iter().map(Content::new);
    let mut list: Vec<_> = list.collect::<Result<_, _>>()?;
    for repeat in repeats {
        list.push(Content::new(repeat)?);
    }
    let worker = flow.clone();
    let (manifest, contents, digest) = blocking::run(move || {
        let hashed = read_contents(&worker, &list, algorithm, purpose)?;
        let (manifest, contents) = build_manifest::build_manifest(
            inherited.unwrap_or_default(),
            referenced,
            Contents { list, hashed },
        )?;
        let digest = manifest.digest(algorithm);
        Ok::<_, FlowError>((manifest, contents, digest))
    })
    .await?;
    Ok(Prepared {
        name,
        artifact_type,
        description,
        metadata,
        ttl,
        algorithm,
        digest,
        manifest,
        is_incremental,
        base,
        contents,
    })
}

fn read_contents(
    flow: &Flow,
    contents: &[Content],
    algorithm: DigestAlgorithm,
    purpose: Purpose,
) -> Result<Vec<HashedContent>, FlowError> {
    let transfer = (purpose == Purpose::Save).then_some(&*flow.transfer);
    let files: Vec<_> = contents
        .iter()
        .filter_map(|content| match &content.source {
            Source::File { path, stamp } => Some((path.as_path(), stamp)),
            Source::Bytes(_) => None,
        })
        .collect();
    let hashed = read_files::read_files(
        &files,
        algorithm,
        transfer,
        Some(&flow.stat_cache),
        &*flow.progress,
    )?;
    if hashed.len() == contents.len() {
        return Ok(hashed);
    }
    let mut files = hashed.into_iter();
    contents
        .iter()
        .map(|content| match &content.source {
            Source::File { .. } => Ok(files.next().expect("every file was read")),
            Source::Bytes(bytes) => {
                let digest = ContentHasher::digest(algorithm, bytes);
                let ingested = transfer
                    .map(|transfer| transfer.ingest_bytes(bytes))
                    .transpose();
                let moved = |source| FlowError::Transfer {
                    path: content.path.to_string(),
                    source,
                };
                let key = ingested.map_err(moved)?.flatten();
                Ok(HashedContent {
                    digest,
                    size: bytes.len() as u64,
                    key,
                })
            }
        })
        .collect()
}

/// Returns the entries that `reference` expands to.
async fn resolve_reference(
    reference: &AddReference,
    resolvers: &ResolverLookup,
    progress: &dyn Progress,
) -> Result<Vec<(LogicalPath, ManifestEntry)>, FlowError> {
    let uri = &reference.uri;
    let resolver = resolvers(uri)?;
    let mut objects = resolver.resolve(uri, reference.checksum);
    let mut entries = Vec::new();
    loop {
        let object = match objects.try_next().await {
            Ok(Some(object)) => object,
            Ok(None) => break,
            // A missing bucket is an error of its own.
            Err(ResolveError::NotFound { uri: missing })
                if reference.allow_empty && entries.is_empty() && missing == *uri =>
            {
                break;
            }
            Err(error) => return Err(error.into()),
        };
        if reference.max_objects <= entries.len() as u64 {
            return Err(FlowError::TooManyObjects {
                uri: uri.clone(),
                limit: reference.max_objects,
            });
        }
        entries.push(reference_entry(reference, object)?);
        progress.advance(1, 0);
    }
    Ok(entries)
}

fn reference_entry(
    reference: &AddReference,
    object: ReferenceObject,
) -> Result<(LogicalPath, ManifestEntry), FlowError> {
    // A reference to another artifact's entry is recorded as that entry's own target, which may lie in a third one.
    let is_single = object.uri.is_same_place(&reference.uri) || reference.uri.is_of_artifact();
    let path = match &reference.name {
        Some(name) if is_single => Ok(name.clone()),
        Some(folder) => folder.join(&object.relative_path),
        // A resolver that only records URIs knows no names.
        None if object.relative_path.is_empty() => {
            return Err(FlowError::Unnamed { uri: object.uri });
        }
        None => object.relative_path.parse(),
    };
    let path = path.map_err(|source| ResolveError::Name {
        uri: object.uri.clone(),
        source,
    })?;
    Ok((
        path,
        ManifestEntry::reference(object.uri, object.digest, object.size, object.extra),
    ))
}
