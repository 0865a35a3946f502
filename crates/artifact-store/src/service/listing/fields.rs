//! Fields of documents: finding and comparing them.

use std::borrow::Cow;
use std::cmp::Ordering;

use artifact_core::Timestamp;
use serde_json::{Number, Value};

use crate::StoreError;

/// The most names that a path may have.
const MAX_NAMES: usize = 32;

/// Returns a time as documents and filters hold it, so that texts compare as the times do.
pub(in crate::service) fn time_text(time: Timestamp) -> String {
    millis_text(time.as_unix_millis()).unwrap_or_else(|| time.as_unix_millis().to_string())
}

fn millis_text(millis: i64) -> Option<String> {
    let time = jiff::Timestamp::from_millisecond(millis).ok()?;
    Some(format!("{time:.3}"))
}

/// The path to a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path {
    names: Vec<String>,
}

impl Path {
    /// Reads a path with dots. Only its first name can be in `camelCase`: what lies deeper is named by users.
    pub(super) fn parse(text: &str) -> Result<Self, StoreError> {
        let mut names: Vec<String> = text.split('.').map(str::to_owned).collect();
        if MAX_NAMES < names.len() {
            return Err(StoreError::rejected(format!(
                "a field has {} names separated by dots, at most {MAX_NAMES} are allowed",
                names.len()
            )));
        }
        names[0] = snake_case(&names[0]);
        Ok(Self { names })
    }

    /// Returns the first name, which is that of a field of the document itself.
    pub(super) fn root(&self) -> &str {
        &self.names[0]
    }

    /// Returns the field; `None` where it is not there or null.
    pub(super) fn find<'d>(&self, document: &'d Value) -> Option<Cow<'d, Value>> {
        let found = descend(document, &self.names).or_else(|| {
            // Clients wrap the values of a configuration, documents do not.
            let wrapper = self.names.iter().skip(2).position(|name| name == "value")? + 2;
            let is_config = self.root() == "config";
            let mut names = self.names.clone();
            names.remove(wrapper);
            is_config.then(|| descend(document, &names)).flatten()
        })?;
        match found {
            Value::Null => None,
            found if self.is_time() => Some(as_time(found)),
            found => Some(Cow::Borrowed(found)),
        }
    }

    /// Returns a value that the field is compared with, in the form that the field has.
    pub(super) fn operand<'v>(&self, value: &'v Value) -> Cow<'v, Value> {
        if self.is_time() {
            as_time(value)
        } else {
            Cow::Borrowed(value)
        }
    }

    fn is_time(&self) -> bool {
        matches!(&*self.names, [name] if name.ends_with("_at"))
    }
}

impl std::fmt::Display for Path {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.names.join("."))
    }
}

fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}

/// Follows names down into a value. A key may hold dots itself, so it may take several names.
fn descend<'v>(value: &'v Value, names: &[String]) -> Option<&'v Value> {
    if names.is_empty() {
        return Some(value);
    }
    let object = value.as_object()?;
    (1..=names.len()).find_map(|taken| {
        let next = match taken {
            1 => object.get(&names[0]),
            _ => object.get(&names[..taken].join(".")),
        };
        descend(next?, &names[taken..])
    })
}

/// Returns a time in its one text, from ISO 8601 or milliseconds; what is no time stays as it is.
fn as_time(value: &Value) -> Cow<'_, Value> {
    let text = match value {
        Value::String(text) => instant(text).map(|time| format!("{time:.3}")),
        Value::Number(number) => number.as_i64().and_then(millis_text),
        _ => None,
    };
    text.map_or(Cow::Borrowed(value), |text| Cow::Owned(text.into()))
}

/// Reads a time; one that names no offset is in UTC.
fn instant(text: &str) -> Option<jiff::Timestamp> {
    text.parse().ok().or_else(|| {
        let civil: jiff::civil::DateTime = text.parse().ok()?;
        jiff::tz::TimeZone::UTC.to_timestamp(civil).ok()
    })
}

/// Whether two values are the same; numbers by what they mean.
pub(super) fn are_equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => compare_exactly(left, right).is_eq(),
        _ => left == right,
    }
}

/// Compares two values of a kind that has an order; `None` for all others.
pub(super) fn compare_alike(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => Some(compare_exactly(left, right)),
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

fn compare_exactly(left: &Number, right: &Number) -> Ordering {
    match (left.as_i128(), right.as_i128()) {
        (Some(left), Some(right)) => left.cmp(&right),
        _ => compare_floats(left, right),
    }
}

/// A total order, unlike that of exact integers mixed with floats.
pub(super) fn compare_floats(left: &Number, right: &Number) -> Ordering {
    // Adding zero makes the negative zero positive.
    let float = |number: &Number| number.as_f64().unwrap_or_default() + 0.0;
    float(left).total_cmp(&float(right))
}
