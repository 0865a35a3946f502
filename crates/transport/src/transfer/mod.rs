//! Bytes to and from URLs. Source: sections 3.3 and 4 of the wire protocol.

mod download;
pub(crate) mod locators;
pub(crate) mod rate_limit;
mod upload;

use std::fs::File;
use std::ops::Range;

use artifact_core::ContentKey;
use artifact_core::ports::{
    BlobTransfer, DownloadTicket, Fetched, IngestWriter, OnSent, RegistryError, TransferError,
    UploadBody, UploadTicket,
};
use async_trait::async_trait;
use reqwest::StatusCode;

use self::locators::{DownloadPlace, UploadPlace};
use crate::Wandb;
use crate::http::{HttpFailure, Retry, RetryRule, host_of};

#[async_trait]
impl BlobTransfer for Wandb {
    /// The server has to be asked first.
    fn ingest(&self, _source: &File) -> Result<Option<Box<dyn IngestWriter>>, TransferError> {
        Ok(None)
    }

    fn ingest_bytes(&self, _bytes: &[u8]) -> Result<Option<ContentKey>, TransferError> {
        Ok(None)
    }

    async fn upload(
        &self,
        ticket: &UploadTicket,
        body: UploadBody<'_>,
        on_sent: OnSent<'_>,
    ) -> Result<(), TransferError> {
        match UploadPlace::of(ticket)? {
            UploadPlace::Whole { url } => {
                upload::whole(self, &url, &ticket.headers, body, on_sent).await
            }
            UploadPlace::Parts(place) => {
                upload::parts(self, &place, &ticket.headers, body, on_sent).await
            }
        }
    }

    async fn download(
        &self,
        ticket: &DownloadTicket,
        range: Option<Range<u64>>,
    ) -> Result<Fetched, TransferError> {
        let place = DownloadPlace::of(ticket)?;
        download::open(self, &place, range)
            .await
            .map(Fetched::Stream)
    }
}

impl Wandb {
    fn retry(&self, operation: &'static str, url: &str) -> Retry {
        let policy = self.transfer_retries;
        self.http
            .retry(RetryRule::Transfer, policy, operation, Some(url))
    }

    /// Returns why bytes could not be moved. A URL may authorise whoever reads it, so only its host is named.
    fn not_moved(&self, url: &str, failure: HttpFailure) -> TransferError {
        let place = host(url).unwrap_or_else(|| self.location.to_string());
        match failure.status {
            Some(StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
                TransferError::Expired { place }
            }
            Some(StatusCode::NOT_FOUND | StatusCode::GONE) => TransferError::Gone { place },
            // The server has them, and will not have them: that is the registry's answer.
            Some(
                StatusCode::BAD_REQUEST | StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY,
            ) if failure.is_refusal() => TransferError::Backend {
                place,
                source: RegistryError::Rejected {
                    what: failure.message,
                }
                .into(),
            },
            _ => TransferError::Backend {
                place,
                source: failure.into(),
            },
        }
    }
}

/// Returns the host of a URL, with its port.
fn host(url: &str) -> Option<String> {
    host_of(&url::Url::parse(url).ok()?)
}
