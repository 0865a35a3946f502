//! Opening content.

use std::ops::Range;
use std::sync::Arc;

use artifact_core::ports::{ByteStream, TransferError};
use futures::StreamExt as _;
use reqwest::header::{LOCATION, RANGE};
use reqwest::{Method, Response, StatusCode};

use super::host;
use crate::Wandb;
use crate::http::{HttpFailure, successful};
use crate::transfer::locators::DownloadPlace;

/// Opens content, or a range of it: at its own URL, and where that does not work at the one that needs credentials.
pub(super) async fn open(
    server: &Wandb,
    place: &DownloadPlace,
    range: Option<Range<u64>>,
) -> Result<ByteStream, TransferError> {
    let retry = server.retry("download", &place.url);
    let asked = retry.run(|| ask_plainly(server, &place.url, range.as_ref()));
    let failure = match asked.await {
        Ok(answer) => return stream(server, &place.url, answer, range),
        Err(failure) => failure,
    };
    let not_moved = server.not_moved(&place.url, failure);
    let Some(fallback) = &place.fallback else {
        return Err(not_moved);
    };
    let retry = server.retry("download", &server.http.url(fallback));
    let asked = retry.run(|| ask_with_credentials(server, fallback, range.as_ref()));
    match asked.await {
        Ok(answer) => stream(server, &server.http.url(fallback), answer, range),
        // What the first place said is nearer to the truth.
        Err(_) => Err(not_moved),
    }
}

async fn ask_plainly(
    server: &Wandb,
    url: &str,
    range: Option<&Range<u64>>,
) -> Result<Response, HttpFailure> {
    let mut request = server.http.plain(Method::GET, url);
    if let Some(range) = range {
        request = request.header(RANGE, range_header(range));
    }
    successful(request.send().await).await
}

/// Shows the credentials to the base URL, and to nobody that it sends on to.
async fn ask_with_credentials(
    server: &Wandb,
    path: &str,
    range: Option<&Range<u64>>,
) -> Result<Response, HttpFailure> {
    let mut request = server.http.authorized(Method::GET, path).await?;
    if let Some(range) = range {
        request = request.header(RANGE, range_header(range));
    }
    let answer = request.send().await?;
    if !answer.status().is_redirection() {
        return successful(Ok(answer)).await;
    }
    let target = answer.headers().get(LOCATION);
    let target = target.and_then(|target| target.to_str().ok());
    let target = target.and_then(|target| answer.url().join(target).ok());
    let target = target.ok_or_else(|| HttpFailure::unreadable("the server sends on to nowhere"))?;
    ask_plainly(server, target.as_str(), range).await
}

fn range_header(range: &Range<u64>) -> String {
    format!("bytes={}-{}", range.start, range.end.saturating_sub(1))
}

/// Returns the body of an answer: the range and no byte more.
fn stream(
    server: &Wandb,
    url: &str,
    answer: Response,
    range: Option<Range<u64>>,
) -> Result<ByteStream, TransferError> {
    let place = host(url).unwrap_or_else(|| server.location.to_string());
    if let Some(range) = &range
        && answer.status() != StatusCode::PARTIAL_CONTENT
        && range.start != 0
    {
        return Err(TransferError::Backend {
            place,
            source: HttpFailure::unreadable("it does not give parts of files").into(),
        });
    }
    let mut left = range.map_or(u64::MAX, |range| range.end - range.start);
    let rate = Arc::clone(&server.rate);
    let chunks = answer
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
                        rate.pass(chunk.len()).await;
                        Ok(chunk)
                    }
                    Err(error) => Err(TransferError::Backend {
                        place,
                        source: HttpFailure::from(error).into(),
                    }),
                }
            }
        });
    Ok(Box::pin(chunks))
}
