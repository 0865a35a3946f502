//! Sending bodies, whole or in parts.

use std::ops::Range;

use artifact_core::ports::{OnSent, TransferError, UploadBody};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use cynic::{Id, MutationBuilder as _};
use futures::{StreamExt as _, TryStreamExt as _};
use reqwest::header::{CONTENT_LENGTH, ETAG, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Response};

use super::body;
use super::meter::Meter;
use crate::Wandb;
use crate::graphql::{
    CompleteMultipartUploadArtifact, CompletionVariables, Int64, Unanswered, UploadPartsInput,
};
use crate::http::{HttpFailure, successful};
use crate::transfer::locators::PartsPlace;

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
    let length = body::length(source).await;
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
        let body = body::part(source, range.clone(), &server.rate, meter.begin()).await;
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
