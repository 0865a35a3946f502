//! Rows that are values of the caller's types.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tables::{Cell, Table, TableError, TableReader, TableWriter};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Row {
    id: u64,
    huge: u128,
    score: f64,
    small: f32,
    name: Option<String>,
    letter: char,
    tags: Vec<String>,
    place: Place,
    kind: Kind,
    counts: BTreeMap<u8, i64>,
    pair: (i8, bool),
    id_of: Id,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Place {
    x: i32,
    y: i32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Id(u16);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Kind {
    Plain,
    Of(f64),
}

fn row(id: u64) -> Row {
    Row {
        id,
        huge: u128::MAX,
        score: 0.5,
        small: 0.1,
        name: Some("é".to_owned()),
        letter: 'x',
        tags: vec!["a".to_owned(), "b".to_owned()],
        place: Place { x: 1, y: -2 },
        kind: Kind::Plain,
        counts: BTreeMap::from([(7, -1)]),
        pair: (1, true),
        id_of: Id(3),
    }
}

#[test]
fn structs_come_back_as_they_were() {
    // A list of several types takes one row only, as in the official client.
    let rows = [Row {
        id: u64::MAX,
        name: None,
        kind: Kind::Of(2.5),
        ..row(0)
    }];
    let table = Table::from_rows(&rows).unwrap();
    assert_eq!(table.ncols(), 12);
    assert_eq!(table.columns().names()[0].to_string(), "id");
    let file = table.write(Vec::new()).unwrap();
    let again: Vec<Row> = TableReader::new(&file[..])
        .unwrap()
        .rows()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(again, rows);
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Small {
    step: u32,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    note: Option<String>,
    loss: f64,
}

fn small(step: u32, note: Option<&str>, loss: f64) -> Small {
    Small {
        step,
        note: note.map(str::to_owned),
        loss,
    }
}

#[test]
fn what_is_skipped_is_nothing() {
    let rows = [small(0, Some("x"), 0.5), small(1, None, f64::NAN)];
    let table = Table::from_rows(&rows).unwrap();
    assert_eq!(table.data()[1][1], Cell::Null);
    let file = table.write(Vec::new()).unwrap();
    let again: Vec<Small> = Table::read(&file[..])
        .unwrap()
        .rows()
        .collect::<Result<_, _>>()
        .unwrap();
    // What is not a number is nothing in the file, and not a number again here.
    assert!(again[1].loss.is_nan());
    assert_eq!((&again[0], again[1].note.as_deref()), (&rows[0], None));
}

#[test]
fn a_field_that_the_first_row_lacks_is_an_error() {
    let rows = [small(0, None, 0.5), small(1, Some("x"), 0.5)];
    let error = Table::from_rows(&rows).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no column \"note\"; the columns are step, loss"
    );
}

#[test]
fn rows_are_tuples_too() {
    let mut writer = TableWriter::new(["a", "b"]).unwrap();
    writer
        .add_row(&BTreeMap::from([("b", 2), ("a", 1)]))
        .unwrap();
    let error = writer.add_row(&[1, 2]).unwrap_err();
    assert!(matches!(error, TableError::Row { row: 1, .. }), "{error}");
    let file = writer.finish(Vec::new()).unwrap();
    let rows: Vec<(u8, i64)> = TableReader::new(&file[..])
        .unwrap()
        .rows()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(rows, [(1, 2)]);
    let mut wrong = TableReader::new(&file[..]).unwrap().rows::<(u8, String)>();
    let error = wrong.next().unwrap().unwrap_err();
    assert!(matches!(error, TableError::Row { row: 0, .. }), "{error}");
}

#[test]
fn no_rows_make_no_columns() {
    let table = Table::from_rows::<Small>(&[]).unwrap();
    assert_eq!((table.ncols(), table.nrows()), (0, 0));
}
