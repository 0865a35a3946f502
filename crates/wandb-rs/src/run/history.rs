//! The history of a run: rows, and the summary derived from them.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use tables::serializer::{Serialized, serialize};

use super::json_text::{self, JsonText};
use crate::Error;

/// Field by field the JSON text of its value.
pub(super) type Fields = BTreeMap<String, String>;

/// When something is logged.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    /// Seconds since 1970.
    pub(super) timestamp: f64,
    /// Seconds that the run has been going on, in all of its lives.
    pub(super) runtime: f64,
}

/// The rows of a run, and its summary.
#[derive(Debug, Default)]
pub(super) struct History {
    /// The first step that no row has.
    next_step: u64,
    /// The row that may get more fields.
    open: Option<(u64, Fields)>,
    summary: Fields,
}

impl History {
    /// Returns the history that continues after `last_step`, with the existing summary.
    pub(super) fn after(last_step: Option<u64>, summary: &Map<String, Value>) -> Self {
        let fields = summary.iter();
        Self {
            next_step: last_step.map_or(0, |step| step.saturating_add(1)),
            open: None,
            summary: fields
                .map(|(key, value)| (key.clone(), value.to_string()))
                .collect(),
        }
    }

    /// Returns the step that is logged to where none is named.
    pub(super) fn step(&self) -> u64 {
        self.open.as_ref().map_or(self.next_step, |(step, _)| *step)
    }

    /// Logs fields to the step that is due, and closes it. Returns the line.
    pub(super) fn log(&mut self, fields: Fields, now: Moment) -> String {
        let (step, mut row) = self
            .open
            .take()
            .unwrap_or_else(|| (self.next_step, Fields::new()));
        self.merge(step, &mut row, fields, now);
        self.next_step = step.saturating_add(1);
        line(&row)
    }

    /// Logs fields to a step that stays open for more. Returns the line of the step before, if that was open.
    pub(super) fn log_at(
        &mut self,
        step: u64,
        fields: Fields,
        now: Moment,
    ) -> Result<Option<String>, Error> {
        if step < self.step() {
            return Err(Error::StepIsPast {
                step,
                next: self.step(),
            });
        }
        let (row, closed) = match self.open.take() {
            Some((open, row)) if open == step => (Some(row), None),
            Some((_, row)) => (None, Some(line(&row))),
            None => (None, None),
        };
        let mut row = row.unwrap_or_default();
        self.merge(step, &mut row, fields, now);
        self.next_step = step;
        self.open = Some((step, row));
        Ok(closed)
    }

    /// Closes the open row. Returns its line.
    pub(super) fn close(&mut self) -> Option<String> {
        let (step, row) = self.open.take()?;
        self.next_step = step.saturating_add(1);
        Some(line(&row))
    }

    /// Sets a field of the summary.
    pub(super) fn set_summary(&mut self, key: String, text: String) {
        self.summary.insert(key, text);
    }

    /// Returns the summary as JSON text.
    pub(super) fn summary(&self, runtime: f64) -> String {
        // Whole seconds, as the official client has it.
        let whole = format!("{:.0}", runtime.max(0.0).floor());
        let mut summary = self.summary.clone();
        summary.insert("_runtime".to_owned(), whole.clone());
        summary.insert("_wandb".to_owned(), format!(r#"{{"runtime":{whole}}}"#));
        line(&summary)
    }

    fn merge(&mut self, step: u64, row: &mut Fields, fields: Fields, now: Moment) {
        row.insert("_timestamp".to_owned(), now.timestamp.to_string());
        row.extend(fields);
        row.insert("_step".to_owned(), step.to_string());
        row.insert("_runtime".to_owned(), now.runtime.to_string());
        let summary = row.iter().map(|(key, text)| (key.clone(), text.clone()));
        self.summary.extend(summary);
    }
}

/// Returns the fields of a logged value, which must be an object.
pub(super) fn fields_of<T: Serialize + ?Sized>(metrics: &T) -> Result<Fields, Error> {
    match serialize(metrics) {
        Ok(Serialized::Fields(fields)) => Ok(fields
            .into_iter()
            .map(|(key, JsonText(text))| (key, text))
            .collect()),
        Ok(Serialized::Value(JsonText(text))) => Err(Error::NotMetrics {
            what: format!("{} is no object", text.chars().take(40).collect::<String>()),
        }),
        Err(error) => Err(Error::NotMetrics {
            what: error.to_string(),
        }),
    }
}

fn line(fields: &Fields) -> String {
    json_text::object(
        fields
            .iter()
            .map(|(key, text)| (key.as_str(), text.as_str())),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: Moment = Moment {
        timestamp: 1.5,
        runtime: 2.25,
    };

    fn fields(value: &Value) -> Fields {
        fields_of(value).unwrap()
    }

    #[test]
    fn each_log_is_a_step() {
        let mut history = History::default();
        let first = history.log(fields(&json!({"loss": 1})), NOW);
        assert_eq!(
            first,
            r#"{"_runtime":2.25,"_step":0,"_timestamp":1.5,"loss":1}"#
        );
        let second = history.log(fields(&json!({"loss": 0.5, "_step": 9})), NOW);
        assert!(second.contains(r#""_step":1"#), "{second}");
        assert_eq!(history.step(), 2);
        assert_eq!(
            history.summary(7.9),
            r#"{"_runtime":7,"_step":1,"_timestamp":1.5,"_wandb":{"runtime":7},"loss":0.5}"#
        );
    }

    #[test]
    fn a_named_step_is_open_until_another_one_is_logged_to() {
        let mut history = History::default();
        assert_eq!(
            history.log_at(5, fields(&json!({"a": 1})), NOW).unwrap(),
            None
        );
        assert_eq!(
            history.log_at(5, fields(&json!({"b": 2})), NOW).unwrap(),
            None
        );
        let closed = history.log_at(8, fields(&json!({"c": 3})), NOW).unwrap();
        assert_eq!(
            closed.unwrap(),
            r#"{"_runtime":2.25,"_step":5,"_timestamp":1.5,"a":1,"b":2}"#
        );
        // Where none is named, the open one is meant, and closed.
        let line = history.log(fields(&json!({"d": 4})), NOW);
        assert!(
            line.contains(r#""_step":8,"#) && line.contains(r#""c":3,"d":4"#),
            "{line}"
        );
        assert_eq!((history.step(), history.close()), (9, None));
        let past = history.log_at(8, Fields::new(), NOW).unwrap_err();
        assert!(matches!(past, Error::StepIsPast { step: 8, next: 9 }));
    }

    #[test]
    fn a_history_goes_on_where_it_was() {
        let summary = json!({"best": 1, "loss": 3, "_step": 4});
        let mut history = History::after(Some(4), summary.as_object().unwrap());
        let line = history.log(fields(&json!({"loss": 2})), NOW);
        assert!(line.contains(r#""_step":5"#), "{line}");
        let summary = history.summary(0.0);
        assert!(
            summary.contains(r#""best":1"#) && summary.contains(r#""loss":2"#),
            "{summary}"
        );
    }

    #[test]
    fn only_objects_are_metrics() {
        for value in [json!(1), json!([1]), json!(null), json!("text")] {
            assert!(
                matches!(fields_of(&value), Err(Error::NotMetrics { .. })),
                "{value}"
            );
        }
    }
}
