//! Reads a manifest file entry by entry.

use std::fmt;
use std::io::{BufReader, Read};

use std::sync::Arc;

use artifact_core::{LogicalPath, ReferenceUri};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};

use crate::guard::GuardedReader;
use crate::{ManifestEntry, ManifestHeader, StorageLayout};

/// Limits for reading a manifest file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadLimits {
    /// Maximum size of the file, in bytes.
    pub total_bytes: u64,
    /// Maximum length of a string, in bytes as written.
    pub string_bytes: u64,
    /// Maximum nesting of objects and lists.
    pub depth: u32,
}

impl Default for ReadLimits {
    /// Enough for tens of millions of entries: 16 GiB, strings of 256 KiB, 32 levels.
    fn default() -> Self {
        Self {
            total_bytes: 16 << 30,
            string_bytes: 256 << 10,
            depth: 32,
        }
    }
}

/// Errors of reading a manifest file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The bytes are not a manifest: not JSON, cut off, over a limit, or a field is missing or wrong.
    #[error("the manifest cannot be read")]
    Malformed {
        /// The reason, with line and column.
        source: serde_json::Error,
    },
    /// The callback refused an entry.
    #[error("the entry {path} was refused")]
    Refused {
        /// The entry's path.
        path: LogicalPath,
        /// The reason.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Reads a manifest file, and hands each entry to `each` in the order of the file.
///
/// Unknown keys, such as `local_path` and `skip_cache`, are skipped. Discard the entries unless the whole file is
/// read.
///
/// # Errors
/// [`ReadError::Malformed`] when the file breaks the format or a limit, [`ReadError::Refused`] when `each` fails.
pub fn read_entries<E>(
    reader: impl Read,
    limits: &ReadLimits,
    mut each: impl FnMut(LogicalPath, ManifestEntry) -> Result<(), E>,
) -> Result<ManifestHeader, ReadError>
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut refused = None;
    let mut take = |path: LogicalPath, entry: ManifestEntry| {
        each(path.clone(), entry).map_err(|error| {
            refused = Some(ReadError::Refused {
                path,
                source: error.into(),
            });
        })
    };
    let reader = GuardedReader::new(BufReader::with_capacity(64 << 10, reader), *limits);
    let mut deserializer = serde_json::Deserializer::from_reader(BufReader::new(reader));
    let header = deserializer
        .deserialize_map(FileVisitor { take: &mut take })
        .and_then(|header| deserializer.end().map(|()| header));
    match (header, refused) {
        (Ok(header), None) => Ok(header),
        (_, Some(refused)) => Err(refused),
        (Err(source), None) => Err(ReadError::Malformed { source }),
    }
}

/// The callback for entries; its `Err` becomes [`ReadError::Refused`].
type Take<'a> = &'a mut dyn FnMut(LogicalPath, ManifestEntry) -> Result<(), ()>;

struct FileVisitor<'a> {
    take: Take<'a>,
}

impl<'de> Visitor<'de> for FileVisitor<'_> {
    type Value = ManifestHeader;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a manifest object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ManifestHeader, A::Error> {
        let (mut version, mut policy, mut contents) = (None::<u64>, None::<String>, None::<()>);
        let mut config = StorageConfig::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "version" => version = Some(map.next_value()?),
                "storagePolicy" => policy = Some(map.next_value()?),
                "storagePolicyConfig" => config = map.next_value()?,
                "contents" if contents.is_some() => {
                    return Err(A::Error::duplicate_field("contents"));
                }
                "contents" => {
                    contents = Some(map.next_value_seed(Contents {
                        take: &mut *self.take,
                    })?);
                }
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        match version {
            Some(ManifestHeader::VERSION) => {}
            Some(other) => {
                return Err(A::Error::custom(format!(
                    "the manifest has version {other}, only 1 is known"
                )));
            }
            None => return Err(A::Error::missing_field("version")),
        }
        match policy.as_deref() {
            Some(ManifestHeader::STORAGE_POLICY) => {}
            Some(other) => {
                return Err(A::Error::custom(format!(
                    "storage policy {other:?} is not known"
                )));
            }
            None => return Err(A::Error::missing_field("storagePolicy")),
        }
        contents.ok_or_else(|| A::Error::missing_field("contents"))?;
        config.try_into().map_err(A::Error::custom)
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct StorageConfig {
    storage_layout: Option<String>,
    storage_region: Option<String>,
}

impl TryFrom<StorageConfig> for ManifestHeader {
    type Error = String;

    fn try_from(config: StorageConfig) -> Result<Self, String> {
        let storage_layout = match config.storage_layout.as_deref() {
            None | Some("V1") => StorageLayout::V1,
            Some("V2") => StorageLayout::V2,
            Some(other) => return Err(format!("storage layout {other:?} is not known")),
        };
        Ok(Self {
            storage_layout,
            storage_region: config.storage_region,
        })
    }
}

struct Contents<'a> {
    take: Take<'a>,
}

impl<'de> DeserializeSeed<'de> for Contents<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Contents<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object of entries by path")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(text) = map.next_key::<String>()? {
            let path: LogicalPath = text.parse().map_err(A::Error::custom)?;
            if path.as_str() != text {
                return Err(A::Error::custom(format!(
                    "the path {text:?} is not in its normal form {path}"
                )));
            }
            let wire: WireEntry = map.next_value()?;
            let entry = wire
                .try_into()
                .map_err(|error| A::Error::custom(format!("entry {path}: {error}")))?;
            (self.take)(path, entry).map_err(|()| A::Error::custom("the entry was refused"))?;
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct WireEntry {
    digest: String,
    #[serde(rename = "ref")]
    reference: Option<ReferenceUri>,
    size: Option<u64>,
    #[serde(rename = "birthArtifactID")]
    birth_artifact: Option<Arc<str>>,
    extra: Option<Map<String, Value>>,
}

impl TryFrom<WireEntry> for ManifestEntry {
    type Error = artifact_core::InvalidValue;

    fn try_from(wire: WireEntry) -> Result<Self, Self::Error> {
        let extra = wire.extra.unwrap_or_default();
        let digest = Self::parse_digest(&wire.digest, wire.reference.as_ref(), &extra)?;
        // The format cannot express an unknown size of a reference: writers put 0, and so they do for entries of other
        // artifacts, whose digest is known.
        let is_of_artifact = wire
            .reference
            .as_ref()
            .is_some_and(ReferenceUri::is_of_artifact);
        let size = wire
            .size
            .filter(|size| *size != 0 || (digest.content().is_some() && !is_of_artifact));
        Ok(Self {
            digest,
            reference: wire.reference,
            size,
            birth_artifact: wire.birth_artifact,
            extra,
        })
    }
}
