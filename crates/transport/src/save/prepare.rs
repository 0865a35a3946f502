//! From a draft to a manifest: resolve the references, hash the files.

use artifact_core::{
    ArtifactDigest, ArtifactDraft, ArtifactName, ArtifactType, DigestAlgorithm, DraftContents,
    EntryDigest, LogicalPath, Metadata, Ttl,
};
use manifest::{Manifest, ManifestEntry};

use super::claims::{self, Body, Claim, Content, Origin};
use super::local::{self, Known};
use super::references::{self, ResolverLookup};
use crate::hashing;
use crate::progress::Running;
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

    let mut claims = Vec::new();
    if !references.is_empty() {
        let _running = Running::start(&*flow.progress, Phase::Resolve, None, None);
        for reference in &references {
            let entries = references::resolve(reference, resolvers, &*flow.progress).await?;
            let origin = |path, entry| Claim {
                path,
                entry,
                origin: Origin::Reference(reference.uri.clone()),
            };
            claims.extend(entries.into_iter().map(|(path, entry)| origin(path, entry)));
        }
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
    let (manifest, contents) = tokio::task::spawn_blocking(move || {
        let known = read_contents(&worker, &contents, algorithm, purpose)?;
        claims.extend(contents.into_iter().zip(known).map(
            |(content, Known { digest, size, key })| Claim {
                path: content.path.clone(),
                entry: ManifestEntry::file(digest, size),
                origin: Origin::Content(Content { key, ..content }),
            },
        ));
        claims::settle(claims)
    })
    .await
    .unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))?;
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
