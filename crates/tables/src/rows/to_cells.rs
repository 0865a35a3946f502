//! Values of the caller's types as values of a table.

use serde::ser::{
    Error as _, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, SerializeTupleStruct, SerializeTupleVariant, Serializer,
};
use serde_json::Error;

use crate::Cell;
use crate::simpler_forms;

/// The fields of a struct, in its order.
pub(super) type Fields = Vec<(String, Cell)>;

/// Returns the fields of a struct or map.
pub(super) fn fields<T: Serialize + ?Sized>(value: &T) -> Result<Fields, Error> {
    match value.serialize(ToCells)? {
        Made::Fields(fields) => Ok(fields),
        Made::Cell(_) => Err(Error::custom("it is neither a struct nor a map")),
    }
}

/// What a value has become.
#[derive(Debug)]
enum Made {
    Cell(Cell),
    Fields(Fields),
}

impl Made {
    fn into_cell(self) -> Cell {
        match self {
            Self::Cell(cell) => cell,
            Self::Fields(fields) => Cell::Dict(fields.into_iter().collect()),
        }
    }
}

fn cell<T: Serialize + ?Sized>(value: &T) -> Result<Cell, Error> {
    value.serialize(ToCells).map(Made::into_cell)
}

fn under(variant: Option<&'static str>, made: Made) -> Made {
    match variant {
        Some(name) => Made::Fields(vec![(name.to_owned(), made.into_cell())]),
        None => made,
    }
}

#[derive(Debug, Clone, Copy)]
struct ToCells;

macro_rules! plain {
    ($($method:ident: $type:ty),+ $(,)?) => {
        $(fn $method(self, value: $type) -> Result<Made, Error> {
            Ok(Made::Cell(value.into()))
        })+
    };
}

impl Serializer for ToCells {
    type Ok = Made;
    type Error = Error;
    type SerializeSeq = List;
    type SerializeTuple = List;
    type SerializeTupleStruct = List;
    type SerializeTupleVariant = List;
    type SerializeMap = Dict;
    type SerializeStruct = Dict;
    type SerializeStructVariant = Dict;

    plain! {
        serialize_bool: bool,
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64, serialize_i128: i128,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_u128: u128,
        serialize_f32: f32, serialize_f64: f64,
        serialize_str: &str,
    }

    simpler_forms!();

    fn serialize_unit(self) -> Result<Made, Error> {
        Ok(Made::Cell(Cell::Null))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Made, Error> {
        Ok(under(Some(variant), value.serialize(self)?))
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<List, Error> {
        Ok(List::new(None, length))
    }

    fn serialize_tuple(self, length: usize) -> Result<List, Error> {
        Ok(List::new(None, Some(length)))
    }

    fn serialize_tuple_struct(self, _: &'static str, length: usize) -> Result<List, Error> {
        Ok(List::new(None, Some(length)))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<List, Error> {
        Ok(List::new(Some(variant), Some(length)))
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Dict, Error> {
        Ok(Dict::new(None, length))
    }

    fn serialize_struct(self, _: &'static str, length: usize) -> Result<Dict, Error> {
        Ok(Dict::new(None, Some(length)))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Dict, Error> {
        Ok(Dict::new(Some(variant), Some(length)))
    }
}

/// The most items to make room for before there are any.
const FORESEEN: usize = 1024;

/// What is in order, under the name of its variant where it is one.
struct List {
    variant: Option<&'static str>,
    items: Vec<Cell>,
}

impl List {
    fn new(variant: Option<&'static str>, length: Option<usize>) -> Self {
        Self {
            variant,
            items: Vec::with_capacity(length.unwrap_or(0).min(FORESEEN)),
        }
    }
}

macro_rules! lists {
    ($($trait:ident::$method:ident),+ $(,)?) => {
        $(impl $trait for List {
            type Ok = Made;
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.items.push(cell(value)?);
                Ok(())
            }

            fn end(self) -> Result<Made, Error> {
                Ok(under(self.variant, Made::Cell(Cell::List(self.items))))
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

/// What has names, under that of its variant where it is one.
struct Dict {
    variant: Option<&'static str>,
    key: Option<String>,
    fields: Fields,
}

impl Dict {
    fn new(variant: Option<&'static str>, length: Option<usize>) -> Self {
        Self {
            variant,
            key: None,
            fields: Vec::with_capacity(length.unwrap_or(0).min(FORESEEN)),
        }
    }

    fn finish(self) -> Made {
        under(self.variant, Made::Fields(self.fields))
    }
}

macro_rules! structs {
    ($($trait:ident),+) => {
        $(impl $trait for Dict {
            type Ok = Made;
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<(), Error> {
                self.fields.push((key.to_owned(), cell(value)?));
                Ok(())
            }

            fn end(self) -> Result<Made, Error> {
                Ok(self.finish())
            }
        })+
    };
}

structs! { SerializeStruct, SerializeStructVariant }

impl SerializeMap for Dict {
    type Ok = Made;
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.key = Some(match cell(key)? {
            Cell::String(key) => key,
            key @ (Cell::Number(_) | Cell::Bool(_)) => key.to_json(),
            _ => return Err(Error::custom("a key must be a text or a number")),
        });
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let key = self.key.take().unwrap_or_default();
        self.fields.push((key, cell(value)?));
        Ok(())
    }

    fn end(self) -> Result<Made, Error> {
        Ok(self.finish())
    }
}
