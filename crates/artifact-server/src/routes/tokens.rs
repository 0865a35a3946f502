//! `POST /oidc/token`: where a client would change an identity token for one of the server's. Source: section 1.2 of the
//! wire protocol.

use axum::Json;
use axum::http::StatusCode;
use serde_json::{Value, json};

/// Refuses for good, as clients would go on trying without an answer. They show the body as it is, and its shape is that
/// of OAuth.
pub(super) async fn refuse() -> (StatusCode, Json<Value>) {
    let body = json!({
        "error": "unsupported_grant_type",
        "error_description": "this server takes API keys and no identity tokens: unset WANDB_IDENTITY_TOKEN_FILE and \
                              log in with `wandb login --host`",
    });
    (StatusCode::BAD_REQUEST, Json(body))
}
