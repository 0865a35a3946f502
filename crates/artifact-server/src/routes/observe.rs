//! What is logged and counted of every request. Never a query string: it may hold a signature.

use std::any::Any;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::failure::Failure;
use crate::state::ServerState;

/// Logs and counts a request.
pub(super) async fn observe(
    State(state): State<Arc<ServerState>>,
    request: Request,
    next: Next,
) -> Response {
    let began = Instant::now();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or("none", MatchedPath::as_str).to_owned();
    state.metrics.in_flight.inc();
    let response = next.run(request).await;
    state.metrics.in_flight.dec();
    let (status, time) = (response.status(), began.elapsed());
    state.metrics.answered(&method, &route, status, time);
    let milliseconds = time.as_secs_f64() * 1000.0;
    tracing::info!(%method, path, status = status.as_u16(), milliseconds, "request");
    response
}

/// Answers a request whose handler panicked.
#[expect(clippy::needless_pass_by_value, reason = "the layer gives it away")]
pub(super) fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(panic = text.unwrap_or("?"), "a handler panicked");
    let message = "the server failed; its log says why";
    Failure::new(StatusCode::INTERNAL_SERVER_ERROR, message).into_response()
}
