//! Table files of the official client for the same values.

use serde::Deserialize;
use serde_json::Value;
use wandb_rs::table::{
    Cell, ColumnName, ColumnType, Columns, JoinedTable, LogMode, PartitionedTable, Table,
    TableError, TableReader, TableWriter,
};
use wandb_rs::{Artifact, Error};

const TABLES: &str = include_str!("../../golden/tables.json");

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
    media: Vec<Media>,
    entries: Vec<Entry>,
    views: Vec<View>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    columns: Vec<Value>,
    rows: Vec<Vec<Value>>,
    optional: Option<Value>,
    #[serde(default)]
    mixed: bool,
    log_mode: Option<String>,
    /// Whether ours refuses the columns.
    #[serde(default)]
    refused: bool,
    file: Option<String>,
    error: Option<String>,
    row: Option<u64>,
}

#[derive(Deserialize)]
struct Media {
    name: String,
    file: String,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    path: String,
}

#[derive(Deserialize)]
struct View {
    path: String,
    file: String,
}

fn golden() -> Golden {
    serde_json::from_str(TABLES).unwrap()
}

/// Makes the value that a case describes.
fn cell(json: &Value) -> Cell {
    match json {
        Value::Null => Cell::Null,
        Value::Bool(value) => (*value).into(),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => whole.into(),
            (None, float) => float.unwrap().into(),
        },
        Value::String(text) => text.as_str().into(),
        Value::Array(items) => Cell::List(items.iter().map(cell).collect()),
        Value::Object(fields) => match fields.get("$").map(|kind| kind.as_str().unwrap()) {
            Some("nan") => f64::NAN.into(),
            Some("inf") => f64::INFINITY.into(),
            Some("-inf") => f64::NEG_INFINITY.into(),
            Some("time") => Cell::Timestamp(fields["ms"].as_i64().unwrap().into()),
            Some("int") => {
                let digits = fields["digits"].as_str().unwrap();
                digits
                    .parse::<i128>()
                    .map_or_else(|_| big(digits), Cell::from)
            }
            _ => Cell::Dict(
                fields
                    .iter()
                    .map(|(key, value)| (key.clone(), cell(value)))
                    .collect(),
            ),
        },
    }
}

/// Only a file can hold such a number.
fn big(digits: &str) -> Cell {
    let file = format!(r#"{{"columns": ["a"], "data": [[{digits}]]}}"#);
    TableReader::new(file.as_bytes())
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .remove(0)
}

fn columns(case: &Case) -> Result<Columns, TableError> {
    let names = case.columns.iter().map(|name| match name {
        Value::String(text) => ColumnName::from(text.as_str()),
        number => ColumnName::from(number.as_i64().unwrap()),
    });
    let mut columns = Columns::new(names)?;
    match &case.optional {
        None => {}
        Some(Value::Array(each)) => {
            for (name, optional) in case.columns.iter().zip(each) {
                if optional == false {
                    columns = columns.cast(name.as_str().unwrap(), ColumnType::Unknown)?;
                }
            }
        }
        Some(all) => {
            assert_eq!(all, false);
            columns = columns.required();
        }
    }
    Ok(if case.mixed { columns.mixed() } else { columns })
}

fn log_mode(case: &Case) -> LogMode {
    match case.log_mode.as_deref() {
        None => LogMode::Immutable,
        Some("MUTABLE") => LogMode::Mutable,
        Some("INCREMENTAL") => LogMode::Incremental,
        Some(other) => panic!("{other}"),
    }
}

fn written(table: &Table) -> String {
    String::from_utf8(table.write(Vec::new()).unwrap()).unwrap()
}

#[test]
fn files_are_the_official_clients_byte_for_byte() {
    let mut compared = 0;
    for case in golden().cases {
        let name = &case.name;
        if case.refused {
            let error = columns(&case).unwrap_err();
            assert!(
                matches!(error, TableError::DuplicateColumn { .. }),
                "{name}: {error}"
            );
            continue;
        }
        let mut table = Table::new(columns(&case).unwrap())
            .unwrap()
            .log_mode(log_mode(&case));
        let mut writer = TableWriter::new(columns(&case).unwrap())
            .unwrap()
            .log_mode(log_mode(&case));
        for (index, row) in (0..).zip(&case.rows) {
            let before = table.clone();
            let row: Vec<_> = row.iter().map(cell).collect();
            let added = table.add_data(row.clone());
            if case.row == Some(index) {
                assert!(added.is_err(), "{name}");
                let error = added.unwrap_err();
                let is_ragged = matches!(error, TableError::Ragged { .. });
                assert_eq!(
                    is_ragged,
                    case.error.as_deref() == Some("ValueError"),
                    "{name}: {error}"
                );
                assert_eq!(
                    written(&table),
                    written(&before),
                    "{name}: the row left something behind"
                );
                assert_eq!(
                    writer.add_data(row).unwrap_err().to_string(),
                    error.to_string()
                );
                break;
            }
            added.unwrap_or_else(|error| panic!("{name}: {error}"));
            writer.add_data(row).unwrap();
        }
        if let Some(file) = &case.file {
            assert_eq!(written(&table), *file, "{name}");
            let streamed = String::from_utf8(writer.finish(Vec::new()).unwrap()).unwrap();
            assert_eq!(streamed, *file, "{name}");
            compared += 1;
        }
    }
    assert_eq!(compared, 46);
}

#[test]
fn a_file_that_is_read_and_written_again_is_the_same() {
    let Golden { cases, media, .. } = golden();
    let files = cases
        .into_iter()
        .filter_map(|case| Some((case.name, case.file?)));
    let files = files.chain(media.into_iter().map(|media| (media.name, media.file)));
    let mut count = 0;
    for (name, file) in files {
        let table = Table::read(file.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(written(&table), file, "{name}");
        count += 1;
    }
    assert_eq!(count, 58);
}

#[test]
fn rows_of_media_have_the_types_that_the_official_client_gives_them() {
    let same = ["pictures", "pages", "points"];
    for media in golden().media {
        let read = Table::read(media.file.as_bytes()).unwrap();
        let mut again = Table::new(read.columns().names().to_vec()).unwrap();
        if same.contains(&media.name.as_str()) {
            for row in read.data() {
                again.add_data(row.clone()).unwrap();
            }
            assert_eq!(written(&again), media.file, "{}", media.name);
        }
    }
}

#[test]
fn entries_have_the_names_that_the_official_client_gives_them() {
    let mut artifact = Artifact::new("golden", "dataset").unwrap();
    let mut table = Table::new(["id", "x"]).unwrap();
    table.add_data([1.into(), "a".into()]).unwrap();
    for Entry { name, path } in golden().entries {
        assert_eq!(
            artifact.add(&table, &name).unwrap().as_str(),
            path,
            "{name}"
        );
    }
}

#[tokio::test]
async fn views_are_the_official_clients_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    let client = wandb_rs::Client::builder()
        .store(folder.path().join("store"))
        .open()
        .unwrap();
    let mut artifact = Artifact::new("golden", "dataset").unwrap();
    let mut table = Table::new(["id", "x"]).unwrap();
    table.add_data([1.into(), "a".into()]).unwrap();
    artifact.add(&table, "t").unwrap();
    artifact.add(&table, "rows").unwrap();
    let tables = ("t.table.json", "rows.table.json");
    artifact.add(&PartitionedTable::new("parts"), "p").unwrap();
    artifact
        .add(&JoinedTable::new(tables.0, tables.1, "id"), "j")
        .unwrap();
    artifact
        .add(&JoinedTable::new(tables.0, tables.1, ("id", "x")), "deep/k")
        .unwrap();
    let logged = client.save(artifact).await.unwrap();
    let copy = folder.path().join("copy");
    logged.download().to(&copy).await.unwrap();
    for View { path, file, .. } in golden().views {
        assert_eq!(std::fs::read_to_string(copy.join(path)).unwrap(), file);
    }
}

#[test]
fn joined_tables_must_be_there() {
    let mut artifact = Artifact::new("golden", "dataset").unwrap();
    let view = JoinedTable::new("t.table.json", "rows.table.json", "id");
    let error = artifact.add(&view, "j").unwrap_err();
    assert!(
        matches!(error, Error::Table(TableError::NotInArtifact { .. })),
        "{error}"
    );
    assert_eq!(artifact.paths().count(), 0);
}
