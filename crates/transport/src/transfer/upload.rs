//! Uploads: one request or several parts, the body read anew for every attempt.

use super::rate_limit::RateLimit;
use crate::Wandb;
use crate::graphql::{
    CompleteMultipartUploadArtifact, CompletionVariables, Int64, Unanswered, UploadPartsInput,
};
use crate::http::{HttpFailure, successful};
use crate::transfer::locators::PartsPlace;
use artifact_core::ports::{OnSent, TransferError, UploadBody};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use cynic::{Id, MutationBuilder as _};
use futures::{StreamExt as _, TryStreamExt as _};
use reqwest::Body;
use reqwest::header::{CONTENT_LENGTH, ETAG, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Response};
use std::future::Future;
use std::io::SeekFrom;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio_util::io::ReaderStream;

/// How many parts of one file are sent at once.
const PARTS_AT_ONCE: usize = 4;

/// Sends all of a body to one URL.
pub(super) async fn whole(
    server: &Wandb,
    url: &str,
    headers: &[(String, String)],
    source: UploadBody<'_>,
    on_sent: OnSent<'_>,
) -> Result<(), TransferError> {
    let headers = header_map(headers).map_err(|failure| server.not_moved(url, failure))?;
    let length = body_length(source).await;
    let length = length.map_err(|error| unread(source, error))?;
    put(server, url, &headers, source, 0..length, on_sent).await?;
    Ok(())
}

/// Sends a body part by part, several at once, and has the server put them together.
pub(super) async fn parts(
    server: &Wandb,
    place: &PartsPlace,
    headers: &[(String, String)],
    source: UploadBody<'_>,
    on_sent: OnSent<'_>,
) -> Result<(), TransferError> {
    let location = || server.location.to_string();
    if place.urls.len() != place.md5s.len() {
        return Err(TransferError::Backend {
            place: location(),
            source: HttpFailure::unreadable(format!(
                "a file has {} parts, and the server named {} places",
                place.md5s.len(),
                place.urls.len()
            ))
            .into(),
        });
    }
    // Of the file's headers only this one goes along with its parts.
    let kind = headers
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case("content-type"));
    let each = 0..place.urls.len();
    let sent = futures::stream::iter(each)
        .map(|number| part(server, place, number, kind, source, on_sent))
        .buffered(PARTS_AT_ONCE);
    let completed_parts: Vec<_> = sent.try_collect().await?;
    let operation = CompleteMultipartUploadArtifact::build(CompletionVariables {
        complete_multipart_action: CompletionVariables::ACTION,
        completed_parts,
        artifact_id: Id::new(place.artifact.clone()),
        storage_path: place.storage_path.clone(),
        upload_id: place.upload.clone(),
    });
    match server.graph.ask(operation).await {
        Ok(_) => Ok(()),
        Err(Unanswered::Failed(failure)) => Err(server.not_moved("", failure)),
        Err(refused @ Unanswered::Refused(_)) => Err(TransferError::Backend {
            place: location(),
            source: refused.into(),
        }),
    }
}

/// Sends one part, and returns what the server has to know of it.
async fn part(
    server: &Wandb,
    place: &PartsPlace,
    number: usize,
    kind: Option<&(String, String)>,
    source: UploadBody<'_>,
    on_sent: OnSent<'_>,
) -> Result<UploadPartsInput, TransferError> {
    let (url, md5) = (&place.urls[number], &place.md5s[number]);
    let md5 = ("Content-MD5".to_owned(), BASE64.encode(md5));
    let headers: Vec<_> = kind.cloned().into_iter().chain([md5]).collect();
    let headers = header_map(&headers).map_err(|failure| server.not_moved(url, failure))?;
    let start = number as u64 * place.part_size;
    let range = start..(start + place.part_size).min(place.size);
    let answer = put(server, url, &headers, source, range, on_sent).await?;
    let etag = answer.headers().get(ETAG).and_then(|tag| tag.to_str().ok());
    let etag = etag.ok_or_else(|| TransferError::Backend {
        place: server.location.to_string(),
        source: HttpFailure::unreadable("a part was stored without an ETag").into(),
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
    let meter = Meter::new(on_sent);
    let sent = server.retry("upload", url).run(|| async {
        let body = body_part(source, range.clone(), &server.rate, meter.begin()).await;
        let body =
            body.map_err(|error| HttpFailure::unreadable(format!("it cannot be read: {error}")))?;
        let request = server
            .http
            .plain(Method::PUT, url)
            .headers(headers.clone())
            .header(CONTENT_LENGTH, length)
            .body(body);
        successful(meter.watch(request.send()).await).await
    });
    let answer = sent
        .await
        .map_err(|failure| server.not_moved(url, failure))?;
    meter.end(length);
    Ok(answer)
}

fn header_map(headers: &[(String, String)]) -> Result<HeaderMap, HttpFailure> {
    let mut map = HeaderMap::new();
    for (key, value) in headers {
        let bad = || HttpFailure::unreadable("the server wants headers that are none");
        let name = HeaderName::try_from(key.as_str()).map_err(|_| bad())?;
        let value = HeaderValue::try_from(value.as_str()).map_err(|_| bad())?;
        if name != CONTENT_LENGTH {
            map.append(name, value);
        }
    }
    Ok(map)
}

fn unread(source: UploadBody<'_>, error: std::io::Error) -> TransferError {
    let place = match source {
        UploadBody::File(path) => path.display().to_string(),
        UploadBody::Bytes(_) => "memory".to_owned(),
    };
    TransferError::Backend {
        place,
        source: error.into(),
    }
}

/// Up to this length a body is read before it is sent.
const READ_AT_ONCE: u64 = 1 << 20;

/// How much of a longer one is read at a time.
const PIECE: usize = 256 << 10;

/// Returns the length of a body in bytes.
async fn body_length(body: UploadBody<'_>) -> std::io::Result<u64> {
    match body {
        UploadBody::File(path) => Ok(tokio::fs::metadata(path).await?.len()),
        UploadBody::Bytes(bytes) => Ok(bytes.len() as u64),
    }
}

/// Returns `range` of a body, as fast as the limit lets it pass; `sent` counts the bytes of a long one.
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

/// How often is told.
const INTERVAL: Duration = Duration::from_millis(100);

/// Counts the bytes of one body. An attempt that failed is not taken back: what the next one sends again is told only
/// once it is more.
struct Meter<'a> {
    sent: Arc<AtomicU64>,
    told: AtomicU64,
    on_sent: OnSent<'a>,
}

impl<'a> Meter<'a> {
    fn new(on_sent: OnSent<'a>) -> Self {
        Self {
            sent: Arc::default(),
            told: AtomicU64::new(0),
            on_sent,
        }
    }

    /// Begins an attempt, and returns what its body has to add its bytes to.
    fn begin(&self) -> Arc<AtomicU64> {
        self.sent.store(0, Ordering::Relaxed);
        Arc::clone(&self.sent)
    }

    /// Tells what is sent until `request` is answered.
    async fn watch<T>(&self, request: impl Future<Output = T>) -> T {
        let mut request = std::pin::pin!(request);
        let mut ticks = tokio::time::interval(INTERVAL);
        loop {
            tokio::select! {
                answer = &mut request => return answer,
                _ = ticks.tick() => self.tell(self.sent.load(Ordering::Relaxed)),
            }
        }
    }

    /// Tells that all of the body, which has this length, is sent.
    fn end(&self, length: u64) {
        self.tell(length);
    }

    fn tell(&self, sent: u64) {
        let told = self.told.fetch_max(sent, Ordering::Relaxed);
        if told < sent {
            (self.on_sent)(sent - told);
        }
    }
}
