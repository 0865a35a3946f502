//! Errors of HTTP requests.

use std::error::Error;
use std::fmt;
use std::time::{Duration, SystemTime};

use artifact_core::parse_retry_after;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use serde::Deserialize;

/// Maximum bytes to read of the body of an error response.
const MAX_BODY_BYTES: usize = 64 << 10;

/// Maximum characters to quote from an error response that is not JSON.
const MAX_TEXT_CHARS: usize = 300;

/// A failed HTTP request. Names no URL, because URLs may grant access.
#[derive(Debug)]
pub struct HttpError {
    /// The status, if there was a response.
    pub status: Option<StatusCode>,
    /// The server's message, or a description of the failure.
    pub message: String,
    /// The wait that the server asks for.
    pub retry_after: Option<Duration>,
    /// Whether the message is the server's own, in the protocol's form, and not that of a proxy.
    is_from_server: bool,
    /// Whether the request was not sent because the client is offline.
    is_offline: bool,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl HttpError {
    pub(super) fn header(name: &str) -> Self {
        Self::before(format!("{name} cannot be sent as a header"))
    }

    pub(super) fn certificates(error: &dyn Error) -> Self {
        Self::before(format!("the trusted certificates cannot be used: {error}"))
    }

    /// Returns an error with this message, for anything but a network error or an error status.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self::before(message.into())
    }

    pub(super) fn offline() -> Self {
        Self {
            is_offline: true,
            ..Self::before("this client is offline".to_owned())
        }
    }

    /// Whether the request was not sent because the client is offline.
    pub(crate) const fn is_offline(&self) -> bool {
        self.is_offline
    }

    const fn before(message: String) -> Self {
        Self {
            status: None,
            message,
            retry_after: None,
            is_from_server: false,
            is_offline: false,
            source: None,
        }
    }

    /// Reads the error from a response without success.
    pub(super) async fn read(response: Response) -> Self {
        let status = response.status();
        let retry_after = retry_after(response.headers());
        let text = text_of(response).await;
        let messages = message(&text);
        Self {
            status: Some(status),
            is_from_server: messages.is_some(),
            is_offline: false,
            message: messages.unwrap_or_else(|| fallback(status, &text)),
            retry_after,
            source: None,
        }
    }

    /// Whether the response has a client error status (4xx).
    pub(crate) fn is_client_error(&self) -> bool {
        self.status.is_some_and(|status| status.is_client_error())
    }

    /// Returns a copy without its source.
    pub(crate) fn duplicate(&self) -> Self {
        Self {
            status: self.status,
            message: self.message.clone(),
            retry_after: self.retry_after,
            is_from_server: self.is_from_server,
            is_offline: self.is_offline,
            source: None,
        }
    }

    /// Whether the server rejects the credentials.
    pub(crate) fn is_unauthorized(&self) -> bool {
        self.status == Some(StatusCode::UNAUTHORIZED)
    }

    /// Whether the response is "not found".
    pub(crate) fn is_not_found(&self) -> bool {
        self.status == Some(StatusCode::NOT_FOUND)
    }

    /// Whether the server itself rejected the request. A proxy's rejection has no message in the protocol's form.
    pub(crate) fn is_rejection(&self) -> bool {
        self.is_from_server && self.status.is_some_and(|status| status.is_client_error())
    }
}

impl fmt::Display for HttpError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status {
            Some(status) => write!(formatter, "{} ({})", self.message, status.as_u16()),
            None => formatter.write_str(&self.message),
        }
    }
}

impl Error for HttpError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}

impl From<reqwest::Error> for HttpError {
    fn from(error: reqwest::Error) -> Self {
        let message = if error.is_timeout() {
            "the server did not respond in time"
        } else if error.is_connect() {
            "the server cannot be reached"
        } else if error.is_redirect() {
            "the server redirects without end"
        } else {
            "the connection to the server broke"
        };
        Self {
            status: None,
            message: message.to_owned(),
            retry_after: None,
            is_from_server: false,
            is_offline: false,
            source: Some(error.without_url().into()),
        }
    }
}

/// Returns the start of a response's body as text.
async fn text_of(mut response: Response) -> String {
    let mut bytes = Vec::new();
    while bytes.len() < MAX_BODY_BYTES {
        match response.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            // A partial message is better than none.
            Ok(None) | Err(_) => break,
        }
    }
    String::from_utf8_lossy(&bytes).trim().to_owned()
}

/// The forms of errors in JSON. Source: section 1.5 of the wire protocol.
#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    errors: Vec<ErrorEntry>,
    error: Option<ErrorEntry>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum ErrorEntry {
    Text(String),
    Object { message: String },
}

/// Returns the messages of an error response in JSON.
fn message(text: &str) -> Option<String> {
    let body: Body = serde_json::from_str(text).ok()?;
    let messages = body.errors.into_iter().chain(body.error);
    let texts: Vec<_> = messages
        .map(|messages| match messages {
            ErrorEntry::Text(text) | ErrorEntry::Object { message: text } => text,
        })
        .collect();
    (!texts.is_empty()).then(|| texts.join("; "))
}

fn fallback(status: StatusCode, text: &str) -> String {
    if text.starts_with('<') {
        return "the response is a web page: is this the URL of a W&B server's API?".to_owned();
    }
    if text.is_empty() {
        return status.canonical_reason().unwrap_or("no message").to_owned();
    }
    text.chars().take(MAX_TEXT_CHARS).collect()
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
    fn a_web_page_is_not_quoted() {
        assert!(fallback(StatusCode::NOT_FOUND, "<html>…").contains("web page"));
    }
}
