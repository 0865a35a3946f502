//! Errors as clients see them. Source: sections 1.5 and 8 of the wire protocol.

use std::error::Error;

use artifact_core::ports::{RegistryError, TransferError};
use artifact_store::StoreError;
use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::timeouts::ClientTooSlow;

/// A response for a failed request: a status and a message.
#[derive(Debug)]
pub(crate) struct ErrorResponse {
    pub(crate) status: StatusCode,
    pub(crate) message: String,
}

impl ErrorResponse {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
        }
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// Returns the response for an internal error, and logs its causes.
    pub(crate) fn internal(error: &dyn Error) -> Self {
        let chain = std::iter::successors(Some(error), |error| (*error).source());
        let causes: Vec<String> = chain.map(ToString::to_string).collect();
        tracing::error!(error = causes.join(": "), "a request failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the server failed; its log says why",
        )
    }
}

impl From<&StoreError> for ErrorResponse {
    fn from(error: &StoreError) -> Self {
        match error {
            StoreError::Refused(invalid) => invalid.into(),
            StoreError::Corrupt => Self::bad_request(error.to_string()),
            other => Self::internal(other),
        }
    }
}

impl From<StoreError> for ErrorResponse {
    fn from(error: StoreError) -> Self {
        (&error).into()
    }
}

impl From<&RegistryError> for ErrorResponse {
    fn from(error: &RegistryError) -> Self {
        let status = match error {
            RegistryError::Forbidden { .. } => StatusCode::FORBIDDEN,
            RegistryError::NoProject { .. }
            | RegistryError::NoArtifact { .. }
            | RegistryError::NoRun { .. } => StatusCode::NOT_FOUND,
            RegistryError::Backend { .. } => return Self::internal(error),
            // Not 409: clients retry an `UpsertBucket` with that status.
            _ => StatusCode::BAD_REQUEST,
        };
        Self::new(status, error.to_string())
    }
}

impl From<TransferError> for ErrorResponse {
    fn from(error: TransferError) -> Self {
        Self::internal(&error)
    }
}

impl From<JsonRejection> for ErrorResponse {
    fn from(rejection: JsonRejection) -> Self {
        let mut chain =
            std::iter::successors(Some(&rejection as &dyn Error), |error| (*error).source());
        if chain.any(<dyn std::error::Error + 'static>::is::<ClientTooSlow>) {
            return Self::new(StatusCode::REQUEST_TIMEOUT, ClientTooSlow.to_string());
        }
        Self::new(rejection.status(), rejection.body_text())
    }
}

impl From<PathRejection> for ErrorResponse {
    fn from(rejection: PathRejection) -> Self {
        Self::new(rejection.status(), rejection.body_text())
    }
}

impl IntoResponse for ErrorResponse {
    /// Every client shows the message of this form.
    fn into_response(self) -> Response {
        let body = json!({ "errors": [{ "message": self.message }] });
        (self.status, Json(body)).into_response()
    }
}
