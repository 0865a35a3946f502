//! Why a request failed.

use std::error::Error;
use std::fmt;
use std::time::{Duration, SystemTime};

use artifact_core::parse_retry_after;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use serde::Deserialize;

/// The most bytes that are read of an answer that is an error.
const LONGEST_MESSAGE: usize = 64 << 10;

/// The most characters that are told of an answer which is no JSON.
const LONGEST_TEXT: usize = 300;

/// Why a request failed. It names no URL, which could authorise whoever reads it.
#[derive(Debug)]
pub struct HttpFailure {
    /// The status, where there was an answer.
    pub status: Option<StatusCode>,
    /// What the server said, or what went wrong on the way.
    pub message: String,
    /// How long the server wants to be left alone.
    pub retry_after: Option<Duration>,
    /// Whether the message is the server's own, in the words of the protocol, and not what somebody on the way said.
    is_told: bool,
    /// Whether nobody was asked, because nobody is to be.
    is_offline: bool,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl HttpFailure {
    pub(super) fn header(name: &str) -> Self {
        Self::before(format!("{name} cannot be sent as a header"))
    }

    pub(super) fn certificates(error: &dyn Error) -> Self {
        Self::before(format!("the trusted certificates cannot be used: {error}"))
    }

    /// Returns the failure of an answer that is not what was asked for.
    pub(crate) fn unreadable(message: impl Into<String>) -> Self {
        Self::before(message.into())
    }

    pub(super) fn offline() -> Self {
        Self {
            is_offline: true,
            ..Self::before("this client is offline".to_owned())
        }
    }

    /// Returns whether nobody was asked, because nobody is to be.
    pub(crate) const fn is_offline(&self) -> bool {
        self.is_offline
    }

    const fn before(message: String) -> Self {
        Self {
            status: None,
            message,
            retry_after: None,
            is_told: false,
            is_offline: false,
            source: None,
        }
    }

    /// Returns what an answer that is an error says.
    pub(super) async fn read(answer: Response) -> Self {
        let status = answer.status();
        let retry_after = retry_after(answer.headers());
        let text = text_of(answer).await;
        let told = message(&text);
        Self {
            status: Some(status),
            is_told: told.is_some(),
            is_offline: false,
            message: told.unwrap_or_else(|| fallback(status, &text)),
            retry_after,
            source: None,
        }
    }

    /// Returns whether somebody answered, and not that things may be better soon.
    pub(crate) fn is_answer(&self) -> bool {
        self.status.is_some_and(|status| status.is_client_error())
    }

    /// Returns the same failure for somebody else that it befell.
    pub(crate) fn told_again(&self) -> Self {
        Self {
            status: self.status,
            message: self.message.clone(),
            retry_after: self.retry_after,
            is_told: self.is_told,
            is_offline: self.is_offline,
            source: None,
        }
    }

    /// Returns whether the server says that it does not know the credentials.
    pub(crate) fn is_unauthorized(&self) -> bool {
        self.status == Some(StatusCode::UNAUTHORIZED)
    }

    /// Returns whether the server says that there is no such thing.
    pub(crate) fn is_not_found(&self) -> bool {
        self.status == Some(StatusCode::NOT_FOUND)
    }

    /// Returns whether the server said no, and why. What stands before a server says no without a reason.
    pub(crate) fn is_refusal(&self) -> bool {
        self.is_told && self.status.is_some_and(|status| status.is_client_error())
    }
}

impl fmt::Display for HttpFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status {
            Some(status) => write!(formatter, "{} ({})", self.message, status.as_u16()),
            None => formatter.write_str(&self.message),
        }
    }
}

impl Error for HttpFailure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}

impl From<reqwest::Error> for HttpFailure {
    fn from(error: reqwest::Error) -> Self {
        let message = if error.is_timeout() {
            "the server did not answer in time"
        } else if error.is_connect() {
            "the server cannot be reached"
        } else if error.is_redirect() {
            "the server sends from one place to the next without end"
        } else {
            "the connection to the server broke"
        };
        Self {
            status: None,
            message: message.to_owned(),
            retry_after: None,
            is_told: false,
            is_offline: false,
            source: Some(error.without_url().into()),
        }
    }
}

/// Returns the start of an answer's body as text.
async fn text_of(mut answer: Response) -> String {
    let mut bytes = Vec::new();
    while bytes.len() < LONGEST_MESSAGE {
        match answer.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            // What came is better than nothing.
            Ok(None) | Err(_) => break,
        }
    }
    String::from_utf8_lossy(&bytes).trim().to_owned()
}

/// The shapes of errors in JSON. Source: section 1.5 of the wire protocol.
#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    errors: Vec<Told>,
    error: Option<Told>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Told {
    Text(String),
    Object { message: String },
}

/// Returns the messages in the JSON of an error.
fn message(text: &str) -> Option<String> {
    let body: Body = serde_json::from_str(text).ok()?;
    let told = body.errors.into_iter().chain(body.error);
    let texts: Vec<_> = told
        .map(|told| match told {
            Told::Text(text) | Told::Object { message: text } => text,
        })
        .collect();
    (!texts.is_empty()).then(|| texts.join("; "))
}

fn fallback(status: StatusCode, text: &str) -> String {
    if text.starts_with('<') {
        return "the answer is a web page: is this the URL of a W&B server's API?".to_owned();
    }
    if text.is_empty() {
        return status.canonical_reason().unwrap_or("no message").to_owned();
    }
    text.chars().take(LONGEST_TEXT).collect()
}

/// Returns the wait that the server asks for in a `Retry-After` header.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?;
    parse_retry_after(value, SystemTime::now())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_found_in_every_shape() {
        for (text, expected) in [
            (
                r#"{"errors":[{"message":"a"},{"message":"b"}],"data":null}"#,
                "a; b",
            ),
            (r#"{"error":"a"}"#, "a"),
            (r#"{"error":{"message":"a"}}"#, "a"),
            (r#"{"errors":["a"]}"#, "a"),
        ] {
            assert_eq!(message(text).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(message("{}"), None);
    }

    #[test]
    fn a_web_page_is_not_told_in_full() {
        assert!(fallback(StatusCode::NOT_FOUND, "<html>…").contains("web page"));
    }
}
