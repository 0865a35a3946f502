//! Content over HTTP, whole or in ranges: `GET /storage/…` for the holder of a signed URL, `GET /artifactsV2/…` and
//! `GET /artifacts/…` for the holder of an API key.
//!
//! Source: sections 7.1 and 7.2 of the wire protocol.

use std::io;
use std::sync::Arc;
use std::time::SystemTime;

use artifact_core::EntityName;
use artifact_core::ports::{ArtifactId, DownloadTicket};
use artifact_store::blobs::BlobReader;
use artifact_store::service::{Download, Service};
use axum::body::Body;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use futures::stream::try_unfold;

use crate::auth::Authenticated;
use crate::error::ErrorResponse;
use crate::signer::{InvalidUrl, Purpose, SignedQuery};
use crate::state::{ServerState, blocking};

/// How much of a file is read at once: enough that the hop to a thread that may block does not count, and little enough
/// that every connection can hold as much.
const CHUNK_SIZE: usize = 128 << 10;

/// The longest file that is read while it is opened: every further hop to a thread that may block costs more than that.
const SMALL: u64 = 64 << 10;

/// The content of a file.
enum Content {
    /// All of it.
    Read(Bytes),
    ToRead(Download),
}

/// Sends the bytes that a signed URL names.
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

/// Returns what a signed URL names.
pub(super) fn check(
    state: &ServerState,
    purpose: Purpose,
    query: Result<Query<SignedQuery>, QueryRejection>,
) -> Result<String, ErrorResponse> {
    let checked = match query {
        Ok(Query(query)) => state.signer.check(purpose, &query, SystemTime::now()),
        Err(_) => Err(InvalidUrl::Forged),
    };
    // 403: the client then asks for a new URL.
    checked.map_err(|invalid| ErrorResponse::new(StatusCode::FORBIDDEN, invalid.to_string()))
}

/// Sends the bytes that a ticket names, or the range of them that the client asks for.
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
    // A range of something else than what is here now would not fit what the client has of it.
    let is_same = text(header::IF_RANGE).is_none_or(|known| known == etag);
    let range = text(header::RANGE).filter(|_| is_same);
    let kind = mime_guess::from_path(name).first_or_octet_stream();
    let response = Response::builder()
        .header(header::ACCEPT_RANGES, "bytes")
        .header(header::ETAG, &etag)
        .header(header::CONTENT_TYPE, kind.as_ref())
        // Content from elsewhere must not run as a page of this server.
        .header("X-Content-Type-Options", "nosniff")
        .header("Content-Security-Policy", "sandbox");
    let (status, start, length) = match range.map(|range| ByteRange::read(range, size)) {
        None | Some(ByteRange::Whole) => (StatusCode::OK, 0, size),
        Some(ByteRange::Part { start, length }) => (StatusCode::PARTIAL_CONTENT, start, length),
        Some(ByteRange::Unsatisfiable) => {
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

/// Returns the `ETag` of what a ticket names; it names content by its hash.
fn etag(ticket: &DownloadTicket) -> String {
    let (_, hash) = ticket.locator.rsplit_once(':').unwrap_or_default();
    format!("\"{hash}\"")
}

/// Opens the content that a ticket names, and says how long it is; `None` where it is gone.
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

/// Returns a part of what was read; all of it lies within.
fn part(bytes: &Bytes, start: u64, length: u64) -> Bytes {
    let place = |place: u64| usize::try_from(place).map_or(bytes.len(), |it| it.min(bytes.len()));
    bytes.slice(place(start)..place(start + length))
}

/// Reads a part of the content piece by piece: the next one once there is room for it on its way to the client.
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

/// Reads the next piece of the content, which is that long.
fn read_piece(mut reader: BlobReader, length: usize) -> io::Result<(Bytes, BlobReader)> {
    let mut piece = BytesMut::zeroed(length);
    reader.read_exact(&mut piece)?;
    Ok((piece.freeze(), reader))
}

/// The part of a body that a `Range` header asks for.
#[derive(Debug, PartialEq, Eq)]
enum ByteRange {
    /// No single range of bytes is asked for.
    Whole,
    Part {
        start: u64,
        length: u64,
    },
    Unsatisfiable,
}

impl ByteRange {
    fn read(header: &str, size: u64) -> Self {
        let Some((first, last)) = header
            .strip_prefix("bytes=")
            .and_then(|range| range.split_once('-'))
        else {
            return Self::Whole;
        };
        let (start, end) = match (first.trim().parse::<u64>(), last.trim()) {
            (Ok(start), "") => (start, size),
            (Ok(start), last) => match last.parse::<u64>() {
                Ok(last) if start <= last => (start, size.min(last.saturating_add(1))),
                _ => return Self::Whole,
            },
            // The last so many bytes.
            (Err(_), last) if first.trim().is_empty() => match last.parse::<u64>() {
                Ok(0) => return Self::Unsatisfiable,
                Ok(length) => (size.saturating_sub(length), size),
                Err(_) => return Self::Whole,
            },
            _ => return Self::Whole,
        };
        if start < end {
            Self::Part {
                start,
                length: end - start,
            }
        } else {
            Self::Unsatisfiable
        }
    }
}

/// Which content is wanted of which version.
struct ContentPath<'p> {
    artifact: &'p str,
    hash: &'p str,
    name: &'p str,
}

impl<'p> ContentPath<'p> {
    /// Reads `region/entity/project/collection/artifact/birth/hash/name`, or the older form without the artifact: there
    /// the version that stored the content first is named.
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

/// Sends the content.
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

/// Sends content that only an entity and a hash name, which is all that the oldest manifests know of it.
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
    use super::ByteRange::{self, Part, Unsatisfiable, Whole};
    use super::*;

    #[test]
    fn ranges_are_read_as_http_says() {
        for (header, expected) in [
            (
                "bytes=0-",
                Part {
                    start: 0,
                    length: 10,
                },
            ),
            (
                "bytes=2-4",
                Part {
                    start: 2,
                    length: 3,
                },
            ),
            (
                "bytes=8-99",
                Part {
                    start: 8,
                    length: 2,
                },
            ),
            (
                "bytes=-3",
                Part {
                    start: 7,
                    length: 3,
                },
            ),
            (
                "bytes=-30",
                Part {
                    start: 0,
                    length: 10,
                },
            ),
            ("bytes=10-", Unsatisfiable),
            ("bytes=-0", Unsatisfiable),
            ("bytes=4-2", Whole),
            ("bytes=0-1,4-5", Whole),
            ("lines=0-1", Whole),
            ("bytes=a-b", Whole),
        ] {
            assert_eq!(ByteRange::read(header, 10), expected, "{header}");
        }
        assert_eq!(ByteRange::read("bytes=0-", 0), Unsatisfiable);
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
