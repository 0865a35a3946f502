//! The client: requests to the REST API, authorized by signature, token or account key.

use std::time::SystemTime;

use artifact_core::ReferenceUri;
use artifact_core::ports::ResolveError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use reqwest::{Method, Response, Url, header};
use sha2::Sha256;

use super::config::{AzureConfig, AzureCredential};
use super::list::Listed;
use super::tokens::Tokens;
use super::uri::BlobUrl;
use crate::net::{HttpClient, Refusal};

/// The characters to encode in query values.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
/// The characters to encode in paths.
const PATH: &AsciiSet = &VALUE.remove(b'/');

/// The version of the API, the first in which blobs have versions and names of any character can be listed.
const VERSION: &str = "2021-12-02";

const RIGHT: &str = "the role Storage Blob Data Reader, an access key, or a signature with permissions `r` and, for prefixes, `l`";

/// A client for the service.
#[derive(Debug)]
pub(super) struct Api {
    client: HttpClient,
    pub(super) config: AzureConfig,
    tokens: Tokens,
}

impl Api {
    pub(super) fn new(config: AzureConfig) -> Self {
        Self {
            client: HttpClient::new(config.retry()),
            config,
            tokens: Tokens::default(),
        }
    }

    /// Requests a blob, or with HEAD its properties.
    pub(super) async fn blob(
        &self,
        method: Method,
        at: &BlobUrl,
        uri: &ReferenceUri,
    ) -> Result<Response, ResolveError> {
        let query = match &at.object.version {
            Some(version) => format!("versionid={}", utf8_percent_encode(version, VALUE)),
            None => String::new(),
        };
        let path = format!(
            "{}/{}",
            at.object.bucket,
            utf8_percent_encode(&at.object.key, PATH)
        );
        self.send(method, at, &path, &query, uri).await
    }

    /// Returns a page of the blobs whose names start with `prefix`; with `include=versions` of all their versions.
    pub(super) async fn list(
        &self,
        at: &BlobUrl,
        prefix: &str,
        include: &str,
        marker: &str,
        uri: &ReferenceUri,
    ) -> Result<Listed, ResolveError> {
        let encode = |text| utf8_percent_encode(text, VALUE);
        let mut query = format!(
            "restype=container&comp=list&include={include}&prefix={}&maxresults={}",
            encode(prefix),
            self.config.page_size.clamp(1, 5_000)
        );
        if !marker.is_empty() {
            query = format!("{query}&marker={}", encode(marker));
        }
        let response = self
            .send(Method::GET, at, &at.object.bucket, &query, uri)
            .await?;
        let backend = |source| ResolveError::Backend {
            uri: uri.clone(),
            source,
        };
        let body = response.text().await;
        let body = body.map_err(|error| backend(Box::new(error.without_url())))?;
        Listed::parse(&body).map_err(|error| backend(Box::new(error)))
    }

    async fn send(
        &self,
        method: Method,
        at: &BlobUrl,
        path: &str,
        query: &str,
        uri: &ReferenceUri,
    ) -> Result<Response, ResolveError> {
        let credential = self.config.credential_of(&at.account);
        let signature = match (&at.signature, credential) {
            (Some(signature), _) => signature.as_str(),
            (None, AzureCredential::SharedAccess(signature)) => signature.trim_start_matches('?'),
            _ => "",
        };
        let query: Vec<_> = [query, signature]
            .into_iter()
            .filter(|q| !q.is_empty())
            .collect();
        let url = Url::parse(&format!("{}/{path}?{}", at.account, query.join("&")));
        let url = url.map_err(|error| ResolveError::Unsupported {
            uri: uri.clone(),
            reason: format!("it is not a URL: {error}"),
        })?;
        let authorization = match credential {
            _ if !signature.is_empty() => None,
            AzureCredential::Token(token) => Some(format!("Bearer {token}")),
            other => {
                let token = self
                    .tokens
                    .get(&self.client, &self.config, other, uri)
                    .await?;
                token.map(|token| format!("Bearer {token}"))
            }
        };
        let key = match credential {
            AzureCredential::AccessKey(key) if signature.is_empty() => Some(key),
            _ => None,
        };
        let sent = self
            .client
            .send(uri, method.clone(), url.as_str(), |request| {
                // Signed anew for each attempt: a signature is valid for 15 minutes.
                let date = now();
                let headers = [("x-ms-date", date.as_str()), ("x-ms-version", VERSION)];
                let by_key = key.and_then(|key| {
                    let account = account_name(&at.account);
                    shared_key_authorization(account, key, method.as_str(), &url, &headers)
                });
                let request = headers.into_iter().fold(request, |request, (name, value)| {
                    request.header(name, value)
                });
                match authorization.clone().or(by_key) {
                    Some(value) => request.header(header::AUTHORIZATION, value),
                    None => request,
                }
            });
        let response = sent.await?;
        if response.status().is_success() {
            return Ok(response);
        }
        Err(error_of(Refusal::of(response).await, at, uri))
    }
}

fn error_of(refusal: Refusal, at: &BlobUrl, uri: &ReferenceUri) -> ResolveError {
    match refusal.code() {
        "ContainerNotFound" => {
            let container = format!("{}/{}", at.account, at.object.bucket).parse();
            ResolveError::NotFound {
                uri: container.unwrap_or_else(|_| uri.clone()),
            }
        }
        "PublicAccessNotPermitted" | "NoAuthenticationInformation" => ResolveError::Denied {
            uri: uri.clone(),
            needed: RIGHT.to_owned(),
            source: Box::new(refusal),
        },
        _ => refusal.into_error(uri, RIGHT),
    }
}

/// Returns the current time as an HTTP date.
#[expect(
    clippy::disallowed_methods,
    reason = "a signature holds the time of the request; no rule depends on it"
)]
fn now() -> String {
    let now = jiff::Timestamp::try_from(SystemTime::now()).unwrap_or_default();
    now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Returns the `Authorization` of a request without body; none where `key` is not base64.
///
/// `headers` are those whose names start with `x-ms-`, in the order of their names. Source: "Authorize with Shared Key",
/// version 2015-02-21 and later.
fn shared_key_authorization(
    account: &str,
    key: &str,
    method: &str,
    url: &Url,
    headers: &[(&str, &str)],
) -> Option<String> {
    let key = BASE64.decode(key.trim()).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(string_to_sign(account, method, url, headers).as_bytes());
    let signature = BASE64.encode(mac.finalize().into_bytes());
    Some(format!("SharedKey {account}:{signature}"))
}

/// Returns the string to sign.
fn string_to_sign(account: &str, method: &str, url: &Url, headers: &[(&str, &str)]) -> String {
    // In a request without body and conditions, these eleven fields are empty.
    let mut text = format!("{method}\n{}", "\n".repeat(11));
    for (name, value) in headers {
        text = format!("{text}{name}:{value}\n");
    }
    text = format!("{text}/{account}{}", url.path());
    let decode = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
    let query = url.query().unwrap_or_default();
    let mut parameters: Vec<(String, String)> = query
        .split('&')
        .filter_map(|parameter| parameter.split_once('='))
        .map(|(name, value)| (decode(name).to_ascii_lowercase(), decode(value)))
        .collect();
    parameters.sort();
    for (name, value) in parameters {
        text = format!("{text}\n{name}:{value}");
    }
    text
}

/// Returns the account name in an account's URL: the first label of the host, or the path at another service.
fn account_name(account: &str) -> &str {
    let rest = account.split_once("://").map_or(account, |(_, rest)| rest);
    match rest.split_once('/') {
        Some((_, path)) => path,
        None => rest.split('.').next().unwrap_or(rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_has_its_parts_in_order() {
        let url = Url::parse(
            "https://a.blob.core.windows.net/c/a%20b?restype=container&Comp=list&prefix=x%2F",
        );
        let headers = [("x-ms-date", "D"), ("x-ms-version", "V")];
        let signed = string_to_sign("a", "GET", &url.expect("a URL"), &headers);
        let expected = format!(
            "GET\n{}x-ms-date:D\nx-ms-version:V\n/a/c/a%20b\ncomp:list\nprefix:x/\nrestype:container",
            "\n".repeat(11)
        );
        assert_eq!(signed, expected);
    }

    #[test]
    fn the_account_is_in_the_host_or_in_the_path() {
        assert_eq!(account_name("https://acct.blob.core.windows.net"), "acct");
        assert_eq!(
            account_name("http://127.0.0.1:10000/devstoreaccount1"),
            "devstoreaccount1"
        );
    }
}
