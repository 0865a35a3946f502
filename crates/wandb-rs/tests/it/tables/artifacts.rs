//! Tables in artifacts of the embedded store.

use wandb_rs::table::{
    Cell, ColumnType, JoinedTable, LoggedObject, ObjectKind, PartitionedTable, Table, TableError,
    TableWriter,
};
use wandb_rs::{Artifact, Client, Error, blocking};

/// A client of a store in a folder of its own.
fn client() -> (Client, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let builder = Client::builder().store(folder.path().join("store"));
    (builder.open().unwrap(), folder)
}

fn numbers(from: i32, to: i32) -> Table {
    let mut table = Table::new(["n", "text"]).unwrap();
    for n in from..to {
        table
            .add_data([n.into(), format!("row {n}").into()])
            .unwrap();
    }
    table
}

#[tokio::test]
async fn a_table_is_found_by_its_name_with_and_without_the_ending() {
    let (client, _folder) = client();
    let mut artifact = Artifact::new("a", "dataset").unwrap();
    let table = numbers(0, 3);
    artifact.add(&table, "dir/t").unwrap();
    artifact.new_file("dir/notes.txt", |_| Ok(())).unwrap();
    let logged = client.save(artifact).await.unwrap();
    for name in ["dir/t", "dir/t.table.json"] {
        let found = logged.get(name).await.unwrap();
        assert_eq!(
            (found.kind(), found.path().as_str()),
            (ObjectKind::Table, "dir/t.table.json")
        );
        assert_eq!(found.into_table().unwrap().load().unwrap(), table);
    }
    let error = logged.get("t").await.unwrap_err();
    assert!(matches!(error, Error::NoTable { .. }), "{error}");
    assert_eq!(error.hint().unwrap(), "it has dir/t.table.json");
}

#[tokio::test]
async fn a_name_that_is_taken_is_an_error() {
    let mut artifact = Artifact::new("a", "dataset").unwrap();
    artifact.add(&numbers(0, 1), "t").unwrap();
    let error = artifact.add(&numbers(0, 2), "t").unwrap_err();
    assert!(matches!(error, Error::Exists { .. }), "{error}");
}

#[tokio::test]
async fn parts_are_read_in_the_order_of_their_paths() {
    let (client, _folder) = client();
    let mut artifact = Artifact::new("a", "dataset").unwrap();
    for part in [2, 10, 1] {
        artifact
            .add(&numbers(part * 10, part * 10 + 2), format!("parts/{part}"))
            .unwrap();
    }
    artifact.add(&numbers(0, 1), "partsother").unwrap();
    artifact
        .add(&PartitionedTable::new("parts"), "all")
        .unwrap();
    let logged = client.save(artifact).await.unwrap();
    let LoggedObject::PartitionedTable(found) = logged.get("all").await.unwrap() else {
        panic!("a partitioned table was added");
    };
    let paths: Vec<_> = found.part_paths().map(ToString::to_string).collect();
    assert_eq!(
        paths,
        [
            "parts/1.table.json",
            "parts/10.table.json",
            "parts/2.table.json"
        ]
    );
    let reader = found.reader().await.unwrap();
    let rows: Vec<(i32, String)> = reader.rows().collect::<Result<_, _>>().unwrap();
    let firsts: Vec<_> = rows.iter().map(|(n, _)| *n).collect();
    assert_eq!(firsts, [10, 11, 100, 101, 20, 21]);
}

#[tokio::test]
async fn parts_of_different_columns_are_an_error() {
    let (client, _folder) = client();
    let mut artifact = Artifact::new("a", "dataset").unwrap();
    artifact.add(&numbers(0, 1), "parts/1").unwrap();
    artifact
        .add(&Table::new(["other"]).unwrap(), "parts/2")
        .unwrap();
    artifact
        .add(&PartitionedTable::new("parts"), "all")
        .unwrap();
    artifact
        .add(&PartitionedTable::new("none"), "empty")
        .unwrap();
    artifact.new_file("mixed/x.txt", |_| Ok(())).unwrap();
    artifact
        .add(&PartitionedTable::new("mixed"), "no_tables")
        .unwrap();
    let logged = client.save(artifact).await.unwrap();
    let found = logged.get("all").await.unwrap().into_partitioned().unwrap();
    let mut reader = found.reader().await.unwrap();
    assert!(reader.next().unwrap().is_ok());
    let error = reader.next().unwrap().unwrap_err();
    assert!(
        matches!(error, Error::Table(TableError::Parts { .. })),
        "{error}"
    );
    assert!(reader.next().is_none());
    let empty = logged
        .get("empty")
        .await
        .unwrap()
        .into_partitioned()
        .unwrap();
    assert!(empty.reader().await.unwrap().next().is_none());
    let no_tables = logged
        .get("no_tables")
        .await
        .unwrap()
        .into_partitioned()
        .unwrap();
    let error = no_tables.reader().await.unwrap_err();
    assert!(matches!(error, Error::NotATable { .. }), "{error}");
}

#[tokio::test]
async fn joined_tables_give_both() {
    let (client, _folder) = client();
    let mut artifact = Artifact::new("a", "dataset").unwrap();
    let first = artifact.add(&numbers(0, 2), "first").unwrap();
    artifact.add(&numbers(2, 3), "parts/1").unwrap();
    let second = artifact
        .add(&PartitionedTable::new("parts"), "second")
        .unwrap();
    let view = JoinedTable::new(first, second, ("n", "text"));
    artifact.add(&view, "both").unwrap();
    let logged = client.save(artifact).await.unwrap();
    let found = logged
        .get("both.joined-table.json")
        .await
        .unwrap()
        .into_joined()
        .unwrap();
    assert_eq!(*found.view(), view);
    let first = found.first().await.unwrap().into_table().unwrap();
    assert_eq!(first.load().unwrap(), numbers(0, 2));
    assert_eq!(
        found.second().await.unwrap().kind(),
        ObjectKind::PartitionedTable
    );
}

/// A table with a picture, as the official client writes it, and the picture.
fn pictures(artifact: &mut Artifact) -> Table {
    let picture = |path: &str| {
        let fields = [
            ("_type", "image-file"),
            ("format", "png"),
            ("path", path),
            ("sha256", "0"),
        ];
        let mask = Cell::from([("_type", "mask"), ("path", "media/images/mask/m.png")]);
        let Cell::Dict(mut fields) = Cell::from(fields) else {
            unreachable!()
        };
        fields.insert("masks".to_owned(), Cell::from([("m", mask)]));
        Cell::Dict(fields)
    };
    let mut table = Table::new(["picture", "n"]).unwrap();
    table
        .add_data([picture("media/images/a.png"), 1.into()])
        .unwrap();
    table
        .add_data([picture("media/images/b.png"), 2.into()])
        .unwrap();
    for path in [
        "images/a.png",
        "images/b.png",
        "images/mask/m.png",
        "images/unused.png",
    ] {
        let content = path.as_bytes();
        artifact
            .new_file(format!("media/{path}"), |file| {
                std::io::Write::write_all(file, content)
            })
            .unwrap();
    }
    table
}

#[tokio::test]
async fn a_table_and_its_media_are_references_in_another_artifact() {
    let (client, folder) = client();
    let mut artifact = Artifact::new("a", "dataset").unwrap();
    let table = pictures(&mut artifact);
    assert!(matches!(&table.columns().types()[0], ColumnType::Union(of) if of.len() == 2));
    artifact.add(&table, "t").unwrap();
    let logged = client.save(artifact).await.unwrap();
    let found = logged.get("t").await.unwrap().into_table().unwrap();

    // The table as it is.
    let mut copied = Artifact::new("b", "dataset").unwrap();
    assert_eq!(
        found.add_to(&mut copied, "again").await.unwrap().as_str(),
        "again.table.json"
    );
    let error = found.add_to(&mut copied, "again").await.unwrap_err();
    assert!(matches!(error, Error::Exists { .. }), "{error}");

    // Some of its rows.
    let mut some = Table::new(found.load().unwrap().columns().clone()).unwrap();
    some.add_data(table.data()[1].clone()).unwrap();
    found.add_media_to(&mut copied).await.unwrap();
    copied.add(&some, "some").unwrap();
    drop(found);

    let copied = client.save(copied).await.unwrap();
    let copy = folder.path().join("copy");
    copied.download().to(&copy).await.unwrap();
    let manifest = copied.manifest().await.unwrap();
    let paths: Vec<_> = manifest.iter().map(|(path, _)| path.to_string()).collect();
    let expected = [
        "again.table.json",
        "media/images/a.png",
        "media/images/b.png",
        "media/images/mask/m.png",
        "some.table.json",
    ];
    assert_eq!(paths, expected);
    let content = std::fs::read_to_string(copy.join("media/images/a.png")).unwrap();
    assert_eq!(content, "images/a.png");
    for (path, entry) in manifest.iter() {
        let there = match path.as_str() {
            "some.table.json" => None,
            "again.table.json" => Some("t.table.json"),
            kept => Some(kept),
        };
        let expected = there.map(|there| format!("{}/{there}", logged.uri().unwrap()));
        let found = entry.reference.as_ref().map(wandb_rs::ReferenceUri::as_str);
        assert_eq!(found, expected.as_deref());
    }
    let original = logged.manifest().await.unwrap();
    let digest = |manifest: &wandb_rs::Manifest, path: &str| {
        manifest.get(&path.parse().unwrap()).unwrap().digest.clone()
    };
    assert_eq!(
        digest(&manifest, "again.table.json"),
        digest(&original, "t.table.json")
    );
}

#[tokio::test]
async fn a_table_and_its_media_are_copies_in_another_store() {
    let (client, _folder) = client();
    let mut artifact = Artifact::new("a", "dataset").unwrap();
    let table = pictures(&mut artifact);
    artifact
        .add_reference(wandb_rs::AddReference {
            name: Some("media/elsewhere".parse().unwrap()),
            checksum: false,
            ..wandb_rs::AddReference::new("unknown://host/picture".parse().unwrap())
        })
        .unwrap();
    let mut cells = table.data()[0].clone();
    let Cell::Dict(picture) = &mut cells[0] else {
        unreachable!()
    };
    picture.insert("path".to_owned(), "media/elsewhere".into());
    let mut table = table;
    table.add_data(cells).unwrap();
    artifact.add(&table, "t").unwrap();
    let logged = client.save(artifact).await.unwrap();
    let found = logged.get("t").await.unwrap().into_table().unwrap();
    drop(client);

    let mut copied = Artifact::new("b", "dataset").unwrap();
    found.add_to(&mut copied, "t").await.unwrap();
    // What is removed again is not brought.
    copied.remove("media/images/b.png").unwrap();
    let (other, folder) = self::client();
    let copied = other.save(copied).await.unwrap();
    let manifest = copied.manifest().await.unwrap();
    let entries = manifest.iter().map(|(path, entry)| {
        let reference = entry.reference.as_ref();
        (path.as_str(), reference.map(|uri| uri.as_str().to_owned()))
    });
    let expected = [
        ("media/elsewhere", Some("unknown://host/picture".to_owned())),
        ("media/images/a.png", None),
        ("media/images/mask/m.png", None),
        ("t.table.json", None),
    ];
    assert_eq!(entries.collect::<Vec<_>>(), expected);
    let found = copied.get("t").await.unwrap().into_table().unwrap();
    assert_eq!(found.load().unwrap(), table);
    let content = copied.read("media/images/a.png").await.unwrap();
    assert_eq!(content, b"images/a.png".as_slice());
    drop(folder);
}

/// The file of a table with pictures, and foreign keys into another table.
fn table_file(picture: &str, table: &str) -> String {
    let types = format!(
        r#"{{"wb_type": "typedDict", "params": {{"type_map": {{
            "key": {{"wb_type": "foreignKey", "params": {{"table": "{table}", "col_name": "key"}}}},
            "picture": {{"wb_type": "image-file", "params": {{}}}}}}}}}}"#
    );
    let picture = format!(r#"{{"_type": "image-file", "path": "{picture}"}}"#);
    format!(
        r#"{{"_type": "table", "column_types": {types}, "columns": ["key", "picture"],
            "data": [["one", {picture}]], "ncols": 2, "nrows": 1}}"#
    )
}

#[tokio::test]
async fn tables_that_foreign_keys_refer_to_come_along_with_their_media() {
    let (client, folder) = client();
    let mut artifact = Artifact::new("a", "dataset").unwrap();
    // The third refers to the first again, and one refers to what is not there.
    for (name, picture, other) in [
        (
            "first.table.json",
            "media/1.png",
            "media/tables/second.table.json",
        ),
        (
            "media/tables/second.table.json",
            "media/2.png",
            "media/tables/third.table.json",
        ),
        (
            "media/tables/third.table.json",
            "media/3.png",
            "first.table.json",
        ),
        ("fourth.table.json", "media/4.png", "missing.table.json"),
    ] {
        let file = table_file(picture, other);
        artifact
            .new_file(name, |out| std::io::Write::write_all(out, file.as_bytes()))
            .unwrap();
        artifact
            .new_file(picture, |out| std::io::Write::write_all(out, b"png"))
            .unwrap();
    }
    let logged = client.save(artifact).await.unwrap();
    let first = logged.get("first").await.unwrap().into_table().unwrap();
    let all = [
        "media/1.png",
        "media/2.png",
        "media/3.png",
        "media/tables/second.table.json",
        "media/tables/third.table.json",
    ];
    let named = first.media_paths().await.unwrap();
    assert_eq!(named, all.map(|path| path.parse().unwrap()));
    let fourth = logged.get("fourth").await.unwrap().into_table().unwrap();
    let named = fourth.media_paths().await.unwrap();
    assert_eq!(named, ["media/4.png".parse().unwrap()]);

    let mut other = Artifact::new("b", "dataset").unwrap();
    let mut rewritten = Table::new(first.load().unwrap().columns().clone()).unwrap();
    let row = first.load().unwrap().data()[0].clone();
    rewritten.add_data(row).unwrap();
    other.add(&rewritten, "rewritten").unwrap();
    first.add_media_to(&mut other).await.unwrap();
    let other = client.save(other).await.unwrap();
    let copy = folder.path().join("copy");
    other.download().to(&copy).await.unwrap();
    for path in all {
        assert!(copy.join(path).is_file(), "{path}");
    }
    let second = other.get("media/tables/second").await.unwrap();
    assert_eq!(second.into_table().unwrap().load().unwrap().nrows(), 1);
}

#[tokio::test]
async fn a_file_that_only_says_it_is_a_table_is_an_error() {
    let (client, _folder) = client();
    let mut artifact = Artifact::new("a", "dataset").unwrap();
    for (name, content) in [
        ("text", "not JSON"),
        ("picture", r#"{"_type": "image-file"}"#),
        ("cut", r#"{"_type": "table", "columns": ["a"], "data": [[1"#),
        (
            "rows",
            r#"{"_type": "table", "columns": ["a"], "data": [[1, 2]]}"#,
        ),
    ] {
        artifact
            .new_file(format!("{name}.table.json"), |file| {
                std::io::Write::write_all(file, content.as_bytes())
            })
            .unwrap();
    }
    let logged = client.save(artifact).await.unwrap();
    for name in ["text", "picture", "cut"] {
        let error = logged.get(name).await.unwrap_err();
        assert!(matches!(error, Error::NotATable { .. }), "{name}: {error}");
        assert_eq!(
            error.to_string(),
            format!("{name}.table.json of {logged} cannot be read as a table")
        );
    }
    let rows = logged.get("rows").await.unwrap().into_table().unwrap();
    assert!(matches!(rows.load().unwrap_err(), Error::NotATable { .. }));
}

#[test]
fn programs_that_are_not_async_have_tables_too() {
    let folder = tempfile::tempdir().unwrap();
    let builder = Client::builder().store(folder.path().join("store"));
    let client = blocking::Client::open(builder).unwrap();
    let mut writer = TableWriter::new(["n"]).unwrap();
    writer.add_data([1.into()]).unwrap();
    let mut artifact = Artifact::new("a", "dataset").unwrap();
    artifact.add(writer, "t").unwrap();
    let logged = client.save(artifact).unwrap();
    let table = client.get(&logged, "t").unwrap().into_table().unwrap();
    let rows: Vec<(u8,)> = table.rows().unwrap().collect::<Result<_, _>>().unwrap();
    assert_eq!(rows, [(1,)]);
}
