//! Limits of the machine: reading every file, MD5 of every file on all cores, writing every byte once.
//!
//! The files have just been written and logged, so they are read from memory, as our program reads them.

use std::fs::{self, File};
use std::hint::black_box;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, available_parallelism};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use md5_lanes::Md5;

/// Number of files that one thread hashes together, in lanes.
const BATCH: usize = 64;
/// Size of the largest file that is read whole, and of a read of larger files.
const CHUNK: usize = 64 << 10;

/// Lower bounds for logging a folder, each measured alone.
#[derive(Debug)]
pub(super) struct Limit {
    pub(super) read: Duration,
    pub(super) read_and_hash: Duration,
    /// Writing all bytes into one file, synchronized with the disk.
    pub(super) write: Duration,
}

pub(super) fn measure(data: &Path, folder: &Path) -> Result<Limit> {
    let mut files = Vec::new();
    find(data, &mut files).with_context(|| format!("cannot list {}", data.display()))?;
    files.sort();
    let bytes = files.iter().map(|(_, size)| size).sum();
    let limit = Limit {
        read: best(|| on_all_cores(&files, false))?,
        read_and_hash: best(|| on_all_cores(&files, true))?,
        write: timed(|| write(&folder.join("limit.bin"), bytes))?,
    };
    Ok(limit)
}

/// Returns the shortest of three times: a limit is a time without disturbance.
fn best(work: impl Fn() -> std::io::Result<()>) -> Result<Duration> {
    let times = [timed(&work)?, timed(&work)?, timed(&work)?];
    Ok(times.into_iter().fold(Duration::MAX, Duration::min))
}

fn timed(work: impl FnOnce() -> std::io::Result<()>) -> Result<Duration> {
    let started = Instant::now();
    work().context("measuring the limit failed")?;
    Ok(started.elapsed())
}

fn find(folder: &Path, files: &mut Vec<(PathBuf, u64)>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            find(&entry.path(), files)?;
        } else {
            files.push((entry.path(), entry.metadata()?.len()));
        }
    }
    Ok(())
}

fn on_all_cores(files: &[(PathBuf, u64)], hash: bool) -> std::io::Result<()> {
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut buffers = vec![vec![0; CHUNK]; BATCH];
        loop {
            let start = next.fetch_add(BATCH, Ordering::Relaxed);
            let Some(rest) = files.get(start..) else {
                return Ok(());
            };
            batch(&rest[..BATCH.min(rest.len())], &mut buffers, hash)?;
        }
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..available_parallelism()?.get())
            .map(|_| scope.spawn(worker))
            .collect();
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().expect("workers do not panic"))
    })
}

fn batch(files: &[(PathBuf, u64)], buffers: &mut [Vec<u8>], hash: bool) -> std::io::Result<()> {
    let mut messages: Vec<&[u8]> = Vec::with_capacity(BATCH);
    for ((path, size), buffer) in files.iter().zip(buffers) {
        let mut file = File::open(path)?;
        if *size > CHUNK as u64 {
            black_box(stream(&mut file, buffer, hash)?);
        } else {
            let size = file.read(buffer)?;
            messages.push(&buffer[..size]);
        }
    }
    if hash {
        black_box(md5_lanes::digest_many(&messages));
    }
    Ok(())
}

fn stream(file: &mut File, buffer: &mut [u8], hash: bool) -> std::io::Result<md5_lanes::Digest> {
    let mut md5 = Md5::new();
    loop {
        match file.read(buffer)? {
            0 => return Ok(md5.finalize()),
            size if hash => md5.update(&buffer[..size]),
            _ => {}
        }
    }
}

fn write(path: &Path, bytes: u64) -> std::io::Result<()> {
    let mut file = File::create_new(path)?;
    let chunk = vec![0xA5; CHUNK];
    let mut left = bytes;
    while left > 0 {
        let size = CHUNK.min(usize::try_from(left).unwrap_or(CHUNK));
        file.write_all(&chunk[..size])?;
        left -= size as u64;
    }
    file.sync_all()
}
