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

/// Maximum size of a document; those of the official client have less than a tenth of it.
const MAX_DOCUMENT_BYTES: usize = 256 << 10;

/// The body of a GraphQL request.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GraphQlRequest {
    query: String,
    /// Empty if the client does not know it.
    #[serde(default)]
    operation_name: Option<String>,
    #[serde(default)]
    variables: Option<serde_json::Value>,
}

/// Handles a GraphQL request.
pub(super) async fn execute_request(
    State(state): State<Arc<ServerState>>,
    authenticated: Authenticated,
    uri: Uri,
    headers: HeaderMap,
    body: Result<Json<GraphQlRequest>, JsonRejection>,
) -> Result<(StatusCode, Json<Response>), ErrorResponse> {
    let Json(body) = body?;
    if MAX_DOCUMENT_BYTES < body.query.len() {
        return Err(ErrorResponse::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!(
                "the query has {} bytes, and at most {MAX_DOCUMENT_BYTES} are allowed; values belong into its variables",
                body.query.len()
            ),
        ));
    }
    let context = RequestContext {
        service: authenticated.service,
        account: authenticated.account,
        urls: state.urls(&uri, &headers)?,
    };
    // Resolvers call the engine, which blocks; none of them awaits anything else.
    let response = blocking(move || execute(&state, body, context)).await?;
    let (status, response) = with_status(response);
    Ok((status, Json(response)))
}

fn execute(state: &ServerState, body: GraphQlRequest, context: RequestContext) -> Response {
    let document = match state.documents.parse(&body.query) {
        Ok(document) => document,
        Err(error) => return Response::from_errors(vec![error]),
    };
    let name = body.operation_name.filter(|name| !name.is_empty());
    let variables = body.variables.map(Variables::from_json);
    let mut variables = variables.unwrap_or_default();
    fill_in_defaults(&document, name.as_deref(), &mut variables);
    let mut request = Request::new(body.query).variables(variables).data(context);
    request.set_parsed_query(document);
    if let Some(name) = name {
        request = request.operation_name(name);
    }
    futures::executor::block_on(state.schema.execute(request))
}

/// Returns the status of the error if the response has no data, so that clients know whether to retry.
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

/// A check whether a response has no data.
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
