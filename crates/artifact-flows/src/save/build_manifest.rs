//! Builds a manifest from inherited entries, references and contents, and resolves paths that are given more than once.

use std::collections::HashSet;

use artifact_core::ports::UploadBody;
use artifact_core::{ArtifactDraft, LogicalPath, ReferenceUri, Source};
use manifest::{Manifest, ManifestEntry};

use super::read_files::HashedContent;
use crate::FlowError;

/// Content that the registry must store.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) path: LogicalPath,
    /// Source to read for the upload; the path of a file is absolute.
    pub(super) source: Source,
}

impl Content {
    /// Makes the path of a file absolute, independent of the working directory.
    pub(super) fn new((path, mut source): (LogicalPath, Source)) -> Result<Self, FlowError> {
        if let Source::File { path: local, .. } = &mut source
            && !local.is_absolute()
        {
            *local = std::path::absolute(&*local).map_err(|source| FlowError::Read {
                path: local.clone(),
                source,
            })?;
        }
        Ok(Self { path, source })
    }

    pub(super) fn body(&self) -> UploadBody<'_> {
        match &self.source {
            Source::File { path, .. } => UploadBody::File(path),
            Source::Bytes(bytes) => UploadBody::Bytes(bytes),
        }
    }

    /// Returns its source for an error message.
    fn describe(&self) -> String {
        match &self.source {
            Source::File { path, .. } => path.display().to_string(),
            Source::Bytes(bytes) => format!("{} bytes in memory", bytes.len()),
        }
    }
}

/// Contents and, at the same indices, their hashes.
#[derive(Debug, Default)]
pub(super) struct Contents {
    pub(super) list: Vec<Content>,
    pub(super) hashed: Vec<HashedContent>,
}

/// The entry of a reference.
#[derive(Debug)]
pub(super) struct Referenced {
    pub(super) path: LogicalPath,
    pub(super) entry: ManifestEntry,
    /// The reference that was added, which may be a folder of many.
    pub(super) uri: ReferenceUri,
}

/// A candidate entry for a path, and its source.
struct Candidate {
    path: LogicalPath,
    entry: ManifestEntry,
    origin: Origin,
}

/// Source of a candidate; references and contents by index.
#[derive(Clone, Copy)]
enum Origin {
    /// An entry of the version that the artifact was drafted from.
    Inherited,
    Reference(usize),
    Content(usize),
}

/// Returns the manifest, and the content that the registry must store. A path may be given several times with the same
/// digest; then the first candidate counts: inherited entries come before references, and those before contents.
///
/// # Errors
/// [`FlowError::Conflict`] for two digests at one path, [`FlowError::Draft`] for an entry that is also a folder.
pub(super) fn build_manifest(
    inherited: Manifest,
    references: Vec<Referenced>,
    mut contents: Contents,
) -> Result<(Manifest, Contents), FlowError> {
    let count = inherited.len() + references.len() + contents.list.len();
    let mut candidates = Vec::with_capacity(count);
    candidates.extend(inherited.into_iter().map(|(path, entry)| Candidate {
        path,
        entry,
        origin: Origin::Inherited,
    }));
    let mut uris = Vec::with_capacity(references.len());
    for (index, Referenced { path, entry, uri }) in references.into_iter().enumerate() {
        let origin = Origin::Reference(index);
        candidates.push(Candidate {
            path,
            entry,
            origin,
        });
        uris.push(uri);
    }
    for (index, (content, hashed)) in contents.list.iter().zip(&contents.hashed).enumerate() {
        candidates.push(Candidate {
            path: content.path.clone(),
            entry: ManifestEntry::file(hashed.digest, hashed.size),
            origin: Origin::Content(index),
        });
    }
    // Files of one folder arrive sorted and without duplicates.
    if !candidates.is_sorted_by(|a, b| a.path < b.path) {
        candidates.sort_by(|a, b| a.path.cmp(&b.path));
        if let Some([first, second]) = find_conflict(&candidates) {
            let describe = |candidate: &Candidate| match candidate.origin {
                Origin::Inherited => "the version that it was drafted from".to_owned(),
                Origin::Reference(index) => uris[index].to_string(),
                Origin::Content(index) => contents.list[index].describe(),
            };
            return Err(FlowError::Conflict {
                path: first.path.clone(),
                first: describe(first),
                second: describe(second),
            });
        }
        contents.remove(&drop_duplicates(&mut candidates));
    }
    ArtifactDraft::check_folders(candidates.iter().map(|candidate| &candidate.path))?;
    let entries = candidates
        .into_iter()
        .map(|candidate| (candidate.path, candidate.entry));
    Ok((entries.collect(), contents))
}

/// Returns the first two neighbours of the sorted `candidates` that give one path two digests.
fn find_conflict(candidates: &[Candidate]) -> Option<&[Candidate; 2]> {
    candidates
        .array_windows()
        .find(|[a, b]| a.path == b.path && a.entry.digest != b.entry.digest)
}

/// Drops all candidates of a path but the first, and returns the indices of the dropped contents.
fn drop_duplicates(candidates: &mut Vec<Candidate>) -> HashSet<usize> {
    let mut dropped = HashSet::new();
    candidates.dedup_by(|later, earlier| {
        let is_repeat = later.path == earlier.path;
        if let (true, Origin::Content(index)) = (is_repeat, later.origin) {
            dropped.insert(index);
        }
        is_repeat
    });
    dropped
}

impl Contents {
    fn remove(&mut self, indices: &HashSet<usize>) {
        remove(&mut self.list, indices);
        remove(&mut self.hashed, indices);
    }
}

fn remove<T>(items: &mut Vec<T>, indices: &HashSet<usize>) {
    let mut index = 0;
    items.retain(|_| {
        let stays = !indices.contains(&index);
        index += 1;
        stays
    });
}
