//! Remembers what a registry elsewhere said of versions, so that what never changes need not be asked for again.
//!
//! A version is remembered when its manifest was read: its record, and the digest of the manifest file, whose bytes are
//! in the content cache. What is written of it carries a checksum, and is believed only where this user wrote it: it is
//! what says which digests are right, so nobody else may say it.
//!
//! An index (`v3`) and an id always mean the same version. An alias moves: what it meant when the registry was asked last
//! is remembered with the time of that answer.

mod format;
mod owners;

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use artifact_core::ports::{ArtifactId, ArtifactLookup, ArtifactRecord, RegistryError};
use artifact_core::{
    ContentDigest, DigestAlgorithm, QualifiedAddress, Timestamp, VersionIndex, VersionSelector,
};
use manifest::ContentHasher;

use crate::{Flow, FlowError};

pub use owners::RegistryOwner;

/// A folder that remembers the versions of one registry.
#[derive(Debug, Clone)]
pub struct VersionCache {
    folder: PathBuf,
}

/// A version that was found.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FoundVersion {
    /// What is known of it.
    pub record: ArtifactRecord,
    /// When the registry said so, where it was not asked now: aliases, tags, description, metadata and TTL may be others
    /// since, the rest cannot.
    pub said_at: Option<Timestamp>,
}

/// Where a version is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asking {
    /// The registry is asked.
    Always,
    /// The registry is asked where an address may mean another version than before, or nothing is remembered.
    ForWhatMoves,
    /// The registry is not asked.
    Never,
}

/// What is remembered of a version.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Known {
    pub(crate) record: ArtifactRecord,
    /// The digest of its manifest file.
    pub(crate) manifest: ContentDigest,
    pub(crate) said_at: Timestamp,
}

/// Which version an address means.
#[derive(Debug, Clone, PartialEq)]
struct Pointer {
    id: ArtifactId,
    version: VersionIndex,
    said_at: Timestamp,
}

impl VersionCache {
    /// Returns what is remembered in `folder`, which need not exist yet, of the registry at `location`.
    #[must_use]
    pub fn new(folder: &Path, location: &str) -> Self {
        Self {
            folder: folder.join(hash(location)),
        }
    }

    /// Returns what is remembered of a version.
    fn known(&self, lookup: &ArtifactLookup) -> Option<Known> {
        match lookup {
            ArtifactLookup::Id(id) => {
                let known = format::known(&self.read(&key_of(id))?)?;
                (known.record.id == *id).then_some(known)
            }
            ArtifactLookup::Address(address) => {
                let pointer = format::pointer(&self.read(&address.to_string())?)?;
                let mut known = self.known(&ArtifactLookup::Id(pointer.id))?;
                // It may have been read under another name: that of a collection it is linked to.
                known.record.project = address.project.clone();
                known.record.name = address.name.clone();
                known.record.version = pointer.version;
                if let VersionSelector::Alias(_) = address.selector {
                    known.said_at = pointer.said_at;
                }
                Some(known)
            }
        }
    }

    /// Returns the digest of the manifest file of a version.
    pub(crate) fn manifest(&self, record: &ArtifactRecord) -> Option<ContentDigest> {
        let known = self.known(&record.id.clone().into())?;
        (known.record.digest == record.digest).then_some(known.manifest)
    }

    /// Remembers a version that the registry told of just now.
    pub(crate) fn remember(&self, record: &ArtifactRecord, manifest: ContentDigest) {
        let said_at = now();
        let known = Known {
            record: record.clone(),
            manifest,
            said_at,
        };
        self.write(&key_of(&record.id), &format::of_known(&known));
        self.point(&record.address(), record, said_at);
    }

    /// Remembers which version the registry said an address means.
    fn point(&self, address: &QualifiedAddress, record: &ArtifactRecord, said_at: Timestamp) {
        let pointer = Pointer {
            id: record.id.clone(),
            version: record.version,
            said_at,
        };
        self.write(&address.to_string(), &format::of_pointer(pointer));
    }

    /// Forgets what an address meant.
    fn forget(&self, lookup: &ArtifactLookup) {
        let key = match lookup {
            ArtifactLookup::Id(id) => key_of(id),
            ArtifactLookup::Address(address) => address.to_string(),
        };
        _ = fs::remove_file(self.place(&key));
    }

    fn place(&self, key: &str) -> PathBuf {
        let name = hash(key);
        self.folder.join(&name[..2]).join(&name[2..])
    }

    /// Returns what was written for `key`, where it is whole and this user's.
    fn read(&self, key: &str) -> Option<Vec<u8>> {
        let mut file = File::open(self.place(key)).ok()?;
        if !is_own(&file) {
            return None;
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).ok()?;
        format::opened(&bytes, key)
    }

    /// Writes what is known for `key`. Where that fails it is asked for again, and nothing else.
    fn write(&self, key: &str, body: &[u8]) {
        let write = || {
            let place = self.place(key);
            let folder = place.parent().unwrap_or(&self.folder);
            fs::create_dir_all(folder)?;
            let mut file = tempfile::Builder::new()
                .prefix(UNFINISHED)
                .tempfile_in(folder)?;
            file.write_all(&format::sealed(body, key))?;
            file.persist(&place)?;
            Ok::<_, std::io::Error>(())
        };
        if let Err(error) = write() {
            tracing::debug!(key, %error, "a version is not remembered");
        }
    }
}

/// How the name of a file begins that is being written.
const UNFINISHED: &str = ".tmp";

/// Finds a version, and remembers what an alias means.
///
/// # Errors
/// As [`ArtifactRegistry::artifact`](artifact_core::ports::ArtifactRegistry::artifact); [`FlowError::NotCached`] where the
/// registry is not to be asked and nothing is remembered.
pub async fn find_version(
    flow: &Flow,
    lookup: &ArtifactLookup,
    asking: Asking,
) -> Result<FoundVersion, FlowError> {
    match recalled(flow, lookup, asking) {
        Some(known) => Ok(known),
        None if asking == Asking::Never => Err(not_cached(flow, lookup)),
        None => taken(flow, lookup, flow.registry.artifact(lookup).await),
    }
}

/// As [`find_version`], for several, with as few questions as the registry needs; each answer is at the place of its
/// lookup.
pub async fn find_versions(
    flow: &Flow,
    lookups: &[ArtifactLookup],
    asking: Asking,
) -> Vec<Result<FoundVersion, FlowError>> {
    let mut found: Vec<_> = lookups
        .iter()
        .map(|lookup| recalled(flow, lookup, asking).map(Ok))
        .collect();
    let missing: Vec<_> = (0..lookups.len())
        .filter(|at| found[*at].is_none())
        .collect();
    if asking != Asking::Never && !missing.is_empty() {
        let asked: Vec<_> = missing.iter().map(|at| lookups[*at].clone()).collect();
        let answers = flow.registry.artifacts(&asked).await;
        for (at, answer) in missing.into_iter().zip(answers) {
            found[at] = Some(taken(flow, &lookups[at], answer));
        }
    }
    found
        .into_iter()
        .zip(lookups)
        .map(|(found, lookup)| found.unwrap_or_else(|| Err(not_cached(flow, lookup))))
        .collect()
}

fn not_cached(flow: &Flow, lookup: &ArtifactLookup) -> FlowError {
    FlowError::NotCached {
        what: lookup.to_string(),
        location: flow.registry.location(),
    }
}

/// Returns what is remembered, where that is an answer.
fn recalled(flow: &Flow, lookup: &ArtifactLookup, asking: Asking) -> Option<FoundVersion> {
    let is_enough = match asking {
        Asking::Always => false,
        Asking::ForWhatMoves => !moves(lookup),
        Asking::Never => true,
    };
    let known = flow
        .versions
        .as_ref()
        .filter(|_| is_enough)?
        .known(lookup)?;
    Some(FoundVersion {
        record: known.record,
        said_at: Some(known.said_at),
    })
}

/// Returns what the registry answered, and remembers what is worth it.
fn taken(
    flow: &Flow,
    lookup: &ArtifactLookup,
    answer: Result<ArtifactRecord, RegistryError>,
) -> Result<FoundVersion, FlowError> {
    if let Some(versions) = &flow.versions {
        match (&answer, lookup) {
            (Ok(record), ArtifactLookup::Address(address)) if *address != record.address() => {
                versions.point(address, record, now());
            }
            (Err(RegistryError::NoArtifact { .. } | RegistryError::NoProject { .. }), _) => {
                versions.forget(lookup);
            }
            _ => {}
        }
    }
    Ok(FoundVersion {
        record: answer?,
        said_at: None,
    })
}

/// Whether an address may mean another version tomorrow.
const fn moves(lookup: &ArtifactLookup) -> bool {
    match lookup {
        ArtifactLookup::Id(_) => false,
        ArtifactLookup::Address(address) => matches!(address.selector, VersionSelector::Alias(_)),
    }
}

fn key_of(id: &ArtifactId) -> String {
    // No address begins so.
    format!("id:{id}")
}

fn hash(text: &str) -> String {
    use std::fmt::Write as _;
    let digest = ContentHasher::digest(DigestAlgorithm::Xxh128, text.as_bytes());
    digest.bytes().iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a string takes any text");
        hex
    })
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let millis = since.map_or(0, |since| since.as_millis());
    Timestamp::from_unix_millis(i64::try_from(millis).unwrap_or(i64::MAX))
}

/// Whether this user wrote a file.
#[cfg(unix)]
fn is_own(file: &File) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let own = rustix::process::geteuid().as_raw();
    file.metadata().is_ok_and(|metadata| metadata.uid() == own)
}

/// Elsewhere the folder of a user is the user's own.
#[cfg(not(unix))]
fn is_own(_file: &File) -> bool {
    true
}
