//! `PUT /storage/upload`: bytes, from whoever holds the URL.

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

/// How much is gathered before it is written: a hop to a thread that may block costs as much as writing a few KiB. Each
/// upload holds two at most, one that arrives and one that is written.
const CHUNK_SIZE: usize = 128 << 10;

/// Takes the bytes that a signed URL is for; they count once the answer is given.
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
        let takes_long = is_last && receiver.as_ref().is_some_and(Receiver::takes_long);
        let _turn = if takes_long {
            let turn = state.slow_finishes.acquire().await;
            Some(turn.map_err(|error| ErrorResponse::internal(&error))?)
        } else {
            None
        };
        let service = state.service();
        let ticket = ticket.clone();
        // No thread waits for the client: a slow one holds a socket and one piece.
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

/// What became of a piece.
enum Written {
    More(Box<Receiver>),
    All(artifact_store::service::Received),
}

/// The body of a request, piece by piece.
struct Chunks {
    chunks: BodyDataStream,
    /// What arrived and did not fit into the piece before.
    rest: Bytes,
}

impl Chunks {
    /// Gathers chunks to a piece; says whether it is the last.
    async fn next(&mut self) -> Result<(Bytes, bool), ErrorResponse> {
        let mut piece = BytesMut::new();
        loop {
            let most = CHUNK_SIZE - piece.len();
            let fitting = self.rest.split_to(self.rest.len().min(most));
            if piece.is_empty() && fitting.len() == CHUNK_SIZE {
                return Ok((fitting, false));
            }
            if piece.is_empty() && !fitting.is_empty() {
                // All at once: a piece that grows would hold twice as much as it needs.
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

/// The client went away, sent less than it said, or sends too slowly.
fn interrupted(error: &axum::Error) -> ErrorResponse {
    ErrorResponse::new(
        StatusCode::REQUEST_TIMEOUT,
        format!("the body did not arrive whole: {error}"),
    )
}

/// Returns an MD5 as the `ETag` of an object store, which clients send back for the parts of a file.
fn quoted_hex(bytes: &[u8; 16]) -> String {
    let mut text = String::from("\"");
    for byte in bytes {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text.push('"');
    text
}
