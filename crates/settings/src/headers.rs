//! Headers that go with every request.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::error::Unusable;

/// Headers that go with every request, by name. What they say may be a secret and is never printed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ExtraHeaders(BTreeMap<String, String>);

impl ExtraHeaders {
    /// Returns the names and what they say, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }
}

impl fmt::Debug for ExtraHeaders {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = formatter.debug_map();
        for name in self.0.keys() {
            map.entry(name, &format_args!(".."));
        }
        map.finish()
    }
}

impl FromStr for ExtraHeaders {
    type Err = Unusable;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // The parser's own message could quote the text.
        let headers: BTreeMap<String, String> = serde_json::from_str(text).map_err(|_| {
            Unusable::new("it is no JSON object of texts, such as {\"name\": \"value\"}")
        })?;
        let is_name = |name: &str| {
            !name.is_empty()
                && name
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c))
        };
        let is_value = |value: &str| !value.chars().any(|c| c.is_control() && c != '\t');
        for (name, value) in &headers {
            if !is_name(name) {
                return Err(Unusable::new(format_args!(
                    "{name:?} is no name of a header"
                )));
            }
            if !is_value(value) {
                return Err(Unusable::new(format_args!(
                    "the header {name:?} has control characters"
                )));
            }
        }
        Ok(Self(headers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_an_object_of_texts() {
        let headers: ExtraHeaders = r#"{"X-Team": "a", "Proxy-Authorization": "secret"}"#
            .parse()
            .unwrap();
        let pairs: Vec<_> = headers.iter().collect();
        assert_eq!(pairs, [("Proxy-Authorization", "secret"), ("X-Team", "a")]);
        assert_eq!(
            format!("{headers:?}"),
            r#"{"Proxy-Authorization": .., "X-Team": ..}"#
        );
    }

    #[test]
    fn what_would_break_a_request_is_refused() {
        for text in [
            "secret",
            "[]",
            r#"{"a": 1}"#,
            r#"{"a b": "secret"}"#,
            r#"{"": ""}"#,
        ] {
            let error = text.parse::<ExtraHeaders>().unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
        let split = "{\"a\": \"secret\\r\\nHost: b\"}".parse::<ExtraHeaders>();
        assert_eq!(
            split.unwrap_err().to_string(),
            "the header \"a\" has control characters"
        );
    }
}
