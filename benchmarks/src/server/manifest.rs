//! A manifest of many entries, and the latency of other writers while it is stored.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use md5_lanes::Md5;

use super::http::{Connection, Request};
use super::load::milliseconds;
use super::process::ServerProcess;
use super::protocol::make_run;
use super::writer::Writer;

/// Pause of the other writer between two writes.
const REST: Duration = Duration::from_millis(20);

/// A manifest in a file.
struct ManifestFile {
    file: File,
    length: u64,
    md5: [u8; 16],
    /// The digest of its version.
    digest: String,
}

/// Uploads and commits a manifest of `entries` references, and prints the time and the longest wait of another writer.
pub(super) fn large(server: &ServerProcess, folder: &Path, entries: u64) -> Result<()> {
    let path = folder.join("manifest.json");
    let manifest = ManifestFile::make(&path, entries)?;
    let mut connection = Connection::open(&server.address)?;
    let writer = Writer::begin_with_digest(&mut connection, server, "entries", &manifest.digest)?;
    let url = writer.manifest_url(&mut connection, server, &manifest.md5)?;
    let before = server.memory()?;
    server.forget_peak()?;
    let cpu = server.cpu()?;
    let is_over = AtomicBool::new(false);
    let started = Instant::now();
    let (stored, waited) = thread::scope(|scope| {
        let other = scope.spawn(|| longest_write(server, &is_over));
        let stored = store(&mut connection, server, &writer, &url, &manifest);
        let took = started.elapsed();
        is_over.store(true, Ordering::Relaxed);
        let waited = other.join().expect("no request panics");
        (stored.map(|()| took), waited)
    });
    println!(
        "  a manifest of {entries} entries, {} MB, stored and committed: {:.1} s, server CPU {:.1} s; {before} MiB before, \
         peak {} MiB; another writer waited {} ms at most",
        manifest.length / 1_000_000,
        stored?.as_secs_f64(),
        server.cpu()?.saturating_sub(cpu).as_secs_f64(),
        server.peak()?,
        milliseconds(waited?),
    );
    fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))
}

fn store(
    connection: &mut Connection,
    server: &ServerProcess,
    writer: &Writer,
    url: &str,
    manifest: &ManifestFile,
) -> Result<()> {
    let request = Request {
        method: "PUT",
        target: ServerProcess::target(url)?,
        authorization: None,
    };
    connection.give(&request, &manifest.file, manifest.length)?;
    writer.commit(connection, server)
}

/// Writes until `is_over`; returns the time of the longest write.
fn longest_write(server: &ServerProcess, is_over: &AtomicBool) -> Result<Duration> {
    let mut connection = Connection::open(&server.address)?;
    let mut longest = Duration::ZERO;
    for number in 0_u64.. {
        if is_over.load(Ordering::Relaxed) {
            break;
        }
        let began = Instant::now();
        make_run(&mut connection, server, &format!("meanwhile-{number}"))?;
        longest = longest.max(began.elapsed());
        thread::sleep(REST);
    }
    Ok(longest)
}

impl ManifestFile {
    fn make(path: &Path, entries: u64) -> Result<Self> {
        let file = File::create(path).with_context(|| format!("cannot make {}", path.display()))?;
        let mut file = BufWriter::new(file);
        let (mut md5, mut digest) = (Md5::new(), Md5::new());
        let mut length = 0;
        let mut add = |text: &str| {
            md5.update(text.as_bytes());
            length += text.len() as u64;
            file.write_all(text.as_bytes())
        };
        digest.update(b"wandb-artifact-manifest-v1\n");
        add(r#"{"version":1,"storagePolicy":"wandb-storage-policy-v1","#)?;
        add(r#""storagePolicyConfig":{"storageLayout":"V2"},"contents":{"#)?;
        for number in 0..entries {
            let comma = if number == 0 { "" } else { "," };
            let path = format!("{:04}/{number:08}.bin", number / 1000);
            let etag = hex(Md5::digest(&number.to_le_bytes()));
            digest.update(format!("{path}:{etag}\n").as_bytes());
            add(&format!(
                r#"{comma}"{path}":{{"digest":"{etag}","ref":"s3://bucket/data/{path}","size":{}}}"#,
                1000 + number % 1000
            ))?;
        }
        add("}}")?;
        file.flush()?;
        Ok(Self {
            file: File::open(path).with_context(|| format!("cannot read {}", path.display()))?,
            length,
            md5: md5.finalize(),
            digest: hex(digest.finalize()),
        })
    }
}

pub(super) fn hex(bytes: [u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(bytes))
}
