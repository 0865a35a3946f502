//! Probes of a server and of its storage, and the server's features.

use std::fmt;
use std::time::{Duration, SystemTime};

use artifact_core::ports::{DownloadTicket, TransferError};
use reqwest::header::{DATE, RANGE};
use reqwest::{Method, RequestBuilder};
use url::Url;

use super::Wandb;
use super::http::{HttpError, host_of};
use super::transfer::locators::DownloadLocator;

/// The timeout of a probe.
const PROBE_TIMEOUT: Duration = Duration::from_secs(20);

/// The response to a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProbeResponse {
    /// The HTTP status: any status shows that the server is reachable.
    pub status: u16,
    /// The server's time, to the second, if the response has it.
    pub date: Option<SystemTime>,
}

/// The storage host of some content. Only the host is public: the URL itself grants access.
pub struct StorageHost {
    url: Url,
}

impl StorageHost {
    /// Returns the storage host of a [`Wandb`]'s download ticket.
    ///
    /// # Errors
    /// [`TransferError::ForeignTicket`] when it is another adapter's ticket or has no URL.
    pub fn of(ticket: &DownloadTicket) -> Result<Self, TransferError> {
        let url = DownloadLocator::of(ticket)?.url.parse();
        let url = url.map_err(|_| TransferError::ForeignTicket {
            place: "a W&B server".to_owned(),
        })?;
        Ok(Self { url })
    }

    /// Returns the host, with the port if the URL has one.
    #[must_use]
    pub fn host(&self) -> String {
        host_of(&self.url).unwrap_or_default()
    }
}

impl fmt::Debug for StorageHost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("Storage")
            .field(&self.host())
            .finish()
    }
}

impl Wandb {
    /// Sends one request without credentials to see whether the server is reachable.
    ///
    /// # Errors
    /// [`HttpError`] when there is no response; its sources tell the stage that failed.
    pub async fn probe(&self) -> Result<ProbeResponse, HttpError> {
        let url = self.http.url("healthz");
        send_probe(self.http.plain(Method::GET, &url)).await
    }

    /// Requests the first byte of some content from its storage host, once: the host of signed URLs may be another than
    /// the server's.
    ///
    /// # Errors
    /// [`HttpError`] when there is no response.
    pub async fn probe_storage(&self, storage: &StorageHost) -> Result<ProbeResponse, HttpError> {
        let request = self.http.plain(Method::GET, storage.url.as_str());
        send_probe(request.header(RANGE, "bytes=0-0")).await
    }

    /// Returns the names of the server's features, sorted; none if the server does not list them.
    pub async fn enabled_features(&self) -> Vec<String> {
        self.features().await.names()
    }
}

async fn send_probe(request: RequestBuilder) -> Result<ProbeResponse, HttpError> {
    let response = request.timeout(PROBE_TIMEOUT).send().await?;
    let date = response.headers().get(DATE);
    let date = date.and_then(|date| jiff::fmt::rfc2822::parse(date.to_str().ok()?).ok());
    Ok(ProbeResponse {
        status: response.status().as_u16(),
        date: date.and_then(|date| SystemTime::try_from(date.timestamp()).ok()),
    })
}
