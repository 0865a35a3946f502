//! Uploads: one request or several parts, the body read anew for every attempt.

use std::future::Future;
use std::io::SeekFrom;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use artifact_core::ports::{OnSent, TransferError, UploadBody};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use cynic::{Id, MutationBuilder as _};
use futures::{StreamExt as _, TryStreamExt as _};
use reqwest::Body;
use reqwest::header::{CONTENT_LENGTH, ETAG, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Response};
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio_util::io::ReaderStream;

use super::rate_limit::RateLimit;
use crate::Wandb;
use crate::graphql::{
    CompleteMultipartUploadArtifact, CompletionVariables, GraphQlError, Int64, UploadPartsInput,
};
use crate::http::{HttpError, require_success_status};
use crate::transfer::locators::MultipartLocator;

/// Maximum concurrent parts of one file.
const MAX_CONCURRENT_PARTS: usize = 4;

/// Uploads a body with one request.
pub(super) async fn whole(
    server: &Wandb,
    url: &str,
    headers: &[(String, String)],
    source: UploadBody<'_>,
    on_sent: OnSent<'_>,
) -> Result<(), TransferError> {
    let headers = header_map(headers).map_err(|error| server.transfer_error(url, error))?;
    let length = body_length(source).await;
    let length = length.map_err(|error| read_error(source, error))?;
    put(server, url, &headers, source, 0..length, on_sent).await?;
    Ok(())
}

/// Uploads a body in parts, several at once, and has the server assemble them.
pub(super) async fn parts(
    server: &Wandb,
    place: &MultipartLocator,
    headers: &[(String, String)],
    source: UploadBody<'_>,
    on_sent: OnSent<'_>,
) -> Result<(), TransferError> {
    let location = || server.location.to_string();
    if place.urls.len() != place.md5s.len() {
        return Err(TransferError::Backend {
            place: location(),
            source: HttpError::new(format!(
                "a file has {} parts, but the response has {} URLs",
                place.md5s.len(),
                place.urls.len()
            ))
            .into(),
        });
    }
    // Parts have only this one of the file's headers.
    let kind = headers
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case("content-type"));
    let each = 0..place.urls.len();
    let sent = futures::stream::iter(each)
        .map(|number| part(server, place, number, kind, source, on_sent))
        .buffered(MAX_CONCURRENT_PARTS);
    let completed_parts: Vec<_> = sent.try_collect().await?;
    let operation = CompleteMultipartUploadArtifact::build(CompletionVariables {
        complete_multipart_action: CompletionVariables::ACTION,
        completed_parts,
        artifact_id: Id::new(place.artifact.clone()),
        storage_path: place.storage_path.clone(),
        upload_id: place.upload.clone(),
    });
    match server.graphql.execute(operation).await {
        Ok(_) => Ok(()),
        Err(GraphQlError::Http(error)) => Err(server.transfer_error("", error)),
        Err(refused @ GraphQlError::Rejected(_)) => Err(TransferError::Backend {
            place: location(),
            source: refused.into(),
        }),
    }
}

/// Uploads one part; returns its number and ETag for the completion request.
async fn part(
    server: &Wandb,
    place: &MultipartLocator,
    number: usize,
    kind: Option<&(String, String)>,
    source: UploadBody<'_>,
    on_sent: OnSent<'_>,
) -> Result<UploadPartsInput, TransferError> {
    let (url, md5) = (&place.urls[number], &place.md5s[number]);
    let md5 = ("Content-MD5".to_owned(), BASE64.encode(md5));
    let headers: Vec<_> = kind.cloned().into_iter().chain([md5]).collect();
    let headers = header_map(&headers).map_err(|error| server.transfer_error(url, error))?;
    let start = number as u64 * place.part_size;
    let range = start..(start + place.part_size).min(place.size);
    let response = put(server, url, &headers, source, range, on_sent).await?;
    let etag = response
        .headers()
        .get(ETAG)
        .and_then(|tag| tag.to_str().ok());
    let etag = etag.ok_or_else(|| TransferError::Backend {
        place: server.location.to_string(),
        source: HttpError::new("a part was stored without an ETag").into(),
    })?;
    Ok(UploadPartsInput {
        part_number: Int64(i64::try_from(number + 1).unwrap_or(i64::MAX)),
        hex_md5: etag.to_owned(),
    })
}

async fn put(
    server: &Wandb,
    url: &str,
    headers: &HeaderMap,
    source: UploadBody<'_>,
    range: Range<u64>,
    on_sent: OnSent<'_>,
) -> Result<Response, TransferError> {
    let length = range.end - range.start;
    let meter = UploadMeter::new(on_sent);
    let sent = server.retry("upload", url).run(|| async {
        let body = body_part(source, range.clone(), &server.rate, meter.begin()).await;
        let body =
            body.map_err(|error| HttpError::new(format!("the file cannot be read: {error}")))?;
        let request = server
            .http
            .plain(Method::PUT, url)
            .headers(headers.clone())
            .header(CONTENT_LENGTH, length)
            .body(body);
        require_success_status(meter.watch(request.send()).await).await
    });
    let response = sent
        .await
        .map_err(|error| server.transfer_error(url, error))?;
    meter.end(length);
    Ok(response)
}

fn header_map(headers: &[(String, String)]) -> Result<HeaderMap, HttpError> {
    let mut map = HeaderMap::new();
    for (key, value) in headers {
        let bad = || HttpError::new("the response has malformed headers");
        let name = HeaderName::try_from(key.as_str()).map_err(|_| bad())?;
        let value = HeaderValue::try_from(value.as_str()).map_err(|_| bad())?;
        if name != CONTENT_LENGTH {
            map.append(name, value);
        }
    }
    Ok(map)
}

fn read_error(source: UploadBody<'_>, error: std::io::Error) -> TransferError {
    let place = match source {
        UploadBody::File(path) => path.display().to_string(),
        UploadBody::Bytes(_) => "memory".to_owned(),
    };
    TransferError::Backend {
        place,
        source: error.into(),
    }
}

/// Maximum length of a body that is read into memory before it is sent.
const MAX_BUFFERED_BODY: u64 = 1 << 20;

/// The read size of longer bodies.
const CHUNK_SIZE: usize = 256 << 10;

/// Returns the length of a body in bytes.
async fn body_length(body: UploadBody<'_>) -> std::io::Result<u64> {
    match body {
        UploadBody::File(path) => Ok(tokio::fs::metadata(path).await?.len()),
        UploadBody::Bytes(bytes) => Ok(bytes.len() as u64),
    }
}

/// Returns `range` of a body, at the limited rate. `sent` counts the bytes of a streamed one.
async fn body_part(
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
            rate.acquire(cut.len()).await;
            Ok(Bytes::copy_from_slice(cut).into())
        }
        UploadBody::File(path) => {
            let mut file = File::open(path).await?;
            if range.start != 0 {
                file.seek(SeekFrom::Start(range.start)).await?;
            }
            let mut rest = file.take(length);
            if length <= MAX_BUFFERED_BODY {
                let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
                rest.read_to_end(&mut bytes).await?;
                if bytes.len() as u64 != length {
                    return Err(std::io::ErrorKind::UnexpectedEof.into());
                }
                rate.acquire(bytes.len()).await;
                return Ok(bytes.into());
            }
            let rate = Arc::clone(rate);
            let pieces = ReaderStream::with_capacity(rest, CHUNK_SIZE).then(move |piece| {
                let (rate, sent) = (Arc::clone(&rate), Arc::clone(&sent));
                async move {
                    if let Ok(piece) = &piece {
                        rate.acquire(piece.len()).await;
                        sent.fetch_add(piece.len() as u64, Ordering::Relaxed);
                    }
                    piece
                }
            });
            Ok(Body::wrap_stream(pieces))
        }
    }
}

/// The interval of progress reports.
const REPORT_INTERVAL: Duration = Duration::from_millis(100);

/// Reports the progress of one body. The bytes of a failed attempt stay reported: the next attempt reports only bytes
/// beyond them.
struct UploadMeter<'a> {
    sent: Arc<AtomicU64>,
    reported: AtomicU64,
    on_sent: OnSent<'a>,
}

impl<'a> UploadMeter<'a> {
    fn new(on_sent: OnSent<'a>) -> Self {
        Self {
            sent: Arc::default(),
            reported: AtomicU64::new(0),
            on_sent,
        }
    }

    /// Begins an attempt; returns the counter of its body's bytes.
    fn begin(&self) -> Arc<AtomicU64> {
        self.sent.store(0, Ordering::Relaxed);
        Arc::clone(&self.sent)
    }

    /// Reports progress until `request` completes.
    async fn watch<T>(&self, request: impl Future<Output = T>) -> T {
        let mut request = std::pin::pin!(request);
        let mut ticks = tokio::time::interval(REPORT_INTERVAL);
        loop {
            tokio::select! {
                response = &mut request => return response,
                _ = ticks.tick() => self.report(self.sent.load(Ordering::Relaxed)),
            }
        }
    }

    /// Reports that the whole body, which has this length, is sent.
    fn end(&self, length: u64) {
        self.report(length);
    }

    fn report(&self, sent: u64) {
        let reported = self.reported.fetch_max(sent, Ordering::Relaxed);
        if reported < sent {
            (self.on_sent)(sent - reported);
        }
    }
}
