//! Copies a committed version of one registry to another, with the same digest.

use std::path::PathBuf;

use artifact_core::ports::ArtifactRecord;
use artifact_core::records::ArtifactState;
use artifact_core::{ArtifactName, ContentDigest, DigestAlgorithm, LogicalPath, Source};
use manifest::{Manifest, ManifestEntry};

use super::build_manifest::{Content, Contents};
use super::prepare::Prepared;
use super::read_files::{self, HashedContent};
use super::{SaveTarget, Saved, create_request, save};
use crate::blocking;
use crate::fetch::local_copies;
use crate::read_manifest::read_manifest;
use crate::{Flow, FlowError};

/// Target of a copy.
#[derive(Debug, Clone)]
pub struct CopyTarget {
    /// The collection that the version joins.
    pub name: ArtifactName,
    /// Project, run, aliases and tags.
    pub save: SaveTarget,
    /// A folder for downloaded content, used by this copy alone. Removed after success; until then the next attempt
    /// continues from it.
    pub staging: PathBuf,
}

/// Copies the version `record` of `source` to `target`: entries, description, metadata and TTL. References are copied
/// as they are; birth artifacts are assigned by the target.
///
/// Every content is verified against its digest before it is sent, and the version becomes visible once all of it is
/// stored. Content in local files of `source` is sent from there.
///
/// # Errors
/// [`FlowError::Damaged`] when content does not match the manifest, [`FlowError::Algorithm`] when the target takes no
/// digests of this kind, and the errors of [`save`].
pub async fn copy(
    source: &Flow,
    record: &ArtifactRecord,
    target: &Flow,
    to: CopyTarget,
) -> Result<Saved, FlowError> {
    let CopyTarget {
        name,
        save: to,
        staging,
    } = to;
    let wanted = record.algorithm;
    let algorithm = target
        .registry
        .digest_algorithm(&to.project, &record.artifact_type, &name, wanted)
        .await?;
    if algorithm != wanted {
        return Err(FlowError::Algorithm {
            location: target.registry.location(),
            wanted,
            taken: algorithm,
        });
    }
    let manifest = read_manifest(source, record).await?;
    let stored: Vec<_> = manifest
        .iter()
        .filter(|(_, entry)| entry.reference.is_none())
        .collect();
    let files = local_copies(source, record, &stored, &staging).await?;
    let expected = stored
        .iter()
        .zip(files)
        .map(|(&(path, entry), file)| ExpectedContent::new(record, path, entry, file))
        .collect::<Result<Vec<_>, _>>()?;
    drop(stored);
    let worker = target.clone();
    let contents = blocking::run(move || verify_contents(&worker, expected)).await?;
    let prepared = Prepared {
        manifest: without_birth_artifacts(manifest),
        contents,
        ..Prepared::like(record, name)
    };
    let saved = save(target, prepared, to).await?;
    // A folder that cannot be removed does no harm.
    _ = tokio::fs::remove_dir_all(&staging).await;
    Ok(saved)
}

/// Moves `latest` and the wanted aliases to the version of `target` that has the digest of `record`, as logging the
/// same content again does; returns whether there is one.
///
/// # Errors
/// Fails when the registry refuses.
pub async fn log_existing(
    target: &Flow,
    record: &ArtifactRecord,
    name: &ArtifactName,
    to: SaveTarget,
) -> Result<bool, FlowError> {
    let prepared = Prepared::like(record, name.clone());
    let created = target
        .registry
        .create_artifact(create_request(&prepared, to))
        .await?;
    Ok(created.state == ArtifactState::Committed)
}

/// Returns the entries without their birth artifacts.
fn without_birth_artifacts(manifest: Manifest) -> Manifest {
    let entries = manifest.into_iter().map(|(path, entry)| {
        let entry = ManifestEntry {
            birth_artifact: None,
            ..entry
        };
        (path, entry)
    });
    entries.collect()
}

/// A content, the file that should hold it, and its expected digest and size.
pub(super) struct ExpectedContent {
    path: LogicalPath,
    digest: ContentDigest,
    size: Option<u64>,
    file: PathBuf,
}

impl ExpectedContent {
    pub(super) fn new(
        record: &ArtifactRecord,
        path: &LogicalPath,
        entry: &ManifestEntry,
        file: PathBuf,
    ) -> Result<Self, FlowError> {
        let digest = entry.digest.content().copied();
        let digest = digest.ok_or_else(|| FlowError::Manifest {
            artifact: record.address().to_string(),
            source: format!("{path} has no digest of its content").into(),
        })?;
        Ok(Self {
            path: path.clone(),
            digest,
            size: entry.size,
            file,
        })
    }

    fn check(&self, hashed: &HashedContent) -> Result<(), FlowError> {
        let expected = (Some(self.digest), self.size);
        FlowError::check_content(&self.path, expected, (Some(hashed.digest), hashed.size))
    }
}

/// Reads and verifies every file; a local target store ingests the bytes in the same pass.
pub(super) fn verify_contents(
    target: &Flow,
    expected: Vec<ExpectedContent>,
) -> Result<Contents, FlowError> {
    let stamps = read_files::stamps(expected.iter().map(|expected| &expected.file))?;
    let files: Vec<_> = expected
        .iter()
        .zip(&stamps)
        .map(|(expected, stamp)| (expected.file.as_path(), stamp))
        .collect();
    let mut hashed: Vec<Option<HashedContent>> = vec![None; expected.len()];
    // As a rule all digests are of the version's algorithm.
    for algorithm in DigestAlgorithm::ALL {
        let of_it = |index: &usize| expected[*index].digest.algorithm() == algorithm;
        let indices: Vec<usize> = (0..expected.len()).filter(of_it).collect();
        if indices.is_empty() {
            continue;
        }
        let files: Vec<_> = indices.iter().map(|index| files[*index]).collect();
        let transfer = Some(&*target.transfer);
        let read = read_files::read_files(&files, algorithm, transfer, None, &*target.progress)?;
        for (index, read) in indices.into_iter().zip(read) {
            expected[index].check(&read)?;
            hashed[index] = Some(read);
        }
    }
    drop(files);
    let hashed = hashed
        .into_iter()
        .map(|hashed| hashed.expect("every file was read"))
        .collect();
    let list = expected
        .into_iter()
        .zip(stamps)
        .map(|(ExpectedContent { path, file, .. }, stamp)| Content {
            path,
            source: Source::File { path: file, stamp },
        })
        .collect();
    Ok(Contents { list, hashed })
}
