//! Files of a run.

use std::path::Path;

use artifact_core::LogicalPath;
use artifact_core::ports::UploadBody;
use artifact_flows::FlowError;
use serde_json::{Value, json};

use super::live::{Live, wire_config};
use super::origin;
use crate::Error;

/// Stores a file under a name.
pub(super) async fn save(live: &Live, path: &Path, name: LogicalPath) -> Result<(), Error> {
    store(live, vec![(name, UploadBody::File(path))]).await
}

/// Stores the files that the official client writes at the end of a run: what it is, what it came to, where it ran.
pub(super) async fn write_own(live: &Live) -> Result<(), Error> {
    let contents = [
        ("wandb-summary.json", live.summary()),
        ("config.yaml", config(live)),
        ("wandb-metadata.json", metadata()),
    ];
    let mut files = Vec::with_capacity(contents.len());
    for (name, content) in &contents {
        files.push((name.parse()?, UploadBody::Bytes(content.as_bytes())));
    }
    store(live, files).await
}

async fn store(live: &Live, files: Vec<(LogicalPath, UploadBody<'_>)>) -> Result<(), Error> {
    let names: Vec<_> = files.iter().map(|(name, _)| name.clone()).collect();
    let registry = live.client.registry();
    let tickets = registry.request_run_uploads(&live.address, names).await?;
    for ((name, body), ticket) in files.into_iter().zip(tickets) {
        if let Some(ticket) = ticket {
            let sent = live
                .client
                .flow()
                .transfer
                .upload(&ticket, body, &|_| ())
                .await;
            sent.map_err(|source| FlowError::Transfer {
                path: name.to_string(),
                source,
            })?;
        }
        live.push_uploaded([name]);
    }
    Ok(())
}

/// Returns the configuration as YAML. All JSON is YAML, so only the outline is written by its rules.
fn config(live: &Live) -> String {
    let config = wire_config(live.config());
    let own = config.client().cloned().unwrap_or_default();
    let entry = |(key, value)| format!("{}:\n    value: {value}\n", Value::String(key));
    let own = ("_wandb".to_owned(), Value::Object(own));
    let entries = [own].into_iter().chain(config.values());
    entries.map(entry).collect()
}

/// Returns where the run ran. Its arguments are left out: they may hold secrets.
fn metadata() -> String {
    let metadata = json!({
        "os": std::env::consts::OS,
        "arch": std::env::consts::ARCH,
        "host": origin::host(),
        "program": origin::program(),
        "cpu_count_logical": std::thread::available_parallelism().map_or(0, usize::from),
        "client": concat!("wandb-rs ", env!("CARGO_PKG_VERSION")),
    });
    format!("{metadata:#}\n")
}
