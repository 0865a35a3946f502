//! `PUT /storage/upload`: uploads by signed URL.

use std::fmt::Write as _;
use std::sync::Arc;

use artifact_core::ports::UploadTicket;
use artifact_store::service::Receiver;
use axum::body::{Body, BodyDataStream};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;

use super::content::check;
use crate::error::ErrorResponse;
use crate::signer::{Purpose, SignedQuery};
use crate::state::{ServerState, blocking};

/// Size of one write: a hop to a blocking thread costs as much as writing a few KiB. Each upload holds at most two
/// chunks, one arriving and one being written.
const CHUNK_SIZE: usize = 128 << 10;

/// Handles an upload; the content counts when the response is sent.
pub(super) async fn receive(
    State(state): State<Arc<ServerState>>,
    query: Result<Query<SignedQuery>, QueryRejection>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ErrorResponse> {
    let locator = check(&state, Purpose::Upload, query)?;
    let ticket = UploadTicket {
        locator,
        headers: Vec::new(),
    };
    let length = headers.get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let mut pieces = Chunks {
        chunks: body.into_data_stream(),
        rest: Bytes::new(),
    };
    let mut receiver: Option<Receiver> = None;
    loop {
        let (piece, is_last) = pieces.next().await?;
        state.metrics.received.inc_by(piece.len() as u64);
        let is_slow = is_last && receiver.as_ref().is_some_and(Receiver::is_slow_to_finish);
        let _turn = if is_slow {
            let turn = state.slow_finishes.acquire().await;
            Some(turn.map_err(|error| ErrorResponse::internal(&error))?)
        } else {
            None
        };
        let service = state.service();
        let ticket = ticket.clone();
        // No thread waits for the client: a slow one holds a socket and one chunk.
        let written = blocking(move || {
            let mut receiver = match receiver {
                Some(receiver) => receiver,
                None => service.receive(&ticket, length)?,
            };
            receiver.write(&piece)?;
            if is_last {
                receiver.finish().map(Written::All)
            } else {
                Ok(Written::More(Box::new(receiver)))
            }
        });
        match written.await?? {
            Written::More(more) => receiver = Some(*more),
            Written::All(content) => {
                let etag = quoted_hex(content.md5.bytes());
                return Ok((StatusCode::OK, [(header::ETAG, etag)]).into_response());
            }
        }
    }
}

/// The state of an upload after a chunk was written.
enum Written {
    More(Box<Receiver>),
    All(artifact_store::service::Received),
}

/// The body of a request in chunks of [`CHUNK_SIZE`].
struct Chunks {
    chunks: BodyDataStream,
    /// Bytes that arrived and did not fit into the previous chunk.
    rest: Bytes,
}

impl Chunks {
    /// Returns the next chunk, and whether it is the last.
    async fn next(&mut self) -> Result<(Bytes, bool), ErrorResponse> {
        let mut piece = BytesMut::new();
        loop {
            let most = CHUNK_SIZE - piece.len();
            let fitting = self.rest.split_to(self.rest.len().min(most));
            if piece.is_empty() && fitting.len() == CHUNK_SIZE {
                return Ok((fitting, false));
            }
            if piece.is_empty() && !fitting.is_empty() {
                // All at once: a growing buffer would hold twice as much as it needs.
                piece.reserve(CHUNK_SIZE);
            }
            piece.extend_from_slice(&fitting);
            if piece.len() == CHUNK_SIZE {
                return Ok((piece.freeze(), false));
            }
            match self.chunks.next().await {
                Some(Ok(chunk)) => self.rest = chunk,
                Some(Err(error)) => return Err(interrupted(&error)),
                None => return Ok((piece.freeze(), true)),
            }
        }
    }
}

/// Returns the response for a body that was cut off, shorter than declared, or too slow.
fn interrupted(error: &axum::Error) -> ErrorResponse {
    ErrorResponse::new(
        StatusCode::REQUEST_TIMEOUT,
        format!("the body did not arrive whole: {error}"),
    )
}

/// Returns an MD5 as an object store's `ETag`, which clients send back for the parts of a file.
fn quoted_hex(bytes: &[u8; 16]) -> String {
    let mut text = String::from("\"");
    for byte in bytes {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text.push('"');
    text
}
