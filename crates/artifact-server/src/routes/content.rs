//! Content over HTTP, whole or in ranges: `GET /storage/…` for the holder of a signed URL, `GET /artifactsV2/…` and
//! `GET /artifacts/…` for the holder of an API key.
//!
//! Source: sections 7.1 and 7.2 of the wire protocol.

use std::io;
use std::sync::Arc;
use std::time::SystemTime;

use artifact_core::EntityName;
use artifact_core::ports::DownloadTicket;
use artifact_core::records::ArtifactId;
use artifact_store::blobs::BlobReader;
use artifact_store::service::{Download, Service};
use axum::body::Body;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use futures::stream::try_unfold;
use http_range::{HttpRange, HttpRangeParseError};

use crate::auth::Authenticated;
use crate::error::ErrorResponse;
use crate::signer::{InvalidUrl, Purpose, SignedQuery};
use crate::state::{ServerState, blocking};

/// Size of one read of a file: large enough that the hop to a blocking thread does not matter, and small enough for
/// every connection to hold one.
const CHUNK_SIZE: usize = 128 << 10;

/// Size of the largest file that is read when it is opened: another hop to a blocking thread would cost more.
const SMALL: u64 = 64 << 10;

/// The content of a file.
enum Content {
    /// The whole content.
    Read(Bytes),
    ToRead(Download),
}

/// Handles a download by signed URL.
pub(super) async fn get_signed(
    State(state): State<Arc<ServerState>>,
    query: Result<Query<SignedQuery>, QueryRejection>,
    uri: axum::http::Uri,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, ErrorResponse> {
    let locator = check(&state, Purpose::Download, query)?;
    let ticket = DownloadTicket { locator };
    respond(&state, ticket, uri.path(), &method, &headers).await
}

/// Returns the locator of a signed URL.
pub(super) fn check(
    state: &ServerState,
    purpose: Purpose,
    query: Result<Query<SignedQuery>, QueryRejection>,
) -> Result<String, ErrorResponse> {
    let checked = match query {
        Ok(Query(query)) => state.signer.check(purpose, &query, SystemTime::now()),
        Err(_) => Err(InvalidUrl::Forged),
    };
    // 403: the client then requests a new URL.
    checked.map_err(|invalid| ErrorResponse::new(StatusCode::FORBIDDEN, invalid.to_string()))
}

/// Returns the content of a ticket, or the requested range of it.
pub(super) async fn respond(
    state: &Arc<ServerState>,
    ticket: DownloadTicket,
    name: &str,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Response, ErrorResponse> {
    let etag = etag(&ticket);
    let service = state.service();
    let opened = blocking(move || open(&service, &ticket)).await??;
    let (content, size) = opened.ok_or_else(|| ErrorResponse::not_found("the content is gone"))?;
    let text = |name| {
        headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    // A range of other content would not fit the part that the client has.
    let is_same = text(header::IF_RANGE).is_none_or(|known| known == etag);
    let range = text(header::RANGE).filter(|_| is_same);
    let media_type = artifact_store::media_type(name).unwrap_or("application/octet-stream");
    let response = Response::builder()
        .header(header::ACCEPT_RANGES, "bytes")
        .header(header::ETAG, &etag)
        .header(header::CONTENT_TYPE, media_type)
        // Uploaded content must not run as a page of this server.
        .header("X-Content-Type-Options", "nosniff")
        .header("Content-Security-Policy", "sandbox");
    let (status, start, length) = match Selection::of(range, size) {
        Selection::Whole => (StatusCode::OK, 0, size),
        Selection::Range { start, length } => (StatusCode::PARTIAL_CONTENT, start, length),
        Selection::Unsatisfiable => {
            let response = response
                .status(StatusCode::RANGE_NOT_SATISFIABLE)
                .header(header::CONTENT_RANGE, format!("bytes */{size}"))
                .body(Body::empty());
            return response.map_err(|error| ErrorResponse::internal(&error));
        }
    };
    let mut response = response
        .status(status)
        .header(header::CONTENT_LENGTH, length);
    if status == StatusCode::PARTIAL_CONTENT {
        let last = start + length - 1;
        response = response.header(
            header::CONTENT_RANGE,
            format!("bytes {start}-{last}/{size}"),
        );
    }
    let body = if method == Method::HEAD {
        Body::empty()
    } else {
        state.metrics.sent.inc_by(length);
        match content {
            Content::Read(bytes) => Body::from(part(&bytes, start, length)),
            Content::ToRead(content) => stream(content, start, length).await?,
        }
    };
    response
        .body(body)
        .map_err(|error| ErrorResponse::internal(&error))
}

/// Returns the `ETag` of a ticket's content: the hash in its locator.
fn etag(ticket: &DownloadTicket) -> String {
    let (_, hash) = ticket.locator.rsplit_once(':').unwrap_or_default();
    format!("\"{hash}\"")
}

/// Opens the content of a ticket, and returns it with its size; `None` if it no longer exists.
fn open(
    service: &Service,
    ticket: &DownloadTicket,
) -> Result<Option<(Content, u64)>, ErrorResponse> {
    let Some(content) = service.download(ticket)? else {
        return Ok(None);
    };
    let size = content.size();
    if SMALL < size {
        return Ok(Some((Content::ToRead(content), size)));
    }
    let Some(mut reader) = content.open(0..size)? else {
        return Ok(None);
    };
    let mut bytes = Vec::new();
    let read = reader.read_to_end(&mut bytes);
    read.map_err(|error| ErrorResponse::internal(&error))?;
    let size = bytes.len() as u64;
    Ok(Some((Content::Read(bytes.into()), size)))
}

/// Returns a part of the content, which contains all of it.
fn part(bytes: &Bytes, start: u64, length: u64) -> Bytes {
    let place = |place: u64| usize::try_from(place).map_or(bytes.len(), |it| it.min(bytes.len()));
    bytes.slice(place(start)..place(start + length))
}

/// Streams a part of the content chunk by chunk, each read when the client has room for it.
async fn stream(content: Download, start: u64, length: u64) -> Result<Body, ErrorResponse> {
    let opened = blocking(move || content.open(start..start + length)).await??;
    let reader = opened.ok_or_else(|| ErrorResponse::not_found("the content is gone"))?;
    let pieces = try_unfold((reader, length), |(reader, left)| async move {
        if left == 0 {
            return Ok(None);
        }
        let piece = usize::try_from(left).unwrap_or(CHUNK_SIZE).min(CHUNK_SIZE);
        let read = tokio::task::spawn_blocking(move || read_piece(reader, piece)).await;
        let (piece, reader) = read.map_err(io::Error::other)??;
        let left = left - piece.len() as u64;
        Ok::<_, io::Error>(Some((piece, (reader, left))))
    });
    Ok(Body::from_stream(pieces))
}

/// Reads the next chunk of the content, of exactly this length.
fn read_piece(mut reader: BlobReader, length: usize) -> io::Result<(Bytes, BlobReader)> {
    let mut piece = BytesMut::zeroed(length);
    reader.read_exact(&mut piece)?;
    Ok((piece.freeze(), reader))
}

/// The part of the content to send.
#[derive(Debug, PartialEq, Eq)]
enum Selection {
    /// No range is requested, or none that this server supports.
    Whole,
    Range {
        start: u64,
        length: u64,
    },
    Unsatisfiable,
}

impl Selection {
    /// Evaluates a `Range` header. An invalid one is ignored, as HTTP permits, and so are several ranges at once.
    fn of(range: Option<&str>, size: u64) -> Self {
        match range.map(|range| HttpRange::parse(range, size)) {
            Some(Ok(ranges)) => match ranges[..] {
                [HttpRange { start, length }] => Self::Range { start, length },
                _ => Self::Whole,
            },
            Some(Err(HttpRangeParseError::NoOverlap)) => Self::Unsatisfiable,
            Some(Err(HttpRangeParseError::InvalidRange)) | None => Self::Whole,
        }
    }
}

/// The path of content by hash.
struct ContentPath<'p> {
    artifact: &'p str,
    hash: &'p str,
    name: &'p str,
}

impl<'p> ContentPath<'p> {
    /// Parses `region/entity/project/collection/artifact/birth/hash/name`, or the older form without the artifact,
    /// which names the version that stored the content first.
    fn parse(path: &'p str) -> Option<Self> {
        let segments: Vec<_> = path.split('/').collect();
        let (artifact, hash, name) = match segments[..] {
            [_, _, _, _, artifact, _, hash, name] => (artifact, hash, name),
            [_, _, _, _, birth, hash, name] => (birth, hash, name),
            _ => return None,
        };
        Some(Self {
            artifact,
            hash,
            name,
        })
    }
}

/// Handles a download by version and hash.
pub(super) async fn get_by_hash(
    State(state): State<Arc<ServerState>>,
    path: Result<Path<String>, PathRejection>,
    authenticated: Authenticated,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, ErrorResponse> {
    let Path(path) = path?;
    let missing = || ErrorResponse::not_found("no artifact has this content");
    let wanted = ContentPath::parse(&path).ok_or_else(missing)?;
    let id = ArtifactId(wanted.artifact.to_owned());
    let hash = wanted.hash.to_owned();
    let found = blocking(move || authenticated.service.content_with_hash(&id, &hash)).await??;
    let ticket = found.ok_or_else(missing)?;
    respond(&state, ticket, wanted.name, &method, &headers).await
}

/// Handles a download by entity and hash, which is all that the oldest manifests have.
pub(super) async fn get_of_entity(
    State(state): State<Arc<ServerState>>,
    path: Result<Path<(String, String)>, PathRejection>,
    authenticated: Authenticated,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, ErrorResponse> {
    let Path((entity, hash)) = path?;
    let missing = || ErrorResponse::not_found("no artifact of this entity has this content");
    let entity: EntityName = entity.parse().map_err(|_| missing())?;
    let service = authenticated.service;
    let found = blocking(move || service.content_of_entity(&entity, &hash)).await??;
    respond(&state, found.ok_or_else(missing)?, "", &method, &headers).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_evaluated_as_http_specifies() {
        let range = |start, length| Selection::Range { start, length };
        for (header, expected) in [
            ("bytes=0-", range(0, 10)),
            ("bytes=2-4", range(2, 3)),
            ("bytes=8-99", range(8, 2)),
            ("bytes=-3", range(7, 3)),
            ("bytes=-30", range(0, 10)),
            ("bytes=10-", Selection::Unsatisfiable),
            ("bytes=-0", Selection::Unsatisfiable),
            ("bytes=4-2", Selection::Whole),
            ("bytes=0-1,4-5", Selection::Whole),
            ("lines=0-1", Selection::Whole),
            ("bytes=a-b", Selection::Whole),
        ] {
            assert_eq!(Selection::of(Some(header), 10), expected, "{header}");
        }
        assert_eq!(Selection::of(Some("bytes=0-"), 0), Selection::Unsatisfiable);
        assert_eq!(Selection::of(None, 10), Selection::Whole);
    }

    #[test]
    fn both_forms_are_read() {
        let read = |path| ContentPath::parse(path).map(|w| (w.artifact, w.hash, w.name));
        assert_eq!(
            read("default/e/p/c/A/B/ff/x.txt"),
            Some(("A", "ff", "x.txt"))
        );
        assert_eq!(
            read("default/e/p/c/A//ff/x.txt"),
            Some(("A", "ff", "x.txt"))
        );
        assert_eq!(read("default/e/p/c/B/ff/x.txt"), Some(("B", "ff", "x.txt")));
        assert_eq!(read("default/e/p"), None);
    }
}
