//! What claims which path, and what comes of it.

use std::collections::HashSet;

use artifact_core::ports::UploadBody;
use artifact_core::{ArtifactDraft, LogicalPath, ReferenceUri, Source};
use manifest::{Manifest, ManifestEntry};

use super::read_files::Known;
use crate::FlowError;

/// Content that the registry must hold.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) path: LogicalPath,
    /// Where it can be read again, should the registry not hold it; the path of a file is absolute.
    pub(super) source: Source,
}

impl Content {
    /// Makes the path of a file absolute, so that it does not depend on the working directory.
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

    /// Says for people where it comes from.
    fn origin(&self) -> String {
        match &self.source {
            Source::File { path, .. } => path.display().to_string(),
            Source::Bytes(bytes) => format!("{} bytes in memory", bytes.len()),
        }
    }
}

/// Contents, and at the same places what is known of each.
#[derive(Debug, Default)]
pub(super) struct Contents {
    pub(super) list: Vec<Content>,
    pub(super) known: Vec<Known>,
}

/// The entry of a reference.
#[derive(Debug)]
pub(super) struct Referenced {
    pub(super) path: LogicalPath,
    pub(super) entry: ManifestEntry,
    /// What was added, which may be a folder that holds more.
    pub(super) uri: ReferenceUri,
}

/// An entry for a path, and where it comes from.
struct Claim {
    path: LogicalPath,
    entry: ManifestEntry,
    origin: Origin,
}

/// The place of a reference or of a content among all of them.
#[derive(Clone, Copy)]
enum Origin {
    /// The version that the artifact was drafted from.
    Kept,
    Reference(usize),
    Content(usize),
}

/// Returns what the claims come to: the manifest, and the content that the registry must hold. A path may be claimed
/// more than once with the same digest; the first claim stays: entries of another version come before references, and those
/// before contents.
///
/// # Errors
/// [`FlowError::Conflict`] for two digests at one path, [`FlowError::Draft`] for an entry that is also a folder.
pub(super) fn settle(
    kept: Manifest,
    references: Vec<Referenced>,
    mut contents: Contents,
) -> Result<(Manifest, Contents), FlowError> {
    let count = kept.len() + references.len() + contents.list.len();
    let mut claims = Vec::with_capacity(count);
    claims.extend(kept.into_iter().map(|(path, entry)| Claim {
        path,
        entry,
        origin: Origin::Kept,
    }));
    let mut uris = Vec::with_capacity(references.len());
    for (place, Referenced { path, entry, uri }) in references.into_iter().enumerate() {
        let origin = Origin::Reference(place);
        claims.push(Claim {
            path,
            entry,
            origin,
        });
        uris.push(uri);
    }
    for (place, (content, known)) in contents.list.iter().zip(&contents.known).enumerate() {
        claims.push(Claim {
            path: content.path.clone(),
            entry: ManifestEntry::file(known.digest, known.size),
            origin: Origin::Content(place),
        });
    }
    // Those of one folder are sorted, and none repeats another.
    if !claims.is_sorted_by(|a, b| a.path < b.path) {
        claims.sort_by(|a, b| a.path.cmp(&b.path));
        if let Some([first, second]) = conflict(&claims) {
            let told = |claim: &Claim| match claim.origin {
                Origin::Kept => "the version that it was drafted from".to_owned(),
                Origin::Reference(place) => uris[place].to_string(),
                Origin::Content(place) => contents.list[place].origin(),
            };
            return Err(FlowError::Conflict {
                path: first.path.clone(),
                first: told(first),
                second: told(second),
            });
        }
        contents.remove(&drop_repeats(&mut claims));
    }
    ArtifactDraft::check_folders(claims.iter().map(|claim| &claim.path))?;
    let entries = claims.into_iter().map(|claim| (claim.path, claim.entry));
    Ok((entries.collect(), contents))
}

/// Returns the first two of `claims`, which are sorted, that give one path two digests.
fn conflict(claims: &[Claim]) -> Option<&[Claim; 2]> {
    claims
        .array_windows()
        .find(|[a, b]| a.path == b.path && a.entry.digest != b.entry.digest)
}

/// Drops all claims of a path but the first, and returns the places of the contents that were dropped.
fn drop_repeats(claims: &mut Vec<Claim>) -> HashSet<usize> {
    let mut dropped = HashSet::new();
    claims.dedup_by(|later, earlier| {
        let is_repeat = later.path == earlier.path;
        if let (true, Origin::Content(place)) = (is_repeat, later.origin) {
            dropped.insert(place);
        }
        is_repeat
    });
    dropped
}

impl Contents {
    fn remove(&mut self, places: &HashSet<usize>) {
        remove(&mut self.list, places);
        remove(&mut self.known, places);
    }
}

fn remove<T>(items: &mut Vec<T>, places: &HashSet<usize>) {
    let mut place = 0;
    items.retain(|_| {
        let stays = !places.contains(&place);
        place += 1;
        stays
    });
}
