//! The machine and the revision of the measurements.

use std::fs;
use std::process::Command;
use std::thread::available_parallelism;

use anyhow::Result;

use xtask::process;

pub(super) fn print() -> Result<()> {
    let revision = process::output(Command::new("git").args([
        "describe",
        "--always",
        "--dirty",
        "--exclude",
        "*",
    ]))?;
    println!(
        "\nmachine: {}, {} cores, kernel {}, load {}, MD5 {}, revision {}",
        cpu().unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
        available_parallelism()?,
        first_word("/proc/sys/kernel/osrelease"),
        first_word("/proc/loadavg"),
        md5_lanes::kernel(),
        revision.trim(),
    );
    Ok(())
}

fn cpu() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn first_word(path: &str) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.split_whitespace()
        .next()
        .unwrap_or("unknown")
        .to_owned()
}
