//! Logs a table of predictions in parts, finds it again, and reads it as one. Then takes a table with media to another
//! artifact, whole and in part.
//!
//! `cargo run --example tables`; it goes where the settings say: with `WANDB_BASE_URL` and `WANDB_API_KEY` to a server.
#![expect(clippy::print_stdout, reason = "an example tells what it does")]

use std::io::Write as _;

use serde::{Deserialize, Serialize};
use wandb_rs::table::{Cell, JoinedTable, PartitionedTable, Table, TableWriter};
use wandb_rs::{Artifact, Client};

#[derive(Debug, Serialize, Deserialize)]
struct Prediction {
    id: u32,
    label: Option<String>,
    scores: Vec<f64>,
    is_right: bool,
}

fn prediction(id: u32) -> Prediction {
    let score = 1.0 / f64::from(id + 1);
    Prediction {
        id,
        label: (!id.is_multiple_of(3)).then(|| format!("é{id}")),
        scores: vec![score, 1.0 - score],
        is_right: id.is_multiple_of(2),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::from_env()?;
    let mut artifact = Artifact::new("predictions", "predictions")?;

    // Row by row, in flat memory however many there are.
    for part in 0..2 {
        let mut rows = TableWriter::new(["id", "label", "scores", "is_right"])?;
        for id in part * 100..part * 100 + 100 {
            rows.add_row(&prediction(id))?;
        }
        artifact.add(rows, format!("parts/table_{part}"))?;
    }
    artifact.add(&PartitionedTable::new("parts"), "all")?;

    // A whole table in memory.
    let mut truth = Table::new(["id", "truth"])?;
    truth.add_data([0.into(), "é0".into()])?;
    truth.add_data([1.into(), f64::INFINITY.to_string().into()])?;
    let truth = artifact.add(&truth, "truth")?;
    let join = JoinedTable::new("parts/table_0.table.json", truth, "id");
    artifact.add(&join, "joined")?;
    let logged = client.save(artifact).await?;
    println!("logged {logged}");

    let table = logged
        .get("all")
        .await?
        .into_partitioned()
        .ok_or("it is partitioned")?;
    let mut right = 0_u32;
    for row in table.reader().await?.rows::<Prediction>() {
        right += u32::from(row?.is_right);
    }
    println!("{right} of 200 predictions are right");
    assert_eq!(right, 100);
    choose_pages(&client).await
}

/// Logs a table of pages, and in another artifact references to it and to its pages.
async fn choose_pages(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    let mut artifact = Artifact::new("pages", "dataset")?;
    let mut table = Table::new(["page", "n"])?;
    for n in 0..3_u32 {
        let path = format!("media/html/{n}.html");
        artifact.new_file(&path, |file| write!(file, "<b>{n}</b>"))?;
        let page = Cell::from([("_type", "html-file"), ("path", &*path), ("sha256", "")]);
        table.add_data([page, n.into()])?;
    }
    artifact.add(&table, "pages")?;
    let pages = client.save(artifact).await?;
    let pages = pages.get("pages").await?.into_table().ok_or("a table")?;

    let mut chosen = Artifact::new("chosen-pages", "dataset")?;
    pages.add_to(&mut chosen, "all").await?;
    let mut first = Table::new(pages.load()?.columns().clone())?;
    first.add_data(table.data()[0].clone())?;
    chosen.add(&first, "first")?;
    pages.add_media_to(&mut chosen).await?;
    println!("logged {}", client.save(chosen).await?);
    Ok(())
}
