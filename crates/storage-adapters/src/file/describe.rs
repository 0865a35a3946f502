//! Digests and sizes of files.

use std::fs::Metadata;
use std::io::{self, Read as _};

use artifact_core::ports::{ReferenceObject, ResolveError};
use artifact_core::{ContentDigest, EntryDigest};
use md5_lanes::{Md5, digest_many};

use super::walk::{Batch, Found, SMALL};
use super::{error, uri};
use crate::blocking::Abandoned;
use crate::chunks::each_chunk;
use crate::local::{self, Opened};

/// Returns the objects of a batch, in its order.
pub(super) fn describe(
    batch: Batch,
    checksum: bool,
    abandoned: &Abandoned,
) -> Vec<Result<ReferenceObject, ResolveError>> {
    if !checksum {
        return batch.into_iter().map(unread).collect();
    }
    let read: Vec<_> = batch
        .into_iter()
        .map(|found| read(&found, abandoned).map(|content| (found, content)))
        .collect();
    let held: Vec<&[u8]> = read
        .iter()
        .flatten()
        .filter_map(|(_, content)| content.held())
        .collect();
    let mut digests = digest_many(&held).into_iter();
    read.into_iter()
        .map(|file| {
            let (found, content) = file?;
            let (digest, size) = match content {
                Content::Held(bytes) => {
                    let digest = digests.next().expect("every held content was hashed");
                    (digest, bytes.len() as u64)
                }
                Content::Hashed { digest, length } => (digest, length),
            };
            Ok(object(found, ContentDigest::Md5(digest).into(), size))
        })
        .collect()
}

fn object(found: Found, digest: EntryDigest, size: u64) -> ReferenceObject {
    ReferenceObject {
        uri: found.uri,
        relative_path: found.relative_path,
        digest,
        size: Some(size),
        extra: serde_json::Map::new(),
    }
}

/// Returns the object of a file without reading it.
fn unread(found: Found) -> Result<ReferenceObject, ResolveError> {
    let resolved = found
        .path
        .canonicalize()
        .and_then(|path| Ok((path.metadata()?.len(), path)));
    let (size, path) =
        resolved.map_err(|source| error::from_io(&found.uri, "resolve", &found.path, source))?;
    let digest = ContentDigest::Md5(Md5::digest(uri::as_uri(&path).as_bytes())).to_string();
    Ok(object(found, EntryDigest::Opaque(digest.into()), size))
}

/// The content of a file, or its digest.
enum Content {
    Held(Vec<u8>),
    Hashed { digest: [u8; 16], length: u64 },
}

impl Content {
    fn held(&self) -> Option<&[u8]> {
        match self {
            Self::Held(bytes) => Some(bytes),
            Self::Hashed { .. } => None,
        }
    }

    fn length(&self) -> u64 {
        match self {
            Self::Held(bytes) => bytes.len() as u64,
            Self::Hashed { length, .. } => *length,
        }
    }
}

fn read(found: &Found, abandoned: &Abandoned) -> Result<Content, ResolveError> {
    let Found { uri, path, .. } = found;
    let failed = |source| error::from_io(uri, "read", path, source);
    let refuse = |reason: String| {
        let reason = format!("{} {reason}", path.display());
        Err(ResolveError::Unsupported {
            uri: uri.clone(),
            reason,
        })
    };
    let (mut file, before) = match local::open(path).map_err(failed)? {
        Opened::Regular(file, metadata) => (file, metadata),
        Opened::Other(kind) => return refuse(format!("has become {kind}")),
    };
    let content = content(&mut file, abandoned).map_err(failed)?;
    let after = file.metadata().map_err(failed)?;
    if !is_unchanged(&before, &after, content.length()) {
        return refuse("was written to while it was read".into());
    }
    Ok(content)
}

/// Reads to the end, and holds what is small.
fn content(file: &mut impl io::Read, abandoned: &Abandoned) -> io::Result<Content> {
    abandoned.check()?;
    let mut start = Vec::new();
    file.by_ref().take(SMALL + 1).read_to_end(&mut start)?;
    if start.len() as u64 <= SMALL {
        return Ok(Content::Held(start));
    }
    let mut hasher = Md5::new();
    hasher.update(&start);
    let rest = each_chunk(file, abandoned, |chunk| {
        hasher.update(chunk);
        Ok::<_, io::Error>(())
    })?;
    Ok(Content::Hashed {
        digest: hasher.finalize(),
        length: start.len() as u64 + rest,
    })
}

/// Whether a file of which `length` bytes were read was not written to meanwhile.
fn is_unchanged(before: &Metadata, after: &Metadata, length: u64) -> bool {
    before.modified().ok() == after.modified().ok()
        && before.len() == length
        && after.len() == length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_and_large_content_have_the_same_digest() {
        let limit = usize::try_from(SMALL).expect("it fits");
        for length in [0, 1, limit - 1, limit, limit + 1, 3 * limit + 7] {
            let bytes: Vec<u8> = (0..=250).cycle().take(length).collect();
            let content = content(&mut bytes.as_slice(), &Abandoned::default()).expect("readable");
            assert_eq!(content.length(), length as u64);
            let digest = match content {
                Content::Held(bytes) => Md5::digest(&bytes),
                Content::Hashed { digest, .. } => digest,
            };
            assert_eq!(digest, Md5::digest(&bytes), "{length}");
        }
    }

    #[test]
    fn a_file_that_was_written_to_meanwhile_is_found_out() {
        let file = tempfile::tempfile().expect("a file");
        let metadata = || file.metadata().expect("metadata");
        let before = metadata();
        assert!(is_unchanged(&before, &metadata(), 0));
        assert!(!is_unchanged(&before, &metadata(), 1));
        file.set_modified(std::time::UNIX_EPOCH).expect("a time");
        assert!(!is_unchanged(&before, &metadata(), 0));
        let before = metadata();
        file.set_len(1).expect("a byte");
        assert!(!is_unchanged(&before, &metadata(), 0));
        assert!(!is_unchanged(&before, &metadata(), 1));
    }
}
