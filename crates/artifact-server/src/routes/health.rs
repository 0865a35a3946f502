//! For those who watch the server.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use serde_json::{Value, json};

use crate::error::ErrorResponse;
use crate::state::{ServerState, blocking};

/// Says that the server answers and that its store can be read.
pub(super) async fn health(
    State(state): State<Arc<ServerState>>,
) -> Result<Json<Value>, ErrorResponse> {
    let service = state.service();
    blocking(move || service.accounts()).await??;
    Ok(Json(json!({ "status": "ok" })))
}

/// What was counted, for Prometheus.
pub(super) async fn metrics(State(state): State<Arc<ServerState>>) -> impl IntoResponse {
    let format = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, format)], state.metrics.text())
}
