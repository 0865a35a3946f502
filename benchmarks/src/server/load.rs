//! Load from many concurrent connections, and the table of its results.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::http::Connection;
use super::process::ServerProcess;
use crate::table::float;

/// Numbers of concurrent connections.
pub(super) const CONNECTIONS: [usize; 3] = [1, 8, 64];

/// The server under load, and the duration of each load.
pub(super) struct Plan<'s> {
    pub(super) server: &'s ServerProcess,
    pub(super) time: Duration,
}

/// Results of a load.
pub(super) struct Load {
    pub(super) connections: usize,
    pub(super) wall: Duration,
    /// CPU time of the server.
    pub(super) cpu: Duration,
    /// Peak memory of the server, in MiB.
    pub(super) peak: u64,
    pub(super) bytes: u64,
    /// Sorted, shortest first.
    pub(super) latencies: Vec<Duration>,
}

impl Plan<'_> {
    /// Sends requests on `connections` connections until the time is over or `limit` is reached, and prints a line.
    ///
    /// `request` sends the request with this number, and returns the bytes of content it transferred.
    pub(super) fn load(
        &self,
        label: &str,
        connections: usize,
        limit: usize,
        request: impl Fn(&mut Connection, usize) -> Result<u64> + Sync,
    ) -> Result<Load> {
        let mut opened = Vec::with_capacity(connections);
        for _ in 0..connections {
            opened.push(Connection::open(&self.server.address)?);
        }
        self.server.forget_peak()?;
        let cpu = self.server.cpu()?;
        let (next, done) = (AtomicUsize::new(0), Mutex::new((0, Vec::new())));
        let started = Instant::now();
        let work = |mut connection: Connection| -> Result<()> {
            let (mut bytes, mut latencies) = (0, Vec::new());
            while started.elapsed() < self.time {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if limit <= number {
                    break;
                }
                let began = Instant::now();
                bytes += request(&mut connection, number)?;
                latencies.push(began.elapsed());
            }
            let mut done = done.lock().expect("nobody panics while adding");
            done.0 += bytes;
            done.1.append(&mut latencies);
            Ok(())
        };
        thread::scope(|scope| {
            let threads: Vec<_> = opened
                .into_iter()
                .map(|connection| scope.spawn(|| work(connection)))
                .collect();
            let ends = threads
                .into_iter()
                .map(|thread| thread.join().expect("no request panics"));
            ends.collect::<Result<()>>()
        })?;
        let wall = started.elapsed();
        let (bytes, mut latencies) = done.into_inner().expect("nobody panics while adding");
        latencies.sort_unstable();
        let load = Load {
            connections,
            wall,
            cpu: self.server.cpu()?.saturating_sub(cpu),
            peak: self.server.peak()?,
            bytes,
            latencies,
        };
        print_row(label, &load);
        Ok(load)
    }
}

/// Prints the head of the table.
pub(super) fn print_head() {
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
fn print_row(label: &str, load: &Load) {
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
