//! Access tokens of Microsoft Entra.

use std::time::Duration;

use artifact_core::ReferenceUri;
use artifact_core::ports::ResolveError;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Method, header};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::config::{AzureConfig, AzureCredential};
use crate::net::{HttpClient, Refusal};

/// The metadata service of Azure's machines, which issues tokens for the machine's identity.
const MACHINE: &str = "http://169.254.169.254/metadata/identity/oauth2/token";
const RESOURCE: &str = "https://storage.azure.com/";

/// A token that expires sooner than this is replaced.
const MARGIN: Duration = Duration::from_mins(5);

const NEEDED: &str =
    "credentials that Microsoft Entra knows: an application's secret, or a machine's identity";

/// Tokens by credential; several accounts may share one.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    known: Mutex<Vec<(AzureCredential, Token)>>,
}

struct Token {
    text: String,
    until: Instant,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Token(..)")
    }
}

impl Tokens {
    /// Returns a valid token for `credential`; `None` for a credential of another kind.
    pub(super) async fn get(
        &self,
        client: &HttpClient,
        config: &AzureConfig,
        credential: &AzureCredential,
        uri: &ReferenceUri,
    ) -> Result<Option<String>, ResolveError> {
        // Held while a token is requested, so that concurrent callers share it.
        let mut known = self.known.lock().await;
        let good = |(of, token): &&(AzureCredential, Token)| {
            of == credential && Instant::now() + MARGIN < token.until
        };
        if let Some((_, token)) = known.iter().find(good) {
            return Ok(Some(token.text.clone()));
        }
        let body = match credential {
            AzureCredential::ClientSecret {
                tenant_id,
                client_id,
                client_secret,
            } => by_secret(client, config, (tenant_id, client_id, client_secret), uri).await?,
            AzureCredential::ManagedIdentity(id) => of_machine(client, id.as_deref(), uri).await?,
            _ => return Ok(None),
        };
        let token = parse(&body).ok_or_else(|| ResolveError::Denied {
            uri: uri.clone(),
            needed: NEEDED.to_owned(),
            source: "the response has no access token".into(),
        })?;
        let text = token.text.clone();
        known.retain(|(of, _)| of != credential);
        known.push((credential.clone(), token));
        Ok(Some(text))
    }
}

async fn by_secret(
    client: &HttpClient,
    config: &AzureConfig,
    (tenant, id, secret): (&str, &str, &str),
    uri: &ReferenceUri,
) -> Result<String, ResolveError> {
    let encode = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
    let url = format!(
        "{}/{}/oauth2/v2.0/token",
        config.authority.trim_end_matches('/'),
        encode(tenant)
    );
    let form = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}&scope={}",
        encode(id),
        encode(secret),
        encode(&format!("{RESOURCE}.default"))
    );
    ask(client, uri, Method::POST, &url, |request| {
        request
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.clone())
    })
    .await
}

async fn of_machine(
    client: &HttpClient,
    id: Option<&str>,
    uri: &ReferenceUri,
) -> Result<String, ResolveError> {
    let encode = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
    let mut url = format!(
        "{MACHINE}?api-version=2018-02-01&resource={}",
        encode(RESOURCE)
    );
    if let Some(id) = id {
        url = format!("{url}&client_id={}", encode(id));
    }
    ask(client, uri, Method::GET, &url, |request| {
        request.header("metadata", "true")
    })
    .await
}

async fn ask(
    client: &HttpClient,
    uri: &ReferenceUri,
    method: Method,
    url: &str,
    complete: impl Fn(reqwest::RequestBuilder) -> reqwest::RequestBuilder,
) -> Result<String, ResolveError> {
    let denied = |source: Box<dyn std::error::Error + Send + Sync>| ResolveError::Denied {
        uri: uri.clone(),
        needed: NEEDED.to_owned(),
        source,
    };
    let response = client.send(uri, method, url, complete).await?;
    if !response.status().is_success() {
        return Err(denied(Box::new(Refusal::of(response).await)));
    }
    let body = response.text().await;
    body.map_err(|error| denied(Box::new(error.without_url())))
}

fn parse(body: &str) -> Option<Token> {
    let body: serde_json::Value = serde_json::from_str(body).ok()?;
    let lasts = &body["expires_in"];
    let lasts = lasts.as_u64().or_else(|| lasts.as_str()?.parse().ok());
    Some(Token {
        text: body["access_token"].as_str()?.to_owned(),
        until: Instant::now() + Duration::from_secs(lasts.unwrap_or(0)),
    })
}
