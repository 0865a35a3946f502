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
async fn media_come_along_to_another_artifact() {
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
