//! Routes of the server. Source: section 7 of the wire protocol.

mod content;
mod graphql;
mod observability;
mod runs;
mod uploads;

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post, put};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::decompression::RequestDecompressionLayer;

use crate::auth;
use crate::error::ErrorResponse;
use crate::state::ServerState;
use crate::urls::STORAGE;

/// Maximum size of a GraphQL request: room for a batch of 2,000 files, or for large metadata.
const MAX_GRAPHQL_BYTES: usize = 32 << 20;
/// Maximum size of a message of the file stream. Source: the official client sends up to 10 MiB.
const MAX_STREAM_MESSAGE_BYTES: usize = 64 << 20;

/// Returns the server's routes.
pub(crate) fn router(state: Arc<ServerState>) -> Router {
    Router::new()
        .route(
            "/graphql",
            post(graphql::execute_request).layer(DefaultBodyLimit::max(MAX_GRAPHQL_BYTES)),
        )
        .route(
            "/files/{entity}/{project}/{run}/file_stream",
            post(runs::receive_stream)
                .layer::<_, Infallible>(DefaultBodyLimit::max(MAX_STREAM_MESSAGE_BYTES))
                .layer(RequestDecompressionLayer::new()),
        )
        .route(
            "/files/{entity}/{project}/{run}/{*name}",
            get(runs::get_file),
        )
        .route("/artifactsV2/{*path}", get(content::get_by_hash))
        .route("/artifacts/{entity}/{hash}", get(content::get_of_entity))
        .route("/oidc/token", post(auth::refuse_identity_token))
        .route(
            &format!("{STORAGE}/upload"),
            put(uploads::receive).layer(DefaultBodyLimit::disable()),
        )
        .route(&format!("{STORAGE}/{{*path}}"), get(content::get_signed))
        .route("/healthz", get(observability::health))
        .route("/metrics", get(observability::metrics))
        .fallback(async || ErrorResponse::not_found("there is nothing at this path"))
        .method_not_allowed_fallback(async || {
            ErrorResponse::new(
                axum::http::StatusCode::METHOD_NOT_ALLOWED,
                "this path does not take this method",
            )
        })
        .layer(CatchPanicLayer::custom(observability::panic_response))
        .layer(from_fn_with_state(
            Arc::clone(&state),
            observability::limit_body_time,
        ))
        .layer(from_fn_with_state(
            Arc::clone(&state),
            observability::observe,
        ))
        .with_state(state)
}
