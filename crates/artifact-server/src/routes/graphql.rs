//! `POST /graphql`. Source: section 1.5 of the wire protocol.

use std::sync::Arc;

use artifact_store::StoreError;
use async_graphql::{Request, Response, ServerError, Variables};
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::{HeaderMap, StatusCode, Uri};
use serde::Deserialize;

use crate::auth::Authenticated;
use crate::error::ErrorResponse;
use crate::graphql::{RequestContext, fill_in_defaults};
use crate::state::{ServerState, blocking};

/// The largest document, in bytes; those of the official client have less than a tenth of it.
const MAX_DOCUMENT_BYTES: usize = 256 << 10;

/// A question.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GraphQlRequest {
    query: String,
    /// Empty where the client does not know.
    #[serde(default)]
    operation_name: Option<String>,
    #[serde(default)]
    variables: Option<serde_json::Value>,
}

/// Answers a question.
pub(super) async fn execute_request(
    State(state): State<Arc<ServerState>>,
    authenticated: Authenticated,
    uri: Uri,
    headers: HeaderMap,
    question: Result<Json<GraphQlRequest>, JsonRejection>,
) -> Result<(StatusCode, Json<Response>), ErrorResponse> {
    let Json(question) = question?;
    if MAX_DOCUMENT_BYTES < question.query.len() {
        return Err(ErrorResponse::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!(
                "the query has {} bytes, and at most {MAX_DOCUMENT_BYTES} are allowed; values belong into its variables",
                question.query.len()
            ),
        ));
    }
    let request = RequestContext {
        service: authenticated.service,
        account: authenticated.account,
        urls: state.urls(&uri, &headers)?,
    };
    // Resolvers ask the engine, which blocks; none of them waits for anything else.
    let response = blocking(move || execute(&state, question, request)).await?;
    let (status, response) = with_status(response);
    Ok((status, Json(response)))
}

fn execute(state: &ServerState, question: GraphQlRequest, request: RequestContext) -> Response {
    let document = match state.documents.parse(&question.query) {
        Ok(document) => document,
        Err(error) => return Response::from_errors(vec![error]),
    };
    let name = question.operation_name.filter(|name| !name.is_empty());
    let variables = question.variables.map(Variables::from_json);
    let mut variables = variables.unwrap_or_default();
    fill_in_defaults(&document, name.as_deref(), &mut variables);
    let mut request = Request::new(question.query)
        .variables(variables)
        .data(request);
    request.set_parsed_query(document);
    if let Some(name) = name {
        request = request.operation_name(name);
    }
    futures::executor::block_on(state.schema.execute(request))
}

/// Gives an answer that is nothing but an error the status of the error, so that a client knows whether to try again.
fn with_status(mut response: Response) -> (StatusCode, Response) {
    let mut status = StatusCode::OK;
    let is_whole = !response.data_is_empty();
    for error in &mut response.errors {
        if let Some(response) = error_response(error) {
            if !is_whole {
                status = response.status;
            }
            error.message = response.message;
        }
    }
    (status, response)
}

fn error_response(error: &ServerError) -> Option<ErrorResponse> {
    error.source::<StoreError>().map(ErrorResponse::from)
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
