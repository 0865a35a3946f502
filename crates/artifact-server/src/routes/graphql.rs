//! `POST /graphql`. Source: section 1.5 of the wire protocol.

use std::sync::Arc;

use artifact_store::StoreError;
use async_graphql::{Request, Response, ServerError, Variables};
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;

use crate::auth::Authenticated;
use crate::failure::Failure;
use crate::graphql::{Asker, fill_in_defaults};
use crate::state::{ServerState, blocking};

/// A question.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Question {
    query: String,
    /// Empty where the client does not know.
    #[serde(default)]
    operation_name: Option<String>,
    #[serde(default)]
    variables: Option<serde_json::Value>,
}

/// Answers a question.
pub(super) async fn answer(
    State(state): State<Arc<ServerState>>,
    authenticated: Authenticated,
    headers: HeaderMap,
    question: Result<Json<Question>, JsonRejection>,
) -> Result<(StatusCode, Json<Response>), Failure> {
    let Json(question) =
        question.map_err(|rejection| Failure::new(rejection.status(), rejection.body_text()))?;
    let asker = Asker {
        service: authenticated.service,
        account: authenticated.account,
        links: state.links(&headers),
    };
    let document = match state.documents.parse(&question.query) {
        Ok(document) => document,
        Err(error) => {
            let response = Response::from_errors(vec![error]);
            return Ok((StatusCode::OK, Json(response)));
        }
    };
    let mut variables = question
        .variables
        .map(Variables::from_json)
        .unwrap_or_default();
    fill_in_defaults(&document, &mut variables);
    let mut request = Request::new(question.query)
        .variables(variables)
        .data(asker);
    request.set_parsed_query(document);
    if let Some(name) = question.operation_name.filter(|name| !name.is_empty()) {
        request = request.operation_name(name);
    }
    let schema = state.schema.clone();
    // Resolvers ask the engine, which blocks; none of them waits for anything else.
    let response = blocking(move || futures::executor::block_on(schema.execute(request))).await?;
    let (status, response) = with_status(response);
    Ok((status, Json(response)))
}

/// Gives an answer that is nothing but an error the status of the error, so that a client knows whether to try again.
fn with_status(mut response: Response) -> (StatusCode, Response) {
    let mut status = StatusCode::OK;
    let is_whole = !response.data_is_empty();
    for error in &mut response.errors {
        if let Some(failure) = failure(error) {
            if !is_whole {
                status = failure.status;
            }
            error.message = failure.message;
        }
    }
    (status, response)
}

fn failure(error: &ServerError) -> Option<Failure> {
    error.source::<StoreError>().map(Failure::from)
}

/// Whether an answer has no data at all.
trait DataIsEmpty {
    fn data_is_empty(&self) -> bool;
}

impl DataIsEmpty for Response {
    fn data_is_empty(&self) -> bool {
        match &self.data {
            async_graphql::Value::Null => true,
            async_graphql::Value::Object(fields) => fields
                .values()
                .all(|value| *value == async_graphql::Value::Null),
            _ => false,
        }
    }
}
