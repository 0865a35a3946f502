//! The record of the pieces of a half file.
//!
//! Lines of text, appended one by one: the first says of what the record is, each further one that a piece is there and
//! what its XXH128 is. Every line ends with a check of itself, so a torn one is as good as none.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use artifact_core::{ContentDigest, DigestAlgorithm};
use manifest::ContentHasher;

use super::resume_file::Shape;

/// Returns the line of a piece.
pub(super) fn line(index: usize, digest: &ContentDigest) -> String {
    checked(&format!("{index} {digest}"))
}

/// Begins a record with these `lines`, in place of any other.
pub(super) fn begin(path: &Path, shape: &Shape, lines: &str) -> io::Result<File> {
    // A new file, so that nothing is written through a link.
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = File::create_new(path)?;
    file.write_all([&head(shape), lines].concat().as_bytes())?;
    Ok(file)
}

/// Returns the pieces that a record names; none where it is of another file.
pub(super) fn read(bytes: &[u8], shape: &Shape) -> Vec<(usize, ContentDigest)> {
    let Some(lines) = bytes.strip_prefix(head(shape).as_bytes()) else {
        return Vec::new();
    };
    lines
        .split_inclusive(|byte| *byte == b'\n')
        .filter_map(|line| {
            let line = std::str::from_utf8(line).ok()?;
            let (text, _) = line.rsplit_once(' ')?;
            if checked(text) != line {
                return None;
            }
            let (index, digest) = text.split_once(' ')?;
            let digest = ContentDigest::from_base64(DigestAlgorithm::Xxh128, digest).ok()?;
            Some((index.parse().ok()?, digest))
        })
        .collect()
}

fn head(shape: &Shape) -> String {
    let Shape {
        digest,
        size,
        piece,
    } = shape;
    let algorithm = digest.algorithm().as_str();
    checked(&format!(
        "wandb-rs half 1 {algorithm} {digest} {size} {piece}"
    ))
}

fn checked(text: &str) -> String {
    let check = ContentHasher::digest(DigestAlgorithm::Xxh128, text.as_bytes());
    format!("{text} {check}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape() -> Shape {
        Shape {
            digest: ContentDigest::Md5([7; 16]),
            size: 100,
            piece: 10,
        }
    }

    fn digest(seed: u8) -> ContentDigest {
        ContentDigest::Xxh128([seed; 16])
    }

    fn whole() -> Vec<u8> {
        [head(&shape()), line(3, &digest(3)), line(0, &digest(0))]
            .concat()
            .into_bytes()
    }

    #[test]
    fn what_was_written_is_read() {
        let expected = [(3, digest(3)), (0, digest(0))];
        assert_eq!(read(&whole(), &shape()), expected);
    }

    #[test]
    fn a_record_of_another_file_names_no_piece() {
        for other in [
            Shape {
                digest: digest(7),
                ..shape()
            },
            Shape {
                size: 99,
                ..shape()
            },
            Shape {
                piece: 11,
                ..shape()
            },
        ] {
            assert_eq!(read(&whole(), &other), []);
        }
    }

    #[test]
    fn a_torn_or_flipped_line_is_none() {
        let whole = whole();
        let all = read(&whole, &shape());
        for place in 0..whole.len() {
            let cut = read(&whole[..place], &shape());
            assert!(all.starts_with(&cut), "cut at {place}");
            let mut flipped = whole.clone();
            flipped[place] ^= 1;
            for piece in read(&flipped, &shape()) {
                assert!(all.contains(&piece), "flipped at {place}");
            }
        }
    }
}
