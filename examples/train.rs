//! A run that says how it goes on: history, summary, configuration, console, a file.
//!
//! It goes where the settings say: `cargo run --example train -- ID`, with `WANDB_BASE_URL` and `WANDB_API_KEY` to a server.
#![expect(clippy::print_stdout, reason = "an example tells what it does")]

use serde::Serialize;
use serde_json::json;

#[derive(Serialize)]
struct Epoch {
    epoch: u32,
    loss: f64,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut run = wandb_rs::init()
        .job_type("train")
        .config("learning rate", 0.1)
        .config("layers", json!([64, 10]));
    if let Some(id) = std::env::args().nth(1) {
        run = run.id(id.parse()?);
    }
    let run = run.start().await?;
    run.print_line(format!("training as {}", run.address()));
    for epoch in 0..10 {
        let loss = 1.0 / f64::from(epoch + 1);
        run.log(&Epoch { epoch, loss })?;
        if run.is_stopped() {
            break;
        }
    }
    run.log(&json!({"accuracy": 0.9}))?;
    run.set_summary("best epoch", &9)?;

    let folder = tempfile::tempdir()?;
    let notes = folder.path().join("notes.txt");
    std::fs::write(&notes, "it went well")?;
    run.save_file_as(&notes, "notes/last.txt").await?;
    println!("{}", run.address());
    run.finish().await?;
    Ok(())
}
