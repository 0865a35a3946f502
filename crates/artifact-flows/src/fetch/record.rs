//! The record of the pieces of a half file.
//!
//! Lines of text, appended one by one: the first says of what the record is, each further one that a piece is there and
//! what its XXH128 is. Every line ends with a check of itself, so a torn one is as good as none.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use artifact_core::{ContentDigest, DigestAlgorithm};
use manifest::ContentHasher;

use super::resume_file::PieceLayout;

/// Returns the line of a piece.
pub(super) fn context(index: usize, digest: &ContentDigest) -> String {
    checked(&format!("{index} {digest}"))
}

/// Begins a record with these `lines`, in place of any other.
pub(super) fn begin(path: &Path, layout: &PieceLayout, lines: &str) -> io::Result<File> {
    // A new file, so that nothing is written through a link.
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = File::create_new(path)?;
    file.write_all([&head(layout), lines].concat().as_bytes())?;
    Ok(file)
}

/// Returns the pieces that a record names; none where it is of another file.
pub(super) fn read(bytes: &[u8], layout: &PieceLayout) -> Vec<(usize, ContentDigest)> {
    let Some(lines) = bytes.strip_prefix(head(layout).as_bytes()) else {
        return Vec::new();
    };
    lines
        .split_inclusive(|byte| *byte == b'\n')
        .filter_map(|context| {
            let context = std::str::from_utf8(context).ok()?;
            let (text, _) = context.rsplit_once(' ')?;
            if checked(text) != context {
                return None;
            }
            let (index, digest) = text.split_once(' ')?;
            let digest = ContentDigest::from_base64(DigestAlgorithm::Xxh128, digest).ok()?;
            Some((index.parse().ok()?, digest))
        })
        .collect()
}

fn head(layout: &PieceLayout) -> String {
    let PieceLayout {
        digest,
        size,
        piece,
    } = layout;
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

    fn layout() -> PieceLayout {
        PieceLayout {
            digest: ContentDigest::Md5([7; 16]),
            size: 100,
            piece: 10,
        }
    }

    fn digest(seed: u8) -> ContentDigest {
        ContentDigest::Xxh128([seed; 16])
    }

    fn whole() -> Vec<u8> {
        [
            head(&layout()),
            context(3, &digest(3)),
            context(0, &digest(0)),
        ]
        .concat()
        .into_bytes()
    }

    #[test]
    fn what_was_written_is_read() {
        let expected = [(3, digest(3)), (0, digest(0))];
        assert_eq!(read(&whole(), &layout()), expected);
    }

    #[test]
    fn a_record_of_another_file_names_no_piece() {
        for other in [
            PieceLayout {
                digest: digest(7),
                ..layout()
            },
            PieceLayout {
                size: 99,
                ..layout()
            },
            PieceLayout {
                piece: 11,
                ..layout()
            },
        ] {
            assert_eq!(read(&whole(), &other), []);
        }
    }

    #[test]
    fn a_torn_or_flipped_line_is_none() {
        let whole = whole();
        let all = read(&whole, &layout());
        for place in 0..whole.len() {
            let cut = read(&whole[..place], &layout());
            assert!(all.starts_with(&cut), "cut at {place}");
            let mut flipped = whole.clone();
            flipped[place] ^= 1;
            for piece in read(&flipped, &layout()) {
                assert!(all.contains(&piece), "flipped at {place}");
            }
        }
    }
}
