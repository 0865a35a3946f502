//! The values of a table.

use std::collections::BTreeMap;

use artifact_core::Timestamp;

use crate::Number;

/// A value of a table.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub enum Cell {
    /// Nothing. What is not a number (`NaN`) is nothing, too: that is how it is stored.
    #[default]
    Null,
    /// Yes or no; to a column no number.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text.
    String(String),
    /// A point in time, in milliseconds since 1970 in UTC; a float where it is finer.
    Timestamp(Number),
    /// Values in order. Those of one column are all of a type.
    List(Vec<Self>),
    /// Values by name; a picture, a sound and the like are such values with a `_type`.
    Dict(BTreeMap<String, Self>),
}

impl Cell {
    /// Returns whether there is no value: `Null`, or NaN.
    #[must_use]
    pub fn is_null(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Number(number) => number.is_nan(),
            _ => false,
        }
    }

    /// Returns the number, if it is one, or a point in time in milliseconds.
    #[must_use]
    pub const fn as_number(&self) -> Option<&Number> {
        match self {
            Self::Number(number) | Self::Timestamp(number) => Some(number),
            _ => None,
        }
    }

    /// Returns the text, if it is one.
    #[must_use]
    pub const fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text.as_str()),
            _ => None,
        }
    }

    /// Returns the value's `_type`, if it has one: `image-file` for a picture.
    #[must_use]
    pub fn media_type(&self) -> Option<&str> {
        match self {
            Self::Dict(fields) => fields.get("_type")?.as_str(),
            _ => None,
        }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<bool> for Cell {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<Timestamp> for Cell {
    fn from(time: Timestamp) -> Self {
        Self::Timestamp(time.as_unix_millis().into())
    }
}

impl From<f32> for Cell {
    /// Takes the float of twice the length with the same value, as the official client does.
    fn from(value: f32) -> Self {
        f64::from(value).into()
    }
}

macro_rules! numbers {
    ($($type:ty),*) => {$(
        impl From<$type> for Cell {
            fn from(value: $type) -> Self {
                Self::Number(value.into())
            }
        }
    )*};
}
numbers!(
    i8, i16, i32, i64, i128, u8, u16, u32, u64, u128, f64, Number
);

impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl<T: Into<Self>> From<Vec<T>> for Cell {
    fn from(items: Vec<T>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}

impl<K: Into<String>, V: Into<Self>, const N: usize> From<[(K, V); N]> for Cell {
    fn from(fields: [(K, V); N]) -> Self {
        let fields = fields.into_iter();
        Self::Dict(
            fields
                .map(|(key, value)| (key.into(), value.into()))
                .collect(),
        )
    }
}
