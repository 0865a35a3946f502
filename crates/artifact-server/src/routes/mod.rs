//! What is answered under which path. Source: section 7 of the wire protocol.

mod artifacts;
mod content;
mod file_stream;
mod graphql;
mod health;
mod observe;
mod run_files;
mod tokens;
mod uploads;

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post, put};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::decompression::RequestDecompressionLayer;

use crate::failure::Failure;
use crate::links::STORAGE;
use crate::state::ServerState;

/// The largest GraphQL request, in bytes: room for 2,000 files of a batch, or for large metadata.
const LARGEST_QUERY: usize = 32 << 20;
/// The largest message of a file stream, in bytes. Source: the official client's are up to 10 MiB.
const LARGEST_MESSAGE: usize = 64 << 20;

/// Returns the server's routes.
pub(crate) fn router(state: Arc<ServerState>) -> Router {
    Router::new()
        .route(
            "/graphql",
            post(graphql::answer).layer(DefaultBodyLimit::max(LARGEST_QUERY)),
        )
        .route(
            "/files/{entity}/{project}/{run}/file_stream",
            post(file_stream::take)
                .layer::<_, Infallible>(DefaultBodyLimit::max(LARGEST_MESSAGE))
                .layer(RequestDecompressionLayer::new()),
        )
        .route(
            "/files/{entity}/{project}/{run}/{*name}",
            get(run_files::get),
        )
        .route("/artifactsV2/{*path}", get(artifacts::get))
        .route("/artifacts/{entity}/{hash}", get(artifacts::get_of_entity))
        .route("/oidc/token", post(tokens::refuse))
        .route(
            &format!("{STORAGE}/upload"),
            put(uploads::take).layer(DefaultBodyLimit::disable()),
        )
        .route(&format!("{STORAGE}/{{*path}}"), get(content::get))
        .route("/healthz", get(health::health))
        .route("/metrics", get(health::metrics))
        .fallback(async || Failure::not_found("there is nothing at this path"))
        .method_not_allowed_fallback(async || {
            Failure::new(
                axum::http::StatusCode::METHOD_NOT_ALLOWED,
                "this path does not take this method",
            )
        })
        .layer(CatchPanicLayer::custom(observe::panicked))
        .layer(from_fn_with_state(Arc::clone(&state), observe::be_patient))
        .layer(from_fn_with_state(Arc::clone(&state), observe::observe))
        .with_state(state)
}
