//! The bytes of a cache file: a header, the folder, one record per file, and a hash over all of it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use artifact_core::{ContentDigest, ContentKey, DigestAlgorithm};
use twox_hash::XxHash3_128;

use super::Remembered;
use crate::stamp::FileStamp;

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

pub(super) fn encode<'a>(
    common: &Path,
    files: impl Iterator<Item = (&'a PathBuf, &'a Remembered)>,
) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    put_text(&mut bytes, common);
    for (path, remembered) in files {
        put_text(&mut bytes, path.strip_prefix(common).unwrap_or(path));
        let stamp = &remembered.stamp;
        bytes.extend(stamp.size.to_le_bytes());
        bytes.extend(stamp.modified.to_le_bytes());
        bytes.extend(stamp.changed.to_le_bytes());
        bytes.extend(stamp.inode.to_le_bytes());
        bytes.extend(stamp.device.to_le_bytes());
        bytes.push(match remembered.digest.algorithm() {
            DigestAlgorithm::Md5 => 0,
            DigestAlgorithm::Xxh128 => 1,
        });
        bytes.extend(remembered.digest.bytes());
        bytes.push(remembered.key.is_some().into());
        if let Some(key) = remembered.key {
            bytes.extend(key.as_bytes());
        }
    }
    let hash = XxHash3_128::oneshot(&bytes);
    bytes.extend(hash.to_le_bytes());
    bytes
}

/// Returns the remembered files, or `None` where the bytes are not a whole cache file of `common`.
pub(super) fn decode(bytes: &[u8], common: &Path) -> Option<HashMap<PathBuf, Remembered>> {
    let (body, hash) = bytes.split_at_checked(bytes.len().checked_sub(HASH_BYTES)?)?;
    if XxHash3_128::oneshot(body).to_le_bytes() != hash {
        return None;
    }
    let mut rest = body.strip_prefix(MAGIC.as_slice())?;
    if take_text(&mut rest)? != common.as_os_str().as_encoded_bytes() {
        return None;
    }
    let mut files = HashMap::new();
    while !rest.is_empty() {
        let relative = std::str::from_utf8(take_text(&mut rest)?).ok()?;
        files.insert(common.join(relative), take_remembered(&mut rest)?);
    }
    Some(files)
}

fn take_remembered(rest: &mut &[u8]) -> Option<Remembered> {
    let stamp = FileStamp {
        size: u64::from_le_bytes(take(rest)?),
        modified: i128::from_le_bytes(take(rest)?),
        changed: i128::from_le_bytes(take(rest)?),
        inode: u64::from_le_bytes(take(rest)?),
        device: u64::from_le_bytes(take(rest)?),
    };
    let algorithm = match take::<1>(rest)? {
        [0] => DigestAlgorithm::Md5,
        [1] => DigestAlgorithm::Xxh128,
        _ => return None,
    };
    let digest = ContentDigest::new(algorithm, take(rest)?);
    let key = match take::<1>(rest)? {
        [0] => None,
        [1] => Some(ContentKey::from_bytes(take(rest)?)),
        _ => return None,
    };
    Some(Remembered { stamp, digest, key })
}

fn put_text(bytes: &mut Vec<u8>, path: &Path) {
    let text = path.as_os_str().as_encoded_bytes();
    bytes.extend(u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
    bytes.extend(text);
}

fn take_text<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(u32::from_le_bytes(take(rest)?)).ok()?;
    let (text, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(text)
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*taken)
}
