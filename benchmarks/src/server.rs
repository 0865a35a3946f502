//! The server under load: from the official client, and from our own load loop.
//!
//! Client and server share the cores of this machine. CPU time is the server's alone; rates are those of both
//! together.

mod files;
mod http;
mod huge;
mod load;
mod manifest;
pub(super) mod process;
mod protocol;
pub(super) mod writer;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};

use self::load::Plan;
use self::process::ServerProcess;
use super::data::{DataSet, Scratch};
use super::official;
use xtask::process::output;

/// Sizes of the loads.
#[derive(Debug, Clone, Copy)]
pub(super) struct Amounts {
    /// Files of 4 KiB that are uploaded and downloaded.
    files: u64,
    /// Entries of the version that is listed page by page, and lines of the history.
    many: u64,
    /// Entries of the manifest that is uploaded.
    entries: u64,
    /// Bytes of a large file.
    large: u64,
    /// Bytes of the file that shows whether memory stays flat.
    huge: u64,
    /// Duration of each load.
    time: Duration,
}

impl Amounts {
    pub(super) const fn new(is_quick: bool) -> Self {
        if is_quick {
            Self {
                files: 1_000,
                many: 10_000,
                entries: 100_000,
                large: 16 << 20,
                huge: 1 << 30,
                time: Duration::from_secs(1),
            }
        } else {
            Self {
                files: 10_000,
                many: 100_000,
                entries: 1_000_000,
                large: 64 << 20,
                huge: 5 << 30,
                time: Duration::from_secs(2),
            }
        }
    }
}

/// Measures the server, and prints the results.
pub(super) fn measure(
    program: &Path,
    python: Option<&Path>,
    scratch: &Scratch,
    amounts: Amounts,
) -> Result<()> {
    let folder = scratch.folder("server")?;
    let small = DataSet::of("small", amounts.files, 4096);
    let small_data = small.make(&scratch.folder("server/small")?)?;
    if let Some(python) = python {
        let server = ServerProcess::start(program, &folder.join("logged"), &folder)?;
        eprintln!("the official client logs {small}");
        official::measure_server(python, &small_data, &scratch.folder("server")?, &server)?
            .print(amounts.files);
    }
    let store = folder.join("store");
    let server = ServerProcess::start(program, &store, &folder)?;
    let start = process::Start::of(&server)?;
    drop(server);

    let many = DataSet::of("many", amounts.many, 1024);
    let large = DataSet::of("large", 1, amounts.large);
    put(program, &store, "small", &small_data)?;
    for set in [many, large] {
        eprintln!("making {set}");
        let data = set.make(&scratch.folder(&format!("server/{}", set.name()))?)?;
        put(program, &store, set.name(), &data)?;
    }
    let server = ServerProcess::start(program, &store, &folder)?;
    let plan = Plan {
        server: &server,
        time: amounts.time,
    };
    load::print_head();
    protocol::questions(&plan)?;
    files::uploads(&plan, amounts.large)?;
    files::downloads(&plan, amounts.files, amounts.many)?;
    protocol::histories(&plan, amounts.many)?;
    start.print();
    manifest::large(&server, &folder, amounts.entries)?;
    huge::uploads(&server, amounts.huge)
}

/// Puts a folder into the store without a server.
fn put(program: &Path, store: &Path, name: &str, data: &Path) -> Result<()> {
    let mut command = Command::new(program);
    command
        .args(["artifact", "put"])
        .arg(data)
        .args(["--name", name, "--quiet", "--store"])
        .arg(store)
        .env("WANDB_ENTITY", process::USER)
        .env("WANDB_PROJECT", process::PROJECT);
    output(&mut command).with_context(|| format!("cannot put {name}"))?;
    Ok(())
}
