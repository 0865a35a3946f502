//! The official client, logging a folder to the server.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use super::process::{KEY, PROJECT, ServerProcess, USER};
use super::report::float;
use crate::official;
use crate::usage::Usage;
use xtask::process;

/// Resource usage of client and server.
pub(super) struct Logged {
    client: Usage,
    server_cpu: Duration,
    server_peak: u64,
}

pub(super) fn measure(
    python: &Path,
    data: &Path,
    folder: &Path,
    server: &ServerProcess,
) -> Result<Logged> {
    let report = folder.join("official-server.json");
    server.forget_peak()?;
    let cpu = server.cpu()?;
    let mut command = Command::new(python);
    command
        .arg("compat/bench_official_server.py")
        .arg("--data")
        .arg(data);
    command
        .arg("--scratch")
        .arg(folder)
        .arg("--report")
        .arg(&report)
        .env("WANDB_BASE_URL", format!("http://{}", server.address))
        .env("WANDB_API_KEY", KEY)
        .env("WANDB_ENTITY", USER)
        .env("WANDB_PROJECT", PROJECT);
    process::output(&mut command)?;
    Ok(Logged {
        client: official::read(&report)?,
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
