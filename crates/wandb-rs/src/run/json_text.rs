//! Values as JSON text, with the numbers that JSON does not have written as the official client writes them: `NaN`,
//! `Infinity`, `-Infinity`.

use serde::ser::{
    Error as _, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, SerializeTupleStruct, SerializeTupleVariant,
};
use serde_json::Error;

use tables::simpler_forms;

/// What a value is written as.
#[derive(Debug)]
pub(super) enum Written {
    /// Anything but an object.
    Text(String),
    /// The fields of an object, each written already.
    Object(Vec<(String, String)>),
}

impl Written {
    /// Returns the text.
    pub(super) fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Object(fields) => object(
                fields
                    .iter()
                    .map(|(key, text)| (key.as_str(), text.as_str())),
            ),
        }
    }
}

/// Writes a value.
pub(super) fn write<T: Serialize + ?Sized>(value: &T) -> Result<Written, Error> {
    value.serialize(Writer)
}

/// Returns the text of an object whose fields are written already.
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

#[derive(Debug, Clone, Copy)]
struct Writer;

/// What has several parts, under the name of its variant where it is one.
struct Parts {
    variant: Option<&'static str>,
    key: Option<String>,
    fields: Vec<(String, String)>,
    items: Vec<String>,
}

impl Parts {
    const fn new(variant: Option<&'static str>) -> Self {
        Self {
            variant,
            key: None,
            fields: Vec::new(),
            items: Vec::new(),
        }
    }

    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.items.push(write(value)?.into_text());
        Ok(())
    }

    fn field<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> Result<(), Error> {
        self.fields
            .push((key.to_owned(), write(value)?.into_text()));
        Ok(())
    }

    fn list(self) -> Written {
        let text = format!("[{}]", self.items.join(","));
        under(self.variant, Written::Text(text))
    }

    fn object(self) -> Written {
        under(self.variant, Written::Object(self.fields))
    }
}

fn under(variant: Option<&'static str>, written: Written) -> Written {
    match variant {
        Some(name) => Written::Object(vec![(name.to_owned(), written.into_text())]),
        None => written,
    }
}

macro_rules! plain {
    ($($method:ident: $type:ty),+ $(,)?) => {
        $(fn $method(self, value: $type) -> Result<Written, Error> {
            Ok(Written::Text(value.to_string()))
        })+
    };
}

impl serde::Serializer for Writer {
    type Ok = Written;
    type Error = Error;
    type SerializeSeq = Parts;
    type SerializeTuple = Parts;
    type SerializeTupleStruct = Parts;
    type SerializeTupleVariant = Parts;
    type SerializeMap = Parts;
    type SerializeStruct = Parts;
    type SerializeStructVariant = Parts;

    plain! {
        serialize_bool: bool,
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64, serialize_i128: i128,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_u128: u128,
    }

    fn serialize_f32(self, value: f32) -> Result<Written, Error> {
        if value.is_finite() {
            // Its own digits, not those of the nearest number of twice the length.
            return serde_json::to_string(&value).map(Written::Text);
        }
        self.serialize_f64(value.into())
    }

    fn serialize_f64(self, value: f64) -> Result<Written, Error> {
        let text = if value.is_nan() {
            "NaN".to_owned()
        } else if value.is_infinite() {
            let sign = if value < 0.0 { "-" } else { "" };
            format!("{sign}Infinity")
        } else {
            serde_json::to_string(&value)?
        };
        Ok(Written::Text(text))
    }

    simpler_forms!();

    fn serialize_str(self, value: &str) -> Result<Written, Error> {
        Ok(Written::Text(quoted(value)))
    }

    fn serialize_unit(self) -> Result<Written, Error> {
        Ok(Written::Text("null".to_owned()))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Written, Error> {
        Ok(under(Some(variant), write(value)?))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Parts, Error> {
        Ok(Parts::new(None))
    }

    fn serialize_tuple(self, _: usize) -> Result<Parts, Error> {
        Ok(Parts::new(None))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Parts, Error> {
        Ok(Parts::new(None))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Parts, Error> {
        Ok(Parts::new(Some(variant)))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Parts, Error> {
        Ok(Parts::new(None))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Parts, Error> {
        Ok(Parts::new(None))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Parts, Error> {
        Ok(Parts::new(Some(variant)))
    }
}

macro_rules! lists {
    ($($trait:ident::$method:ident),+ $(,)?) => {
        $(impl $trait for Parts {
            type Ok = Written;
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.item(value)
            }

            fn end(self) -> Result<Written, Error> {
                Ok(self.list())
            }
        })+
    };
}

lists! {
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field,
}

macro_rules! structs {
    ($($trait:ident),+) => {
        $(impl $trait for Parts {
            type Ok = Written;
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<(), Error> {
                self.field(key, value)
            }

            fn end(self) -> Result<Written, Error> {
                Ok(self.object())
            }
        })+
    };
}

structs! { SerializeStruct, SerializeStructVariant }

impl SerializeMap for Parts {
    type Ok = Written;
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        // What is a key is for the serde_json to say.
        let key = serde_json::to_value(key)?;
        self.key = Some(match key {
            serde_json::Value::String(key) => key,
            serde_json::Value::Number(_) | serde_json::Value::Bool(_) => key.to_string(),
            _ => return Err(Error::custom("a key must be a text or a number")),
        });
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let key = self.key.take().unwrap_or_default();
        self.field(&key, value)
    }

    fn end(self) -> Result<Written, Error> {
        Ok(self.object())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Serialize;
    use serde_json::json;

    use super::*;

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
        assert_eq!(write(&step).unwrap().into_text(), expected);
        assert_eq!(
            write(&Kind::Of(f64::NAN)).unwrap().into_text(),
            r#"{"Of":NaN}"#
        );
        assert_eq!(write(&Kind::Plain).unwrap().into_text(), r#""Plain""#);
        assert_eq!(write(&0.1_f32).unwrap().into_text(), "0.1");
    }

    #[test]
    fn the_rest_is_as_serde_json_has_it() {
        let value =
            json!({"a": [1, -2.5, true, null, "té\n"], "b": {"c": {}, "d": []}, "e": 1e300});
        assert_eq!(write(&value).unwrap().into_text(), value.to_string());
    }
}
