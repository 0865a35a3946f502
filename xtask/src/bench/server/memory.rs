//! How soon the server is there, and how much memory it takes.

use std::io::{self, Read as _};
use std::time::{Duration, Instant};

use anyhow::Result;
use md5_lanes::Md5;

use super::http::{Connection, Request};
use super::process::ServerProcess;
use super::protocol::Writer;
use super::report::{float, milliseconds};

/// A server that has just started, and was asked nothing but whether it is there.
pub(super) struct Start {
    until_ready: Duration,
    memory: u64,
}

impl Start {
    pub(super) fn of(server: &ServerProcess) -> Result<Self> {
        Ok(Self {
            until_ready: server.until_ready,
            memory: server.memory()?,
        })
    }

    pub(super) fn print(&self) {
        println!(
            "  started over a new store: ready after {} ms, {} MiB",
            milliseconds(self.until_ready),
            self.memory
        );
    }
}

/// Sends one file of zeros, and prints what it did to the server's memory.
pub(super) fn huge_upload(server: &ServerProcess, length: u64) -> Result<()> {
    let mut connection = Connection::open(&server.address)?;
    let digest = md5_of_zeros(length);
    let writer = Writer::begin(&mut connection, server, "huge")?;
    let urls = writer.files(&mut connection, server, &[("zeros".to_owned(), digest)])?;
    let before = server.memory()?;
    server.forget_peak()?;
    let cpu = server.cpu()?;
    let request = Request {
        method: "PUT",
        target: ServerProcess::target(&urls[0])?,
        authorization: None,
    };
    let started = Instant::now();
    connection.give(&request, io::repeat(0).take(length), length)?;
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "  one file of {:.1} GiB: {seconds:.1} s, {:.0} MB/s, server CPU {:.1} s; {before} MiB before, peak {} MiB",
        float(length) / float(1 << 30),
        float(length) / 1e6 / seconds,
        server.cpu()?.saturating_sub(cpu).as_secs_f64(),
        server.peak()?,
    );
    Ok(())
}

fn md5_of_zeros(length: u64) -> [u8; 16] {
    let piece = vec![0; 1 << 20];
    let mut md5 = Md5::new();
    let mut left = length;
    while 0 < left {
        let size = piece
            .len()
            .min(usize::try_from(left).unwrap_or(piece.len()));
        md5.update(&piece[..size]);
        left -= size as u64;
    }
    md5.finalize()
}
