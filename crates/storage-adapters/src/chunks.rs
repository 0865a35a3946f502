//! Content in chunks.

use std::io::{self, Read};

use crate::blocking::Abandoned;

/// Bytes per read.
pub(crate) const CHUNK: usize = 256 * 1024;

/// Passes each chunk of `content` to `take`, until its end or until the work is abandoned; returns the total length.
pub(crate) fn each_chunk<E: From<io::Error>>(
    content: &mut impl Read,
    abandoned: &Abandoned,
    mut take: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<u64, E> {
    let mut chunk = vec![0; CHUNK];
    let mut length = 0;
    loop {
        abandoned.check()?;
        match content.read(&mut chunk) {
            Ok(0) => return Ok(length),
            Ok(read) => {
                take(&chunk[..read])?;
                length += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
}
