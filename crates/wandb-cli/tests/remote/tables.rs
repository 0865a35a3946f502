//! Tables that go to a server and come back.

use tempfile::TempDir;
use wandb_rs::table::{Cell, ObjectKind, PartitionedTable, Table};
use wandb_rs::{Artifact, Client, Mode, Settings};

use crate::server::{KEY, TestServer};

fn client(server: &TestServer, folder: &TempDir) -> Client {
    let mut settings = Settings::from_env().unwrap();
    settings.cache_dir = Some(folder.path().join("cache"));
    settings.data_dir = Some(folder.path().join("data"));
    let builder = Client::builder().settings(settings.with_project("demo".parse().unwrap()));
    builder
        .base_url(server.url().parse().unwrap())
        .api_key(KEY.parse().unwrap())
        .mode(Mode::Online)
        .open()
        .unwrap()
}

#[tokio::test]
async fn tables_come_back_from_a_server_with_their_media() {
    let server = TestServer::start();
    let folder = tempfile::tempdir().unwrap();
    let client = client(&server, &folder);
    let mut table = Table::new(["page", "n"]).unwrap();
    let page = Cell::from([
        ("_type", "html-file"),
        ("path", "media/html/a.html"),
        ("sha256", "0"),
    ]);
    table.add_data([page, 1.into()]).unwrap();
    let mut artifact = Artifact::new("pages", "dataset").unwrap();
    artifact
        .new_file("media/html/a.html", |file| {
            std::io::Write::write_all(file, b"<b>")
        })
        .unwrap();
    artifact.add(&table, "parts/1").unwrap();
    artifact.add(&table, "parts/2").unwrap();
    artifact
        .add(&PartitionedTable::new("parts"), "all")
        .unwrap();
    let logged = client.save(artifact).await.unwrap();

    let found = logged.get("parts/1").await.unwrap().into_table().unwrap();
    assert_eq!(found.load().unwrap(), table);
    let all = logged.get("all").await.unwrap();
    assert_eq!(all.kind(), ObjectKind::PartitionedTable);
    let mut rows = all.into_partitioned().unwrap().reader().await.unwrap();
    assert_eq!(rows.by_ref().count(), 2);

    let mut other = Artifact::new("others", "dataset").unwrap();
    found.add_to(&mut other, "t").await.unwrap();
    let other = client.save(other).await.unwrap();
    let entry = other.entry("media/html/a.html").await.unwrap();
    let there = format!("{}/media/html/a.html", logged.uri().unwrap());
    assert_eq!(
        entry.ref_target().map(wandb_rs::ReferenceUri::as_str),
        Some(&*there)
    );
    let copy = folder.path().join("copy");
    other.download().to(&copy).await.unwrap();
    assert_eq!(
        std::fs::read(copy.join("media/html/a.html")).unwrap(),
        b"<b>"
    );
    assert_eq!(
        Table::read(std::fs::File::open(copy.join("t.table.json")).unwrap()).unwrap(),
        table
    );
}
