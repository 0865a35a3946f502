//! Logging, metrics, health, and limits that hold for every request.

use std::any::Any;
use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::error::ErrorResponse;
use crate::state::{ServerState, blocking};
use crate::timeouts::body_with_timeout;

/// Logs and counts a request.
pub(super) async fn observe(
    State(state): State<Arc<ServerState>>,
    request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or("none", MatchedPath::as_str).to_owned();
    let in_flight = InFlight::new(&state);
    let response = next.run(request).await;
    drop(in_flight);
    let (status, time) = (response.status(), started.elapsed());
    state.metrics.answered(&method, &route, status, time);
    let milliseconds = time.as_secs_f64() * 1000.0;
    tracing::info!(%method, path, status = status.as_u16(), milliseconds, "request");
    response
}

/// Counts a request as in flight until it is answered or its client has disconnected.
struct InFlight<'s>(&'s ServerState);

impl<'s> InFlight<'s> {
    fn new(state: &'s ServerState) -> Self {
        state.metrics.in_flight.inc();
        Self(state)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.metrics.in_flight.dec();
    }
}

/// Limits the time that the body of a request may stall, and lets a client that is still sending see why it is
/// refused.
pub(super) async fn limit_body_time(
    State(state): State<Arc<ServerState>>,
    request: Request,
    next: Next,
) -> Response {
    let client_timeout = state.options.client_timeout;
    // Such a client waits for a response before it sends the body.
    let waits = request.headers().contains_key(header::EXPECT);
    let (parts, body) = request.into_parts();
    let (body, unread) = body_with_timeout(body, client_timeout);
    let response = next.run(Request::from_parts(parts, body)).await;
    if !waits && !response.status().is_success() {
        unread.discard().await;
    }
    response
}

/// Returns the response for a request whose handler panicked.
#[expect(clippy::needless_pass_by_value, reason = "the layer gives it away")]
pub(super) fn panic_response(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(panic = text.unwrap_or("?"), "a handler panic_response");
    let message = "the server failed; its log says why";
    ErrorResponse::new(StatusCode::INTERNAL_SERVER_ERROR, message).into_response()
}

/// Handles the health check: the server responds and its store can be read.
pub(super) async fn health(
    State(state): State<Arc<ServerState>>,
) -> Result<Json<Value>, ErrorResponse> {
    let service = state.service();
    blocking(move || service.accounts()).await??;
    Ok(Json(json!({ "status": "ok" })))
}

/// Handles a scrape of the metrics.
pub(super) async fn metrics(State(state): State<Arc<ServerState>>) -> impl IntoResponse {
    let format = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, format)], state.metrics.text())
}
