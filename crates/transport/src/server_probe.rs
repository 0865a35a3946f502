//! Whether a server is there at all, and what it can do.

use std::fmt;
use std::time::{Duration, SystemTime};

use artifact_core::ports::{DownloadTicket, TransferError};
use reqwest::header::{DATE, RANGE};
use reqwest::{Method, RequestBuilder};
use url::Url;

use super::Wandb;
use super::http::HttpFailure;
use super::transfer::locators::DownloadPlace;

/// How long whoever only wants to know whether the server is there waits for it.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a server answered to a request without credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Greeting {
    /// The HTTP status: any is the answer of a server that is there.
    pub status: u16,
    /// What time it is where the server is, to the second; `None` where it does not say.
    pub date: Option<SystemTime>,
}

/// Where some content is kept. Its URL authorises whoever has it, so only the host can be seen.
pub struct Storage {
    url: Url,
}

impl Storage {
    /// Returns where the content of a ticket of a [`Wandb`] is kept.
    ///
    /// # Errors
    /// [`TransferError::ForeignTicket`] when it is another adapter's ticket, or says no URL.
    pub fn of(ticket: &DownloadTicket) -> Result<Self, TransferError> {
        let url = DownloadPlace::of(ticket)?.url.parse();
        let url = url.map_err(|_| TransferError::ForeignTicket {
            place: "a W&B server".to_owned(),
        })?;
        Ok(Self { url })
    }

    /// Returns the host, with the port where the URL names one.
    #[must_use]
    pub fn host(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        self.url
            .port()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }
}

impl fmt::Debug for Storage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("Storage")
            .field(&self.host())
            .finish()
    }
}

impl Wandb {
    /// Asks once, without credentials, whether the server is there.
    ///
    /// # Errors
    /// [`HttpFailure`] when there is no answer; its causes say how far it went.
    pub async fn greet(&self) -> Result<Greeting, HttpFailure> {
        let url = self.http.url("healthz");
        greeted(self.http.plain(Method::GET, &url)).await
    }

    /// Asks once for the first byte of content, where the server says that it is kept: the host of signed URLs need not
    /// be the server's.
    ///
    /// # Errors
    /// [`HttpFailure`] when there is no answer.
    pub async fn greet_storage(&self, storage: &Storage) -> Result<Greeting, HttpFailure> {
        let request = self.http.plain(Method::GET, storage.url.as_str());
        greeted(request.header(RANGE, "bytes=0-0")).await
    }

    /// Returns the names of what the server can do beyond the oldest ones, sorted; none where it does not say.
    pub async fn enabled_features(&self) -> Vec<String> {
        self.features().await.names()
    }
}

async fn greeted(request: RequestBuilder) -> Result<Greeting, HttpFailure> {
    let answer = request.timeout(PATIENCE).send().await?;
    let date = answer.headers().get(DATE);
    let date = date.and_then(|date| jiff::fmt::rfc2822::parse(date.to_str().ok()?).ok());
    Ok(Greeting {
        status: answer.status().as_u16(),
        date: date.and_then(|date| SystemTime::try_from(date.timestamp()).ok()),
    })
}
