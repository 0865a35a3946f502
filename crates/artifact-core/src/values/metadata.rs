//! The free JSON object that travels with a version.

use serde_json::{Map, Value};

use crate::InvalidValue;

/// The JSON object that describes a version; not part of its digest.
///
/// At most [`MAX_KEYS`](Self::MAX_KEYS) keys at the top; nested ones are not counted.
///
/// Source: `wandb.Artifact(metadata=…)` of wandb 0.31.0.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "Map<String, Value>", into = "Map<String, Value>")]
pub struct Metadata(Map<String, Value>);

impl Metadata {
    /// The most keys at the top level.
    pub const MAX_KEYS: usize = 100;

    /// Returns the object.
    #[must_use]
    pub const fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Metadata> for Map<String, Value> {
    fn from(metadata: Metadata) -> Self {
        metadata.0
    }
}

impl TryFrom<Map<String, Value>> for Metadata {
    type Error = InvalidValue;

    fn try_from(map: Map<String, Value>) -> Result<Self, Self::Error> {
        match map.len() {
            n if Self::MAX_KEYS < n => Err(InvalidValue::new(
                "metadata",
                format!("{{… {n} keys …}}"),
                format!(
                    "at most {} top-level keys are allowed; nest them below one key",
                    Self::MAX_KEYS
                ),
            )),
            _ => Ok(Self(map)),
        }
    }
}

impl TryFrom<Value> for Metadata {
    type Error = InvalidValue;

    fn try_from(value: Value) -> Result<Self, Self::Error> {
        match value {
            Value::Null => Ok(Self::default()),
            Value::Object(map) => map.try_into(),
            other => Err(InvalidValue::new(
                "metadata",
                other.to_string(),
                "it is not a JSON object",
            )),
        }
    }
}

impl std::str::FromStr for Metadata {
    type Err = InvalidValue;

    /// Reads a JSON object; the empty text stands for the empty object.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let value: Value = serde_json::from_str(text)
            .map_err(|error| InvalidValue::new("metadata", text, error.to_string()))?;
        value.try_into()
    }
}

impl std::fmt::Display for Metadata {
    /// Writes the JSON text that [`FromStr`](std::str::FromStr) reads.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = serde_json::to_string(&self.0).map_err(|_| std::fmt::Error)?;
        formatter.write_str(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_keys(count: usize) -> Map<String, Value> {
        (0..count)
            .map(|n| (format!("k{n}"), Value::from(n)))
            .collect()
    }

    #[test]
    fn a_hundred_keys_pass_and_one_more_does_not() {
        assert!(Metadata::try_from(with_keys(100)).is_ok());
        assert!(Metadata::try_from(with_keys(101)).is_err());
    }

    #[test]
    fn nested_keys_are_not_counted() {
        let nested = Map::from_iter([("all".to_owned(), Value::Object(with_keys(200)))]);
        assert!(Metadata::try_from(nested).is_ok());
    }

    #[test]
    fn only_objects_are_metadata() {
        assert_eq!("".parse(), Ok(Metadata::default()));
        assert!(r#"{"a": [1, null]}"#.parse::<Metadata>().is_ok());
        for text in ["[1]", "1", "\"a\"", "{", "{} {}"] {
            assert!(text.parse::<Metadata>().is_err(), "{text}");
        }
    }
}
