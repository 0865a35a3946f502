//! The serializer of caller's values, generic over their representation: cells of tables, JSON text of histories.
//!
//! Letters are texts, bytes are lists, units are null, variants without content are their names, and a newtype is the
//! value that it wraps. Any other variant is an object with its name as the only key.

use std::marker::PhantomData;

use serde::ser::{
    Error as _, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, SerializeTupleStruct, SerializeTupleVariant,
};
use serde_json::Error;

use crate::Number;

/// A representation of values.
pub trait Representation: Sized {
    /// Returns nothing.
    fn null() -> Self;
    /// Returns a boolean.
    fn boolean(value: bool) -> Self;
    /// Returns a whole number that fits.
    fn signed(value: i128) -> Self;
    /// Returns a whole number.
    fn unsigned(value: u128) -> Self;
    /// Returns a float of 32 bits.
    fn float32(value: f32) -> Self;
    /// Returns a float of 64 bits.
    fn float64(value: f64) -> Self;
    /// Returns a text.
    fn text(value: &str) -> Self;
    /// Returns a list.
    fn list(items: Vec<Self>) -> Self;
    /// Returns an object.
    fn object(fields: Vec<(String, Self)>) -> Self;
}

/// A serialized value.
#[derive(Debug)]
pub enum Serialized<R> {
    /// Anything but an object.
    Value(R),
    /// The fields of an object, in order.
    Fields(Vec<(String, R)>),
}

impl<R: Representation> Serialized<R> {
    /// Returns the value as a whole.
    pub fn into_value(self) -> R {
        match self {
            Self::Value(value) => value,
            Self::Fields(fields) => R::object(fields),
        }
    }
}

/// Serializes a value.
///
/// # Errors
/// When the value fails to serialize, or has a map whose keys are neither texts nor numbers.
pub fn serialize<R: Representation, T: Serialize + ?Sized>(
    value: &T,
) -> Result<Serialized<R>, Error> {
    value.serialize(Serializer::new())
}

fn item<R: Representation, T: Serialize + ?Sized>(value: &T) -> Result<R, Error> {
    serialize(value).map(Serialized::into_value)
}

fn under<R: Representation>(variant: Option<&'static str>, value: Serialized<R>) -> Serialized<R> {
    match variant {
        Some(name) => Serialized::Fields(vec![(name.to_owned(), value.into_value())]),
        None => value,
    }
}

struct Serializer<R>(PhantomData<R>);

impl<R> Serializer<R> {
    const fn new() -> Self {
        Self(PhantomData)
    }
}

macro_rules! plain {
    ($($method:ident: $type:ty => $make:ident),+ $(,)?) => {
        $(fn $method(self, value: $type) -> Result<Serialized<R>, Error> {
            Ok(Serialized::Value(R::$make(value.into())))
        })+
    };
}

impl<R: Representation> serde::Serializer for Serializer<R> {
    type Ok = Serialized<R>;
    type Error = Error;
    type SerializeSeq = List<R>;
    type SerializeTuple = List<R>;
    type SerializeTupleStruct = List<R>;
    type SerializeTupleVariant = List<R>;
    type SerializeMap = Object<R>;
    type SerializeStruct = Object<R>;
    type SerializeStructVariant = Object<R>;

    plain! {
        serialize_bool: bool => boolean,
        serialize_i8: i8 => signed, serialize_i16: i16 => signed, serialize_i32: i32 => signed,
        serialize_i64: i64 => signed, serialize_i128: i128 => signed,
        serialize_u8: u8 => unsigned, serialize_u16: u16 => unsigned, serialize_u32: u32 => unsigned,
        serialize_u64: u64 => unsigned, serialize_u128: u128 => unsigned,
        serialize_f32: f32 => float32, serialize_f64: f64 => float64,
    }

    fn serialize_str(self, value: &str) -> Result<Serialized<R>, Error> {
        Ok(Serialized::Value(R::text(value)))
    }

    fn serialize_char(self, value: char) -> Result<Serialized<R>, Error> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<Serialized<R>, Error> {
        value.serialize(self)
    }

    fn serialize_none(self) -> Result<Serialized<R>, Error> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Serialized<R>, Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Serialized<R>, Error> {
        Ok(Serialized::Value(R::null()))
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Serialized<R>, Error> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<Serialized<R>, Error> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Serialized<R>, Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Serialized<R>, Error> {
        Ok(under(Some(variant), value.serialize(self)?))
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<List<R>, Error> {
        Ok(List::new(None, length))
    }

    fn serialize_tuple(self, length: usize) -> Result<List<R>, Error> {
        Ok(List::new(None, Some(length)))
    }

    fn serialize_tuple_struct(self, _: &'static str, length: usize) -> Result<List<R>, Error> {
        Ok(List::new(None, Some(length)))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<List<R>, Error> {
        Ok(List::new(Some(variant), Some(length)))
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Object<R>, Error> {
        Ok(Object::new(None, length))
    }

    fn serialize_struct(self, _: &'static str, length: usize) -> Result<Object<R>, Error> {
        Ok(Object::new(None, Some(length)))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Object<R>, Error> {
        Ok(Object::new(Some(variant), Some(length)))
    }
}

/// The most items to make room for before there are any.
const MAX_RESERVED: usize = 1024;

fn reserved<T>(length: Option<usize>) -> Vec<T> {
    Vec::with_capacity(length.unwrap_or(0).min(MAX_RESERVED))
}

/// A list, or the content of a variant that is one.
struct List<R> {
    variant: Option<&'static str>,
    items: Vec<R>,
}

impl<R> List<R> {
    fn new(variant: Option<&'static str>, length: Option<usize>) -> Self {
        Self {
            variant,
            items: reserved(length),
        }
    }
}

macro_rules! lists {
    ($($trait:ident::$method:ident),+ $(,)?) => {
        $(impl<R: Representation> $trait for List<R> {
            type Ok = Serialized<R>;
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.items.push(item(value)?);
                Ok(())
            }

            fn end(self) -> Result<Serialized<R>, Error> {
                Ok(under(self.variant, Serialized::Value(R::list(self.items))))
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

/// The key of a map as text; `None` for what cannot be one.
struct Key(Option<String>);

impl Representation for Key {
    fn null() -> Self {
        Self(None)
    }

    fn boolean(value: bool) -> Self {
        Self(Some(value.to_string()))
    }

    fn signed(value: i128) -> Self {
        Self(Some(value.to_string()))
    }

    fn unsigned(value: u128) -> Self {
        Self(Some(value.to_string()))
    }

    fn float32(value: f32) -> Self {
        Self::float64(value.into())
    }

    fn float64(value: f64) -> Self {
        Self(Some(Number::from(value).to_string()))
    }

    fn text(value: &str) -> Self {
        Self(Some(value.to_owned()))
    }

    fn list(_: Vec<Self>) -> Self {
        Self(None)
    }

    fn object(_: Vec<(String, Self)>) -> Self {
        Self(None)
    }
}

/// An object, or the content of a variant that is one.
struct Object<R> {
    variant: Option<&'static str>,
    key: Option<String>,
    fields: Vec<(String, R)>,
}

impl<R: Representation> Object<R> {
    fn new(variant: Option<&'static str>, length: Option<usize>) -> Self {
        Self {
            variant,
            key: None,
            fields: reserved(length),
        }
    }

    fn finish(self) -> Serialized<R> {
        under(self.variant, Serialized::Fields(self.fields))
    }
}

macro_rules! structs {
    ($($trait:ident),+) => {
        $(impl<R: Representation> $trait for Object<R> {
            type Ok = Serialized<R>;
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<(), Error> {
                self.fields.push((key.to_owned(), item(value)?));
                Ok(())
            }

            fn end(self) -> Result<Serialized<R>, Error> {
                Ok(self.finish())
            }
        })+
    };
}

structs! { SerializeStruct, SerializeStructVariant }

impl<R: Representation> SerializeMap for Object<R> {
    type Ok = Serialized<R>;
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        let Key(key) = item(key)?;
        let key = key.ok_or_else(|| Error::custom("a key must be a text or a number"))?;
        self.key = Some(key);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let key = self.key.take().unwrap_or_default();
        self.fields.push((key, item(value)?));
        Ok(())
    }

    fn end(self) -> Result<Serialized<R>, Error> {
        Ok(self.finish())
    }
}
