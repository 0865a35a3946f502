//! The journal's file: a mark, then records, each behind its length and a hash, so that one that was torn shows.

use std::collections::HashMap;
use std::sync::Arc;

use artifact_core::ports::{ArtifactId, ManifestId};
use artifact_core::{ContentDigest, DigestAlgorithm, LogicalPath};
use twox_hash::XxHash3_128;

/// Ends in the version of the format; another version is read as nothing.
pub(super) const MAGIC: &[u8; 8] = b"wrssave1";

/// A pending version that a save left behind.
#[derive(Debug)]
pub(in crate::save) struct Interrupted {
    pub(in crate::save) artifact: ArtifactId,
    /// The version that it follows.
    pub(in crate::save) base: Option<ArtifactId>,
    /// The share that the save was sending, where several write the version.
    pub(in crate::save) share: Option<ManifestId>,
    pub(in crate::save) confirmed: ConfirmedFiles,
}

/// The files that the registry is known to hold.
pub(in crate::save) type ConfirmedFiles = HashMap<LogicalPath, Confirmed>;

/// What the registry holds of a file.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::save) struct Confirmed {
    pub(in crate::save) digest: ContentDigest,
    /// The version that first stored it.
    pub(in crate::save) birth: Arc<str>,
}

const BEGUN: u8 = 0;
const CONFIRMED: u8 = 1;
const SHARE: u8 = 2;

/// Appends the record of a version that was created.
pub(super) fn put_begun(out: &mut Vec<u8>, artifact: &ArtifactId, base: Option<&ArtifactId>) {
    put_record(out, |out| {
        out.push(BEGUN);
        put_text(out, &artifact.0);
        if let Some(base) = base {
            put_text(out, &base.0);
        }
    });
}

/// Appends the record of a share that was begun; it comes right behind that of its version.
pub(super) fn put_share(out: &mut Vec<u8>, share: &ManifestId) {
    put_record(out, |out| {
        out.push(SHARE);
        put_text(out, &share.0);
    });
}

/// Appends the record of a file that the registry holds.
pub(super) fn put_confirmed(
    out: &mut Vec<u8>,
    path: &LogicalPath,
    digest: &ContentDigest,
    birth: &str,
) {
    put_record(out, |out| {
        out.push(CONFIRMED);
        out.push(match digest.algorithm() {
            DigestAlgorithm::Md5 => 0,
            DigestAlgorithm::Xxh128 => 1,
        });
        out.extend(digest.bytes());
        put_text(out, birth);
        put_text(out, path.as_str());
    });
}

fn put_record(out: &mut Vec<u8>, put: impl FnOnce(&mut Vec<u8>)) {
    const HEAD: usize = 12;
    let start = out.len();
    out.extend([0; HEAD]);
    put(out);
    let body = start + HEAD;
    let length = length_of(out.len() - body);
    let hash = hash(&out[body..]);
    out[start..start + 4].copy_from_slice(&length);
    out[start + 4..body].copy_from_slice(&hash);
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    out.extend(length_of(text.len()));
    out.extend(text.as_bytes());
}

fn length_of(length: usize) -> [u8; 4] {
    u32::try_from(length)
        .expect("ids and paths are far shorter than 4 GiB")
        .to_le_bytes()
}

fn hash(bytes: &[u8]) -> [u8; 8] {
    let hash = XxHash3_128::oneshot(bytes).to_le_bytes();
    *hash.first_chunk().expect("16 bytes are 8 and more")
}

/// Returns what the bytes of a journal say, and how many of them are whole records.
pub(super) fn read(bytes: &[u8]) -> Option<(Interrupted, usize)> {
    let mut rest = Rest(bytes.strip_prefix(MAGIC.as_slice())?);
    let (artifact, base) = rest.record()?.begun()?;
    let mut interrupted = Interrupted {
        artifact,
        base,
        share: None,
        confirmed: HashMap::new(),
    };
    let mut whole = bytes.len() - rest.0.len();
    let behind = rest.0;
    interrupted.share = rest.record().and_then(|mut body| body.share());
    if interrupted.share.is_some() {
        whole = bytes.len() - rest.0.len();
    } else {
        rest = Rest(behind);
    }
    // Few versions store many files.
    let mut birth: Arc<str> = Arc::from("");
    while let Some((path, digest, text)) = rest.record().and_then(|mut body| body.confirmed()) {
        if *birth != *text {
            birth = text.into();
        }
        let birth = Arc::clone(&birth);
        let confirmed = Confirmed { digest, birth };
        interrupted.confirmed.insert(path, confirmed);
        whole = bytes.len() - rest.0.len();
    }
    Some((interrupted, whole))
}

/// Bytes that are still to be read.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    /// Returns the next record, where it is whole.
    fn record(&mut self) -> Option<Self> {
        let length = self.length()?;
        let expected = self.take(8)?;
        let body = self.take(length)?;
        (hash(body) == expected).then_some(Self(body))
    }

    fn begun(&mut self) -> Option<(ArtifactId, Option<ArtifactId>)> {
        let [BEGUN] = self.take(1)? else { return None };
        let artifact = self.text()?.to_owned();
        let base = match self.0 {
            [] => None,
            _ => Some(ArtifactId(self.text()?.to_owned())),
        };
        Some((ArtifactId(artifact), base))
    }

    fn share(&mut self) -> Option<ManifestId> {
        let [SHARE] = self.take(1)? else { return None };
        Some(ManifestId(self.text()?.to_owned()))
    }

    fn confirmed(&mut self) -> Option<(LogicalPath, ContentDigest, &'a str)> {
        let [CONFIRMED] = self.take(1)? else {
            return None;
        };
        let algorithm = match self.take(1)? {
            [0] => DigestAlgorithm::Md5,
            [1] => DigestAlgorithm::Xxh128,
            _ => return None,
        };
        let digest = ContentDigest::new(algorithm, self.take(16)?.try_into().ok()?);
        let birth = self.text()?;
        Some((self.text()?.parse().ok()?, digest, birth))
    }

    fn text(&mut self) -> Option<&'a str> {
        let length = self.length()?;
        std::str::from_utf8(self.take(length)?).ok()
    }

    fn length(&mut self) -> Option<usize> {
        let length = self.take(4)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(length)).ok()
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn journal() -> (Vec<u8>, Vec<usize>) {
        let mut bytes = MAGIC.to_vec();
        let mut ends = Vec::new();
        put_begun(&mut bytes, &ArtifactId("QQ==".to_owned()), None);
        ends.push(bytes.len());
        for (name, byte) in [("a", 1), ("b/c", 3), ("d", 5)] {
            let digest = ContentDigest::Xxh128([byte; 16]);
            put_confirmed(&mut bytes, &name.parse().unwrap(), &digest, "QQ==");
            ends.push(bytes.len());
        }
        (bytes, ends)
    }

    #[test]
    fn what_is_written_is_read() {
        let (bytes, _) = journal();
        let (interrupted, whole) = read(&bytes).unwrap();
        assert_eq!(
            (interrupted.artifact.0.as_str(), whole),
            ("QQ==", bytes.len())
        );
        assert_eq!((interrupted.base, interrupted.confirmed.len()), (None, 3));
        let confirmed = &interrupted.confirmed[&"b/c".parse().unwrap()];
        assert_eq!(confirmed.digest, ContentDigest::Xxh128([3; 16]));
        assert_eq!(&*confirmed.birth, "QQ==");

        let (artifact, base) = (ArtifactId("Qg==".to_owned()), ArtifactId("Qw==".to_owned()));
        let mut bytes = MAGIC.to_vec();
        put_begun(&mut bytes, &artifact, Some(&base));
        let alone = read(&bytes).unwrap().0;
        assert_eq!(
            (&alone.artifact, &alone.base, &alone.share),
            (&artifact, &Some(base), &None)
        );
        let share = ManifestId("Rg==".to_owned());
        put_share(&mut bytes, &share);
        put_confirmed(
            &mut bytes,
            &"a".parse().unwrap(),
            &ContentDigest::Md5([7; 16]),
            "Qg==",
        );
        let (interrupted, whole) = read(&bytes).unwrap();
        assert_eq!((interrupted.share, whole), (Some(share), bytes.len()));
        assert_eq!(interrupted.confirmed.len(), 1);
    }

    #[test]
    fn what_was_cut_anywhere_is_read_up_to_the_last_whole_record() {
        let (bytes, ends) = journal();
        for length in 0..bytes.len() {
            let whole_records = ends.iter().filter(|end| **end <= length).count();
            match read(&bytes[..length]) {
                None => assert_eq!(whole_records, 0, "{length}"),
                Some((interrupted, whole)) => {
                    assert_eq!(interrupted.confirmed.len() + 1, whole_records, "{length}");
                    assert_eq!(whole, ends[whole_records - 1]);
                }
            }
        }
    }

    #[test]
    fn a_flipped_bit_ends_what_is_believed() {
        let (bytes, ends) = journal();
        for place in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[place] ^= 1;
            let before = ends.iter().filter(|end| **end <= place).count();
            let believed = read(&damaged).map_or(0, |(found, _)| found.confirmed.len() + 1);
            assert_eq!(believed, before, "{place}");
        }
    }
}
