//! Keys of rows, and the ids that stand for them: base64 of a kind and a row number, as W&B's are.

use artifact_core::InvalidValue;
use artifact_core::ports::ManifestId;
use artifact_core::records::{ArtifactId, CollectionId, RunStorageId};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::StoreError;

/// Declares the key of a table's rows.
macro_rules! row_keys {
    ($($(#[$doc:meta])* $name:ident;)+) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
            pub struct $name(pub i64);
        )+
    };
}

row_keys! {
    /// The key of a project.
    ProjectKey;
    /// The key of a run. Never used again.
    RunKey;
    /// The key of a collection. Never used again.
    CollectionKey;
    /// The key of a version. Never used again.
    VersionKey;
    /// The key of a manifest. Later ones are larger, and none is used again.
    ManifestKey;
    /// The key of a blob.
    BlobKey;
    /// The key of a file that is uploaded in parts. Never used again.
    PartsKey;
}

const VERSION: &str = "Artifact";
const MANIFEST: &str = "ArtifactManifest";
const PARTS: &str = "ArtifactFileParts";
const COLLECTION: &str = "ArtifactCollection";
const RUN: &str = "Run";

/// Returns the id of a version.
#[must_use]
pub fn artifact_id(key: VersionKey) -> ArtifactId {
    ArtifactId(encode(VERSION, key.0))
}

/// Returns the version that an id stands for.
///
/// # Errors
/// When it is not an id of this engine.
pub(crate) fn version_key(id: &ArtifactId) -> Result<VersionKey, StoreError> {
    let key =
        decode("artifact id", VERSION, &id.0).map_err(|e| StoreError::rejected(e.to_string()));
    key.map(VersionKey)
}

/// Returns the id of a collection.
#[must_use]
pub fn collection_id(key: CollectionKey) -> CollectionId {
    CollectionId(encode(COLLECTION, key.0))
}

/// Returns the collection that an id stands for.
///
/// # Errors
/// When it is not an id of this engine.
pub(crate) fn collection_key(id: &CollectionId) -> Result<CollectionKey, StoreError> {
    let key =
        decode("collection id", COLLECTION, &id.0).map_err(|e| StoreError::rejected(e.to_string()));
    key.map(CollectionKey)
}

/// Returns the id of a manifest.
pub(crate) fn manifest_id(key: ManifestKey) -> ManifestId {
    ManifestId(encode(MANIFEST, key.0))
}

/// Returns the manifest that an id stands for.
///
/// # Errors
/// When it is not an id of this engine.
pub(crate) fn manifest_key(id: &ManifestId) -> Result<ManifestKey, StoreError> {
    let key =
        decode("manifest id", MANIFEST, &id.0).map_err(|e| StoreError::rejected(e.to_string()));
    key.map(ManifestKey)
}

/// Returns the id of a file that arrives in parts.
pub(crate) fn parts_id(key: PartsKey) -> String {
    encode(PARTS, key.0)
}

/// Returns the file in parts that an id stands for.
///
/// # Errors
/// When it is not an id of this engine.
pub(crate) fn parts_key(id: &str) -> Result<PartsKey, StoreError> {
    let key = decode("upload id", PARTS, id).map_err(|e| StoreError::rejected(e.to_string()));
    key.map(PartsKey)
}

/// Returns the id of a run in the store.
#[must_use]
pub fn run_storage_id(key: RunKey) -> RunStorageId {
    RunStorageId(encode(RUN, key.0))
}

/// Returns the run that an id stands for.
///
/// # Errors
/// When it is not an id of this engine.
pub(crate) fn run_key(id: &RunStorageId) -> Result<RunKey, StoreError> {
    let key = decode("run id", RUN, &id.0).map_err(|e| StoreError::rejected(e.to_string()));
    key.map(RunKey)
}

fn encode(kind: &str, row: i64) -> String {
    BASE64.encode(format!("{kind}:{row}"))
}

fn decode(what: &'static str, kind: &str, id: &str) -> Result<i64, InvalidValue> {
    let text = BASE64
        .decode(id)
        .ok()
        .and_then(|b| String::from_utf8(b).ok());
    let row = text
        .as_deref()
        .and_then(|text| text.strip_prefix(kind)?.strip_prefix(':')?.parse().ok());
    // `+1` and `01` would be second spellings of one id.
    row.filter(|row| encode(kind, *row) == id)
        .ok_or_else(|| InvalidValue::new(what, id, "it was not given out by an artifact store"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_as_those_of_the_service() {
        assert_eq!(artifact_id(VersionKey(1)).0, "QXJ0aWZhY3Q6MQ==");
        assert_eq!(
            version_key(&artifact_id(VersionKey(17))).unwrap(),
            VersionKey(17)
        );
        assert_eq!(
            manifest_key(&manifest_id(ManifestKey(5))).unwrap(),
            ManifestKey(5)
        );
        assert_eq!(
            collection_key(&collection_id(CollectionKey(7))).unwrap(),
            CollectionKey(7)
        );
        assert_eq!(run_key(&run_storage_id(RunKey(9))).unwrap(), RunKey(9));
    }

    #[test]
    fn foreign_ids_are_refused() {
        let second_spelling = BASE64.encode("Artifact:01");
        for text in [
            "",
            "1",
            "QXJ0aWZhY3Q6",
            &manifest_id(ManifestKey(1)).0,
            &second_spelling,
        ] {
            assert!(version_key(&ArtifactId(text.to_owned())).is_err(), "{text}");
        }
    }
}
