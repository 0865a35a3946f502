//! Many questions of one kind in one document: each becomes a field with an alias of its own.

use std::collections::HashMap;
use std::fmt::Write as _;

use cynic::Operation;
use futures::{StreamExt as _, stream};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::{Graph, Unanswered};
use crate::http::{HttpFailure, RetryRule};

/// How many questions one document holds.
const AT_ONCE: usize = 50;

/// How many documents are on their way at once.
const DOCUMENTS: usize = 4;

/// How many are asked at once, of those that have to be asked alone.
const ALONE: usize = 8;

/// The answers to all questions of a document.
#[derive(Deserialize)]
struct Answers<'a> {
    #[serde(borrow)]
    data: Option<HashMap<String, Option<&'a RawValue>>>,
    #[serde(default)]
    errors: Option<Vec<Complaint>>,
}

#[derive(Deserialize)]
struct Complaint {
    message: String,
    #[serde(default)]
    path: Vec<Value>,
}

impl Graph {
    /// Asks each of these questions, which have one field each, and returns the answers in their order.
    pub(crate) async fn ask_many<Q, V>(
        &self,
        questions: Vec<Operation<Q, V>>,
    ) -> Vec<Result<Q, Unanswered>>
    where
        Q: DeserializeOwned + Send + 'static,
        V: Serialize + Send + Sync,
    {
        let mut rest = questions.into_iter();
        let batches = std::iter::from_fn(|| {
            let batch: Vec<_> = rest.by_ref().take(AT_ONCE).collect();
            (!batch.is_empty()).then_some(batch)
        });
        let asking = batches.map(|batch| self.batch(batch));
        let answers = stream::iter(asking).buffered(DOCUMENTS);
        answers.map(stream::iter).flatten().collect().await
    }

    async fn batch<Q, V>(&self, batch: Vec<Operation<Q, V>>) -> Vec<Result<Q, Unanswered>>
    where
        Q: DeserializeOwned + Send + 'static,
        V: Serialize + Send + Sync,
    {
        match batch.len() {
            1 => self.each_alone(batch).await,
            _ => self.together(batch).await,
        }
    }

    async fn together<Q, V>(&self, batch: Vec<Operation<Q, V>>) -> Vec<Result<Q, Unanswered>>
    where
        Q: DeserializeOwned + Send + 'static,
        V: Serialize + Send + Sync,
    {
        let Some((document, field)) = merged(&batch) else {
            return self.each_alone(batch).await;
        };
        let answered = match self.post(RetryRule::GraphQl, document).await {
            Ok(answered) => answered,
            // The server may say so of one of them.
            Err(failure) if failure.is_answer() => return self.each_alone(batch).await,
            Err(failure) => {
                let copies = batch.iter().map(|_| Err(failure.told_again().into()));
                return copies.collect();
            }
        };
        match taken_apart(&answered, &field, batch.len()) {
            Some(answers) => answers,
            None => self.each_alone(batch).await,
        }
    }

    async fn each_alone<Q, V>(&self, batch: Vec<Operation<Q, V>>) -> Vec<Result<Q, Unanswered>>
    where
        Q: DeserializeOwned + Send + 'static,
        V: Serialize + Send + Sync,
    {
        let asking = batch.into_iter().map(|question| self.ask(question));
        stream::iter(asking).buffered(ALONE).collect().await
    }
}

/// Returns one document with all questions, and the name of the field that each asks for; `None` where they cannot be put
/// together.
fn merged<Q, V: Serialize>(batch: &[Operation<Q, V>]) -> Option<(bytes::Bytes, String)> {
    let question = &batch.first()?.query;
    let (head, body) = question.split_once('{')?;
    let body = body.trim_end().strip_suffix('}')?.trim();
    let parameters = head.split_once('(')?.1.trim_end().strip_suffix(')')?;
    let field: String = body.chars().take_while(|char| is_of_name(*char)).collect();
    let (mut all_parameters, mut fields) = (String::new(), String::new());
    let mut variables = Map::new();
    for (number, question) in batch.iter().enumerate() {
        _ = write!(all_parameters, "{}, ", numbered(parameters, number));
        _ = writeln!(fields, "{}: {}", alias(number), numbered(body, number));
        let Ok(Value::Object(own)) = serde_json::to_value(&question.variables) else {
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

/// Gives each variable in a part of a document a number.
fn numbered(text: &str, number: usize) -> String {
    let mut pieces = text.split('$');
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let end = piece.find(|char| !is_of_name(char)).unwrap_or(piece.len());
        let (name, after) = piece.split_at(end);
        _ = write!(out, "${name}_{number}{after}");
    }
    out
}

const fn is_of_name(char: char) -> bool {
    char.is_ascii_alphanumeric() || char == '_'
}

/// Returns the answer to each question; `None` where there is an error that is nobody's in particular.
fn taken_apart<Q: DeserializeOwned>(
    answered: &[u8],
    field: &str,
    count: usize,
) -> Option<Vec<Result<Q, Unanswered>>> {
    let answers: Answers<'_> = serde_json::from_slice(answered).ok()?;
    let mut complaints: HashMap<String, String> = HashMap::new();
    for complaint in answers.errors.unwrap_or_default() {
        let whose = complaint.path.first()?.as_str()?.to_owned();
        complaints.entry(whose).or_insert(complaint.message);
    }
    let data = answers.data?;
    let each = (0..count).map(|number| {
        let alias = alias(number);
        if let Some(message) = complaints.remove(&alias) {
            return Err(Unanswered::Refused(message));
        }
        let value = data.get(&alias).copied().flatten();
        let value = value.map_or("null", RawValue::get);
        serde_json::from_str(&format!("{{\"{field}\":{value}}}")).map_err(|error| {
            HttpFailure::unreadable(format!("the answer cannot be read: {error}")).into()
        })
    });
    Some(each.collect())
}

#[cfg(test)]
mod tests {
    use cynic::QueryBuilder as _;
    use serde_json::json;

    use super::super::{ArtifactByID, ArtifactIdVariables, FetchArtifactManifest};
    use super::*;

    fn questions(count: usize) -> Vec<Operation<FetchArtifactManifest, ArtifactIdVariables>> {
        let id = |number: usize| ArtifactIdVariables {
            id: cynic::Id::new(format!("id{number}")),
        };
        (0..count)
            .map(|number| FetchArtifactManifest::build(id(number)))
            .collect()
    }

    #[test]
    fn each_question_has_an_alias_and_variables_of_its_own() {
        let (document, field) = merged(&questions(2)).unwrap();
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
        let answered = json!({
            "data": {"a0": {"currentManifest": {"file": {"directUrl": "u"}}}, "a1": null, "a2": null},
            "errors": [{"message": "no", "path": ["a1"]}],
        });
        let text = answered.to_string();
        let answers = taken_apart::<FetchArtifactManifest>(text.as_bytes(), "artifact", 3).unwrap();
        assert!(answers[0].as_ref().unwrap().artifact.is_some());
        assert_eq!(answers[1].as_ref().unwrap_err().to_string(), "no");
        assert!(answers[2].as_ref().unwrap().artifact.is_none());
        let general = json!({"data": null, "errors": [{"message": "too complex"}]}).to_string();
        assert!(taken_apart::<ArtifactByID>(general.as_bytes(), "artifact", 3).is_none());
    }
}
