//! Content on its way, which is checked at its end.

use std::ops::Range;

use bytes::Bytes;
use futures::{TryStreamExt as _, stream};
use manifest::ContentHasher;

use super::{EntryStream, check_range, error_of, index};
use crate::FlowError;
use crate::fetch::{Download, DownloadFailure, ResumableStream, collect};

/// Returns all that a feed gives, once it is verified.
pub(super) async fn verified_content(
    download: &Download,
    stream: Box<ResumableStream>,
) -> Result<Bytes, DownloadFailure> {
    let content = collect(download, stream).await?;
    let digest = download.digest;
    let digest = digest.map(|digest| ContentHasher::digest(digest.algorithm(), &content));
    download
        .verify(content.len() as u64, digest)
        .map_err(DownloadFailure::Retryable)?;
    Ok(content.into())
}

/// Returns all that a feed gives of a range.
pub(super) async fn all_of(mut stream: Box<ResumableStream>) -> Result<Bytes, FlowError> {
    let mut content = Vec::new();
    while let Some(chunk) = stream.next().await.map_err(error_of)? {
        content.extend_from_slice(&chunk);
    }
    Ok(content.into())
}

/// Reads content to its end, checks it, and returns a range of it.
pub(super) async fn part_of_stream(
    download: Download,
    stream: Box<ResumableStream>,
    range: Range<u64>,
) -> Result<Bytes, FlowError> {
    let path = download.path.clone();
    let mut at = 0;
    let mut part = Vec::new();
    let mut chunks = checked(download, stream);
    while let Some(chunk) = chunks.try_next().await? {
        let end = at + chunk.len() as u64;
        let from = range.start.clamp(at, end) - at;
        let to = range.end.clamp(at, end) - at;
        part.extend_from_slice(&chunk[index(from)..index(to)]);
        at = end;
    }
    check_range(&path, &range, at)?;
    Ok(part.into())
}

/// Streams what a feed gives, its last chunk only when all is right.
pub(super) fn checked(download: Download, stream: Box<ResumableStream>) -> EntryStream {
    struct State {
        download: Download,
        stream: Box<ResumableStream>,
        hasher: Option<ContentHasher>,
        size: u64,
        held: Option<Bytes>,
    }
    let state = State {
        hasher: download
            .digest
            .map(|digest| ContentHasher::new(digest.algorithm())),
        download,
        stream,
        size: 0,
        held: None,
    };
    Box::pin(stream::try_unfold(Some(state), |state| async move {
        let Some(mut state) = state else {
            return Ok(None);
        };
        loop {
            let Some(chunk) = state.stream.next().await.map_err(error_of)? else {
                let digest = state.hasher.take().map(ContentHasher::finish);
                state.download.verify(state.size, digest)?;
                return Ok(state.held.take().map(|last| (last, None)));
            };
            if let Some(hasher) = &mut state.hasher {
                hasher.update(&chunk);
            }
            state.size += chunk.len() as u64;
            if let Some(next) = state.held.replace(chunk) {
                return Ok(Some((next, Some(state))));
            }
        }
    }))
}
