//! The transfer port: uploads and downloads over HTTP. Source: sections 3.3 and 4 of the wire protocol.

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

use self::locators::{DownloadLocator, UploadLocator};
use crate::Wandb;
use crate::http::{HttpError, Retry, RetryRule, host_of};

#[async_trait]
impl BlobTransfer for Wandb {
    /// Returns `None`: an upload needs a ticket first.
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
        match UploadLocator::of(ticket)? {
            UploadLocator::Whole { url } => {
                upload::whole(self, &url, &ticket.headers, body, on_sent).await
            }
            UploadLocator::Parts(place) => {
                upload::parts(self, &place, &ticket.headers, body, on_sent).await
            }
        }
    }

    async fn download(
        &self,
        ticket: &DownloadTicket,
        range: Option<Range<u64>>,
    ) -> Result<Fetched, TransferError> {
        let place = DownloadLocator::of(ticket)?;
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

    /// Returns the host of a URL, or the server's location if it has none.
    fn place_of(&self, url: &str) -> String {
        let host = url::Url::parse(url).ok().as_ref().and_then(host_of);
        host.unwrap_or_else(|| self.location.to_string())
    }

    /// Returns a failed transfer as an error of the port. Names only the host of `url`, because a URL may grant access.
    fn transfer_error(&self, url: &str, error: HttpError) -> TransferError {
        let place = self.place_of(url);
        match error.status {
            Some(StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
                TransferError::Expired { place }
            }
            Some(StatusCode::NOT_FOUND | StatusCode::GONE) => TransferError::Gone { place },
            // The server received the content and rejected it: an error of the registry.
            Some(
                StatusCode::BAD_REQUEST | StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY,
            ) if error.is_rejection() => TransferError::Backend {
                place,
                source: RegistryError::Rejected {
                    what: error.message,
                }
                .into(),
            },
            _ => TransferError::Backend {
                place,
                source: error.into(),
            },
        }
    }
}
