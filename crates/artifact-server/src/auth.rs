//! Authentication by API key. Source: section 1.2 of the wire protocol.

use std::sync::Arc;

use artifact_core::records::Account;
use artifact_store::service::{Caller, Service};
use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use crate::error::ErrorResponse;
use crate::state::{ServerState, blocking};

/// The account whose key came with a request.
pub(crate) struct Authenticated {
    pub(crate) account: Account,
    /// The engine on behalf of the account.
    pub(crate) service: Service,
}

impl FromRequestParts<Arc<ServerState>> for Authenticated {
    type Rejection = ErrorResponse;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &Arc<ServerState>,
    ) -> Result<Self, ErrorResponse> {
        let key = key(&parts.headers).ok_or_else(|| {
            unauthorized("no API key came with the request; log in with `wandb login --host`")
        })?;
        let service = state.service();
        let account = blocking(move || service.account_of_key(&key)).await??;
        let account = account
            .ok_or_else(|| unauthorized("this server does not know the API key that was sent"))?;
        let service = state.engine.service(Caller::Account(account.name.clone()));
        Ok(Self { account, service })
    }
}

fn unauthorized(message: &str) -> ErrorResponse {
    ErrorResponse::new(StatusCode::UNAUTHORIZED, message)
}

/// Returns the key of `Authorization: Basic base64("api:" + key)`.
fn key(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(BASE64.decode(encoded.trim()).ok()?).ok()?;
    let (_, key) = decoded.split_once(':')?;
    Some(key.to_owned())
}

/// Refuses to exchange an identity token, with a status that clients do not retry. The body has the form of OAuth, and
/// clients show it as it is.
pub(crate) async fn refuse_identity_token() -> (StatusCode, Json<Value>) {
    let body = json!({
        "error": "unsupported_grant_type",
        "error_description": "this server takes API keys and no identity tokens: unset WANDB_IDENTITY_TOKEN_FILE and \
                              log in with `wandb login --host`",
    });
    (StatusCode::BAD_REQUEST, Json(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key_of(value: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        key(&headers)
    }

    #[test]
    fn reads_the_key_of_basic_credentials() {
        // `api:secret:x`
        assert_eq!(
            key_of("Basic YXBpOnNlY3JldDp4").as_deref(),
            Some("secret:x")
        );
        assert_eq!(
            key_of("basic YXBpOnNlY3JldDp4").as_deref(),
            Some("secret:x")
        );
        for wrong in ["Bearer YXBpOnNlY3JldDp4", "Basic !", "Basic YXBp", "Basic"] {
            assert_eq!(key_of(wrong), None, "{wrong}");
        }
    }
}
