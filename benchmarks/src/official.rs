//! The official client: logging a folder offline, and to a server.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::Value;
use xtask::process;

use super::server::process::{KEY, PROJECT, ServerProcess, USER};
use super::table::float;
use crate::table::Row;
use crate::usage::Usage;

/// Runs the comparison script once and reads its report.
pub(super) fn measure(python: &Path, data: &Path, folder: &Path) -> Result<Row> {
    let report = folder.join("official.json");
    let mut command = Command::new(python);
    command
        .arg("compat/bench_official.py")
        .arg("--data")
        .arg(data);
    command
        .arg("--scratch")
        .arg(folder)
        .arg("--report")
        .arg(&report);
    process::output(&mut command)?;
    Ok(Row::new("official client, offline", read(&report)?))
}

/// Reads the resource usage of the first run in a report.
pub(super) fn read(report: &Path) -> Result<Usage> {
    let text =
        fs::read_to_string(report).with_context(|| format!("cannot read {}", report.display()))?;
    let report: Value = serde_json::from_str(&text).context("the report is not JSON")?;
    usage(&report["runs"][0]).context("the report has no usage")
}

/// The Python process and its background service together.
fn usage(run: &Value) -> Option<Usage> {
    let cpu = ["self", "children"]
        .iter()
        .flat_map(|who| ["user_seconds", "sys_seconds"].map(|kind| run["cpu"][who][kind].as_f64()))
        .sum::<Option<f64>>()?;
    let peak = &run["peak_rss_kib"];
    let services = peak["children"]
        .as_array()?
        .iter()
        .filter_map(Value::as_u64);
    Some(Usage {
        wall: Duration::try_from_secs_f64(run["process_seconds"].as_f64()?).ok()?,
        cpu: Duration::try_from_secs_f64(cpu).ok()?,
        peak_kib: peak["self"].as_u64()? + services.sum::<u64>(),
    })
}

/// Resource usage of client and server.
pub(super) struct Logged {
    client: Usage,
    server_cpu: Duration,
    server_peak: u64,
}

/// Logs a folder to the server with the official client.
pub(super) fn log_to_server(
    python: &Path,
    data: &Path,
    folder: &Path,
    server: &ServerProcess,
) -> Result<Usage> {
    let report = folder.join("official.json");
    let mut command = Command::new(python);
    command
        .arg("compat/bench_official_server.py")
        .arg("--data")
        .arg(data)
        .arg("--scratch")
        .arg(folder)
        .arg("--report")
        .arg(&report)
        .env("WANDB_BASE_URL", format!("http://{}", server.address))
        .env("WANDB_API_KEY", KEY)
        .env("WANDB_ENTITY", USER)
        .env("WANDB_PROJECT", PROJECT);
    process::output(&mut command)?;
    read(&report)
}

/// Logs a folder to the server with the official client, and measures both.
pub(super) fn measure_server(
    python: &Path,
    data: &Path,
    folder: &Path,
    server: &ServerProcess,
) -> Result<Logged> {
    server.forget_peak()?;
    let cpu = server.cpu()?;
    let client = log_to_server(python, data, folder, server)?;
    Ok(Logged {
        client,
        server_cpu: server.cpu()?.saturating_sub(cpu),
        server_peak: server.peak()?,
    })
}

impl Logged {
    pub(super) fn print(&self, files: u64) {
        let (wall, client) = (
            self.client.wall.as_secs_f64(),
            self.client.cpu.as_secs_f64(),
        );
        let server = self.server_cpu.as_secs_f64();
        println!("\nserver: the official client logs {files} files of 4 KiB");
        println!("  wall {wall:.2} s, {:.0} files/s", float(files) / wall);
        println!(
            "  client: CPU {client:.2} s, peak {} MiB",
            self.client.peak_kib.div_ceil(1024)
        );
        println!(
            "  server: CPU {server:.2} s ({:.1} % of both), peak {} MiB",
            100.0 * server / (server + client),
            self.server_peak
        );
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn service_counts_too() {
        let seconds = |user, sys| json!({"user_seconds": user, "sys_seconds": sys});
        let run = json!({
            "process_seconds": 4.5,
            "cpu": {"self": seconds(1.0, 0.5), "children": seconds(2.0, 0.25)},
            "peak_rss_kib": {"self": 100, "children": [20, null]},
        });
        let expected = Usage {
            wall: Duration::from_millis(4500),
            cpu: Duration::from_millis(3750),
            peak_kib: 120,
        };
        assert_eq!(usage(&run), Some(expected));
        assert_eq!(usage(&json!({})), None);
    }
}
