//! Filters, in the manner of `MongoDB`'s.

use std::borrow::Cow;
use std::cmp::Ordering;

use regex::{Regex, RegexBuilder};
use serde_json::{Map, Value};

use super::fields::{Path, are_equal, compare_alike};
use crate::StoreError;

/// The longest text of a filter.
const MAX_BYTES: usize = 64 << 10;

/// The maximum nesting of lists and objects in a filter.
const MAX_DEPTH: usize = 32;

/// The maximum size of a compiled expression, in bytes.
const MAX_REGEX: usize = 1 << 20;

const OPERATORS: &str = "$and, $or, $nor, $not, $lt, $gt, $lte, $gte, $eq, $ne, $in, $nin, $exists, $regex, $contains, $size, $all";

/// A filter of documents.
#[derive(Debug)]
pub(super) enum Filter {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Field(Path, Test),
}

/// A test of one field. A list passes most tests if one of its elements does.
#[derive(Debug)]
pub(super) enum Test {
    Every(Vec<Self>),
    Not(Box<Self>),
    Equal(Value),
    Compare(fn(Ordering) -> bool, Value),
    In(Vec<Value>),
    Exists(bool),
    Matches(Regex),
    Contains(Value),
    Size(u64),
    HasAll(Vec<Value>),
}

impl Filter {
    /// Reads a filter; none, and an empty one, let everything through.
    pub(super) fn parse(text: Option<&str>) -> Result<Self, StoreError> {
        let text = text.map(str::trim).filter(|text| !text.is_empty());
        let Some(text) = text else {
            return Ok(Self::All(Vec::new()));
        };
        if MAX_BYTES < text.len() {
            return Err(StoreError::rejected(format!(
                "the filter has {} bytes, at most {MAX_BYTES} are allowed",
                text.len()
            )));
        }
        let value: Value = serde_json::from_str(text).map_err(|error| {
            StoreError::rejected(format!("the filter cannot be read as JSON: {error}"))
        })?;
        if MAX_DEPTH < depth(&value) {
            return Err(StoreError::rejected(format!(
                "the filter is more than {MAX_DEPTH} levels deep"
            )));
        }
        match value {
            Value::Null => Ok(Self::All(Vec::new())),
            value => Self::of_value(&value),
        }
    }

    fn of_value(value: &Value) -> Result<Self, StoreError> {
        let object = value.as_object().ok_or_else(|| {
            StoreError::rejected(format!("a filter is a JSON object, not {}", shown(value)))
        })?;
        let parts = object.iter().map(|(key, value)| match key.as_str() {
            "$and" => Ok(Self::All(Self::list(key, value)?)),
            "$or" => Ok(Self::Any(Self::list(key, value)?)),
            "$nor" => Ok(Self::Not(Self::Any(Self::list(key, value)?).into())),
            "$not" => Ok(Self::Not(Self::of_value(value)?.into())),
            key if key.starts_with('$') => Err(unknown(key)),
            key => {
                let path = Path::parse(key)?;
                let test = Test::of_value(&path, value)?;
                Ok(Self::Field(path, test))
            }
        });
        parts.collect::<Result<_, _>>().map(Self::All)
    }

    fn list(operator: &str, value: &Value) -> Result<Vec<Self>, StoreError> {
        elements(operator, value)?
            .iter()
            .map(Self::of_value)
            .collect()
    }

    /// Whether every document passes that has these fields; `None` where it depends on others.
    pub(super) fn decided_by(&self, fixed: &Value) -> Option<bool> {
        let is_decided = self.names_only(&|root| fixed.get(root).is_some());
        is_decided.then(|| self.lets_through(fixed))
    }

    fn names_only(&self, is_known: &dyn Fn(&str) -> bool) -> bool {
        match self {
            Self::All(parts) | Self::Any(parts) => {
                parts.iter().all(|part| part.names_only(is_known))
            }
            Self::Not(part) => part.names_only(is_known),
            Self::Field(path, _) => is_known(path.root()),
        }
    }

    /// Whether a document passes.
    pub(super) fn lets_through(&self, document: &Value) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.lets_through(document)),
            Self::Any(parts) => parts.iter().any(|part| part.lets_through(document)),
            Self::Not(part) => !part.lets_through(document),
            Self::Field(path, test) => test.passes(path.find(document).as_deref()),
        }
    }
}

impl Test {
    fn of_value(path: &Path, value: &Value) -> Result<Self, StoreError> {
        match value {
            Value::Object(object) if object.keys().any(|key| key.starts_with('$')) => {
                Self::of_operators(path, object)
            }
            value => Ok(Self::Equal(path.operand(value).into_owned())),
        }
    }

    fn of_operators(path: &Path, object: &Map<String, Value>) -> Result<Self, StoreError> {
        let tests = object.iter().map(|(operator, value)| {
            let operand = || path.operand(value).into_owned();
            let operands = || -> Result<Vec<Value>, StoreError> {
                let values = elements(operator, value)?.iter();
                Ok(values.map(|v| path.operand(v).into_owned()).collect())
            };
            Ok(match operator.as_str() {
                "$eq" => Self::Equal(operand()),
                "$ne" => Self::Not(Self::Equal(operand()).into()),
                "$lt" => Self::Compare(Ordering::is_lt, operand()),
                "$lte" => Self::Compare(Ordering::is_le, operand()),
                "$gt" => Self::Compare(Ordering::is_gt, operand()),
                "$gte" => Self::Compare(Ordering::is_ge, operand()),
                "$in" => Self::In(operands()?),
                "$nin" => Self::Not(Self::In(operands()?).into()),
                "$all" => Self::HasAll(operands()?),
                "$not" => Self::Not(Self::of_value(path, value)?.into()),
                "$contains" => Self::Contains(operand()),
                "$exists" => Self::Exists(is_true(operator, value)?),
                "$size" => Self::Size(
                    value
                        .as_u64()
                        .ok_or_else(|| takes(operator, "a whole number", value))?,
                ),
                "$regex" => Self::Matches(regex(value)?),
                _ => return Err(unknown(operator)),
            })
        });
        tests.collect::<Result<_, _>>().map(Self::Every)
    }

    fn passes(&self, value: Option<&Value>) -> bool {
        match self {
            Self::Every(tests) => tests.iter().all(|test| test.passes(value)),
            Self::Not(test) => !test.passes(value),
            Self::Exists(wanted) => value.is_some() == *wanted,
            Self::Equal(wanted) => is_or_has(value, wanted),
            Self::In(wanted) => wanted.iter().any(|wanted| is_or_has(value, wanted)),
            Self::HasAll(wanted) => wanted.iter().all(|wanted| is_or_has(value, wanted)),
            Self::Compare(is_wanted, with) => any(value, |value| {
                compare_alike(value, with).is_some_and(*is_wanted)
            }),
            Self::Matches(regex) => any(value, |value| {
                value.as_str().is_some_and(|text| regex.is_match(text))
            }),
            Self::Contains(part) => match (value, part) {
                (Some(Value::String(text)), Value::String(part)) => text.contains(part.as_str()),
                (Some(Value::Array(list)), part) => list.iter().any(|item| are_equal(item, part)),
                _ => false,
            },
            Self::Size(size) => {
                let list = value.and_then(Value::as_array);
                list.is_some_and(|list| list.len() as u64 == *size)
            }
        }
    }
}

/// Whether a value, or an element of it, passes.
fn any(value: Option<&Value>, passes: impl Fn(&Value) -> bool) -> bool {
    match value {
        Some(Value::Array(list)) => list.iter().any(passes),
        Some(value) => passes(value),
        None => false,
    }
}

/// Whether a value is the wanted one, or a list with it. What is not there equals null.
fn is_or_has(value: Option<&Value>, wanted: &Value) -> bool {
    match value {
        None => wanted.is_null(),
        Some(value) => are_equal(value, wanted) || any(Some(value), |item| are_equal(item, wanted)),
    }
}

fn is_true(operator: &str, value: &Value) -> Result<bool, StoreError> {
    match value {
        Value::Bool(wanted) => Ok(*wanted),
        Value::Number(number) => Ok(number.as_f64() != Some(0.0)),
        other => Err(takes(operator, "true or false", other)),
    }
}

fn regex(value: &Value) -> Result<Regex, StoreError> {
    let pattern = value
        .as_str()
        .ok_or_else(|| takes("$regex", "a text", value))?;
    let built = RegexBuilder::new(pattern).size_limit(MAX_REGEX).build();
    built.map_err(|error| {
        let pattern = shown(value);
        StoreError::rejected(format!("$regex cannot be used with {pattern}: {error}"))
    })
}

fn elements<'v>(operator: &str, value: &'v Value) -> Result<&'v [Value], StoreError> {
    let list = value.as_array();
    list.map(Vec::as_slice)
        .ok_or_else(|| takes(operator, "a list", value))
}

fn takes(operator: &str, what: &str, given: &Value) -> StoreError {
    let given = shown(given);
    StoreError::rejected(format!("{operator} in a filter takes {what}, not {given}"))
}

fn unknown(operator: &str) -> StoreError {
    let operator = shown_text(operator);
    StoreError::rejected(format!(
        "there is no operator {operator} for filters: use one of {OPERATORS}"
    ))
}

fn shown(value: &Value) -> String {
    shown_text(&value.to_string()).into_owned()
}

fn shown_text(text: &str) -> Cow<'_, str> {
    const CHARS: usize = 80;
    match text.char_indices().nth(CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(list) => 1 + list.iter().map(depth).max().unwrap_or_default(),
        Value::Object(object) => 1 + object.values().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}
