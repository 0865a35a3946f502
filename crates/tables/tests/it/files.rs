//! Files that are not as they should be, and those of many rows.

use std::io::{Read, Write};

use tables::{
    Cell, ColumnType, Columns, LogMode, Table, TableError, TableLimits, TableReader, TableWriter,
};

fn read(file: &str) -> Result<Table, TableError> {
    Table::read(file.as_bytes())
}

fn written(table: &Table) -> String {
    String::from_utf8(table.write(Vec::new()).unwrap()).unwrap()
}

const OPTIONAL_NUMBER: &str = r#"{"wb_type": "union", "params": {"allowed_types": [{"wb_type": "number"}, {"wb_type": "none"}]}}"#;

#[test]
fn types_may_come_after_the_rows() {
    let types = r#"{"wb_type": "typedDict", "params": {"type_map": {"t": {"wb_type": "timestamp"}, "x": {"wb_type": "any"}}}}"#;
    let orders = [
        format!(
            r#"{{"columns": ["t", "x"], "column_types": {types}, "data": [[5, 1]], "nrows": 1}}"#
        ),
        format!(
            r#"{{"columns": ["t", "x"], "data": [[5, 1]], "nrows": 1, "column_types": {types}}}"#
        ),
        format!(
            r#"{{"data": [[5, 1]], "nrows": 1, "column_types": {types}, "columns": ["t", "x"]}}"#
        ),
        format!(
            r#"{{ "nrows" : 1, "ncols":2,"column_types":{types},"data" : [ [5 ,1] ] , "new": {{}}, "columns": ["t", "x"]}} "#
        ),
    ];
    for file in orders {
        let mut reader = TableReader::new(file.as_bytes()).unwrap();
        assert_eq!(reader.columns().types()[0], ColumnType::Timestamp);
        let rows: Vec<_> = reader.by_ref().collect::<Result<_, _>>().unwrap();
        assert_eq!(rows, [[Cell::Timestamp(5.into()), 1.into()]], "{file}");
        assert_eq!(reader.nrows(), 1);
    }
}

#[test]
fn files_without_types_are_read() {
    // What the official client stores with a run.
    let table = read(r#"{"columns":["a","b"],"data":[[1,"x"],[null,2]]}"#).unwrap();
    assert_eq!(table.columns().types()[0], ColumnType::Number.optional());
    // Whatever is there is kept.
    assert_eq!(table.columns().types()[1], ColumnType::Any.optional());
    assert_eq!(table.data()[1], [Cell::Null, 2.into()]);
}

#[test]
fn an_unpaired_surrogate_is_read_and_counted_or_refused_by_row_and_column() {
    let rows = r#"[[1, "x", []], [2, "y\ud800", []], [3, "z", []]]"#;
    let rows_first = format!(r#"{{"data": {rows}, "columns": ["n", "text", "list"]}}"#);
    let types_first = format!(
        r#"{{"columns": ["n", "text", "list"],
            "column_types": {{"wb_type": "typedDict", "params": {{"type_map": {{}}}}}}, "data": {rows}}}"#
    );
    for file in [&types_first, &rows_first] {
        let mut reader = TableReader::new(file.as_bytes()).unwrap();
        let read: Vec<_> = reader.by_ref().collect::<Result<_, _>>().unwrap();
        assert_eq!(read[1][1], Cell::from("y\u{fffd}"));
        assert_eq!(reader.replaced_surrogates(), 1);
    }

    // A caller can refuse it.
    let mut limits = TableLimits::default();
    limits.refuse_unpaired_surrogates = true;
    let read = |file: &str| Table::try_from(TableReader::with_limits(file.as_bytes(), limits)?);
    let in_a_list = types_first
        .replace("y\\ud800", "y")
        .replace("3, \"z\", []", r#"3, "z", [[], {"k": "\udfff"}]"#);
    let in_a_name = types_first.replace("\"text\"", r#""t\ud800""#);
    for (file, place) in [
        (&types_first, "row 1, column \"text\": "),
        (&rows_first, "row 1, value 1: "),
        (&in_a_list, "row 2, column \"list\": "),
        (&in_a_name, "byte "),
    ] {
        let error = read(file).unwrap_err();
        assert!(
            matches!(error, TableError::UnpairedSurrogate { .. }),
            "{error}"
        );
        assert!(error.to_string().starts_with(place), "{error}");
    }
}

#[test]
fn a_file_that_is_cut_off_anywhere_is_an_error() {
    let mut table = Table::new(["a", "b", "c"]).unwrap();
    for row in 0..3 {
        let list = Cell::from(vec![Some(1.5), None]);
        table
            .add_data([row.into(), format!("é\n{row}").into(), list])
            .unwrap();
    }
    let file = written(&table);
    for end in 0..file.len() {
        let error = read(&file[..end]).unwrap_err();
        assert!(
            matches!(error, TableError::CutOff { .. } | TableError::Format { .. }),
            "{end}: {error}"
        );
    }
    assert_eq!(read(&file).unwrap(), table);
}

#[test]
fn what_a_file_says_wrongly_of_itself_is_an_error() {
    for (file, expected) in [
        (
            r#"{"columns": ["a"], "data": [[1], [2]], "nrows": 3}"#,
            "the table's file declares 3 rows, but has 2",
        ),
        (
            r#"{"columns": ["a"], "data": [[1]], "ncols": 2}"#,
            "the table's file declares 2 columns, but has 1",
        ),
        (
            r#"{"columns": ["a", "b"], "data": [[1, 2], [3]]}"#,
            "row 1 has 1 values for 2 columns",
        ),
        (
            r#"{"columns": ["a"], "data": [[1], 2]}"#,
            "byte 34 of the table's file: row 1 is no list: 2",
        ),
        (
            r#"{"_type": "image-file", "columns": ["a"], "data": []}"#,
            "byte 22 of the table's file: no table, but \"image-file\"",
        ),
        (
            r#"{"columns": ["a"]}"#,
            "byte 18 of the table's file: no table: there is no `data`",
        ),
        (
            r#"{"data": [[1]]}"#,
            "byte 15 of the table's file: no table: there are no `columns`",
        ),
        (
            r#"{"columns": "a", "data": []}"#,
            "byte 15 of the table's file: `columns` is no list: \"a\"",
        ),
        (
            r#"{"columns": [1.5], "data": []}"#,
            "byte 17 of the table's file: the name of a column is neither text nor whole number: 1.5",
        ),
        (
            r#"{"columns": [], "column_types": {"wb_type": "number"}, "data": []}"#,
            "byte 53 of the table's file: `column_types` that are Number, not a dictionary",
        ),
        (
            r#"{"columns": [], "data": [], "nrows": -1}"#,
            "byte 39 of the table's file: `nrows` is no count: -1",
        ),
        (
            r#"{"columns": [], "data": [], "data": []}"#,
            "byte 37 of the table's file: `data` is there twice",
        ),
        (
            r#"{"columns": [], "data": []} x"#,
            "byte 28 of the table's file: `x` instead of the end of the file",
        ),
    ] {
        assert_eq!(read(file).unwrap_err().to_string(), expected, "{file}");
    }
}

#[test]
fn after_an_error_no_row_follows() {
    let types = format!(
        r#"{{"wb_type": "typedDict", "params": {{"type_map": {{"a": {OPTIONAL_NUMBER}}}}}}}"#
    );
    let file =
        format!(r#"{{"column_types": {types}, "columns": ["a"], "data": [[1], [2, 3], [4]]}}"#);
    let mut reader = TableReader::new(file.as_bytes()).unwrap();
    assert_eq!(reader.next().unwrap().unwrap(), [Cell::from(1)]);
    assert!(reader.next().unwrap().is_err());
    assert!(reader.next().is_none());
}

/// Gives the same bytes again and again.
struct Endless(&'static [u8], usize);

impl Read for Endless {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        for (place, byte) in into.iter_mut().enumerate() {
            *byte = self.0[(self.1 + place) % self.0.len()];
        }
        self.1 += into.len();
        Ok(into.len())
    }
}

#[test]
fn what_has_no_end_is_stopped() {
    let head = br#"{"columns": ["a"], "column_types": {"wb_type": "typedDict"}, "data": [["#;
    let mut limits = TableLimits::default();
    limits.row_bytes = 1 << 20;
    limits.head_bytes = 1 << 20;
    for (start, endless, what) in [
        (&head[..], &b"\"a"[..1], "a row"),
        (&head[..], b"aaaa", "a row"),
        (&head[..], b"[", "the depth of a row"),
        (&head[..], b"1, ", "a row"),
        (&head[..], b" ", "a row"),
        (b"", b" ", "the head before the rows"),
        (
            b"{\"a\": ",
            b"{\"params\": ",
            "the depth of the head before the rows",
        ),
        (b"{\"columns\": [", b"\"x\",", "the head before the rows"),
    ] {
        let start = if endless == b"aaaa" {
            [start, b"\""].concat()
        } else {
            start.to_vec()
        };
        let source = start.chain(Endless(endless, 0));
        let error = match TableReader::with_limits(source, limits) {
            Ok(mut reader) => reader.next().unwrap().unwrap_err(),
            Err(error) => error,
        };
        match error {
            TableError::Limit { what: found, .. } => assert_eq!(found, what),
            // Two quotes are a text; what follows is wrong.
            TableError::Format { .. } => assert_eq!(endless, b"\""),
            other => panic!("{other}"),
        }
    }
}

#[test]
fn whole_numbers_of_any_size_come_back() {
    let mut table = Table::new(["n"]).unwrap();
    for number in [
        0,
        (1 << 53) + 1,
        i64::MAX.into(),
        u64::MAX.into(),
        i128::MAX,
        i128::MIN,
    ] {
        table.add_data([number.into()]).unwrap();
    }
    let again = read(&written(&table)).unwrap();
    assert_eq!(again, table);
    assert_eq!(
        again.data()[3][0].as_number().unwrap().as_u64(),
        Some(u64::MAX)
    );
}

#[test]
fn an_incremental_table_keeps_where_it_belongs() {
    let file = r#"{"_type": "table", "column_types": {"params": {"type_map": {"a": {"wb_type": "number"}}}, "wb_type": "typedDict"}, "columns": ["a"], "data": [[1]], "increment_num": 3, "log_mode": "INCREMENTAL", "ncols": 1, "nrows": 1, "previous_increments_paths": ["wandb-client-artifact://x/y.table.json"]}"#;
    assert_eq!(written(&read(file).unwrap()), file);
    let mut reader = TableReader::new(file.as_bytes()).unwrap();
    reader.by_ref().for_each(drop);
    assert_eq!(reader.log_mode(), LogMode::Incremental);
}

/// Counts, and keeps nothing.
#[derive(Default)]
struct Count(u64);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn rows_that_waited_in_a_file_are_all_there() {
    let mut writer = TableWriter::new(["i", "text"]).unwrap();
    let text = "x".repeat(1000);
    for row in 0..5000 {
        writer.add_data([row.into(), text.as_str().into()]).unwrap();
    }
    assert_eq!(writer.nrows(), 5000);
    let mut file = tempfile::tempfile().unwrap();
    writer.finish(&mut file).unwrap();
    std::io::Seek::rewind(&mut file).unwrap();
    let mut reader = TableReader::new(file).unwrap();
    for (index, row) in (0..).zip(reader.by_ref()) {
        assert_eq!(row.unwrap(), [Cell::from(index), text.as_str().into()]);
    }
    assert_eq!(reader.nrows(), 5000);
}

#[test]
fn columns_are_found_and_cast() {
    let mut table = Table::new(["a"]).unwrap();
    table.add_data([1.into()]).unwrap();
    table.add_data([Cell::Null]).unwrap();
    table.add_column("b", ["x".into(), "y".into()]).unwrap();
    assert_eq!(table.column("b").unwrap().count(), 2);
    for (error, expected) in [
        (table.add_column("b", []), "duplicate column \"b\""),
        (
            table.add_column("c", [1.into()]),
            "1 values of column \"c\" for 2 rows",
        ),
        (
            table.cast("z", ColumnType::Any),
            "no column \"z\"; the columns are a, b",
        ),
        (
            table.cast("a", ColumnType::Number),
            "row 1: a value of type None does not fit column \"a\", which holds Number",
        ),
    ] {
        assert_eq!(error.unwrap_err().to_string(), expected);
    }
    table.cast("a", ColumnType::Any.optional()).unwrap();
    table.add_data(["now a text".into(), "z".into()]).unwrap();
    let error = Columns::new(["a", "a"]).unwrap_err();
    assert_eq!(error.to_string(), "duplicate column \"a\"");
    let mut first = Table::new::<[&str; 0]>([]).unwrap();
    first.add_column("made", [1.into(), 2.into()]).unwrap();
    assert_eq!(first.nrows(), 2);
    let count = first.write(Count::default()).unwrap();
    assert_eq!(count.0, written(&first).len() as u64);
}

#[test]
fn milliseconds_go_into_columns_of_times() {
    let columns = Columns::new(["t"]).unwrap();
    let columns = columns.cast("t", ColumnType::Timestamp.optional()).unwrap();
    let mut table = Table::new(columns).unwrap();
    table.add_data([5.into()]).unwrap();
    table.add_data([Cell::Null]).unwrap();
    assert_eq!(table.data()[0][0], Cell::Timestamp(5.into()));
    assert!(table.add_data(["x".into()]).is_err());
}
