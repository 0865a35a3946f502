//! Batches: many operations of one kind merged into one document, each as a field with its own alias.

use std::collections::HashMap;
use std::fmt::Write as _;

use cynic::Operation;
use futures::{StreamExt as _, stream};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::{GraphQlClient, GraphQlError};
use crate::http::{HttpError, RetryRule};

/// Maximum operations in one document.
const BATCH_SIZE: usize = 50;

/// Maximum concurrent documents.
const MAX_CONCURRENT_BATCHES: usize = 4;

/// Maximum concurrent requests of operations that cannot be merged.
const MAX_CONCURRENT_REQUESTS: usize = 8;

/// The response to a merged document.
#[derive(Deserialize)]
struct BatchResponse<'a> {
    #[serde(borrow)]
    data: Option<HashMap<String, Option<&'a RawValue>>>,
    #[serde(default)]
    errors: Option<Vec<ResponseError>>,
}

#[derive(Deserialize)]
struct ResponseError {
    message: String,
    #[serde(default)]
    path: Vec<Value>,
}

impl GraphQlClient {
    /// Executes operations that select one field each; returns the results in the same order.
    pub(crate) async fn execute_batch<Q, V>(
        &self,
        operations: Vec<Operation<Q, V>>,
    ) -> Vec<Result<Q, GraphQlError>>
    where
        Q: DeserializeOwned + Send + 'static,
        V: Serialize + Send + Sync,
    {
        let mut rest = operations.into_iter();
        let batches = std::iter::from_fn(|| {
            let batch: Vec<_> = rest.by_ref().take(BATCH_SIZE).collect();
            (!batch.is_empty()).then_some(batch)
        });
        let requests = batches.map(|batch| self.batch(batch));
        let responses = stream::iter(requests).buffered(MAX_CONCURRENT_BATCHES);
        responses.map(stream::iter).flatten().collect().await
    }

    async fn batch<Q, V>(&self, batch: Vec<Operation<Q, V>>) -> Vec<Result<Q, GraphQlError>>
    where
        Q: DeserializeOwned + Send + 'static,
        V: Serialize + Send + Sync,
    {
        match batch.len() {
            1 => self.execute_each(batch).await,
            _ => self.execute_merged(batch).await,
        }
    }

    async fn execute_merged<Q, V>(
        &self,
        batch: Vec<Operation<Q, V>>,
    ) -> Vec<Result<Q, GraphQlError>>
    where
        Q: DeserializeOwned + Send + 'static,
        V: Serialize + Send + Sync,
    {
        let Some((document, field)) = merge_documents(&batch) else {
            return self.execute_each(batch).await;
        };
        let body = match self.post(RetryRule::GraphQl, document).await {
            Ok(body) => body,
            // The error may concern only one of them.
            Err(error) if error.is_client_error() => return self.execute_each(batch).await,
            Err(error) => {
                let copies = batch.iter().map(|_| Err(error.duplicate().into()));
                return copies.collect();
            }
        };
        match split_response(&body, &field, batch.len()) {
            Some(responses) => responses,
            None => self.execute_each(batch).await,
        }
    }

    async fn execute_each<Q, V>(&self, batch: Vec<Operation<Q, V>>) -> Vec<Result<Q, GraphQlError>>
    where
        Q: DeserializeOwned + Send + 'static,
        V: Serialize + Send + Sync,
    {
        let requests = batch.into_iter().map(|operation| self.execute(operation));
        stream::iter(requests)
            .buffered(MAX_CONCURRENT_REQUESTS)
            .collect()
            .await
    }
}

/// Merges operations into one document; returns it with the name of the field that each selects. `None` if they cannot be
/// merged.
fn merge_documents<Q, V: Serialize>(batch: &[Operation<Q, V>]) -> Option<(bytes::Bytes, String)> {
    let operation = &batch.first()?.query;
    let (head, body) = operation.split_once('{')?;
    let body = body.trim_end().strip_suffix('}')?.trim();
    let parameters = head.split_once('(')?.1.trim_end().strip_suffix(')')?;
    let field: String = body
        .chars()
        .take_while(|char| is_name_char(*char))
        .collect();
    let (mut all_parameters, mut fields) = (String::new(), String::new());
    let mut variables = Map::new();
    for (number, operation) in batch.iter().enumerate() {
        _ = write!(all_parameters, "{}, ", number_variables(parameters, number));
        _ = writeln!(
            fields,
            "{}: {}",
            alias(number),
            number_variables(body, number)
        );
        let Ok(Value::Object(own)) = serde_json::to_value(&operation.variables) else {
            return None;
        };
        variables.extend(
            own.into_iter()
                .map(|(name, value)| (format!("{name}_{number}"), value)),
        );
    }
    let name = batch.first()?.operation_name.as_deref().unwrap_or("Many");
    let document = serde_json::json!({
        "operationName": name,
        "query": format!("query {name}({all_parameters}) {{\n{fields}}}"),
        "variables": variables,
    });
    let document = serde_json::to_vec(&document).ok()?;
    Some((document.into(), field))
}

fn alias(number: usize) -> String {
    format!("a{number}")
}

/// Appends a number to each variable in a part of a document.
fn number_variables(text: &str, number: usize) -> String {
    let mut pieces = text.split('$');
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let end = piece
            .find(|char| !is_name_char(char))
            .unwrap_or(piece.len());
        let (name, after) = piece.split_at(end);
        _ = write!(out, "${name}_{number}{after}");
    }
    out
}

const fn is_name_char(char: char) -> bool {
    char.is_ascii_alphanumeric() || char == '_'
}

/// Returns the result of each operation; `None` if an error does not belong to one of them.
fn split_response<Q: DeserializeOwned>(
    body: &[u8],
    field: &str,
    count: usize,
) -> Option<Vec<Result<Q, GraphQlError>>> {
    let responses: BatchResponse<'_> = serde_json::from_slice(body).ok()?;
    let mut errors: HashMap<String, String> = HashMap::new();
    for error in responses.errors.unwrap_or_default() {
        let whose = error.path.first()?.as_str()?.to_owned();
        errors.entry(whose).or_insert(error.message);
    }
    let data = responses.data?;
    let each = (0..count).map(|number| {
        let alias = alias(number);
        if let Some(message) = errors.remove(&alias) {
            return Err(GraphQlError::Rejected(message));
        }
        let value = data.get(&alias).copied().flatten();
        let value = value.map_or("null", RawValue::get);
        serde_json::from_str(&format!("{{\"{field}\":{value}}}"))
            .map_err(|error| HttpError::new(format!("the response is malformed: {error}")).into())
    });
    Some(each.collect())
}

#[cfg(test)]
mod tests {
    use cynic::QueryBuilder as _;
    use serde_json::json;

    use super::super::{ArtifactByID, ArtifactIdVariables, FetchArtifactManifest};
    use super::*;

    fn operations(count: usize) -> Vec<Operation<FetchArtifactManifest, ArtifactIdVariables>> {
        let id = |number: usize| ArtifactIdVariables {
            id: cynic::Id::new(format!("id{number}")),
        };
        (0..count)
            .map(|number| FetchArtifactManifest::build(id(number)))
            .collect()
    }

    #[test]
    fn each_question_has_an_alias_and_variables_of_its_own() {
        let (document, field) = merge_documents(&operations(2)).unwrap();
        assert_eq!(field, "artifact");
        let document: Value = serde_json::from_slice(&document).unwrap();
        assert_eq!(document["variables"], json!({"id_0": "id0", "id_1": "id1"}));
        let text = document["query"].as_str().unwrap();
        for part in [
            "$id_0: ID!",
            "$id_1: ID!",
            "a0: artifact(id: $id_0)",
            "a1: artifact(id: $id_1)",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
    }

    #[test]
    fn each_answer_is_at_its_question_and_so_is_each_error() {
        let body = json!({
            "data": {"a0": {"currentManifest": {"file": {"directUrl": "u"}}}, "a1": null, "a2": null},
            "errors": [{"message": "no", "path": ["a1"]}],
        });
        let text = body.to_string();
        let responses =
            split_response::<FetchArtifactManifest>(text.as_bytes(), "artifact", 3).unwrap();
        assert!(responses[0].as_ref().unwrap().artifact.is_some());
        assert_eq!(responses[1].as_ref().unwrap_err().to_string(), "no");
        assert!(responses[2].as_ref().unwrap().artifact.is_none());
        let general = json!({"data": null, "errors": [{"message": "too complex"}]}).to_string();
        assert!(split_response::<ArtifactByID>(general.as_bytes(), "artifact", 3).is_none());
    }
}
