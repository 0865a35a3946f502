//! Errors of requests.

use std::error::Error;
use std::fmt;

use artifact_core::ReferenceUri;
use artifact_core::ports::ResolveError;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

/// A failed request, without the response that the SDK's own error would print.
#[derive(Debug)]
pub(super) struct Failure {
    status: Option<u16>,
    code: Option<String>,
    text: String,
}

impl<E> From<SdkError<E, HttpResponse>> for Failure
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    fn from(error: SdkError<E, HttpResponse>) -> Self {
        let status = error
            .raw_response()
            .map(|response| response.status().as_u16());
        let code = error.code().map(str::to_owned);
        let text = match (status, error.code(), error.message()) {
            (Some(status), Some(code), Some(message)) => {
                format!("the service responded with {status}, {code}: {message}")
            }
            (Some(status), Some(code), None) => {
                format!("the service responded with {status}, {code}")
            }
            (Some(status), None, _) if 300 <= status => {
                format!("the service responded with {status}")
            }
            _ => chain(&error),
        };
        Self { status, code, text }
    }
}

impl Failure {
    pub(super) fn is_missing(&self) -> bool {
        self.status == Some(404)
    }

    pub(super) fn is_missing_bucket(&self) -> bool {
        self.code() == "NoSuchBucket"
    }

    pub(super) fn is_denied(&self) -> bool {
        matches!(self.status, Some(401 | 403))
    }

    /// Whether the service does not support the request.
    pub(super) fn is_unknown_request(&self) -> bool {
        matches!(self.status, Some(405 | 501))
    }

    /// Whether the requested version is malformed.
    pub(super) fn is_bad_version(&self) -> bool {
        self.status == Some(400) && matches!(self.code(), "InvalidArgument" | "NoSuchVersion" | "")
    }

    fn code(&self) -> &str {
        self.code.as_deref().unwrap_or_default()
    }

    /// Returns what the request needs to succeed, if the service or the SDK rejected it.
    fn needed(&self, right: &str) -> Option<String> {
        match self.code() {
            "ExpiredToken" | "RequestExpired" | "TokenRefreshRequired" => {
                return Some("fresh credentials; those that were sent have expired".to_owned());
            }
            "InvalidAccessKeyId" | "SignatureDoesNotMatch" | "InvalidToken" => {
                return Some("credentials that the service knows".to_owned());
            }
            "RequestTimeTooSkewed" => return Some("a clock that is right".to_owned()),
            _ => {}
        }
        if self.is_denied() {
            return Some(right.to_owned());
        }
        // Not sent for lack of credentials: the SDK has no code for that.
        let without_credentials = self.status.is_none() && self.text.contains("credentials");
        without_credentials.then(|| {
            "credentials: environment, profile, web identity and instance have none; public buckets can be read \
             anonymously"
                .to_owned()
        })
    }

    pub(super) fn into_error(self, uri: &ReferenceUri, bucket: &str, right: &str) -> ResolveError {
        let uri = uri.clone();
        if self.is_missing_bucket() {
            // The missing object is the bucket.
            let bucket = format!("s3://{bucket}").parse();
            return ResolveError::NotFound {
                uri: bucket.unwrap_or(uri),
            };
        }
        if self.is_missing() {
            return ResolveError::NotFound { uri };
        }
        match self.needed(right) {
            Some(needed) => ResolveError::Denied {
                uri,
                needed,
                source: Box::new(self),
            },
            None => ResolveError::Backend {
                uri,
                source: Box::new(self),
            },
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl Error for Failure {}

/// Returns the messages of an error and its sources, each once.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.ends_with(&said) {
            text = format!("{text}: {said}");
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(status: Option<u16>, code: &str, text: &str) -> ResolveError {
        let failure = Failure {
            status,
            code: (!code.is_empty()).then(|| code.to_owned()),
            text: text.to_owned(),
        };
        failure.into_error(&"s3://b/k".parse().expect("a URI"), "b", "the right")
    }

    #[test]
    fn what_is_missing_is_named() {
        for (code, uri) in [
            ("", "s3://b/k"),
            ("NoSuchKey", "s3://b/k"),
            ("NoSuchBucket", "s3://b"),
        ] {
            let error = map(Some(404), code, "");
            assert!(
                matches!(error, ResolveError::NotFound { uri: found } if found.as_str() == uri)
            );
        }
    }

    #[test]
    fn a_refusal_says_what_it_needs() {
        for (status, code, text, needed) in [
            (Some(403), "AccessDenied", "", "the right"),
            (
                Some(403),
                "InvalidAccessKeyId",
                "",
                "credentials that the service knows",
            ),
            (Some(400), "ExpiredToken", "", "fresh credentials"),
            (
                None,
                "",
                "dispatch failure: no providers in chain provided credentials",
                "anonymously",
            ),
            (
                None,
                "",
                "dispatch failure: an error occurred while loading credentials: request forbidden",
                "anonymously",
            ),
        ] {
            let error = map(status, code, text);
            assert!(matches!(error, ResolveError::Denied { .. }), "{error:?}");
            assert!(error.to_string().contains(needed), "{error}");
        }
        assert!(matches!(
            map(Some(503), "SlowDown", ""),
            ResolveError::Backend { .. }
        ));
    }
}
