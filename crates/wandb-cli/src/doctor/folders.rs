//! The files and folders that are read and written.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::finding::Findings;
use super::text;
use wandb_rs::Settings;
use wandb_rs::folders::{cache_folder, data_folder};

/// With less space than this, not much can be logged or fetched.
const LITTLE: u64 = 1 << 30;

/// The time limit for measuring one folder.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) fn examine(settings: &Settings, findings: &mut Findings) {
    if let Some(netrc) = settings.netrc_file() {
        self::netrc(netrc, findings);
    }
    folder("store", &absolute(&settings.store), "--store", findings);
    let rest = [
        ("cache", cache_folder(settings), "WANDB_CACHE_DIR"),
        ("data", data_folder(settings), "WANDB_DATA_DIR"),
    ];
    for (check, path, variable) in rest {
        match path {
            Ok(path) => folder(check, &absolute(path), variable, findings),
            Err(error) => findings.failed(check, &error.into()),
        }
    }
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Looks whether others may read the keys.
fn netrc(path: &Path, findings: &mut Findings) {
    let shown = path.display();
    let metadata = match path.metadata() {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            findings.ok("netrc", format!("{shown} is not there"));
            return;
        }
        Err(error) => {
            findings.error(
                "netrc",
                format!("{shown} cannot be read: {error}"),
                "make it readable for you alone",
            );
            return;
        }
    };
    if is_open(&metadata) {
        findings.warning(
            "netrc",
            format!("others may read the keys in {shown}"),
            format!("chmod 600 {}", text::shell_word(&shown.to_string())),
        );
    } else {
        findings.ok("netrc", format!("{shown} is its owner's alone"));
    }
}

#[cfg(unix)]
fn is_open(metadata: &std::fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077 != 0
}

#[cfg(not(unix))]
const fn is_open(_metadata: &std::fs::Metadata) -> bool {
    false
}

/// Checks that a folder is writable, and reports its size and the free space.
fn folder(check: &'static str, path: &Path, name: &str, findings: &mut Findings) {
    let shown = path.display();
    // What is not there is made in the nearest folder that is.
    let nearest = path.ancestors().find(|folder| folder.exists());
    let nearest = nearest.unwrap_or(path);
    if !nearest.is_dir() || !is_writable(nearest) {
        findings.error(
            check,
            format!("{shown} cannot be written"),
            format!(
                "make {} writable, or name another folder with {name}",
                nearest.display()
            ),
        );
        return;
    }
    let size = if path.exists() {
        let (bytes, is_all) = size_of(path);
        let more = if is_all { "" } else { "more than " };
        format!("holds {more}{}", text::size(bytes))
    } else {
        "is not there yet".to_owned()
    };
    match free(nearest) {
        Some(free) if free < LITTLE => findings.warning(
            check,
            format!("{shown} {size}, and only {} are free", text::size(free)),
            format!("make room, or name another folder with {name}"),
        ),
        Some(free) => {
            findings.ok(
                check,
                format!("{shown} {size}; {} are free", text::size(free)),
            );
        }
        None => findings.ok(check, format!("{shown} {size}")),
    }
}

/// Returns the total size of files below `folder`, and whether all of them were counted.
fn size_of(folder: &Path) -> (u64, bool) {
    let began = Instant::now();
    let (mut folders, mut bytes) = (vec![folder.to_owned()], 0);
    while let Some(next) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(next) else {
            continue;
        };
        for entry in entries.flatten() {
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => folders.push(entry.path()),
                Ok(metadata) if metadata.is_file() => bytes += metadata.len(),
                _ => {}
            }
        }
        if PATIENCE < began.elapsed() {
            return (bytes, folders.is_empty());
        }
    }
    (bytes, true)
}

#[cfg(unix)]
fn is_writable(folder: &Path) -> bool {
    use rustix::fs::{Access, access};
    access(folder, Access::WRITE_OK | Access::EXEC_OK).is_ok()
}

#[cfg(not(unix))]
fn is_writable(folder: &Path) -> bool {
    let metadata = folder.metadata();
    metadata.is_ok_and(|metadata| !metadata.permissions().readonly())
}

#[cfg(unix)]
fn free(folder: &Path) -> Option<u64> {
    let system = rustix::fs::statvfs(folder).ok()?;
    system.f_bavail.checked_mul(system.f_frsize)
}

#[cfg(not(unix))]
const fn free(_folder: &Path) -> Option<u64> {
    None
}
