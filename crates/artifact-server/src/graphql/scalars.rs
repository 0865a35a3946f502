//! Scalars and identifiers of the protocol.

use artifact_core::Timestamp;
use async_graphql::{ID, InputValueError, InputValueResult, Number, Scalar, ScalarType, Value};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Serialize;

/// JSON text in a string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JsonString(pub(crate) String);

#[Scalar(name = "JSONString")]
impl ScalarType for JsonString {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => Ok(Self(text)),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

impl JsonString {
    /// Returns the JSON text of a value.
    pub(crate) fn of(value: &impl Serialize) -> async_graphql::Result<Self> {
        Ok(Self(serde_json::to_string(value)?))
    }
}

/// A JSON value as it is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Json(pub(crate) serde_json::Value);

#[Scalar(name = "JSON")]
impl ScalarType for Json {
    fn parse(value: Value) -> InputValueResult<Self> {
        Ok(Self(value.into_json()?))
    }

    fn to_value(&self) -> Value {
        Value::from_json(self.0.clone()).unwrap_or_default()
    }
}

/// A 64-bit integer, as a JSON number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Int64(pub(crate) i64);

#[Scalar(name = "Int64")]
impl ScalarType for Int64 {
    fn parse(value: Value) -> InputValueResult<Self> {
        let number = whole_number(&value).map(Self);
        number.ok_or_else(|| InputValueError::expected_type(value))
    }

    fn to_value(&self) -> Value {
        self.0.into()
    }
}

impl Int64 {
    /// Returns a size or count, saturated at the maximum of the scalar.
    pub(crate) fn of(number: u64) -> Self {
        Self(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

/// A duration in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Duration(pub(crate) i64);

#[Scalar(name = "Duration")]
impl ScalarType for Duration {
    fn parse(value: Value) -> InputValueResult<Self> {
        let number = whole_number(&value).map(Self);
        number.ok_or_else(|| InputValueError::expected_type(value))
    }

    fn to_value(&self) -> Value {
        self.0.into()
    }
}

fn whole_number(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| whole_float(number)),
        _ => None,
    }
}

/// Clients that store numbers as floats send `3.0` for 3.
fn whole_float(number: &Number) -> Option<i64> {
    number.to_string().strip_suffix(".0")?.parse().ok()
}

/// A time in ISO 8601, in UTC and with second precision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DateTime(pub(crate) String);

#[Scalar(name = "DateTime")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => Ok(Self(text)),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

impl From<Timestamp> for DateTime {
    fn from(time: Timestamp) -> Self {
        let seconds = time.as_unix_millis().div_euclid(1000);
        let time = jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        Self(time.to_string())
    }
}

/// Returns an ID that the engine does not know: base64 of a kind and a name, as W&B's are.
pub(crate) fn encode(kind: &str, name: impl std::fmt::Display) -> ID {
    ID(BASE64.encode(format!("{kind}:{name}")))
}

/// Returns the number in an ID of this kind.
pub(crate) fn number_in(kind: &str, id: &str) -> Option<i64> {
    let text = String::from_utf8(BASE64.decode(id).ok()?).ok()?;
    text.strip_prefix(kind)?.strip_prefix(':')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_to_the_second() {
        let time = DateTime::from(Timestamp::from_unix_millis(1_700_000_000_999));
        assert_eq!(time.0, "2023-11-14T22:13:20Z");
    }

    #[test]
    fn a_whole_float_is_a_number() {
        let parse = |text: &str| {
            Int64::parse(Value::from_json(serde_json::from_str(text).unwrap()).unwrap())
        };
        assert_eq!(parse("3.0").map(|n| n.0).ok(), Some(3));
        assert_eq!(parse("-2").map(|n| n.0).ok(), Some(-2));
        assert!(parse("3.5").is_err());
        assert!(parse("\"3\"").is_err());
    }

    #[test]
    fn numbers_round_trip_and_kinds_are_told_apart() {
        let id = encode("RunFile", 12);
        assert_eq!(number_in("RunFile", &id), Some(12));
        assert_eq!(number_in("Run", &id), None);
        assert_eq!(number_in("RunFile", "%"), None);
    }
}
