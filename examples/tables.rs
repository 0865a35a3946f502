//! Logs a table of predictions in parts, finds it again, and reads it as one.
//!
//! `cargo run --example tables`; it goes where the settings say: with `WANDB_BASE_URL` and `WANDB_API_KEY` to a server.
#![expect(clippy::print_stdout, reason = "an example tells what it does")]

use serde::{Deserialize, Serialize};
use wandb_rs::table::{JoinedTable, PartitionedTable, Table, TableWriter};
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
    Ok(())
}
