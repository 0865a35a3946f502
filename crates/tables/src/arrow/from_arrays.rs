//! Arrow's arrays as cells.

use arrow_array::cast::AsArray as _;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Float16Type, Float32Type, Float64Type, Int8Type,
    Int16Type, Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, OffsetSizeTrait};
use arrow_schema::{DataType, TimeUnit};

use super::kinds::unsupported;
use crate::Cell;

const DAY: i64 = 24 * 60 * 60 * 1000;

/// Returns the cells of a column; `Err` is the reason why there are none.
pub(super) fn cells(array: &ArrayRef) -> Result<Vec<Cell>, String> {
    Ok(match array.data_type() {
        DataType::Null => vec![Cell::Null; array.len()],
        DataType::Boolean => array.as_boolean().iter().map(Cell::from).collect(),
        DataType::Int8 => primitive::<Int8Type>(array, Cell::from),
        DataType::Int16 => primitive::<Int16Type>(array, Cell::from),
        DataType::Int32 => primitive::<Int32Type>(array, Cell::from),
        DataType::Int64 => primitive::<Int64Type>(array, Cell::from),
        DataType::UInt8 => primitive::<UInt8Type>(array, Cell::from),
        DataType::UInt16 => primitive::<UInt16Type>(array, Cell::from),
        DataType::UInt32 => primitive::<UInt32Type>(array, Cell::from),
        DataType::UInt64 => primitive::<UInt64Type>(array, Cell::from),
        DataType::Float16 => primitive::<Float16Type>(array, |value| f64::from(value).into()),
        DataType::Float32 => primitive::<Float32Type>(array, Cell::from),
        DataType::Float64 => primitive::<Float64Type>(array, Cell::from),
        DataType::Date32 => primitive::<Date32Type>(array, |days| time(i64::from(days) * DAY)),
        DataType::Date64 => primitive::<Date64Type>(array, time),
        DataType::Timestamp(TimeUnit::Second, _) => {
            primitive::<TimestampSecondType>(array, |seconds| {
                Cell::Timestamp((i128::from(seconds) * 1000).into())
            })
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            primitive::<TimestampMillisecondType>(array, time)
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            primitive::<TimestampMicrosecondType>(array, |time| finer(time, 1000))
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            primitive::<TimestampNanosecondType>(array, |time| finer(time, 1_000_000))
        }
        DataType::Utf8 => array.as_string::<i32>().iter().map(Cell::from).collect(),
        DataType::LargeUtf8 => array.as_string::<i64>().iter().map(Cell::from).collect(),
        DataType::Utf8View => array.as_string_view().iter().map(Cell::from).collect(),
        DataType::List(_) => lists::<i32>(array)?,
        DataType::LargeList(_) => lists::<i64>(array)?,
        DataType::FixedSizeList(..) => {
            let lists = array.as_fixed_size_list();
            lists.iter().map(list).collect::<Result<_, _>>()?
        }
        DataType::Struct(fields) => {
            let structs = array.as_struct();
            let columns = structs.columns().iter().map(cells);
            let mut columns = columns
                .map(|column| Ok(column?.into_iter()))
                .collect::<Result<Vec<_>, String>>()?;
            let row = |index| {
                let values = columns.iter_mut().map(Iterator::next);
                let values = values.map(Option::unwrap_or_default);
                // Read in any case, so that the columns stay in step.
                let pairs = fields.iter().map(|field| field.name().clone()).zip(values);
                let dict = Cell::Dict(pairs.collect());
                if structs.is_null(index) {
                    Cell::Null
                } else {
                    dict
                }
            };
            (0..array.len()).map(row).collect()
        }
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            let values = cells(dictionary.values())?;
            let keys = dictionary.normalized_keys().into_iter().enumerate();
            keys.map(|(index, key)| match values.get(key) {
                Some(value) if dictionary.keys().is_valid(index) => value.clone(),
                _ => Cell::Null,
            })
            .collect()
        }
        other => return Err(unsupported(other)),
    })
}

fn primitive<T: ArrowPrimitiveType>(
    array: &ArrayRef,
    cell: impl Fn(T::Native) -> Cell,
) -> Vec<Cell> {
    let values = array.as_primitive::<T>().iter();
    values
        .map(|value| value.map_or(Cell::Null, &cell))
        .collect()
}

fn time(milliseconds: i64) -> Cell {
    Cell::Timestamp(milliseconds.into())
}

/// Returns a time of which `parts` are a millisecond; a float where it is none in whole, as in the official client.
#[expect(
    clippy::cast_precision_loss,
    reason = "that is what the official client makes of it"
)]
fn finer(time: i64, parts: i64) -> Cell {
    Cell::Timestamp(if time % parts == 0 {
        (time / parts).into()
    } else {
        (time as f64 / parts as f64).into()
    })
}

fn lists<O: OffsetSizeTrait>(array: &ArrayRef) -> Result<Vec<Cell>, String> {
    array.as_list::<O>().iter().map(list).collect()
}

fn list(items: Option<ArrayRef>) -> Result<Cell, String> {
    items.map_or(Ok(Cell::Null), |items| cells(&items).map(Cell::List))
}
