//! Values as JSON text, with the numbers that JSON lacks written as the official client writes them: `NaN`,
//! `Infinity`, `-Infinity`.

use tables::serializer::Representation;

/// The JSON text of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct JsonText(pub(super) String);

impl Representation for JsonText {
    fn null() -> Self {
        Self("null".to_owned())
    }

    fn boolean(value: bool) -> Self {
        Self(value.to_string())
    }

    fn signed(value: i128) -> Self {
        Self(value.to_string())
    }

    fn unsigned(value: u128) -> Self {
        Self(value.to_string())
    }

    fn float32(value: f32) -> Self {
        if value.is_finite() {
            // Its own digits, not those of the nearest number of twice the length.
            return Self(serde_json::to_string(&value).expect("a float is JSON"));
        }
        Self::float64(value.into())
    }

    fn float64(value: f64) -> Self {
        if value.is_nan() {
            return Self("NaN".to_owned());
        }
        if value.is_infinite() {
            let sign = if value < 0.0 { "-" } else { "" };
            return Self(format!("{sign}Infinity"));
        }
        Self(serde_json::Value::from(value).to_string())
    }

    fn text(value: &str) -> Self {
        Self(quoted(value))
    }

    fn list(items: Vec<Self>) -> Self {
        let items: Vec<_> = items.into_iter().map(|Self(item)| item).collect();
        Self(format!("[{}]", items.join(",")))
    }

    fn object(fields: Vec<(String, Self)>) -> Self {
        let fields = fields.iter();
        Self(object(fields.map(|(key, Self(text))| (&**key, &**text))))
    }
}

/// Returns the text of an object whose fields are texts already.
pub(super) fn object<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut text = String::from("{");
    for (key, value) in fields {
        if text.len() != 1 {
            text.push(',');
        }
        text.push_str(&quoted(key));
        text.push(':');
        text.push_str(value);
    }
    text.push('}');
    text
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Serialize;
    use serde_json::json;

    use super::*;

    fn text_of<T: Serialize + ?Sized>(value: &T) -> Result<String, serde_json::Error> {
        let JsonText(text) = tables::serializer::serialize(value)?.into_value();
        Ok(text)
    }

    #[derive(Serialize)]
    struct Step {
        loss: f64,
        lowest: f32,
        parts: Vec<f64>,
        kind: Kind,
        note: Option<&'static str>,
        nested: BTreeMap<u8, (i8, char)>,
    }

    #[derive(Serialize)]
    enum Kind {
        Plain,
        Of(f64),
        With { most: f64 },
    }

    #[test]
    fn numbers_without_a_value_are_written() {
        let step = Step {
            loss: f64::NAN,
            lowest: f32::NEG_INFINITY,
            parts: vec![1.0, f64::INFINITY, 0.1],
            kind: Kind::With {
                most: f64::INFINITY,
            },
            note: None,
            nested: BTreeMap::from([(7, (-1, '"'))]),
        };
        let expected = r#"{"loss":NaN,"lowest":-Infinity,"parts":[1.0,Infinity,0.1],"kind":{"With":{"most":Infinity}},"note":null,"nested":{"7":[-1,"\""]}}"#;
        assert_eq!(text_of(&step).unwrap(), expected);
        assert_eq!(text_of(&Kind::Of(f64::NAN)).unwrap(), r#"{"Of":NaN}"#);
        assert_eq!(text_of(&Kind::Plain).unwrap(), r#""Plain""#);
        assert_eq!(text_of(&0.1_f32).unwrap(), "0.1");
    }

    #[test]
    fn the_rest_is_as_serde_json_has_it() {
        let value =
            json!({"a": [1, -2.5, true, null, "té\n"], "b": {"c": {}, "d": []}, "e": 1e300});
        assert_eq!(text_of(&value).unwrap(), value.to_string());
    }
}
