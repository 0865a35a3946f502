//! Verification of content against the store's metadata, while it is read.

use artifact_core::ports::{ByteStream, TransferError};
#[cfg(feature = "_rest")]
use artifact_core::ports::{Fetched, ReferenceObject};
use bytes::Bytes;
use futures::Stream;
#[cfg(feature = "_rest")]
use futures::TryStreamExt as _;
use futures::stream::{self, StreamExt as _};
use md5_lanes::Md5;
#[cfg(feature = "_rest")]
use reqwest::Response;

/// The store's metadata of content that it sends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) length: Option<u64>,
    pub(crate) md5: Option<[u8; 16]>,
    #[cfg(feature = "gs")]
    pub(crate) crc32c: Option<u32>,
}

impl Expected {
    /// Returns `content`, which ends in [`TransferError::Corrupt`] if it differs. `place` names its source, without
    /// secrets.
    pub(crate) fn check(
        self,
        place: String,
        content: impl Stream<Item = Result<Bytes, TransferError>> + Send + 'static,
    ) -> ByteStream {
        let state = State {
            content: Some(content.boxed()),
            checks: Checks::new(self),
            place,
        };
        stream::try_unfold(state, State::step).boxed()
    }
}

#[cfg(feature = "_rest")]
impl Expected {
    /// Returns the body of `response`, which is to be the content of `object`, checked while it is read.
    pub(crate) fn stream(self, object: &ReferenceObject, response: Response) -> Fetched {
        let place = object.uri.to_string();
        let failed = {
            let place = place.clone();
            move |error: reqwest::Error| TransferError::Backend {
                place: place.clone(),
                source: Box::new(error.without_url()),
            }
        };
        let content = response.bytes_stream().map_err(failed);
        Fetched::Stream(self.check(place, content))
    }
}

struct State {
    content: Option<ByteStream>,
    checks: Checks,
    place: String,
}

impl State {
    async fn step(mut self) -> Result<Option<(Bytes, Self)>, TransferError> {
        let Some(content) = &mut self.content else {
            return Ok(None);
        };
        match content.next().await {
            Some(chunk) => {
                let chunk = chunk?;
                self.checks.update(&chunk);
                if self.checks.is_too_long() {
                    return Err(TransferError::Corrupt { place: self.place });
                }
                Ok(Some((chunk, self)))
            }
            None if self.checks.hold() => Ok(None),
            None => Err(TransferError::Corrupt { place: self.place }),
        }
    }
}

struct Checks {
    expected: Expected,
    length: u64,
    md5: Option<Md5>,
    #[cfg(feature = "gs")]
    crc32c: u32,
}

impl Checks {
    fn new(expected: Expected) -> Self {
        Self {
            expected,
            length: 0,
            md5: expected.md5.map(|_| Md5::new()),
            #[cfg(feature = "gs")]
            crc32c: 0,
        }
    }

    fn update(&mut self, chunk: &[u8]) {
        self.length += chunk.len() as u64;
        if let Some(md5) = &mut self.md5 {
            md5.update(chunk);
        }
        #[cfg(feature = "gs")]
        if self.expected.crc32c.is_some() && self.expected.md5.is_none() {
            self.crc32c = crc32c::crc32c_append(self.crc32c, chunk);
        }
    }

    fn is_too_long(&self) -> bool {
        self.expected
            .length
            .is_some_and(|expected| expected < self.length)
    }

    fn hold(&mut self) -> bool {
        let length = self
            .expected
            .length
            .is_none_or(|expected| expected == self.length);
        let md5 = match (self.md5.take(), self.expected.md5) {
            (Some(md5), Some(expected)) => md5.finalize() == expected,
            _ => true,
        };
        #[cfg(feature = "gs")]
        let crc32c = self.expected.md5.is_some()
            || self
                .expected
                .crc32c
                .is_none_or(|expected| expected == self.crc32c);
        #[cfg(not(feature = "gs"))]
        let crc32c = true;
        length && md5 && crc32c
    }
}

#[cfg(test)]
mod tests {
    use futures::TryStreamExt as _;

    use super::*;

    async fn pass(expected: Expected) -> Result<Vec<Bytes>, TransferError> {
        let chunks = [b"he".as_slice(), b"llo\n"].map(|chunk| Ok(Bytes::from_static(chunk)));
        expected
            .check("store".to_owned(), stream::iter(chunks))
            .try_collect()
            .await
    }

    #[tokio::test]
    async fn content_passes_when_it_is_as_expected() {
        let whole = Expected {
            length: Some(6),
            md5: Some(Md5::digest(b"hello\n")),
            ..Expected::default()
        };
        for expected in [Expected::default(), whole] {
            assert_eq!(
                pass(expected).await.expect("as expected").concat(),
                b"hello\n"
            );
        }
    }

    #[tokio::test]
    async fn other_content_ends_in_an_error() {
        let wrong = [
            Expected {
                length: Some(5),
                ..Expected::default()
            },
            Expected {
                length: Some(7),
                ..Expected::default()
            },
            Expected {
                md5: Some([0; 16]),
                ..Expected::default()
            },
            #[cfg(feature = "gs")]
            Expected {
                crc32c: Some(1),
                ..Expected::default()
            },
        ];
        for expected in wrong {
            let passed = pass(expected).await;
            assert!(
                matches!(passed, Err(TransferError::Corrupt { .. })),
                "{expected:?}"
            );
        }
    }
}
