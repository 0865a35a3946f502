//! `POST /files/{entity}/{project}/{run}/file_stream`, the lines that a run logs, and
//! `GET /files/{entity}/{project}/{run}/{name}`, a file of a run.
//!
//! Source: section 6.3 of the wire protocol.

use std::collections::BTreeMap;
use std::sync::Arc;

use artifact_core::ProjectAddress;
use artifact_core::records::{LineBatch, RunAddress, RunStream};
use artifact_store::service::{FileSelection, ListQuery, StreamUpdate};
use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::content::respond;
use crate::auth::Authenticated;
use crate::error::ErrorResponse;
use crate::state::{ServerState, blocking};

const HISTORY: &str = "wandb-history.jsonl";
const EVENTS: &str = "wandb-events.jsonl";
const CONSOLE: &str = "output.log";
const SUMMARY: &str = "wandb-summary.json";

/// A message of the file stream.
#[derive(Deserialize)]
pub(super) struct Message {
    #[serde(default)]
    files: Option<BTreeMap<String, Lines>>,
    #[serde(default)]
    preempting: Option<bool>,
    #[serde(default)]
    complete: Option<bool>,
    #[serde(default)]
    exitcode: Option<i32>,
}

/// Lines of a file of the stream.
#[derive(Deserialize)]
pub(super) struct Lines {
    #[serde(default)]
    offset: u64,
    #[serde(default)]
    content: Vec<String>,
}

impl Message {
    fn update(self) -> StreamUpdate {
        let mut update = StreamUpdate {
            preempting: self.preempting.unwrap_or_default(),
            ..StreamUpdate::default()
        };
        if self.complete.unwrap_or_default() {
            update.exit_code = Some(self.exitcode.unwrap_or_default());
        }
        for (name, lines) in self.files.unwrap_or_default() {
            let stream = match name.as_str() {
                HISTORY => RunStream::History,
                EVENTS => RunStream::Events,
                CONSOLE => RunStream::Console,
                SUMMARY => {
                    update.summary = lines.content.into_iter().next_back();
                    continue;
                }
                other => {
                    tracing::debug!(file = other, "an unknown file of a stream");
                    continue;
                }
            };
            update.lines.push(LineBatch {
                stream,
                offset: lines.offset,
                lines: lines.content,
            });
        }
        update
    }
}

/// Handles a message of the file stream; the response says whether the run should stop.
pub(super) async fn receive_stream(
    path: Result<Path<(String, String, String)>, PathRejection>,
    authenticated: Authenticated,
    message: Result<Json<Message>, JsonRejection>,
) -> Result<Json<Value>, ErrorResponse> {
    let Path((entity, project, run)) = path?;
    let run = run_address(&entity, &project, &run)?;
    let Json(message) = message?;
    let update = message.update();
    let stop = blocking(move || authenticated.service.stream_run(&run, &update)).await??;
    Ok(Json(if stop {
        json!({ "stopped": true })
    } else {
        json!({})
    }))
}

/// Parses the address of a run in a path.
fn run_address(entity: &str, project: &str, run: &str) -> Result<RunAddress, ErrorResponse> {
    let wrong = |error: artifact_core::InvalidValue| ErrorResponse::bad_request(error.to_string());
    Ok(RunAddress {
        project: ProjectAddress {
            entity: entity.parse().map_err(wrong)?,
            project: project.parse().map_err(wrong)?,
        },
        id: run.parse().map_err(wrong)?,
    })
}

/// Handles a download of a run's file.
pub(super) async fn get_file(
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
