//! Content on its way, which is checked at its end.

use std::ops::Range;

use bytes::Bytes;
use futures::{TryStreamExt as _, stream};
use manifest::ContentHasher;

use super::{EntryStream, check_range, error_of, index};
use crate::FlowError;
use crate::fetch::{Failure, Feed, Item, collect};

/// Returns all that a feed gives, once it is verified.
pub(super) async fn verified_content(item: &Item, feed: Box<Feed>) -> Result<Bytes, Failure> {
    let content = collect(item, feed).await?;
    let digest = item.digest;
    let digest = digest.map(|digest| ContentHasher::digest(digest.algorithm(), &content));
    item.check(content.len() as u64, digest)
        .map_err(Failure::Wrong)?;
    Ok(content.into())
}

/// Returns all that a feed gives of a range.
pub(super) async fn all_of(mut feed: Box<Feed>) -> Result<Bytes, FlowError> {
    let mut content = Vec::new();
    while let Some(chunk) = feed.next().await.map_err(error_of)? {
        content.extend_from_slice(&chunk);
    }
    Ok(content.into())
}

/// Reads content to its end, checks it, and returns a range of it.
pub(super) async fn part_of_stream(
    item: Item,
    feed: Box<Feed>,
    range: Range<u64>,
) -> Result<Bytes, FlowError> {
    let path = item.path.clone();
    let mut at = 0;
    let mut part = Vec::new();
    let mut chunks = checked(item, feed);
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
pub(super) fn checked(item: Item, feed: Box<Feed>) -> EntryStream {
    struct State {
        item: Item,
        feed: Box<Feed>,
        hasher: Option<ContentHasher>,
        size: u64,
        held: Option<Bytes>,
    }
    let state = State {
        hasher: item
            .digest
            .map(|digest| ContentHasher::new(digest.algorithm())),
        item,
        feed,
        size: 0,
        held: None,
    };
    Box::pin(stream::try_unfold(Some(state), |state| async move {
        let Some(mut state) = state else {
            return Ok(None);
        };
        loop {
            let Some(chunk) = state.feed.next().await.map_err(error_of)? else {
                let digest = state.hasher.take().map(ContentHasher::finish);
                state.item.check(state.size, digest)?;
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
