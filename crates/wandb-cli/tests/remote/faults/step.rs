//! The steps that requests belong to.

use std::collections::HashMap;

use serde_json::Value;

use super::message::Message;

/// The steps by what the server said of its URLs, which do not say it themselves.
#[derive(Debug, Default)]
pub(super) struct Steps {
    /// A transfer to or from a path with its query.
    urls: HashMap<String, &'static str>,
}

impl Steps {
    /// Returns the name of a step: that of a GraphQL operation, or the method and what is moved.
    pub(super) fn of(&self, request: &Message) -> String {
        let target = request.target();
        if target == "/graphql" {
            let question: Value = serde_json::from_slice(&request.body).unwrap_or_default();
            let name = question["operationName"].as_str().unwrap_or_default();
            return match question["variables"]["includeUpload"].as_bool() {
                Some(true) => format!("{name} written"),
                Some(false) => format!("{name} announced"),
                None => name.to_owned(),
            };
        }
        if target.ends_with("/file_stream") {
            return "file stream".to_owned();
        }
        let known = self.urls.get(target).copied();
        let top = target.split(['/', '?']).nth(1).unwrap_or_default();
        format!("{} {}", request.method(), known.unwrap_or(top))
    }

    /// Learns from the answer to a step.
    pub(super) fn learn(&mut self, step: &str, answer: &Message) {
        let kind = if step.contains("Manifest ") || step == "FetchArtifactManifest" {
            "manifest"
        } else {
            "file"
        };
        if let Ok(answer) = serde_json::from_slice(&answer.body) {
            self.walk(kind, &answer);
        }
    }

    fn walk(&mut self, kind: &'static str, value: &Value) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    if let ("uploadUrl" | "directUrl", Some(url)) = (name.as_str(), value.as_str())
                    {
                        let path = url.splitn(4, '/').nth(3).unwrap_or_default();
                        self.urls.insert(format!("/{path}"), kind);
                    }
                    self.walk(kind, value);
                }
            }
            Value::Array(values) => values.iter().for_each(|value| self.walk(kind, value)),
            _ => {}
        }
    }
}
