//! Resource usage of one program: wall time, CPU time, peak memory.
//!
//! The system reports peak memory only as the maximum over all children that have ended. So each measured program gets
//! its own parent: this tool again, as `benchmarks measure`, which has no other child.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs};

use anyhow::{Context as _, Result, ensure};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// File to write the usage to
    #[arg(long)]
    report: PathBuf,
    /// Program and arguments
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

/// Resource usage of a process and its children.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Usage {
    pub(super) wall: Duration,
    /// User and system time.
    pub(super) cpu: Duration,
    /// Largest resident set in KiB; never below the few MiB of the parent that starts the program.
    pub(super) peak_kib: u64,
}

/// Runs `program` in its own parent process, which writes the file `report`.
pub(super) fn of(program: &Path, arguments: &[OsString], report: &Path) -> Result<Usage> {
    of_with(program, arguments, &[], report)
}

/// Runs `program` as [`of`] does, with these environment variables.
pub(super) fn of_with(
    program: &Path,
    arguments: &[OsString],
    environment: &[(&str, OsString)],
    report: &Path,
) -> Result<Usage> {
    let mut parent = Command::new(env::current_exe().context("cannot find this program")?);
    parent
        .arg("measure")
        .arg("--report")
        .arg(report)
        .arg("--")
        .arg(program)
        .args(arguments)
        .envs(environment.iter().map(|(name, value)| (name, value)));
    xtask::process::output(&mut parent)?;
    let text =
        fs::read_to_string(report).with_context(|| format!("cannot read {}", report.display()))?;
    Usage::parse(&text).with_context(|| format!("{} holds no usage", report.display()))
}

/// Runs in the parent process: starts the program, waits, and writes its resource usage.
pub(crate) fn run(args: &Args) -> Result<()> {
    let started = Instant::now();
    let status = Command::new(&args.command[0])
        .args(&args.command[1..])
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("cannot start {}", args.command[0].display()))?;
    let wall = started.elapsed();
    ensure!(
        status.success(),
        "{} failed: {status}",
        args.command[0].display()
    );
    let usage = of_children(wall)?;
    fs::write(&args.report, usage.to_text())
        .with_context(|| format!("cannot write {}", args.report.display()))
}

#[cfg(unix)]
fn of_children(wall: Duration) -> Result<Usage> {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeValLike as _;

    let used = getrusage(UsageWho::RUSAGE_CHILDREN).context("getrusage failed")?;
    let micros = used.user_time().num_microseconds() + used.system_time().num_microseconds();
    Ok(Usage {
        wall,
        cpu: Duration::from_micros(micros.try_into().context("negative CPU time")?),
        peak_kib: u64::try_from(used.max_rss()).context("negative memory")?
            / if cfg!(target_vendor = "apple") {
                1024
            } else {
                1
            },
    })
}

#[cfg(not(unix))]
fn of_children(_wall: Duration) -> Result<Usage> {
    anyhow::bail!("measuring a process needs a Unix system")
}

impl Usage {
    fn to_text(self) -> String {
        format!(
            "{} {} {}\n",
            self.wall.as_micros(),
            self.cpu.as_micros(),
            self.peak_kib
        )
    }

    fn parse(text: &str) -> Option<Self> {
        let numbers: Vec<u64> = text
            .split_whitespace()
            .map(str::parse)
            .collect::<Result<_, _>>()
            .ok()?;
        let [wall, cpu, peak_kib] = numbers[..] else {
            return None;
        };
        Some(Self {
            wall: Duration::from_micros(wall),
            cpu: Duration::from_micros(cpu),
            peak_kib,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_survives_its_file() {
        let usage = Usage {
            wall: Duration::from_micros(1_234_567),
            cpu: Duration::from_millis(9),
            peak_kib: 4096,
        };
        assert_eq!(Usage::parse(&usage.to_text()), Some(usage));
        assert_eq!(Usage::parse("1 2"), None);
    }
}
