//! The header of `.safetensors` files: which tensors there are, of what shape and type.
//!
//! Source: the format as its authors describe it: 8 bytes with the length of the header, little-endian, then the header,
//! a JSON object, then the tensors.

use std::collections::BTreeMap;

use artifact_core::LogicalPath;
use artifact_core::ports::ArtifactRecord;
use manifest::ManifestEntry;
use serde::Deserialize;

use super::peek::{Peek, Unread};
use crate::Flow;

/// The bytes before the header.
const LENGTH: u64 = 8;

/// The longest header: the format's own limit.
const MAX_HEADER: u64 = 100_000_000;

/// What is read at first: most headers are shorter.
const FIRST_READ: u64 = 64 << 10;

/// The header's key that is no tensor.
const OWN: &str = "__metadata__";

/// A tensor, as the header tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tensor {
    /// Its name.
    pub name: String,
    /// Its type, such as `F32`.
    pub dtype: String,
    /// Its lengths.
    pub shape: Vec<u64>,
}

/// What differs between the tensors of two files, by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct TensorDiff {
    /// What only the newer file has.
    pub added: Vec<Tensor>,
    /// What only the older file has.
    pub removed: Vec<Tensor>,
    /// What has another shape or type: the older, then the newer.
    pub changed: Vec<(Tensor, Tensor)>,
    /// How many have the same shape and type; their values may differ.
    pub same: u64,
}

#[derive(Debug, Deserialize)]
struct Told {
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
pub(super) async fn read(
    flow: &Flow,
    record: &ArtifactRecord,
    path: &LogicalPath,
    entry: &ManifestEntry,
) -> Result<Tensors, Unread> {
    let peek = Peek::open(flow, record, path, entry).await?;
    let mut bytes = peek.read(0..peek.size.min(FIRST_READ)).await?;
    let length = header_length(&bytes, peek.size)?;
    let end = LENGTH + length;
    if (bytes.len() as u64) < end {
        bytes.extend(peek.read(bytes.len() as u64..end).await?);
    }
    let end = usize::try_from(end).map_err(Unread::because)?;
    parse(&bytes[8..end])
}

fn header_length(bytes: &[u8], size: u64) -> Result<u64, Unread> {
    let length = bytes.first_chunk::<8>();
    let length = length.ok_or_else(|| Unread("it is too short for a header".to_owned()))?;
    let length = u64::from_le_bytes(*length);
    if MAX_HEADER < length {
        return Err(Unread(format!(
            "its header claims {length} bytes, more than the format's {MAX_HEADER}"
        )));
    }
    if size < LENGTH + length {
        return Err(Unread("its header is longer than the file".to_owned()));
    }
    Ok(length)
}

fn parse(header: &[u8]) -> Result<Tensors, Unread> {
    let unreadable = |error| Unread(format!("its header cannot be read: {error}"));
    let told: BTreeMap<String, serde_json::Value> =
        serde_json::from_slice(header).map_err(unreadable)?;
    let told = told.into_iter().filter(|(name, _)| name != OWN);
    let tensors = told.map(|(name, value)| {
        let Told { dtype, shape } = serde_json::from_value(value).map_err(unreadable)?;
        let tensor = Tensor {
            name: name.clone(),
            dtype,
            shape,
        };
        Ok((name, tensor))
    });
    tensors.collect()
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
}
