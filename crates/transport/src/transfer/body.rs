//! Bodies of uploads, each read again for every attempt.

use std::io::SeekFrom;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use artifact_core::ports::UploadBody;
use bytes::Bytes;
use futures::StreamExt as _;
use reqwest::Body;
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio_util::io::ReaderStream;

use super::rate_limit::RateLimit;

/// Up to this length a body is read before it is sent.
const READ_AT_ONCE: u64 = 1 << 20;

/// How much of a longer one is read at a time.
const PIECE: usize = 256 << 10;

/// Returns the length of a body in bytes.
pub(super) async fn length(body: UploadBody<'_>) -> std::io::Result<u64> {
    match body {
        UploadBody::File(path) => Ok(tokio::fs::metadata(path).await?.len()),
        UploadBody::Bytes(bytes) => Ok(bytes.len() as u64),
    }
}

/// Returns `range` of a body, as fast as the limit lets it pass; `sent` counts the bytes of a long one.
pub(super) async fn part(
    body: UploadBody<'_>,
    range: Range<u64>,
    rate: &Arc<RateLimit>,
    sent: Arc<AtomicU64>,
) -> std::io::Result<Body> {
    let length = range.end - range.start;
    match body {
        UploadBody::Bytes(bytes) => {
            let cut = usize::try_from(range.start)
                .ok()
                .zip(usize::try_from(range.end).ok());
            let cut = cut.and_then(|(start, end)| bytes.get(start..end));
            let cut = cut.ok_or(std::io::ErrorKind::UnexpectedEof)?;
            rate.pass(cut.len()).await;
            Ok(Bytes::copy_from_slice(cut).into())
        }
        UploadBody::File(path) => {
            let mut file = File::open(path).await?;
            if range.start != 0 {
                file.seek(SeekFrom::Start(range.start)).await?;
            }
            let mut rest = file.take(length);
            if length <= READ_AT_ONCE {
                let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
                rest.read_to_end(&mut bytes).await?;
                if bytes.len() as u64 != length {
                    return Err(std::io::ErrorKind::UnexpectedEof.into());
                }
                rate.pass(bytes.len()).await;
                return Ok(bytes.into());
            }
            let rate = Arc::clone(rate);
            let pieces = ReaderStream::with_capacity(rest, PIECE).then(move |piece| {
                let (rate, sent) = (Arc::clone(&rate), Arc::clone(&sent));
                async move {
                    if let Ok(piece) = &piece {
                        rate.pass(piece.len()).await;
                        sent.fetch_add(piece.len() as u64, Ordering::Relaxed);
                    }
                    piece
                }
            });
            Ok(Body::wrap_stream(pieces))
        }
    }
}
