//! Digests that a registry requires before it grants an upload, besides the content's own.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::sync::Mutex;

use artifact_core::ports::UploadNeeds;
use artifact_core::{ContentDigest, DigestAlgorithm, FileStamp, Source};
use md5_lanes::Md5;

use crate::hashing;
use crate::save::build_manifest::Contents;
use crate::save::read_files::ReadTask;
use crate::{FlowError, NoProgress, parallel, stamp};

/// Bytes read of each part at a time; the chunks of all lanes together fit the CPU cache.
const CHUNK: usize = 64 << 10;

/// Required digests of one content.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct RequiredDigests {
    /// MD5 of the whole content.
    pub(super) md5: Option<[u8; 16]>,
    /// MD5 of each part, in order.
    pub(super) parts: Vec<[u8; 16]>,
}

/// Computes the required digests of the contents at these indices. Blocks while the files are read.
///
/// # Errors
/// Fails when a file cannot be read, or changed since its digest was computed.
pub(super) fn compute(
    contents: &Contents,
    wanted: &[(usize, UploadNeeds)],
) -> Result<HashMap<usize, RequiredDigests>, FlowError> {
    let mut required = HashMap::new();
    for (index, digest) in md5s(contents, wanted)? {
        required
            .entry(index)
            .or_insert_with(RequiredDigests::default)
            .md5 = Some(digest);
    }
    for (index, needs) in wanted {
        let Some(part_size) = needs.part_size.filter(|size| 0 < *size) else {
            continue;
        };
        let parts = match &contents.list[*index].source {
            Source::Bytes(bytes) => {
                let size = usize::try_from(part_size).unwrap_or(usize::MAX);
                md5_lanes::digest_many(&bytes.chunks(size).collect::<Vec<_>>())
            }
            Source::File { path, stamp } => of_parts(path, stamp, part_size)?,
        };
        required
            .entry(*index)
            .or_insert_with(RequiredDigests::default)
            .parts = parts;
    }
    Ok(required)
}

/// Returns the MD5 of every content that requires one, with its index.
fn md5s(
    contents: &Contents,
    wanted: &[(usize, UploadNeeds)],
) -> Result<Vec<(usize, [u8; 16])>, FlowError> {
    let mut hashed = Vec::new();
    let (mut indices, mut tasks) = (Vec::new(), Vec::new());
    for (index, _) in wanted.iter().filter(|(_, needs)| needs.md5) {
        match &contents.list[*index].source {
            Source::Bytes(bytes) => hashed.push((*index, Md5::digest(bytes))),
            Source::File { path, stamp } => {
                indices.push(*index);
                tasks.push(ReadTask::new((path, stamp), DigestAlgorithm::Md5, None));
            }
        }
    }
    let hashed = Mutex::new(hashed);
    // Not reported: the bytes are counted when they are sent.
    hashing::run(tasks, &NoProgress, &|task, read| {
        if let ContentDigest::Md5(digest) = read.digest {
            let mut hashed = hashed.lock().expect("no thread panics while it holds them");
            hashed.push((indices[task], digest));
        }
    })?;
    Ok(hashed
        .into_inner()
        .expect("no thread panics while it holds them"))
}

/// Returns the MD5 of each part of a file. Parts are independent messages, so they are hashed in lanes and on all
/// cores, where a whole file is one serial chain.
fn of_parts(path: &Path, stamp: &FileStamp, part_size: u64) -> Result<Vec<[u8; 16]>, FlowError> {
    let starts = (0..stamp.size.div_ceil(part_size)).map(|part| part * part_size);
    let parts: Vec<(u64, u64)> = starts
        .map(|start| (start, part_size.min(stamp.size - start)))
        .collect();
    let together = parts.len().div_ceil(parallel::cores());
    let groups: Vec<_> = parts
        .chunks(together.clamp(1, md5_lanes::lanes()))
        .collect();
    let digests = parallel::map_large(&groups, |group| in_step(path, stamp, group));
    let digests: Result<Vec<_>, _> = digests.into_iter().collect();
    Ok(parallel::joined(digests?))
}

/// Hashes parts of a file, each given by start and length, in lanes.
fn in_step(
    path: &Path,
    stamp: &FileStamp,
    parts: &[(u64, u64)],
) -> Result<Vec<[u8; 16]>, FlowError> {
    let failed = |source| FlowError::Read {
        path: path.to_owned(),
        source,
    };
    let changed = || FlowError::Changed {
        path: path.to_owned(),
    };
    // One handle per part, so that the system reads ahead in each.
    let mut open = Vec::with_capacity(parts.len());
    for (start, length) in parts {
        let mut file = File::open(path).map_err(failed)?;
        file.seek(SeekFrom::Start(*start)).map_err(failed)?;
        open.push((file, *length, vec![0; CHUNK]));
    }
    let is_unchanged = |file: &File| {
        let now = file.metadata().map_err(failed)?;
        Ok::<_, FlowError>(stamp::of(&now) == *stamp)
    };
    if !is_unchanged(&open[0].0)? {
        return Err(changed());
    }
    let mut states = vec![Md5::new(); parts.len()];
    while open.iter().any(|(_, left, _)| 0 < *left) {
        let mut chunks = Vec::with_capacity(open.len());
        for (file, left, chunk) in &mut open {
            let length = usize::try_from(*left).map_or(CHUNK, |left| left.min(CHUNK));
            file.read_exact(&mut chunk[..length])
                .map_err(|error| match error.kind() {
                    std::io::ErrorKind::UnexpectedEof => changed(),
                    _ => failed(error),
                })?;
            *left -= length as u64;
            chunks.push(&chunk[..length]);
        }
        md5_lanes::update_many(&mut states, &chunks);
    }
    for (file, ..) in &open {
        if !is_unchanged(file)? {
            return Err(changed());
        }
    }
    Ok(md5_lanes::finalize_many(states))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_file_are_those_of_its_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let bytes = (0..250_001_u64).flat_map(|n| (n * n).to_be_bytes());
        let bytes: Vec<u8> = bytes.take(1_000_003).collect();
        for length in [0, 1, 65_536, 1_000_003] {
            std::fs::write(&path, &bytes[..length]).unwrap();
            let stamp = stamp::of(&std::fs::metadata(&path).unwrap());
            for part_size in [1 << 14, 65_537, 100_000, 2_000_000] {
                let expected: Vec<_> = bytes[..length].chunks(part_size).map(Md5::digest).collect();
                let found = of_parts(&path, &stamp, part_size as u64).unwrap();
                assert_eq!(found, expected, "{length} bytes by {part_size}");
            }
        }
    }

    #[test]
    fn a_file_that_is_another_by_now_has_no_parts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "before").unwrap();
        let stamp = stamp::of(&std::fs::metadata(&path).unwrap());
        std::fs::write(&path, "behind it").unwrap();
        let error = of_parts(&path, &stamp, 2).unwrap_err();
        assert!(matches!(error, FlowError::Changed { .. }), "{error:?}");
    }
}
