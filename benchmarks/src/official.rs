//! The official client, logging the same folder offline.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::table::Row;
use crate::usage::Usage;
use xtask::process;

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
