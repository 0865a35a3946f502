//! A reader that stops hostile JSON before it takes memory.

use std::io::{Error, ErrorKind, Read};

use crate::ReadLimits;

/// A reader that passes JSON through, and fails as soon as the text, its nesting or one of its strings exceeds a
/// limit.
pub(crate) struct GuardedReader<R> {
    inner: R,
    limits: ReadLimits,
    total: u64,
    depth: u32,
    string: StringState,
}

enum StringState {
    Outside,
    Inside { bytes: u64, escaped: bool },
}

impl<R> GuardedReader<R> {
    pub(crate) const fn new(inner: R, limits: ReadLimits) -> Self {
        Self {
            inner,
            limits,
            total: 0,
            depth: 0,
            string: StringState::Outside,
        }
    }

    fn step(&mut self, byte: u8) -> Result<(), Error> {
        match (&mut self.string, byte) {
            (StringState::Inside { escaped, .. }, b'"') if !*escaped => {
                self.string = StringState::Outside;
            }
            (StringState::Inside { bytes, escaped }, _) => {
                *escaped = byte == b'\\' && !*escaped;
                *bytes += 1;
                if self.limits.string_bytes < *bytes {
                    return Err(refuse("a string", self.limits.string_bytes, "bytes"));
                }
            }
            (StringState::Outside, b'"') => {
                self.string = StringState::Inside {
                    bytes: 0,
                    escaped: false,
                }
            }
            (StringState::Outside, b'{' | b'[') => {
                self.depth += 1;
                if self.limits.depth < self.depth {
                    return Err(refuse("the nesting", self.limits.depth.into(), "levels"));
                }
            }
            (StringState::Outside, b'}' | b']') => self.depth = self.depth.saturating_sub(1),
            (StringState::Outside, _) => {}
        }
        Ok(())
    }
}

fn refuse(what: &str, limit: u64, unit: &str) -> Error {
    Error::new(
        ErrorKind::InvalidData,
        format!("{what} exceeds the limit of {limit} {unit}"),
    )
}

impl<R: Read> Read for GuardedReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        let count = self.inner.read(buffer)?;
        self.total += count as u64;
        if self.limits.total_bytes < self.total {
            return Err(refuse("the file", self.limits.total_bytes, "bytes"));
        }
        buffer[..count]
            .iter()
            .try_for_each(|byte| self.step(*byte))?;
        Ok(count)
    }
}
