//! The file stream of a run: heartbeats, lines, and its end. Source: section 6.3 of the wire protocol.

use std::collections::BTreeMap;
use std::time::Duration;

use artifact_core::ports::{RegistryError, RunMessage, RunReply, StreamLines};
use artifact_core::records::RunAddress;
use reqwest::Method;
use serde::{Deserialize, Serialize};

use super::files::encode_segment;
use crate::Wandb;
use crate::http::{RetryRule, require_success_status};

/// The timeout of one request.
const TIMEOUT: Duration = Duration::from_mins(3);

const HISTORY: &str = "wandb-history.jsonl";
const EVENTS: &str = "wandb-events.jsonl";
const CONSOLE: &str = "output.log";
const SUMMARY: &str = "wandb-summary.json";

/// A message in the protocol's form.
#[derive(Serialize)]
struct Body {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    files: BTreeMap<&'static str, Lines>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    uploaded: Vec<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    preempting: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    complete: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exitcode: Option<i32>,
}

#[derive(Serialize)]
struct Lines {
    offset: u64,
    content: Vec<String>,
}

impl From<RunMessage> for Body {
    fn from(message: RunMessage) -> Self {
        // The summary is one line, overwritten each time.
        let summary = StreamLines {
            offset: 0,
            lines: message.summary.into_iter().collect(),
        };
        let streams = [
            (HISTORY, message.history),
            (EVENTS, message.events),
            (CONSOLE, message.console),
            (SUMMARY, summary),
        ];
        let streams = streams.map(|(name, lines)| {
            let content = lines.lines;
            let offset = lines.offset;
            (name, Lines { offset, content })
        });
        let files = streams.into_iter();
        let uploaded = message.uploaded.iter();
        Self {
            files: files.filter(|(_, file)| !file.content.is_empty()).collect(),
            uploaded: uploaded.map(ToString::to_string).collect(),
            preempting: message.is_preempting,
            complete: message.exit_code.map(|_| true),
            exitcode: message.exit_code,
        }
    }
}

/// The relevant part of a response.
#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    stopped: Option<bool>,
}

impl Wandb {
    /// Sends one message to the file stream of a run.
    pub(crate) async fn stream(
        &self,
        run: &RunAddress,
        message: RunMessage,
    ) -> Result<RunReply, RegistryError> {
        const OPERATION: &str = "writing to a run's file stream";
        let path = format!(
            "files/{}/{}/{}/file_stream",
            encode_segment(run.project.entity.as_str()),
            encode_segment(run.project.project.as_str()),
            encode_segment(run.id.as_str()),
        );
        let body = serde_json::to_vec(&Body::from(message));
        let body = bytes::Bytes::from(
            body.map_err(|error| self.protocol_error(OPERATION, error.to_string()))?,
        );
        let policy = self.graphql.retries();
        let retry = self
            .http
            .retry(RetryRule::GraphQl, policy, "file stream", None);
        let sent = retry.run(|| async {
            self.quota.acquire().await;
            // On a new connection, because a run may have to finish after its runtime.
            let request = self
                .http
                .authorized_unpooled(Method::POST, &path)
                .await?
                .header(reqwest::header::CONTENT_TYPE, "application/json")
                .timeout(TIMEOUT)
                .body(body.clone());
            let response = request.send().await;
            if let Ok(response) = &response {
                self.quota.observe(response.headers());
            }
            Ok(require_success_status(response).await?.bytes().await?)
        });
        let response = sent.await;
        let response = response.map_err(|error| self.http_error(OPERATION, error))?;
        // The lines have arrived; an unreadable response requests nothing.
        let response = serde_json::from_slice::<Answer>(&response).ok();
        Ok(RunReply {
            is_stop_wanted: response
                .and_then(|response| response.stopped)
                .unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn messages_have_the_protocols_form() {
        let text = |message: RunMessage| serde_json::to_value(Body::from(message)).unwrap();
        assert_eq!(text(RunMessage::default()), json!({}));
        let message = RunMessage {
            history: StreamLines {
                offset: 3,
                lines: vec![r#"{"_step":3}"#.to_owned()],
            },
            summary: Some("{}".to_owned()),
            uploaded: vec!["a/b".parse().unwrap()],
            exit_code: Some(2),
            ..RunMessage::default()
        };
        let expected = json!({
            "files": {
                "wandb-history.jsonl": {"offset": 3, "content": [r#"{"_step":3}"#]},
                "wandb-summary.json": {"offset": 0, "content": ["{}"]},
            },
            "uploaded": ["a/b"],
            "complete": true,
            "exitcode": 2,
        });
        assert_eq!(text(message), expected);
    }
}
