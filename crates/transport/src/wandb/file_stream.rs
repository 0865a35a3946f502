//! The file stream of a run: heartbeats, lines, and its end. Source: section 6.3 of the wire protocol.

use std::time::Duration;

use artifact_core::ports::{RegistryError, RunAddress};
use reqwest::Method;
use serde_json::Value;

use super::Wandb;
use super::files::encoded;
use super::http::{Retried, RetryRule, retried, successful};

/// How long one request may take.
const TIMEOUT: Duration = Duration::from_mins(3);

impl Wandb {
    /// Sends one message to the file stream of a run.
    pub(super) async fn stream(
        &self,
        run: &RunAddress,
        message: &Value,
    ) -> Result<(), RegistryError> {
        let path = format!(
            "files/{}/{}/{}/file_stream",
            encoded(run.project.entity.as_str()),
            encoded(run.project.project.as_str()),
            encoded(run.id.as_str()),
        );
        let body = bytes::Bytes::from(message.to_string());
        let how = Retried {
            rule: RetryRule::Question,
            limits: self.graph.limits(),
            what: "file stream",
        };
        let sent = retried(how, || async {
            let request = self
                .http
                .authorized(Method::POST, &path)
                .await?
                .header(reqwest::header::CONTENT_TYPE, "application/json")
                .timeout(TIMEOUT)
                .body(body.clone());
            successful(request.send().await).await
        });
        match sent.await {
            Ok(_) => Ok(()),
            Err(failure) => Err(self.http_failed("writing to a run's file stream", failure)),
        }
    }
}
