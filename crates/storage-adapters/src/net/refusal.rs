//! Responses without success.

use std::fmt;

use artifact_core::ReferenceUri;
use artifact_core::ports::ResolveError;
use futures::TryStreamExt as _;
use reqwest::{Response, StatusCode};

/// Maximum bytes to read of the body.
const READ: usize = 16 * 1024;

/// A response without success. Holds nothing of the body but the store's error code: the rest may
/// repeat signatures.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    code: Option<String>,
    expired: bool,
}

impl Refusal {
    pub(crate) async fn of(response: Response) -> Self {
        let status = response.status();
        let header = |name: &str| {
            let value = response.headers().get(name)?.to_str().ok()?;
            Some(value.to_owned())
        };
        let header_code = header("x-ms-error-code");
        let mut chunks = Box::pin(response.bytes_stream());
        let mut body = Vec::new();
        while let Ok(Some(chunk)) = chunks.try_next().await {
            body.extend_from_slice(&chunk);
            if READ <= body.len() {
                break;
            }
        }
        let body = String::from_utf8_lossy(&body);
        Self {
            status,
            code: header_code.or_else(|| code_in(&body)),
            expired: status.is_client_error() && body.to_ascii_lowercase().contains("expired"),
        }
    }

    #[cfg(feature = "azure")]
    pub(crate) fn code(&self) -> &str {
        self.code.as_deref().unwrap_or_default()
    }

    /// Returns the error for `uri`; `needed` tells what a rejected request needs to succeed.
    pub(crate) fn into_error(self, uri: &ReferenceUri, needed: &str) -> ResolveError {
        let uri = uri.clone();
        match self.status.as_u16() {
            404 | 410 => ResolveError::NotFound { uri },
            _ if self.expired => ResolveError::Denied {
                uri,
                needed: "a fresh signature or token; the one that was sent has expired".to_owned(),
                source: Box::new(self),
            },
            401 | 403 => ResolveError::Denied {
                uri,
                needed: needed.to_owned(),
                source: Box::new(self),
            },
            _ => ResolveError::Backend {
                uri,
                source: Box::new(self),
            },
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the server responded with {}", self.status)?;
        match &self.code {
            Some(code) => write!(formatter, ", {code}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Refusal {}

/// Returns the text of the first `Code` element or `reason` field, if it looks like a code.
fn code_in(body: &str) -> Option<String> {
    let between = |start: &str, end: &str| {
        let (_, rest) = body.split_once(start)?;
        Some(rest.split_once(end)?.0)
    };
    let code = between("<Code>", "</Code>").or_else(|| {
        let (_, rest) = body.split_once("\"reason\"")?;
        rest.split('"').nth(1)
    })?;
    let looks_like_one =
        !code.is_empty() && code.len() <= 64 && code.chars().all(|c| c.is_ascii_alphanumeric());
    looks_like_one.then(|| code.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_and_nothing_else_is_told() {
        let s3 = "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>";
        assert_eq!(code_in(s3).as_deref(), Some("AccessDenied"));
        let gs = r#"{"error": {"errors": [{"reason": "forbidden"}]}}"#;
        assert_eq!(code_in(gs).as_deref(), Some("forbidden"));
        assert_eq!(code_in("<Code>a secret?sig=x</Code>"), None);
        assert_eq!(code_in("<html>"), None);
    }
}
