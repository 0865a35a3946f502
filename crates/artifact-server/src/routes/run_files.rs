//! `GET /files/{entity}/{project}/{run}/{name}`: a file of a run, for whoever shows a key.

use std::sync::Arc;

use artifact_store::service::{FileSelection, ListQuery};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method};
use axum::response::Response;

use super::content::respond;
use super::file_stream::run_address;
use crate::auth::Authenticated;
use crate::error::ErrorResponse;
use crate::state::{ServerState, blocking};

/// Sends the file.
pub(super) async fn get(
    State(state): State<Arc<ServerState>>,
    path: Result<Path<(String, String, String, String)>, PathRejection>,
    authenticated: Authenticated,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, ErrorResponse> {
    let Path((entity, project, run, name)) = path?;
    let address = run_address(&entity, &project, &run)?;
    let service = authenticated.service;
    let missing = ErrorResponse::not_found(format!("run {address} has no file {name}"));
    let found = blocking(move || {
        let Some(run) = service.run(&address.project, &address.id)? else {
            return Ok(None);
        };
        let selection = FileSelection {
            names: vec![name],
            pattern: None,
        };
        service
            .run_files(&run.id, &selection, &ListQuery::default())
            .map(|slice| slice.items.into_iter().next())
    });
    let found: Result<_, artifact_store::StoreError> = found.await?;
    let file = found?.ok_or(missing)?.item;
    respond(&state, file.ticket, file.name.as_str(), &method, &headers).await
}
