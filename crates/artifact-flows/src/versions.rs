//! Cache of what a remote registry reported about versions, so that immutable facts are requested once.
//!
//! A version is cached when its manifest was read: its record, and the digest of the manifest file, whose bytes are in
//! the content cache. A cached version decides which digests are right, so only files that this user owns are trusted.
//!
//! An index (`v3`) and an id always name the same version. An alias can move: its last known target is cached with the
//! time of the answer. The organization behind a team's registries is cached beside them, because only the server knows
//! it.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use artifact_core::ports::{ArtifactLookup, ArtifactRecord, RegistryError};
use artifact_core::records::ArtifactId;
use artifact_core::{
    Alias, ArtifactName, ArtifactType, ContentDigest, EntityName, Metadata, ProjectAddress,
    ProjectName, QualifiedAddress, Tag, Timestamp, Ttl, VersionIndex, VersionSelector,
};
use serde::{Deserialize, Serialize};

use crate::state::{self, Format};
use crate::{Flow, FlowError};

/// A file holds two records: its key, so that no file passes for another's, and a JSON value.
const FORMAT: Format = Format {
    kind: "version",
    version: 2,
};

/// Cache of the versions of one registry, in a folder.
#[derive(Debug, Clone)]
pub struct VersionCache {
    folder: PathBuf,
}

/// A version that was found.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FoundVersion {
    /// The record.
    pub record: ArtifactRecord,
    /// When the registry reported it, if it comes from the cache: aliases, tags, description, metadata and TTL may have
    /// changed since, nothing else can.
    pub recorded_at: Option<Timestamp>,
}

/// Whether a lookup asks the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookupPolicy {
    /// Always ask the registry.
    Registry,
    /// Ask the registry only for addresses that can move, and for versions that are not cached.
    CacheImmutable,
    /// Never ask the registry.
    CacheOnly,
}

/// A cached version.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CachedVersion {
    pub(crate) record: ArtifactRecord,
    /// The digest of its manifest file.
    pub(crate) manifest: ContentDigest,
    pub(crate) recorded_at: Timestamp,
}

/// The version that an address named last.
#[derive(Debug, Serialize, Deserialize)]
struct AddressEntry {
    id: String,
    version: VersionIndex,
    recorded_at: Timestamp,
}

impl VersionCache {
    /// Returns the cache in `folder`, which need not exist yet, for the registry at `location`.
    #[must_use]
    pub fn new(folder: &Path, location: &str) -> Self {
        Self {
            folder: folder.join(state::file_name(location.as_bytes())),
        }
    }

    /// Returns a cached version.
    fn get(&self, lookup: &ArtifactLookup) -> Option<CachedVersion> {
        match lookup {
            ArtifactLookup::Id(id) => {
                let known = decode_version(&self.read(&key_of(id))?)?;
                (known.record.id == *id).then_some(known)
            }
            ArtifactLookup::Address(address) => {
                let value = self.read(&address.to_string())?;
                let pointer: AddressEntry = serde_json::from_slice(&value).ok()?;
                let mut known = self.get(&ArtifactLookup::Id(ArtifactId(pointer.id)))?;
                // It may have been cached under another name: that of a collection it is linked to.
                known.record.project = address.project.clone();
                known.record.name = address.name.clone();
                known.record.version = pointer.version;
                if let VersionSelector::Alias(_) = address.selector {
                    known.recorded_at = pointer.recorded_at;
                }
                Some(known)
            }
        }
    }

    /// Returns the digest of the manifest file of a version.
    pub(crate) fn manifest(&self, record: &ArtifactRecord) -> Option<ContentDigest> {
        let known = self.get(&record.id.clone().into())?;
        (known.record.digest == record.digest).then_some(known.manifest)
    }

    /// Caches a version that the registry reported just now.
    pub(crate) fn remember(&self, record: &ArtifactRecord, manifest: ContentDigest) {
        let recorded_at = now();
        let known = CachedVersion {
            record: record.clone(),
            manifest,
            recorded_at,
        };
        self.write(&key_of(&record.id), &encode_version(&known));
        self.record_address(&record.address(), record, recorded_at);
    }

    /// Caches the version that an address names.
    fn record_address(
        &self,
        address: &QualifiedAddress,
        record: &ArtifactRecord,
        recorded_at: Timestamp,
    ) {
        let pointer = AddressEntry {
            id: record.id.0.clone(),
            version: record.version,
            recorded_at,
        };
        let value = serde_json::to_vec(&pointer).expect("texts and numbers are JSON");
        self.write(&address.to_string(), &value);
    }

    /// Removes an address from the cache.
    fn forget(&self, lookup: &ArtifactLookup) {
        let key = match lookup {
            ArtifactLookup::Id(id) => key_of(id),
            ArtifactLookup::Address(address) => address.to_string(),
        };
        _ = fs::remove_file(self.path(&key));
    }

    fn path(&self, key: &str) -> PathBuf {
        let name = state::file_name(key.as_bytes());
        self.folder.join(&name[..2]).join(&name[2..])
    }

    /// Returns the value of `key`, if its file is intact and belongs to this user.
    fn read(&self, key: &str) -> Option<Vec<u8>> {
        let path = self.path(key);
        let mut file = File::open(&path).ok()?;
        if !is_own(&file) {
            return None;
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).ok()?;
        decode_file(&path, &bytes, key)
    }

    /// Stores the value of `key`. If that fails, the registry is asked again, nothing more.
    fn write(&self, key: &str, value: &[u8]) {
        let file = FORMAT.encode(&[key.as_bytes(), value]);
        if let Err(error) = state::replace(&self.path(key), &file) {
            tracing::debug!(key, %error, "a version is not cached");
        }
    }
}

/// Returns the value in a file that was written for `key`.
fn decode_file(path: &Path, file: &[u8], key: &str) -> Option<Vec<u8>> {
    let mut records = FORMAT.read(path, file);
    let is_of_key = records.next()? == key.as_bytes();
    let value = records.next()?;
    is_of_key.then(|| value.to_vec())
}

/// Finds a version, and caches the target of an alias.
///
/// # Errors
/// As [`ArtifactRegistry::artifact`](artifact_core::ports::ArtifactRegistry::artifact); [`FlowError::NotCached`] if the
/// registry may not be asked and nothing is cached.
pub async fn find_version(
    flow: &Flow,
    lookup: &ArtifactLookup,
    policy: LookupPolicy,
) -> Result<FoundVersion, FlowError> {
    match from_cache(flow, lookup, policy) {
        Some(known) => Ok(known),
        None if policy == LookupPolicy::CacheOnly => Err(not_cached(flow, lookup)),
        None => record_answer(flow, lookup, flow.registry.artifact(lookup).await),
    }
}

/// As [`find_version`], for several lookups with few requests; results are in the order of the lookups.
pub async fn find_versions(
    flow: &Flow,
    lookups: &[ArtifactLookup],
    policy: LookupPolicy,
) -> Vec<Result<FoundVersion, FlowError>> {
    let mut found: Vec<_> = lookups
        .iter()
        .map(|lookup| from_cache(flow, lookup, policy).map(Ok))
        .collect();
    let missing: Vec<_> = (0..lookups.len())
        .filter(|at| found[*at].is_none())
        .collect();
    if policy != LookupPolicy::CacheOnly && !missing.is_empty() {
        let asked: Vec<_> = missing.iter().map(|at| lookups[*at].clone()).collect();
        let answers = flow.registry.artifacts(&asked).await;
        for (at, answer) in missing.into_iter().zip(answers) {
            found[at] = Some(record_answer(flow, &lookups[at], answer));
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

/// Returns the cached version, if the policy permits it.
fn from_cache(flow: &Flow, lookup: &ArtifactLookup, policy: LookupPolicy) -> Option<FoundVersion> {
    let is_enough = match policy {
        LookupPolicy::Registry => false,
        LookupPolicy::CacheImmutable => !is_movable(lookup),
        LookupPolicy::CacheOnly => true,
    };
    let known = flow.versions.as_ref().filter(|_| is_enough)?.get(lookup)?;
    Some(FoundVersion {
        record: known.record,
        recorded_at: Some(known.recorded_at),
    })
}

/// Returns the registry's answer, and updates the cache.
fn record_answer(
    flow: &Flow,
    lookup: &ArtifactLookup,
    answer: Result<ArtifactRecord, RegistryError>,
) -> Result<FoundVersion, FlowError> {
    if let Some(versions) = &flow.versions {
        match (&answer, lookup) {
            (Ok(record), ArtifactLookup::Address(address)) if *address != record.address() => {
                versions.record_address(address, record, now());
            }
            (Err(RegistryError::NoArtifact { .. } | RegistryError::NoProject { .. }), _) => {
                versions.forget(lookup);
            }
            _ => {}
        }
    }
    Ok(FoundVersion {
        record: answer?,
        recorded_at: None,
    })
}

/// Whether an address may name another version later.
const fn is_movable(lookup: &ArtifactLookup) -> bool {
    match lookup {
        ArtifactLookup::Id(_) => false,
        ArtifactLookup::Address(address) => matches!(address.selector, VersionSelector::Alias(_)),
    }
}

fn key_of(id: &ArtifactId) -> String {
    // No address begins so.
    format!("id:{id}")
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let millis = since.map_or(0, |since| since.as_millis());
    Timestamp::from_unix_millis(i64::try_from(millis).unwrap_or(i64::MAX))
}

/// Whether a file belongs to this user.
#[cfg(unix)]
fn is_own(file: &File) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let own = rustix::process::geteuid().as_raw();
    file.metadata().is_ok_and(|metadata| metadata.uid() == own)
}

/// A user's folder is private elsewhere.
#[cfg(not(unix))]
fn is_own(_file: &File) -> bool {
    true
}

/// The requester of a registry's owner, as far as it was given.
#[derive(Debug, Clone, Copy)]
pub struct RegistryOwner<'a> {
    /// The entity that the user works as.
    pub member: Option<&'a EntityName>,
    /// The organization, by its own name or its entity's.
    pub organization: Option<&'a str>,
}

impl RegistryOwner<'_> {
    /// Returns the cache key; `None` if the answer depends on the logged-in user.
    fn key(&self) -> Option<String> {
        if self.member.is_none() && self.organization.is_none() {
            return None;
        }
        let member = self.member.map_or("", EntityName::as_str);
        // No address begins so.
        Some(format!(
            "registries:{member}/{}",
            self.organization.unwrap_or_default()
        ))
    }
}

impl VersionCache {
    /// Returns the cached entity that owns the registries.
    #[must_use]
    pub fn registry_entity(&self, owner: &RegistryOwner<'_>) -> Option<EntityName> {
        let entity = String::from_utf8(self.read(&owner.key()?)?).ok()?;
        entity.parse().ok()
    }

    /// Caches the entity that owns the registries.
    pub fn remember_registry_entity(&self, owner: &RegistryOwner<'_>, entity: &EntityName) {
        if let Some(key) = owner.key()
            && self.registry_entity(owner).as_ref() != Some(entity)
        {
            self.write(&key, entity.as_str().as_bytes());
        }
    }
}

/// Encoding of a [`CachedVersion`].
#[derive(Serialize, Deserialize)]
struct VersionRecord {
    id: String,
    entity: EntityName,
    project: ProjectName,
    name: ArtifactName,
    index: VersionIndex,
    artifact_type: ArtifactType,
    digest: String,
    algorithm: String,
    description: Option<String>,
    metadata: Metadata,
    ttl: i64,
    aliases: Vec<Alias>,
    tags: Vec<Tag>,
    size: u64,
    file_count: u64,
    created_at: Timestamp,
    updated_at: Timestamp,
    manifest_algorithm: String,
    manifest: String,
    recorded_at: Timestamp,
}

fn encode_version(known: &CachedVersion) -> Vec<u8> {
    let record = known.record.clone();
    let version = VersionRecord {
        id: record.id.0,
        entity: record.project.entity,
        project: record.project.project,
        name: record.name,
        index: record.version,
        artifact_type: record.artifact_type,
        digest: record.digest.to_string(),
        algorithm: record.algorithm.as_str().to_owned(),
        description: record.description,
        metadata: record.metadata,
        ttl: record.ttl.to_wire(),
        aliases: record.aliases,
        tags: record.tags,
        size: record.size,
        file_count: record.file_count,
        created_at: record.created_at,
        updated_at: record.updated_at,
        manifest_algorithm: known.manifest.algorithm().as_str().to_owned(),
        manifest: known.manifest.to_string(),
        recorded_at: known.recorded_at,
    };
    serde_json::to_vec(&version).expect("texts, numbers and JSON are JSON")
}

fn decode_version(body: &[u8]) -> Option<CachedVersion> {
    let version: VersionRecord = serde_json::from_slice(body).ok()?;
    let algorithm = version.manifest_algorithm.parse().ok()?;
    Some(CachedVersion {
        manifest: ContentDigest::from_base64(algorithm, &version.manifest).ok()?,
        recorded_at: version.recorded_at,
        record: ArtifactRecord {
            id: ArtifactId(version.id),
            project: ProjectAddress {
                entity: version.entity,
                project: version.project,
            },
            name: version.name,
            version: version.index,
            artifact_type: version.artifact_type,
            digest: version.digest.parse().ok()?,
            algorithm: version.algorithm.parse().ok()?,
            description: version.description,
            metadata: version.metadata,
            ttl: Ttl::from_wire(version.ttl).ok()?,
            aliases: version.aliases,
            tags: version.tags,
            size: version.size,
            file_count: version.file_count,
            created_at: version.created_at,
            updated_at: version.updated_at,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(file: &[u8], key: &str) -> Option<Vec<u8>> {
        decode_file(Path::new("version"), file, key)
    }

    #[test]
    fn a_value_is_read_under_its_own_key_only() {
        let file = FORMAT.encode(&[b"key", b"value"]);
        assert_eq!(decode(&file, "key").unwrap(), b"value");
        assert_eq!(decode(&file, "other"), None);
    }

    #[test]
    fn torn_damaged_and_foreign_files_have_no_value() {
        let file = FORMAT.encode(&[b"key", b"value"]);
        for place in 0..file.len() {
            assert_eq!(decode(&file[..place], "key"), None, "cut at {place}");
            let mut damaged = file.clone();
            damaged[place] ^= 1;
            assert_eq!(decode(&damaged, "key"), None, "flipped at {place}");
        }
        let other = Format {
            version: 3,
            ..FORMAT
        };
        assert_eq!(decode(&other.encode(&[b"key", b"value"]), "key"), None);
        let old = b"AAAAAAAAAAAAAAAAAAAAAA==\nwandb-rs version 1\nkey\n{}";
        assert_eq!(decode(old, "key"), None);
    }
}
