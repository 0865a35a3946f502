//! A file of several GiB, and the server's memory while it is uploaded.

use std::io::{self, Read as _};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use anyhow::{Context as _, Result};
use md5_lanes::Md5;

use super::http::{Connection, Request};
use super::process::ServerProcess;
use super::writer::Writer;
use crate::table::float;

/// Part size of the official client.
const PART: u64 = 100 << 20;
/// Number of parts that are sent at once.
const AT_ONCE: usize = 4;

/// Uploads one file whole and another one in parts. Each repeats one byte, and the server verifies both.
pub(super) fn uploads(server: &ServerProcess, length: u64) -> Result<()> {
    measured(server, length, "in one piece", |server, writer| {
        let digest = md5_of(0, length);
        // Not before: the server closes a connection that is idle for a minute.
        let mut connection = Connection::open(&server.address)?;
        let urls = writer.files(&mut connection, server, &[("zeros".to_owned(), digest)])?;
        let started = Instant::now();
        give(&mut connection, &urls[0], 0, length)?;
        Ok(started)
    })?;
    measured(server, length, "in parts", |server, writer| {
        let lengths = lengths_of_parts(length);
        // All but the last part are the same.
        let (full, last) = (md5_of(1, PART), lengths.last().copied().unwrap_or_default());
        let mut parts = vec![full; lengths.len() - 1];
        parts.push(md5_of(1, last));
        let digest = md5_of(1, length);
        let mut connection = Connection::open(&server.address)?;
        let file = writer.file_in_parts(&mut connection, server, "ones", &digest, &parts)?;
        let started = Instant::now();
        let next = AtomicUsize::new(0);
        thread::scope(|scope| {
            let send = || -> Result<()> {
                let mut connection = Connection::open(&server.address)?;
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(length) = lengths.get(number) else {
                        return Ok(());
                    };
                    give(&mut connection, &file.urls[number], 1, *length)?;
                }
            };
            let senders: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(send)).collect();
            let mut ends = senders
                .into_iter()
                .map(|sender| sender.join().expect("no request panics"));
            ends.try_for_each(|end| end)
        })?;
        // The previous connection has been idle for too long.
        let mut connection = Connection::open(&server.address)?;
        writer.complete(&mut connection, server, &file)?;
        Ok(started)
    })
}

/// Runs an upload, which returns its start, and prints time and memory.
fn measured(
    server: &ServerProcess,
    length: u64,
    how: &str,
    upload: impl FnOnce(&ServerProcess, &Writer) -> Result<Instant>,
) -> Result<()> {
    let mut connection = Connection::open(&server.address)?;
    let writer = Writer::begin(&mut connection, server, "huge")
        .with_context(|| format!("cannot begin a file {how}"))?;
    let before = server.memory()?;
    server.forget_peak()?;
    let cpu = server.cpu()?;
    let seconds = upload(server, &writer)?.elapsed().as_secs_f64();
    println!(
        "  one file of {:.1} GiB {how}: {seconds:.1} s, {:.0} MB/s, server CPU {:.1} s; {before} MiB before, peak {} MiB",
        float(length) / float(1 << 30),
        float(length) / 1e6 / seconds,
        server.cpu()?.saturating_sub(cpu).as_secs_f64(),
        server.peak()?,
    );
    Ok(())
}

fn give(connection: &mut Connection, url: &str, byte: u8, length: u64) -> Result<()> {
    let request = Request {
        method: "PUT",
        target: ServerProcess::target(url)?,
        authorization: None,
    };
    connection.give(&request, io::repeat(byte).take(length), length)
}

fn lengths_of_parts(length: u64) -> Vec<u64> {
    let starts = (0..length).step_by(usize::try_from(PART).unwrap_or(usize::MAX));
    starts.map(|start| PART.min(length - start)).collect()
}

fn md5_of(byte: u8, length: u64) -> [u8; 16] {
    let piece = vec![byte; 1 << 20];
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_as_long_as_the_whole() {
        assert_eq!(lengths_of_parts(1), [1]);
        assert_eq!(lengths_of_parts(2 * PART), [PART, PART]);
        assert_eq!(lengths_of_parts(PART + 5), [PART, 5]);
    }
}
