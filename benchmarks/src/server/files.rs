//! Uploads and downloads of files.

use std::collections::VecDeque;
use std::io::Read as _;
use std::sync::Mutex;

use anyhow::{Context as _, Result, anyhow};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use md5_lanes::Md5;

use super::http::{Connection, Request};
use super::load::{CONNECTIONS, Plan};
use super::process::{PROJECT, ServerProcess, USER};
use super::protocol::{Page, files_page};
use super::writer::Writer;

const SMALL: u64 = 4096;
/// Number of bytes at the end of each body that are unique to it.
const MARK: usize = 16;
/// Number of files per request for upload URLs.
const BATCH: usize = 500;
/// Limit of the small files that are sent, for each of [`CONNECTIONS`].
const MOST: [usize; 3] = [4_000, 20_000, 40_000];
/// Page size of the official client.
const PAGE: u32 = 5_000;

/// Distinct bodies of one length, without holding each in memory.
struct Bodies {
    common: Vec<u8>,
    md5: Md5,
    /// Distinguishes these bodies from those of other loads.
    set: u64,
}

impl Bodies {
    fn new(length: u64, set: u64) -> Result<Self> {
        let length = usize::try_from(length)?;
        let common: Vec<u8> = (0..=250).cycle().take(length - MARK).collect();
        let mut md5 = Md5::new();
        md5.update(&common);
        Ok(Self { common, md5, set })
    }

    fn mark(&self, number: usize) -> [u8; MARK] {
        let mut mark = [0; MARK];
        mark[..8].copy_from_slice(&self.set.to_le_bytes());
        mark[8..].copy_from_slice(&(number as u64).to_le_bytes());
        mark
    }

    fn md5(&self, number: usize) -> [u8; 16] {
        let mut md5 = self.md5.clone();
        md5.update(&self.mark(number));
        md5.finalize()
    }
}

/// Uploads small files and large ones.
pub(super) fn uploads(plan: &Plan<'_>, large: u64) -> Result<()> {
    for (connections, most) in CONNECTIONS.into_iter().zip(MOST) {
        upload(plan, "upload of 4 KiB", connections, SMALL, most)?;
    }
    let label = format!("upload of {} MiB", large >> 20);
    for connections in CONNECTIONS {
        upload(plan, &label, connections, large, connections.max(4))?;
    }
    Ok(())
}

fn upload(
    plan: &Plan<'_>,
    label: &str,
    connections: usize,
    length: u64,
    most: usize,
) -> Result<()> {
    let server = plan.server;
    let bodies = Bodies::new(length, connections as u64)?;
    let mut connection = Connection::open(&server.address)?;
    let name = format!("sent-{length}-{connections}");
    let writer = Writer::begin(&mut connection, server, &name)?;
    let files: Vec<_> = (0..most)
        .map(|number| (format!("{number}.bin"), bodies.md5(number)))
        .collect();
    let mut urls = Vec::with_capacity(most);
    for batch in files.chunks(BATCH) {
        urls.extend(writer.files(&mut connection, server, batch)?);
    }
    plan.load(label, connections, most, |connection, number| {
        let request = Request {
            method: "PUT",
            target: ServerProcess::target(&urls[number])?,
            authorization: None,
        };
        let mark = bodies.mark(number);
        connection.give(&request, bodies.common.chain(&mark[..]), length)?;
        Ok(length)
    })?;
    Ok(())
}

/// Lists a version of `many` entries page by page, and downloads files of the small and the large version.
pub(super) fn downloads(plan: &Plan<'_>, small: u64, many: u64) -> Result<()> {
    let server = plan.server;
    let pages = usize::try_from(many.div_ceil(PAGE.into()))?;
    let after = Mutex::new(None);
    plan.load(
        "5,000 files of a version listed",
        1,
        pages,
        |connection, _| {
            let mut after = after.lock().expect("one connection");
            let page = files_page(connection, server, "many", after.as_deref(), PAGE)?;
            *after = page.next;
            Ok(0)
        },
    )?;
    let mut connection = Connection::open(&server.address)?;
    let large = files_page(&mut connection, server, "large", None, 1)?;
    let small = files_page(
        &mut connection,
        server,
        "small",
        None,
        u32::try_from(small)?,
    )?;
    for (label, page) in [
        ("download of 4 KiB", &small),
        ("download of a large file", &large),
    ] {
        for connections in CONNECTIONS {
            download(plan, label, connections, page)?;
        }
    }
    by_hash(plan)
}

fn download(plan: &Plan<'_>, label: &str, connections: usize, page: &Page) -> Result<()> {
    let targets = page
        .files
        .iter()
        .map(|file| ServerProcess::target(&file.url));
    let targets = targets.collect::<Result<Vec<_>>>()?;
    plan.load(label, connections, usize::MAX, |connection, number| {
        connection.fetch(&Request {
            method: "GET",
            target: targets[number % targets.len()],
            authorization: None,
        })
    })?;
    Ok(())
}

/// Downloads the last entries of a large version by hash, as the official client may.
fn by_hash(plan: &Plan<'_>) -> Result<()> {
    let server = plan.server;
    let mut connection = Connection::open(&server.address)?;
    let mut pages = VecDeque::new();
    let mut after = None;
    loop {
        let page = files_page(&mut connection, server, "many", after.as_deref(), PAGE)?;
        after.clone_from(&page.next);
        pages.push_back(page);
        if after.is_none() {
            break;
        }
    }
    let page = pages.pop_back().context("no page")?;
    let artifact = &page.artifact;
    let mut targets = Vec::with_capacity(page.files.len());
    for file in &page.files {
        let digest = BASE64.decode(&file.digest)?;
        let digest = digest.try_into().map_err(|_| anyhow!("no MD5"))?;
        let hash = format!("{:032x}", u128::from_be_bytes(digest));
        let name = file.name.rsplit('/').next().unwrap_or_default();
        targets.push(format!(
            "/artifactsV2/default/{USER}/{PROJECT}/many/{artifact}/{artifact}/{hash}/{name}"
        ));
    }
    plan.load(
        "download by hash, of many entries",
        8,
        usize::MAX,
        |connection, number| {
            connection.fetch(&Request {
                method: "GET",
                target: &targets[number % targets.len()],
                authorization: Some(&server.authorization),
            })
        },
    )?;
    Ok(())
}
