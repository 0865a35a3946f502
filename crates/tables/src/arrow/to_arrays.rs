//! Cells as Arrow's arrays.

use std::sync::Arc;

use arrow_array::types::{
    ArrowPrimitiveType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    ArrayRef, BooleanArray, LargeStringArray, ListArray, NullArray, PrimitiveArray, StringArray,
    StructArray,
};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{DataType, Field, TimeUnit};

use super::kinds::unsupported;
use crate::Cell;

/// Returns the array of this type; `Err` names the value that does not fit.
pub(super) fn array(data_type: &DataType, cells: &[&Cell]) -> Result<ArrayRef, String> {
    Ok(match data_type {
        DataType::Null => match cells.iter().find(|cell| !cell.is_null()) {
            Some(cell) => return Err(misfit(cell, data_type)),
            None => Arc::new(NullArray::new(cells.len())),
        },
        DataType::Boolean => Arc::new(BooleanArray::from(each(
            cells,
            data_type,
            |cell| match cell {
                Cell::Bool(value) => Some(*value),
                _ => None,
            },
        )?)),
        DataType::Utf8 => Arc::new(StringArray::from(each(cells, data_type, Cell::as_str)?)),
        DataType::LargeUtf8 => Arc::new(LargeStringArray::from(each(
            cells,
            data_type,
            Cell::as_str,
        )?)),
        DataType::Int8 => whole::<Int8Type>(cells, data_type)?,
        DataType::Int16 => whole::<Int16Type>(cells, data_type)?,
        DataType::Int32 => whole::<Int32Type>(cells, data_type)?,
        DataType::Int64 => whole::<Int64Type>(cells, data_type)?,
        DataType::UInt8 => whole::<UInt8Type>(cells, data_type)?,
        DataType::UInt16 => whole::<UInt16Type>(cells, data_type)?,
        DataType::UInt32 => whole::<UInt32Type>(cells, data_type)?,
        DataType::UInt64 => whole::<UInt64Type>(cells, data_type)?,
        DataType::Float32 => {
            primitive::<Float32Type>(cells, data_type, |cell| float(cell).map(narrow))?
        }
        DataType::Float64 => primitive::<Float64Type>(cells, data_type, float)?,
        DataType::Timestamp(unit, _) => match unit {
            TimeUnit::Second => time::<TimestampSecondType>(cells, data_type, 1, 1000)?,
            TimeUnit::Millisecond => time::<TimestampMillisecondType>(cells, data_type, 1, 1)?,
            TimeUnit::Microsecond => time::<TimestampMicrosecondType>(cells, data_type, 1000, 1)?,
            TimeUnit::Nanosecond => {
                time::<TimestampNanosecondType>(cells, data_type, 1_000_000, 1)?
            }
        },
        DataType::List(item) => list(item, cells, data_type)?,
        DataType::Struct(fields) => {
            let arrays = fields.iter().map(|field| {
                let values = cells.iter().map(|cell| match *cell {
                    Cell::Dict(values) => Ok(values.get(field.name()).unwrap_or(&Cell::Null)),
                    cell if cell.is_null() => Ok(&Cell::Null),
                    cell => Err(misfit(cell, data_type)),
                });
                array(
                    field.data_type(),
                    &values.collect::<Result<Vec<_>, String>>()?,
                )
            });
            let arrays = arrays.collect::<Result<Vec<_>, String>>()?;
            let nulls = nulls(cells);
            Arc::new(
                StructArray::try_new_with_length(fields.clone(), arrays, nulls, cells.len())
                    .map_err(|error| error.to_string())?,
            )
        }
        other => return Err(unsupported(other)),
    })
}

fn misfit(cell: &Cell, data_type: &DataType) -> String {
    format!("{} is no {data_type}", cell.to_json())
}

/// Returns what `of` finds in each cell, and nothing where nothing is.
fn each<'a, T>(
    cells: &[&'a Cell],
    data_type: &DataType,
    of: impl Fn(&'a Cell) -> Option<T>,
) -> Result<Vec<Option<T>>, String> {
    let value = |cell: &&'a Cell| {
        if cell.is_null() {
            return Ok(None);
        }
        of(cell).map(Some).ok_or_else(|| misfit(cell, data_type))
    };
    cells.iter().map(value).collect()
}

fn primitive<T: ArrowPrimitiveType>(
    cells: &[&Cell],
    data_type: &DataType,
    of: impl Fn(&Cell) -> Option<T::Native>,
) -> Result<ArrayRef, String> {
    let values = each(cells, data_type, of)?;
    let array: PrimitiveArray<T> = values.into_iter().collect();
    Ok(Arc::new(array.with_data_type(data_type.clone())))
}

fn whole<T: ArrowPrimitiveType>(cells: &[&Cell], data_type: &DataType) -> Result<ArrayRef, String>
where
    T::Native: TryFrom<i128>,
{
    primitive::<T>(cells, data_type, |cell| {
        let value = cell.as_number()?.as_i128()?;
        T::Native::try_from(value).ok()
    })
}

/// Returns the float, or the whole number if it is exact as one.
fn float(cell: &Cell) -> Option<f64> {
    const EXACT: i128 = 1 << 53;
    let number = cell.as_number()?;
    match number.as_i128() {
        Some(value) => (-EXACT..=EXACT).contains(&value).then(|| number.to_f64()),
        None => number.as_float(),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "floats of 32 bits are the nearest"
)]
const fn narrow(value: f64) -> f32 {
    value as f32
}

/// Returns times of which `parts` are a millisecond, or that are `many` milliseconds each.
fn time<T: ArrowPrimitiveType<Native = i64>>(
    cells: &[&Cell],
    data_type: &DataType,
    parts: i64,
    many: i64,
) -> Result<ArrayRef, String> {
    primitive::<T>(cells, data_type, |cell| {
        let number = cell.as_number()?;
        if let Some(milliseconds) = number.as_i64() {
            let exact = milliseconds % many == 0;
            return exact.then(|| (milliseconds / many).checked_mul(parts))?;
        }
        finer(number.as_float()?, parts)
    })
}

/// Returns the nearest time, if it is one of 64 bits.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "the bounds are checked, and the nearest is wanted"
)]
fn finer(milliseconds: f64, parts: i64) -> Option<i64> {
    let time = (milliseconds * parts as f64).round();
    (time.abs() < i64::MAX as f64).then_some(time as i64)
}

fn nulls(cells: &[&Cell]) -> Option<NullBuffer> {
    let valid: NullBuffer = cells
        .iter()
        .map(|cell| !cell.is_null())
        .collect::<Vec<_>>()
        .into();
    (valid.null_count() != 0).then_some(valid)
}

fn list(item: &Arc<Field>, cells: &[&Cell], data_type: &DataType) -> Result<ArrayRef, String> {
    let lists = each(cells, data_type, |cell| match cell {
        Cell::List(items) => Some(items.as_slice()),
        _ => None,
    })?;
    let lists: Vec<_> = lists.into_iter().map(Option::unwrap_or_default).collect();
    let items: Vec<_> = lists.iter().copied().flatten().collect();
    if i32::try_from(items.len()).is_err() {
        return Err("there are too many items in its lists for one batch".to_owned());
    }
    let offsets = OffsetBuffer::from_lengths(lists.iter().map(|list| list.len()));
    let values = array(item.data_type(), &items)?;
    let array = ListArray::try_new(Arc::clone(item), offsets, values, nulls(cells));
    Ok(Arc::new(array.map_err(|error| error.to_string())?))
}
