//! The table of the server's results.

use std::time::Duration;

use super::load::Load;

/// Prints the head of the table.
pub(super) fn head() {
    println!("\nserver: our load, on the same cores");
    line(
        "",
        [
            "conn.",
            "requests",
            "req./s",
            "MB/s",
            "p50 ms",
            "p99 ms",
            "CPU µs/req.",
            "peak MiB",
        ]
        .map(str::to_owned),
    );
}

/// Prints the results of a load.
pub(super) fn row(label: &str, load: &Load) {
    let requests = load.latencies.len();
    if requests == 0 {
        return;
    }
    let seconds = load.wall.as_secs_f64();
    let at = |part: f64| milliseconds(load.latencies[index(requests, part)]);
    line(
        label,
        [
            load.connections.to_string(),
            requests.to_string(),
            format!("{:.0}", float(requests as u64) / seconds),
            format!("{:.1}", float(load.bytes) / 1e6 / seconds),
            at(0.5),
            at(0.99),
            format!(
                "{:.0}",
                load.cpu.as_secs_f64() * 1e6 / float(requests as u64)
            ),
            load.peak.to_string(),
        ],
    );
}

fn index(count: usize, part: f64) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a place among a few thousand"
    )]
    let index = (count as f64 * part) as usize;
    index.min(count - 1)
}

pub(super) fn milliseconds(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64() * 1e3)
}

fn line(label: &str, columns: [String; 8]) {
    print!("  {label:<36}");
    for column in columns {
        print!("{column:>12}");
    }
    println!();
}

#[expect(clippy::cast_precision_loss, reason = "shown with a few digits")]
pub(super) fn float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_what_there_is() {
        assert_eq!(index(1, 0.99), 0);
        assert_eq!(index(100, 0.5), 50);
        assert_eq!(index(100, 0.99), 99);
        assert_eq!(milliseconds(Duration::from_micros(1234)), "1.23");
    }
}
