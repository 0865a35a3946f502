//! Downloads.

use std::ops::Range;
use std::sync::Arc;

use artifact_core::ports::{ByteStream, TransferError};
use futures::StreamExt as _;
use reqwest::header::{LOCATION, RANGE};
use reqwest::{Method, Response, StatusCode};

use crate::Wandb;
use crate::http::{HttpError, require_success_status};
use crate::transfer::locators::DownloadLocator;

/// Opens content or a range of it, from its signed URL or else from the path that needs credentials.
pub(super) async fn open(
    server: &Wandb,
    place: &DownloadLocator,
    range: Option<Range<u64>>,
) -> Result<ByteStream, TransferError> {
    let retry = server.retry("download", &place.url);
    let sent = retry.run(|| send_plain(server, &place.url, range.as_ref()));
    let error = match sent.await {
        Ok(response) => return stream(server, &place.url, response, range),
        Err(error) => error,
    };
    let transfer_error = server.transfer_error(&place.url, error);
    let Some(fallback) = &place.fallback else {
        return Err(transfer_error);
    };
    let retry = server.retry("download", &server.http.url(fallback));
    let sent = retry.run(|| send_authorized(server, fallback, range.as_ref()));
    match sent.await {
        Ok(response) => stream(server, &server.http.url(fallback), response, range),
        // The first error is the more telling one.
        Err(_) => Err(transfer_error),
    }
}

async fn send_plain(
    server: &Wandb,
    url: &str,
    range: Option<&Range<u64>>,
) -> Result<Response, HttpError> {
    let mut request = server.http.plain(Method::GET, url);
    if let Some(range) = range {
        request = request.header(RANGE, range_header(range));
    }
    require_success_status(request.send().await).await
}

/// Sends the credentials to the base URL, and not to where it redirects.
async fn send_authorized(
    server: &Wandb,
    path: &str,
    range: Option<&Range<u64>>,
) -> Result<Response, HttpError> {
    let mut request = server.http.authorized(Method::GET, path).await?;
    if let Some(range) = range {
        request = request.header(RANGE, range_header(range));
    }
    let response = request.send().await?;
    if !response.status().is_redirection() {
        return require_success_status(Ok(response)).await;
    }
    let target = response.headers().get(LOCATION);
    let target = target.and_then(|target| target.to_str().ok());
    let target = target.and_then(|target| response.url().join(target).ok());
    let target =
        target.ok_or_else(|| HttpError::new("the server redirects without a valid target"))?;
    send_plain(server, target.as_str(), range).await
}

fn range_header(range: &Range<u64>) -> String {
    format!("bytes={}-{}", range.start, range.end.saturating_sub(1))
}

/// Returns the body of a response, cut to the range.
fn stream(
    server: &Wandb,
    url: &str,
    response: Response,
    range: Option<Range<u64>>,
) -> Result<ByteStream, TransferError> {
    let place = server.place_of(url);
    if let Some(range) = &range
        && response.status() != StatusCode::PARTIAL_CONTENT
        && range.start != 0
    {
        return Err(TransferError::Backend {
            place,
            source: HttpError::new("the server does not support ranges").into(),
        });
    }
    let mut left = range.map_or(u64::MAX, |range| range.end - range.start);
    let rate = Arc::clone(&server.rate);
    let chunks = response
        .bytes_stream()
        .map(move |chunk| {
            let mut chunk = chunk?;
            let most = usize::try_from(left).unwrap_or(usize::MAX);
            chunk.truncate(most);
            left -= chunk.len() as u64;
            Ok(chunk)
        })
        .then(move |chunk: Result<bytes::Bytes, reqwest::Error>| {
            let (rate, place) = (Arc::clone(&rate), place.clone());
            async move {
                match chunk {
                    Ok(chunk) => {
                        rate.acquire(chunk.len()).await;
                        Ok(chunk)
                    }
                    Err(error) => Err(TransferError::Backend {
                        place,
                        source: HttpError::from(error).into(),
                    }),
                }
            }
        });
    Ok(Box::pin(chunks))
}
