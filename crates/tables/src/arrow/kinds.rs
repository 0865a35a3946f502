//! The mapping between types of Arrow and of tables.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_schema::{DataType, Field, TimeUnit};

use super::conversion;
use crate::{Cell, ColumnType, Number, TableError};

/// Above this a float is not every whole number any more.
const EXACT: i128 = 1 << 53;

/// Returns what a column of this field holds.
pub(super) fn column_type(field: &Field) -> Result<ColumnType, TableError> {
    of_data_type(field.data_type())
        .map(ColumnType::optional)
        .map_err(|reason| conversion(field.name(), reason))
}

fn of_data_type(data_type: &DataType) -> Result<ColumnType, String> {
    Ok(match data_type {
        DataType::Null => ColumnType::Unknown,
        DataType::Boolean => ColumnType::Boolean,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => ColumnType::String,
        DataType::Timestamp(..) | DataType::Date32 | DataType::Date64 => ColumnType::Timestamp,
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::FixedSizeList(item, _)
        | DataType::ListView(item)
        | DataType::LargeListView(item) => {
            ColumnType::list(of_data_type(item.data_type())?.optional())
        }
        DataType::Struct(fields) => {
            let of = |field: &Arc<Field>| {
                Ok((
                    field.name().clone(),
                    of_data_type(field.data_type())?.optional(),
                ))
            };
            ColumnType::Dict(fields.iter().map(of).collect::<Result<_, String>>()?)
        }
        DataType::Dictionary(_, values) => of_data_type(values)?,
        number if number.is_integer() || number.is_floating() => ColumnType::Number,
        other => return Err(unsupported(other)),
    })
}

pub(super) fn unsupported(data_type: &DataType) -> String {
    format!("no cell holds a {data_type} as it is; cast it to a text or a number first")
}

/// The Arrow type that holds some cells.
#[derive(Debug, PartialEq)]
enum Kind {
    Nothing,
    Boolean,
    Text,
    /// Whole numbers, the least and the greatest.
    Whole(i128, i128),
    /// Floats, and whole numbers that are exact as such.
    Float,
    Milliseconds,
    Nanoseconds,
    List(Box<Self>),
    Struct(BTreeMap<String, Self>),
}

/// Returns the type that holds all of these cells; `Err` is the reason why none does.
pub(super) fn of_cells<'a>(cells: impl Iterator<Item = &'a Cell>) -> Result<DataType, String> {
    common(cells)?.data_type()
}

fn common<'a>(mut cells: impl Iterator<Item = &'a Cell>) -> Result<Kind, String> {
    cells.try_fold(Kind::Nothing, |kind, cell| kind.with(Kind::of(cell)?))
}

impl Kind {
    fn of(cell: &Cell) -> Result<Self, String> {
        Ok(match cell {
            Cell::Null => Self::Nothing,
            Cell::Bool(_) => Self::Boolean,
            Cell::String(_) => Self::Text,
            Cell::Number(number) => Self::of_number(number)?,
            Cell::Timestamp(number) if number.is_integer() => Self::Milliseconds,
            Cell::Timestamp(_) => Self::Nanoseconds,
            Cell::List(items) => Self::List(Box::new(common(items.iter())?)),
            Cell::Dict(fields) => {
                let of = |(key, value): (&String, &Cell)| Ok((key.clone(), Self::of(value)?));
                Self::Struct(fields.iter().map(of).collect::<Result<_, String>>()?)
            }
        })
    }

    fn of_number(number: &Number) -> Result<Self, String> {
        if number.as_float().is_some() {
            return Ok(Self::Float);
        }
        let fits = |value: &i128| (i64::MIN.into()..=u64::MAX.into()).contains(value);
        match number.as_i128().filter(fits) {
            Some(value) => Ok(Self::Whole(value, value)),
            None => Err(format!("{number} is beyond 64 bits")),
        }
    }

    fn with(self, other: Self) -> Result<Self, String> {
        Ok(match (self, other) {
            (Self::Nothing, kind) | (kind, Self::Nothing) => kind,
            (Self::Whole(least, most), Self::Whole(less, more)) => {
                Self::Whole(least.min(less), most.max(more))
            }
            (Self::Float, Self::Whole(least, most)) | (Self::Whole(least, most), Self::Float) => {
                if least < -EXACT || EXACT < most {
                    return Err("there are floats, and whole numbers beyond 2^53".to_owned());
                }
                Self::Float
            }
            (Self::Milliseconds | Self::Nanoseconds, Self::Nanoseconds)
            | (Self::Nanoseconds, Self::Milliseconds) => Self::Nanoseconds,
            (Self::List(one), Self::List(other)) => Self::List(Box::new(one.with(*other)?)),
            (Self::Struct(mut fields), Self::Struct(others)) => {
                for (key, other) in others {
                    let own = fields.remove(&key).unwrap_or(Self::Nothing);
                    fields.insert(key, own.with(other)?);
                }
                Self::Struct(fields)
            }
            (one, other) if one == other => one,
            _ => return Err("its values are of several types".to_owned()),
        })
    }

    fn data_type(self) -> Result<DataType, String> {
        let utc = || Some(Arc::from("UTC"));
        Ok(match self {
            Self::Nothing => DataType::Null,
            Self::Boolean => DataType::Boolean,
            Self::Text => DataType::Utf8,
            Self::Whole(_, most) if most <= i64::MAX.into() => DataType::Int64,
            Self::Whole(least, _) if least < 0 => {
                return Err("no 64 bits hold both its least and its greatest number".to_owned());
            }
            Self::Whole(..) => DataType::UInt64,
            Self::Float => DataType::Float64,
            Self::Milliseconds => DataType::Timestamp(TimeUnit::Millisecond, utc()),
            Self::Nanoseconds => DataType::Timestamp(TimeUnit::Nanosecond, utc()),
            Self::List(item) => DataType::new_list(item.data_type()?, true),
            Self::Struct(fields) => {
                let of = |(key, kind): (String, Self)| Ok(Field::new(key, kind.data_type()?, true));
                DataType::Struct(fields.into_iter().map(of).collect::<Result<_, String>>()?)
            }
        })
    }
}
