//! Whether a server is there at all, and what it can do.

use std::time::{Duration, SystemTime};

use reqwest::Method;
use reqwest::header::DATE;

use super::Wandb;
use super::http::HttpFailure;

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

impl Wandb {
    /// Asks once, without credentials, whether the server is there.
    ///
    /// # Errors
    /// [`HttpFailure`] when there is no answer; its causes say how far it went.
    pub async fn greet(&self) -> Result<Greeting, HttpFailure> {
        let url = self.http.url("healthz");
        let request = self.http.plain(Method::GET, &url).timeout(PATIENCE);
        let answer = request.send().await?;
        let date = answer.headers().get(DATE);
        let date = date.and_then(|date| jiff::fmt::rfc2822::parse(date.to_str().ok()?).ok());
        Ok(Greeting {
            status: answer.status().as_u16(),
            date: date.and_then(|date| SystemTime::try_from(date.timestamp()).ok()),
        })
    }

    /// Returns the names of what the server can do beyond the oldest ones, sorted; none where it does not say.
    pub async fn enabled_features(&self) -> Vec<String> {
        self.features().await.names()
    }
}
