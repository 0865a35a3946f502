//! The table of commands beside the official client and the limits.

use std::fmt::Write as _;
use std::time::Duration;

use crate::data::DataSet;
use crate::limit::Limit;
use crate::usage::Usage;

/// One command and its resource usage.
#[derive(Debug)]
pub(super) struct Row {
    label: &'static str,
    usage: Usage,
}

impl Row {
    pub(super) fn new(label: &'static str, usage: Usage) -> Self {
        Self { label, usage }
    }
}

/// Prints the first put, the unchanged put and the get, the official client if it ran, and the limit.
pub(super) fn print(set: &DataSet, rows: &[Row], limit: &Limit) {
    print!("{}", text(set, rows, limit));
}

fn text(set: &DataSet, rows: &[Row], limit: &Limit) -> String {
    let mut out = format!("\n{set}, read from memory\n");
    line(
        &mut out,
        "",
        ["wall s", "CPU s", "peak MiB", "files/s", "MB/s"].map(str::to_owned),
    );
    for Row { label, usage } in rows {
        let cpu = format!("{:.2}", usage.cpu.as_secs_f64());
        let peak = format!("{:.1}", float(usage.peak_kib) / 1024.0);
        timing(&mut out, set, label, usage.wall, [cpu, peak]);
    }
    for (label, wall) in [
        ("limit: read", limit.read),
        ("limit: read and MD5", limit.read_and_hash),
        ("limit: write once, sync", limit.write),
    ] {
        timing(&mut out, set, label, wall, [String::new(), String::new()]);
    }
    comparisons(&mut out, rows, limit);
    out
}

fn timing(out: &mut String, set: &DataSet, label: &str, wall: Duration, [cpu, peak]: [String; 2]) {
    let seconds = wall.as_secs_f64();
    let files = format!("{:.0}", float(set.files()) / seconds);
    let megabytes = format!("{:.0}", float(set.bytes()) / 1e6 / seconds);
    line(
        out,
        label,
        [format!("{seconds:.3}"), cpu, peak, files, megabytes],
    );
}

fn line(out: &mut String, label: &str, columns: [String; 5]) {
    write!(out, "  {label:<26}").expect("a string takes all text");
    for column in columns {
        write!(out, "{column:>11}").expect("a string takes all text");
    }
    let end = out.trim_end().len();
    out.truncate(end);
    out.push('\n');
}

fn comparisons(out: &mut String, rows: &[Row], limit: &Limit) {
    let [put, again, _, others @ ..] = rows else {
        return;
    };
    let (put, again) = (put.usage, again.usage);
    let mut say = |text: String| {
        out.push_str("  ");
        out.push_str(&text);
        out.push('\n');
    };
    if let [official, ..] = others {
        let official = official.usage;
        say(format!(
            "put against the official client: {:.1} times less wall time, {:.1} less CPU time, {:.1} less memory",
            ratio(official.wall, put.wall),
            ratio(official.cpu, put.cpu),
            float(official.peak_kib) / float(put.peak_kib),
        ));
    }
    say(format!(
        "put again, unchanged: {:.1} times less wall time than the first",
        ratio(put.wall, again.wall)
    ));
    let floor = limit.read_and_hash + limit.write;
    say(format!(
        "put runs at {:.0} % of the limit (read and MD5, then write: {:.3} s)",
        100.0 * ratio(floor, put.wall),
        floor.as_secs_f64(),
    ));
}

fn ratio(of: Duration, to: Duration) -> f64 {
    of.as_secs_f64() / to.as_secs_f64()
}

#[expect(clippy::cast_precision_loss, reason = "shown with a few digits")]
pub(crate) fn float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_against_the_first_put() {
        let usage = |wall, cpu, peak_kib| Usage {
            wall: Duration::from_secs(wall),
            cpu: Duration::from_secs(cpu),
            peak_kib,
        };
        let rows = [
            Row::new("wandb-rs put", usage(10, 10, 51_200)),
            Row::new("wandb-rs put, unchanged", usage(1, 1, 10_240)),
            Row::new("wandb-rs get", usage(5, 5, 20_480)),
            Row::new("official client, offline", usage(60, 80, 102_400)),
        ];
        let limit = Limit {
            read: Duration::from_secs(1),
            read_and_hash: Duration::from_secs(2),
            write: Duration::from_secs(3),
        };
        let text = text(&DataSet::small(5000), &rows, &limit);
        assert_eq!(
            text.lines().skip(2).collect::<Vec<_>>(),
            [
                "                                 wall s      CPU s   peak MiB    files/s       MB/s",
                "  wandb-rs put                   10.000      10.00       50.0        500          1",
                "  wandb-rs put, unchanged         1.000       1.00       10.0       5000          5",
                "  wandb-rs get                    5.000       5.00       20.0       1000          1",
                "  official client, offline       60.000      80.00      100.0         83          0",
                "  limit: read                     1.000                             5000          5",
                "  limit: read and MD5             2.000                             2500          3",
                "  limit: write once, sync         3.000                             1667          2",
                "  put against the official client: 6.0 times less wall time, 8.0 less CPU time, 2.0 less memory",
                "  put again, unchanged: 10.0 times less wall time than the first",
                "  put runs at 50 % of the limit (read and MD5, then write: 5.000 s)",
            ]
        );
    }
}
