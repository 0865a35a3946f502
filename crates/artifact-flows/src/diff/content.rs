//! Comparing content: partial reads of stored files, headers of `.safetensors` files, and row counts of `.table.json`
//! files. Nothing read here is verified or stored.
//!
//! Sources: the safetensors format as its authors describe it (8 bytes with the little-endian length of the header, the
//! header as a JSON object, then the tensors), and the media type `table` of the official client.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::ops::Range;

use artifact_core::LogicalPath;
use artifact_core::ports::{
    ArtifactRecord, DownloadRequest, DownloadSpec, DownloadTicket, Fetched,
};
use futures::TryStreamExt as _;
use manifest::ManifestEntry;
use serde::Deserialize;
use serde::de::{IgnoredAny, SeqAccess, Visitor};

use crate::Flow;

/// Reason why a file was not compared.
#[derive(Debug)]
pub(super) struct Uninspected(pub(super) String);

impl Uninspected {
    pub(super) fn because(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

/// Reads ranges of a stored content.
pub(super) struct PartialReader<'a> {
    flow: &'a Flow,
    ticket: DownloadTicket,
    pub(super) size: u64,
}

impl<'a> PartialReader<'a> {
    pub(super) async fn open(
        flow: &'a Flow,
        record: &ArtifactRecord,
        path: &LogicalPath,
        entry: &ManifestEntry,
    ) -> Result<Self, Uninspected> {
        if entry.reference.is_some() {
            return Err(Uninspected("it is a reference".to_owned()));
        }
        let digest = entry.digest.content().copied();
        let (Some(digest), Some(size)) = (digest, entry.size) else {
            return Err(Uninspected(
                "the manifest does not tell its length".to_owned(),
            ));
        };
        let request = DownloadRequest {
            artifact: record.id.clone(),
            project: record.project.clone(),
            name: record.name.clone(),
            entries: vec![DownloadSpec {
                path: path.clone(),
                digest,
                size: Some(size),
                birth_artifact: entry.birth_artifact.clone(),
            }],
        };
        let tickets = flow.registry.downloads(&request).await;
        let ticket = tickets.map_err(Uninspected::because)?.into_iter().next();
        let ticket =
            ticket.ok_or_else(|| Uninspected("the registry does not have it".to_owned()))?;
        Ok(Self { flow, ticket, size })
    }

    /// Reads the bytes of `range`.
    pub(super) async fn read(&self, range: Range<u64>) -> Result<Vec<u8>, Uninspected> {
        let wanted = usize::try_from(range.end - range.start).map_err(Uninspected::because)?;
        let opened = self
            .flow
            .transfer
            .download(&self.ticket, Some(range.clone()));
        let bytes = match opened.await.map_err(Uninspected::because)? {
            Fetched::File(path) => {
                let read = move || {
                    let mut file = File::open(path)?;
                    file.seek(SeekFrom::Start(range.start))?;
                    let mut bytes = Vec::new();
                    file.take(wanted as u64).read_to_end(&mut bytes)?;
                    Ok::<_, std::io::Error>(bytes)
                };
                let read = tokio::task::spawn_blocking(read).await;
                read.map_err(Uninspected::because)?
                    .map_err(Uninspected::because)?
            }
            Fetched::Stream(chunks) => {
                let collected = chunks.try_fold(Vec::new(), async |mut bytes, chunk| {
                    bytes.extend_from_slice(&chunk);
                    Ok(bytes)
                });
                collected.await.map_err(Uninspected::because)?
            }
            _ => {
                return Err(Uninspected(
                    "the registry gives it in an unknown way".to_owned(),
                ));
            }
        };
        if bytes.len() == wanted {
            Ok(bytes)
        } else {
            Err(Uninspected("its stored content is too short".to_owned()))
        }
    }
}

/// Bytes in front of the header.
const LENGTH_BYTES: u64 = 8;

/// Maximum header length, the format's own limit.
const MAX_HEADER: u64 = 100_000_000;

/// Bytes of the first read: most headers are shorter.
const FIRST_READ: u64 = 64 << 10;

/// The header's only key that is not a tensor.
const METADATA_KEY: &str = "__metadata__";

/// A tensor's header entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tensor {
    /// Name.
    pub name: String,
    /// Element type, such as `F32`.
    pub dtype: String,
    /// Dimensions.
    pub shape: Vec<u64>,
}

/// Differences between the tensors of two files, by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct TensorDiff {
    /// Tensors that only the newer file has.
    pub added: Vec<Tensor>,
    /// Tensors that only the older file has.
    pub removed: Vec<Tensor>,
    /// Tensors with another shape or type: the older, then the newer.
    pub changed: Vec<(Tensor, Tensor)>,
    /// Number of tensors of the same shape and type; their values may differ.
    pub same: u64,
}

#[derive(Debug, Deserialize)]
struct TensorHeader {
    dtype: String,
    shape: Vec<u64>,
}

impl TensorDiff {
    pub(super) fn between(old: &Tensors, new: &Tensors) -> Self {
        let mut found = Self::default();
        for (name, tensor) in old {
            match new.get(name) {
                None => found.removed.push(tensor.clone()),
                Some(other) if other == tensor => found.same += 1,
                Some(other) => found.changed.push((tensor.clone(), other.clone())),
            }
        }
        let added = new.iter().filter(|(name, _)| !old.contains_key(*name));
        found.added = added.map(|(_, tensor)| tensor.clone()).collect();
        found
    }
}

/// Tensors by their names.
pub(super) type Tensors = BTreeMap<String, Tensor>;

/// Reads the header of a stored file.
pub(super) async fn read_tensors(
    flow: &Flow,
    record: &ArtifactRecord,
    path: &LogicalPath,
    entry: &ManifestEntry,
) -> Result<Tensors, Uninspected> {
    let reader = PartialReader::open(flow, record, path, entry).await?;
    let mut bytes = reader.read(0..reader.size.min(FIRST_READ)).await?;
    let length = header_length(&bytes, reader.size)?;
    let end = LENGTH_BYTES + length;
    if (bytes.len() as u64) < end {
        bytes.extend(reader.read(bytes.len() as u64..end).await?);
    }
    let end = usize::try_from(end).map_err(Uninspected::because)?;
    parse(&bytes[8..end])
}

fn header_length(bytes: &[u8], size: u64) -> Result<u64, Uninspected> {
    let length = bytes.first_chunk::<8>();
    let length = length.ok_or_else(|| Uninspected("it is too short for a header".to_owned()))?;
    let length = u64::from_le_bytes(*length);
    if MAX_HEADER < length {
        return Err(Uninspected(format!(
            "its header claims {length} bytes, more than the format's {MAX_HEADER}"
        )));
    }
    if size < LENGTH_BYTES + length {
        return Err(Uninspected("its header is longer than the file".to_owned()));
    }
    Ok(length)
}

fn parse(header: &[u8]) -> Result<Tensors, Uninspected> {
    let unreadable = |error| Uninspected(format!("its header cannot be read: {error}"));
    let headers: BTreeMap<String, serde_json::Value> =
        serde_json::from_slice(header).map_err(unreadable)?;
    let headers = headers.into_iter().filter(|(name, _)| name != METADATA_KEY);
    let tensors = headers.map(|(name, value)| {
        let TensorHeader { dtype, shape } = serde_json::from_value(value).map_err(unreadable)?;
        let tensor = Tensor {
            name: name.clone(),
            dtype,
            shape,
        };
        Ok((name, tensor))
    });
    tensors.collect()
}

/// Maximum size of a table that is read for its rows.
const MAX_TABLE: u64 = 256 << 20;

#[derive(Debug, Deserialize)]
struct TableHeader {
    nrows: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    data: Option<u64>,
}

/// Counts the elements of a list without storing them.
fn count<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    struct Counter;

    impl<'de> Visitor<'de> for Counter {
        type Value = u64;

        fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            formatter.write_str("a list of rows")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<u64, A::Error> {
            let mut count = 0;
            while rows.next_element::<IgnoredAny>()?.is_some() {
                count += 1;
            }
            Ok(count)
        }
    }

    deserializer.deserialize_seq(Counter).map(Some)
}

/// Returns the number of rows of a stored table.
pub(super) async fn count_rows(
    flow: &Flow,
    record: &ArtifactRecord,
    path: &LogicalPath,
    entry: &ManifestEntry,
) -> Result<u64, Uninspected> {
    let reader = PartialReader::open(flow, record, path, entry).await?;
    if MAX_TABLE < reader.size {
        return Err(Uninspected(format!(
            "it has {} bytes, more than the {MAX_TABLE} that are read of a table",
            reader.size
        )));
    }
    let bytes = reader.read(0..reader.size).await?;
    row_count(&bytes)
}

fn row_count(bytes: &[u8]) -> Result<u64, Uninspected> {
    let unreadable = |error| Uninspected(format!("it cannot be read as a table: {error}"));
    let head: TableHeader = serde_json::from_slice(bytes).map_err(unreadable)?;
    let rows = head.nrows.or(head.data);
    rows.ok_or_else(|| Uninspected("it does not tell its rows".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensors(header: &str) -> Tensors {
        parse(header.as_bytes()).unwrap()
    }

    #[test]
    fn tensors_are_compared_by_name_shape_and_type() {
        let old = tensors(
            r#"{"__metadata__": {"format": "pt"},
                "a": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
                "b": {"dtype": "F32", "shape": [], "data_offsets": [24, 28]},
                "c": {"dtype": "F16", "shape": [1], "data_offsets": [28, 30]}}"#,
        );
        let new = tensors(
            r#"{"a": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
                "b": {"dtype": "BF16", "shape": [], "data_offsets": [24, 26]},
                "d": {"dtype": "F16", "shape": [1], "data_offsets": [26, 28]}}"#,
        );
        let found = TensorDiff::between(&old, &new);
        assert_eq!(found.same, 1);
        assert_eq!(found.added, [new["d"].clone()]);
        assert_eq!(found.removed, [old["c"].clone()]);
        assert_eq!(found.changed, [(old["b"].clone(), new["b"].clone())]);
    }

    #[test]
    fn lengths_that_cannot_be_are_refused() {
        assert!(header_length(&[1, 2, 3], 3).is_err());
        assert!(header_length(&100_u64.to_le_bytes(), 107).is_err());
        assert!(header_length(&u64::MAX.to_le_bytes(), u64::MAX).is_err());
        assert_eq!(header_length(&100_u64.to_le_bytes(), 108).unwrap(), 100);
    }

    #[test]
    fn rows_are_told_or_counted() {
        let headers = br#"{"_type": "table", "data": [[1], [2]], "ncols": 1, "nrows": 7}"#;
        assert_eq!(row_count(headers).unwrap(), 7);
        assert_eq!(row_count(br#"{"data": [[1], [{"a": []}]]}"#).unwrap(), 2);
        assert!(row_count(b"{}").is_err());
        assert!(row_count(b"7").is_err());
    }
}
