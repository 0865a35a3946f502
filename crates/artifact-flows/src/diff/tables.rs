//! How many rows `.table.json` files have. Source: the media type `table` of the official client.

use artifact_core::LogicalPath;
use artifact_core::ports::ArtifactRecord;
use manifest::ManifestEntry;
use serde::Deserialize;
use serde::de::{IgnoredAny, SeqAccess, Visitor};

use super::peek::{Peek, Unread};
use crate::Flow;

/// The largest table that is read for its rows.
const MAX_TABLE: u64 = 256 << 20;

#[derive(Debug, Deserialize)]
struct Head {
    nrows: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    data: Option<u64>,
}

/// Counts the elements of a list and keeps none.
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

/// Returns how many rows a stored table has.
pub(super) async fn rows(
    flow: &Flow,
    record: &ArtifactRecord,
    path: &LogicalPath,
    entry: &ManifestEntry,
) -> Result<u64, Unread> {
    let peek = Peek::open(flow, record, path, entry).await?;
    if MAX_TABLE < peek.size {
        return Err(Unread(format!(
            "it has {} bytes, more than the {MAX_TABLE} that are read of a table",
            peek.size
        )));
    }
    let bytes = peek.read(0..peek.size).await?;
    in_table(&bytes)
}

fn in_table(bytes: &[u8]) -> Result<u64, Unread> {
    let unreadable = |error| Unread(format!("it cannot be read as a table: {error}"));
    let head: Head = serde_json::from_slice(bytes).map_err(unreadable)?;
    let rows = head.nrows.or(head.data);
    rows.ok_or_else(|| Unread("it does not tell its rows".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_told_or_counted() {
        let told = br#"{"_type": "table", "data": [[1], [2]], "ncols": 1, "nrows": 7}"#;
        assert_eq!(in_table(told).unwrap(), 7);
        assert_eq!(in_table(br#"{"data": [[1], [{"a": []}]]}"#).unwrap(), 2);
        assert!(in_table(b"{}").is_err());
        assert!(in_table(b"7").is_err());
    }
}
