//! The cache file: a mark, the folder, the records sorted by path, and a hash over all of it.

use std::path::Path;

use twox_hash::XxHash3_128;

use super::records::Records;

/// Ends in the version of the format; another version is read as nothing.
const MAGIC: &[u8; 8] = b"wrsstat1";
const HASH_BYTES: usize = 16;

/// Returns the name of the cache file for the files in `common`.
pub(super) fn file_name(common: &Path) -> String {
    format!(
        "{:032x}",
        XxHash3_128::oneshot(common.as_os_str().as_encoded_bytes())
    )
}

pub(super) fn encode(common: &Path, sorted_records: &[u8]) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend(folder(common));
    bytes.extend(sorted_records);
    let hash = XxHash3_128::oneshot(&bytes);
    bytes.extend(hash.to_le_bytes());
    bytes
}

/// Returns the records, or `None` where the bytes are not a whole cache file of `common`.
pub(super) fn decode(mut bytes: Vec<u8>, common: &Path) -> Option<Records> {
    let (body, hash) = bytes.split_at_checked(bytes.len().checked_sub(HASH_BYTES)?)?;
    if XxHash3_128::oneshot(body).to_le_bytes() != hash {
        return None;
    }
    let records = body
        .strip_prefix(MAGIC.as_slice())?
        .strip_prefix(folder(common).as_slice())?;
    let (start, end) = (body.len() - records.len(), body.len());
    bytes.truncate(end);
    Records::decode(bytes, start)
}

/// Returns the folder as the file holds it: its length and its path.
fn folder(common: &Path) -> Vec<u8> {
    let path = common.as_os_str().as_encoded_bytes();
    let mut bytes = (path.len() as u64).to_le_bytes().to_vec();
    bytes.extend(path);
    bytes
}
