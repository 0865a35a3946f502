//! Freezes a version: its references become content that the registry stores.

use std::path::PathBuf;

use artifact_core::ports::ArtifactRecord;
use artifact_core::{DigestAlgorithm, LogicalPath, Source};
use manifest::{Manifest, ManifestEntry};

use super::build_manifest::{Content, Contents};
use super::copy::{CopyTarget, ExpectedContent, verify_contents};
use super::prepare::Prepared;
use super::read_files;
use super::{Saved, save};
use crate::blocking;
use crate::fetch::{EntryOptions, absolute_path, download_entries, local_copies, local_path};
use crate::read_manifest::read_manifest;
use crate::references::{ResolverLookup, resolve_digests};
use crate::{Flow, FlowError};

/// Saves a version with the entries of `record`, with content in place of references. All references are downloaded,
/// and compared with the recorded digests, before anything is sent; `allow_local` permits reading files of this
/// machine.
///
/// Content that the registry has already is reused within the collection, and sent again to another one.
///
/// # Errors
/// [`FlowError::NoReferences`] when there are none, [`FlowError::Reference`] when a reference is gone, changed or
/// cannot be downloaded, and the errors of [`save`]. Nothing is logged then.
pub async fn freeze(
    flow: &Flow,
    record: &ArtifactRecord,
    resolvers: &ResolverLookup,
    allow_local: bool,
    to: CopyTarget,
) -> Result<Saved, FlowError> {
    let CopyTarget {
        name,
        save: to,
        staging,
    } = to;
    let algorithm = flow
        .registry
        .digest_algorithm(&to.project, &record.artifact_type, &name, record.algorithm)
        .await?;
    let mut manifest = read_manifest(flow, record).await?;
    resolve_digests(&mut manifest, |_| true, resolvers).await;
    let (referenced, stored): (Vec<_>, Vec<_>) = manifest
        .iter()
        .partition(|(_, entry)| entry.reference.is_some());
    if referenced.is_empty() {
        return Err(FlowError::NoReferences {
            artifact: record.address().to_string(),
        });
    }
    if algorithm != record.algorithm && !stored.is_empty() {
        return Err(FlowError::Algorithm {
            location: flow.registry.location(),
            wanted: record.algorithm,
            taken: algorithm,
        });
    }
    let is_elsewhere = to.project != record.project || name != record.name;
    let mut expected = Vec::new();
    if is_elsewhere {
        let files = local_copies(flow, record, &stored, &staging.join("stored")).await?;
        for (&(path, entry), file) in stored.iter().zip(files) {
            expected.push(ExpectedContent::new(record, path, entry, file)?);
        }
    }
    let root = absolute_path(&staging.join("referenced"))?;
    let options = EntryOptions::with_defaults(Some(resolvers), allow_local);
    Box::pin(download_entries(flow, record, &root, &referenced, options)).await?;
    let fetched = referenced.iter();
    let fetched: Vec<_> = fetched
        .map(|(path, _)| ((*path).clone(), local_path(&root, path)))
        .collect();
    drop((referenced, stored));
    let worker = flow.clone();
    let (contents, frozen) = blocking::run(move || {
        let contents = verify_contents(&worker, expected)?;
        ingest_files(&worker, fetched, algorithm, contents)
    })
    .await?;
    let manifest = replace_references(manifest, frozen, record, is_elsewhere);
    let prepared = Prepared {
        algorithm,
        digest: manifest.digest(algorithm),
        manifest,
        contents,
        ..Prepared::like(record, name)
    };
    let saved = save(flow, prepared, to).await?;
    // A folder that cannot be removed does no harm.
    _ = tokio::fs::remove_dir_all(&staging).await;
    Ok(saved)
}

type FrozenEntries = Vec<(LogicalPath, ManifestEntry)>;

/// Hashes the downloaded files; a local registry's store ingests the bytes in the same pass.
fn ingest_files(
    flow: &Flow,
    fetched: Vec<(LogicalPath, PathBuf)>,
    algorithm: DigestAlgorithm,
    mut contents: Contents,
) -> Result<(Contents, FrozenEntries), FlowError> {
    let stamps = read_files::stamps(fetched.iter().map(|(_, file)| file))?;
    let files: Vec<_> = fetched
        .iter()
        .zip(&stamps)
        .map(|((_, file), stamp)| (file.as_path(), stamp))
        .collect();
    let transfer = Some(&*flow.transfer);
    let hashed = read_files::read_files(&files, algorithm, transfer, None, &*flow.progress)?;
    drop(files);
    let mut frozen = Vec::with_capacity(fetched.len());
    for (((path, file), stamp), hashed) in fetched.into_iter().zip(stamps).zip(hashed) {
        frozen.push((
            path.clone(),
            ManifestEntry::file(hashed.digest, hashed.size),
        ));
        let source = Source::File { path: file, stamp };
        contents.list.push(Content { path, source });
        contents.hashed.push(hashed);
    }
    Ok((contents, frozen))
}

/// Returns `manifest` with the `frozen` entries in place of its references.
fn replace_references(
    manifest: Manifest,
    frozen: FrozenEntries,
    record: &ArtifactRecord,
    is_elsewhere: bool,
) -> Manifest {
    let stored = manifest.into_iter().map(|(path, entry)| {
        let birth_artifact = if is_elsewhere {
            None
        } else {
            let own = || record.id.0.as_str().into();
            Some(entry.birth_artifact.clone().unwrap_or_else(own))
        };
        let entry = ManifestEntry {
            birth_artifact,
            ..entry
        };
        (path, entry)
    });
    let mut manifest: Manifest = stored.collect();
    for (path, entry) in frozen {
        manifest.insert(path, entry);
    }
    manifest
}
