//! The order of a listing, and cursors: positions in it.

use std::cmp::Ordering;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::Value;

use super::fields::{Path, compare_floats};
use crate::StoreError;

/// The most fields of an order.
const MAX_FIELDS: usize = 8;

/// Texts are ordered by their beginning, so that a cursor stays short.
const KEY_CHARS: usize = 256;

/// The order of a listing. It is total: ties are broken by the numbers of items, in the direction of the first field.
#[derive(Debug)]
pub(super) struct Order {
    fields: Vec<OrderField>,
}

#[derive(Debug)]
struct OrderField {
    path: Path,
    is_descending: bool,
}

impl Order {
    /// Reads an order: `-created_at,+name`.
    pub(super) fn parse(text: &str) -> Result<Self, StoreError> {
        let fields: Result<Vec<_>, _> = text.split(',').map(OrderField::parse).collect();
        let fields = fields?;
        if MAX_FIELDS < fields.len() {
            return Err(StoreError::rejected(format!(
                "the order {text:?} has {} fields, at most {MAX_FIELDS} are allowed",
                fields.len()
            )));
        }
        Ok(Self { fields })
    }

    /// Refuses fields that documents like this one do not have.
    pub(super) fn check(&self, document: &Value) -> Result<(), StoreError> {
        let Some(known) = document.as_object() else {
            return Ok(());
        };
        let unknown = self
            .fields
            .iter()
            .find(|field| !known.contains_key(field.path.root()));
        let Some(unknown) = unknown else {
            return Ok(());
        };
        let known: Vec<_> = known.keys().map(String::as_str).collect();
        Err(StoreError::rejected(format!(
            "a listing cannot be ordered by {:?}: use one of {}",
            unknown.path.to_string(),
            known.join(", ")
        )))
    }

    /// Returns where an item stands.
    pub(super) fn position(&self, document: &Value, number: i64) -> Position {
        let keys = self.fields.iter().map(|field| {
            let value = field.path.find(document);
            value.map_or(Value::Null, |value| sort_key(&value))
        });
        Position {
            keys: keys.collect(),
            number,
        }
    }

    /// Returns which of two positions comes first.
    pub(super) fn compare(&self, left: &Position, right: &Position) -> Ordering {
        let mut keys = left.keys.iter().zip(&right.keys).zip(&self.fields);
        let first_difference = keys.find_map(|((left, right), field)| {
            let ordering = field.directed(compare_keys(left, right));
            ordering.is_ne().then_some(ordering)
        });
        first_difference.unwrap_or_else(|| {
            let by_number = left.number.cmp(&right.number);
            let first = self.fields.first();
            first.map_or(by_number, |first| first.directed(by_number))
        })
    }

    /// Returns the cursor of a position.
    pub(super) fn cursor_at(&self, position: &Position) -> String {
        encode_cursor(&self.text(), position)
    }

    /// Returns the position that a cursor stands for.
    pub(super) fn position_of(&self, cursor: &str) -> Result<Position, StoreError> {
        let position = decode_cursor(&self.text(), cursor)?;
        if position.keys.len() == self.fields.len() {
            return Ok(position);
        }
        Err(foreign_cursor(cursor))
    }

    /// The order in its one spelling.
    fn text(&self) -> String {
        let fields = self.fields.iter().map(|field| {
            let sign = if field.is_descending { '-' } else { '+' };
            format!("{sign}{}", field.path)
        });
        fields.collect::<Vec<_>>().join(",")
    }
}

impl OrderField {
    fn parse(text: &str) -> Result<Self, StoreError> {
        let text = text.trim();
        let (is_descending, name) = match text.strip_prefix('-') {
            Some(name) => (true, name),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        if name.is_empty() {
            return Err(StoreError::rejected(
                "an order names a field after each sign and comma, as `-created_at,+name`",
            ));
        }
        Ok(Self {
            path: Path::parse(name)?,
            is_descending,
        })
    }

    fn directed(&self, ordering: Ordering) -> Ordering {
        if self.is_descending {
            ordering.reverse()
        } else {
            ordering
        }
    }
}

fn sort_key(value: &Value) -> Value {
    let beginning = |text: &str| Value::String(text.chars().take(KEY_CHARS).collect());
    match value {
        Value::String(text) => beginning(text),
        Value::Array(_) | Value::Object(_) => beginning(&value.to_string()),
        simple => simple.clone(),
    }
}

/// Nothing comes before booleans, those before numbers, those before texts.
fn compare_keys(left: &Value, right: &Value) -> Ordering {
    let rank = |value: &Value| match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        _ => 3,
    };
    match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        (Value::Number(left), Value::Number(right)) => compare_floats(left, right),
        (Value::String(left), Value::String(right)) => left.cmp(right),
        _ => rank(left).cmp(&rank(right)),
    }
}

/// The number of characters of a foreign cursor that an error shows.
const SHOWN_CHARS: usize = 64;

/// The position of an item in an order; it stays valid when the item is deleted.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Position {
    /// The values of the order's fields.
    pub(super) keys: Vec<Value>,
    /// The number of the item.
    pub(super) number: i64,
}

/// Returns a position in an order as text.
fn encode_cursor(order: &str, position: &Position) -> String {
    let content = serde_json::json!([order, position.keys, position.number]);
    BASE64.encode(content.to_string())
}

/// Returns the position that a cursor stands for; it must be one in this order.
fn decode_cursor(order: &str, cursor: &str) -> Result<Position, StoreError> {
    let bytes = BASE64.decode(cursor).map_err(|_| foreign_cursor(cursor))?;
    let content = serde_json::from_slice::<(String, Vec<Value>, i64)>(&bytes);
    let (of_order, keys, number) = content.map_err(|_| foreign_cursor(cursor))?;
    if of_order != order {
        return Err(StoreError::rejected(format!(
            "the cursor is of a listing ordered by {of_order}, not by {order}: leave it out to start anew"
        )));
    }
    Ok(Position { keys, number })
}

/// Returns the error that no listing gave this cursor out.
fn foreign_cursor(cursor: &str) -> StoreError {
    let shown: String = cursor.chars().take(SHOWN_CHARS).collect();
    StoreError::rejected(format!(
        "no listing gave out the cursor {shown:?}: leave it out to start anew"
    ))
}
