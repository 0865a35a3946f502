//! Load from many concurrent connections.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::http::Connection;
use super::process::ServerProcess;
use super::report;

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
        report::row(label, &load);
        Ok(load)
    }
}
