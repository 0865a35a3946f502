//! Tables out of Arrow's record batches, and back.

use std::sync::Arc;

use tables::arrow_array::types::{Int8Type, Int64Type};
use tables::arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Float32Array,
    Float64Array, Int8Array, Int64Array, LargeStringArray, ListArray, NullArray, RecordBatch,
    StringArray, StructArray, TimestampMicrosecondArray, TimestampMillisecondArray, UInt64Array,
};
use tables::arrow_schema::{DataType, Field, Schema};
use tables::{Cell, ColumnType, Columns, Table, TableError, TableReader, TableWriter};

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, true)),
    )
    .unwrap()
}

fn all_kinds() -> RecordBatch {
    let lists = ListArray::from_iter_primitive::<Int64Type, _, _>([
        Some(vec![Some(1), None]),
        None,
        Some(vec![]),
    ]);
    let inner: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None, Some(3)]));
    let structs = StructArray::from(vec![(
        Arc::new(Field::new("x", DataType::Int64, true)),
        inner,
    )]);
    let times = TimestampMillisecondArray::from(vec![Some(1), None, Some(-1)]);
    batch(vec![
        (
            "int",
            Arc::new(Int64Array::from(vec![Some(i64::MIN), None, Some(7)])),
        ),
        ("uint", Arc::new(UInt64Array::from(vec![u64::MAX, 0, 1]))),
        (
            "float",
            Arc::new(Float64Array::from(vec![0.5, 2.0, f64::INFINITY])),
        ),
        (
            "text",
            Arc::new(StringArray::from(vec![Some("é"), Some(""), None])),
        ),
        (
            "bool",
            Arc::new(BooleanArray::from(vec![Some(true), Some(false), None])),
        ),
        ("time", Arc::new(times.with_timezone("UTC"))),
        ("list", Arc::new(lists)),
        ("struct", Arc::new(structs)),
        ("nothing", Arc::new(NullArray::new(3))),
    ])
}

#[test]
fn batches_come_back_as_they_were() {
    let batch = all_kinds();
    let table = Table::from_record_batches([&batch]).unwrap();
    assert_eq!(table.nrows(), 3);
    let file = table.write(Vec::new()).unwrap();
    let read = Table::read(&file[..]).unwrap();
    assert_eq!(read, table);
    let again = read.to_record_batch().unwrap();
    assert_eq!(again, batch);

    let mut writer = TableWriter::new(Columns::try_from(&*batch.schema()).unwrap()).unwrap();
    writer.add_batch(&batch).unwrap();
    writer.add_batch(&batch).unwrap();
    let file = writer.finish(Vec::new()).unwrap();
    let reader = TableReader::new(&file[..]).unwrap();
    let batches: Vec<_> = reader
        .record_batches(batch.schema(), 4)
        .collect::<Result<_, _>>()
        .unwrap();
    let rows: Vec<_> = batches.iter().map(RecordBatch::num_rows).collect();
    assert_eq!(rows, [4, 2]);
    assert_eq!(batches[0].slice(0, 3), batch);
}

#[test]
fn other_types_become_the_nearest() {
    let keys = Int8Array::from(vec![Some(1), None, Some(0)]);
    let values: ArrayRef = Arc::new(StringArray::from(vec!["a", "b"]));
    let table = Table::from_record_batches([&batch(vec![
        ("small", Arc::new(Float32Array::from(vec![0.1, 0.5, 1.0]))),
        ("day", Arc::new(Date32Array::from(vec![-1, 0, 1]))),
        (
            "fine",
            Arc::new(TimestampMicrosecondArray::from(vec![1000, 1500, 0])),
        ),
        (
            "large",
            Arc::new(LargeStringArray::from(vec!["x", "y", "z"])),
        ),
        (
            "word",
            Arc::new(DictionaryArray::<Int8Type>::new(keys, values)),
        ),
    ])])
    .unwrap();
    let time = |time: Cell| match time {
        Cell::Number(number) => Cell::Timestamp(number),
        other => other,
    };
    let expected = [
        0.1_f32.into(),
        time((-86_400_000).into()),
        time(1.into()),
        "x".into(),
        "b".into(),
    ];
    assert_eq!(table.data()[0], expected);
    assert_eq!(table.data()[1][2], time(1.5.into()));
    assert_eq!(table.data()[1][4], Cell::Null);
    assert_eq!(table.columns().types()[1], ColumnType::Timestamp.optional());
}

#[test]
fn what_would_lose_something_is_an_error() {
    let decimals = Decimal128Array::from(vec![1])
        .with_precision_and_scale(10, 2)
        .unwrap();
    let error = Table::from_record_batches([&batch(vec![("d", Arc::new(decimals))])]).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("no cell holds a Decimal128(10, 2)"),
        "{error}"
    );

    let mixed = |cells: [Cell; 2]| {
        let columns = Columns::new(["a"]).unwrap().mixed();
        let mut table = Table::new(columns).unwrap();
        for cell in cells {
            table.add_data([cell]).unwrap();
        }
        table.to_record_batch()
    };
    for (cells, expected) in [
        ([1.into(), "x".into()], "its values are of several types"),
        (
            [0.5.into(), ((1_i64 << 53) + 1).into()],
            "there are floats, and whole numbers beyond 2^53",
        ),
        (
            [(-1).into(), u64::MAX.into()],
            "no 64 bits hold both its least and its greatest number",
        ),
        (
            [i128::MAX.into(), Cell::Null],
            "170141183460469231731687303715884105727 is beyond 64 bits",
        ),
    ] {
        let error = mixed(cells).unwrap_err().to_string();
        assert_eq!(
            error,
            format!("column \"a\" cannot be converted: {expected}")
        );
    }

    let file = br#"{"columns": ["a"], "data": [[1], [300]]}"#;
    let schema = Arc::new(Schema::new(vec![Field::new("a", DataType::UInt8, true)]));
    let mut batches = TableReader::new(&file[..])
        .unwrap()
        .record_batches(schema, 1);
    assert_eq!(batches.next().unwrap().unwrap().num_rows(), 1);
    let error = batches.next().unwrap().unwrap_err();
    assert!(
        matches!(&error, TableError::Conversion { reason, .. } if reason == "300 is no UInt8"),
        "{error}"
    );
    assert!(batches.next().is_none());
}
