//! Planning a download: which files are correct already, and which names the file system cannot hold.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::Path;

use artifact_core::{EntryDigest, FileStamp, LogicalPath};
use manifest::ManifestEntry;

use super::{STAGING_FOLDER, local_path};
use crate::hashing::{self, FileToCheck};
use crate::progress::Running;
use crate::stat_cache::StatEntry;
use crate::{Flow, FlowError, Phase, parallel, stamp};

/// Work left to do.
pub(super) struct Plan<'a> {
    pub(super) missing: Vec<(&'a LogicalPath, &'a ManifestEntry)>,
    pub(super) kept_files: u64,
    pub(super) kept_bytes: u64,
}

/// Compares the files in `root` with the `wanted` entries: by the stat cache, else by digest, never by size alone.
pub(super) fn compare<'a>(
    flow: &Flow,
    root: &Path,
    wanted: &[(&'a LogicalPath, &'a ManifestEntry)],
) -> Result<Plan<'a>, FlowError> {
    let mut plan = Plan {
        missing: Vec::new(),
        kept_files: 0,
        kept_bytes: 0,
    };
    let mut shard = flow.stat_cache.open(root);
    let present = parallel::map(wanted, |(path, entry)| matching_stamp(root, path, entry));
    let mut unverified = Vec::new();
    let mut lookup = shard.lookup();
    for ((path, entry), stamp) in wanted.iter().copied().zip(present) {
        let Some((digest, stamp)) = entry.digest.content().zip(stamp) else {
            plan.missing.push((path, entry));
            continue;
        };
        match lookup.get(&local_path(root, path), &stamp, digest.algorithm()) {
            Some(remembered) if remembered.digest == *digest => plan.keep(stamp.size),
            Some(_) => plan.missing.push((path, entry)),
            None => unverified.push((path, entry, *digest, stamp.size)),
        }
    }
    if unverified.is_empty() {
        return Ok(plan);
    }
    let bytes = unverified.iter().map(|(.., size)| size).sum();
    let running = Running::start(
        &*flow.progress,
        Phase::Compare,
        Some(unverified.len() as u64),
        Some(bytes),
    );
    let files = unverified
        .iter()
        .map(|(path, _, digest, size)| FileToCheck {
            path: local_path(root, path),
            size_hint: *size,
            algorithm: digest.algorithm(),
        })
        .collect();
    for ((path, entry, ..), found) in unverified
        .iter()
        .zip(hashing::digests(files, &*flow.progress)?)
    {
        match found {
            Some((digest, stamp)) if EntryDigest::Content(digest) == entry.digest => {
                plan.keep(stamp.size);
                let remembered = StatEntry {
                    stamp,
                    digest,
                    key: None,
                };
                shard.remember(&local_path(root, path), &remembered);
            }
            _ => plan.missing.push((path, entry)),
        }
    }
    drop(running);
    // Without the stat cache the next download is slower, nothing more.
    _ = shard.save();
    Ok(plan)
}

impl Plan<'_> {
    const fn keep(&mut self, size: u64) {
        self.kept_files += 1;
        self.kept_bytes += size;
    }
}

/// Returns the stamp of the file at `path`, if its type and size match the entry.
fn matching_stamp(root: &Path, path: &LogicalPath, entry: &ManifestEntry) -> Option<FileStamp> {
    let metadata = local_path(root, path).symlink_metadata().ok()?;
    let stamp = stamp::of(&metadata);
    (metadata.is_file() && entry.size == Some(stamp.size)).then_some(stamp)
}

/// Fails if the existing folder `root` cannot hold files of these names side by side; `portable` asks for names that
/// any system can hold.
pub(super) fn check_names<'a>(
    root: &Path,
    paths: impl Iterator<Item = &'a LogicalPath> + Clone,
    portable: bool,
) -> Result<(), FlowError> {
    if portable || cfg!(windows) {
        for path in paths.clone() {
            if let Some(reason) = windows_name_problem(path) {
                return Err(FlowError::Unportable {
                    path: path.clone(),
                    reason,
                });
            }
        }
    }
    match find_case_conflict(paths) {
        Some((first, second)) if portable || ignores_case(root) => Err(FlowError::OnlyCase {
            first: first.clone(),
            second: second.clone(),
        }),
        _ => Ok(()),
    }
}

/// Returns two paths that are the same to a case-insensitive file system.
fn find_case_conflict<'a>(
    paths: impl Iterator<Item = &'a LogicalPath>,
) -> Option<(&'a LogicalPath, &'a LogicalPath)> {
    // Folders count, too: the files of `a/` and `A/` would end up in one folder.
    let mut seen: HashMap<String, (&str, &LogicalPath)> = HashMap::new();
    let mut last_folder = None;
    for path in paths {
        let folder = path.as_str().rsplit_once('/').map(|(folder, _)| folder);
        // Neighbours in sorted order mostly share a folder.
        let is_known = folder == last_folder;
        last_folder = folder;
        let folders = path.ancestors().filter(|_| !is_known);
        for spelt in folders.chain([path.as_str()]) {
            match seen.entry(spelt.to_lowercase()) {
                Entry::Occupied(other) if other.get().0 != spelt => {
                    return Some((other.get().1, path));
                }
                Entry::Occupied(_) => {}
                Entry::Vacant(place) => {
                    place.insert((spelt, path));
                }
            }
        }
    }
    None
}

/// Whether the file system of `root` is case-insensitive.
fn ignores_case(root: &Path) -> bool {
    // Looks up our own folder, which no other program uses, in another spelling.
    let ours = root.join(STAGING_FOLDER);
    let made = std::fs::create_dir(&ours).is_ok();
    let ignores = root
        .join(STAGING_FOLDER.to_uppercase())
        .symlink_metadata()
        .is_ok();
    if made {
        _ = std::fs::remove_dir(&ours);
    }
    ignores
}

/// Returns the reason why Windows cannot hold a file of this name.
fn windows_name_problem(path: &LogicalPath) -> Option<&'static str> {
    path.as_str().split('/').find_map(|name| {
        let is_forbidden = |char: char| char < ' ' || "<>:\"|?*\\".contains(char);
        if name.contains(is_forbidden) {
            return Some("it contains a character that Windows does not allow in names");
        }
        if name.ends_with(['.', ' ']) {
            return Some("a name ends in a dot or a space, which Windows drops");
        }
        let stem = name.split('.').next().unwrap_or_default().trim_end();
        is_windows_device(stem).then_some("Windows reserves the name for a device")
    })
}

fn is_windows_device(stem: &str) -> bool {
    let stem = stem.to_ascii_uppercase();
    if matches!(&*stem, "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$") {
        return true;
    }
    let numbered = stem
        .strip_prefix("COM")
        .or_else(|| stem.strip_prefix("LPT"));
    let mut rest = numbered.unwrap_or_default().chars();
    matches!(
        (rest.next(), rest.next()),
        (Some('1'..='9' | '\u{b9}' | '\u{b2}' | '\u{b3}'), None)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(texts: &[&str]) -> Vec<LogicalPath> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn names_that_windows_cannot_hold_are_found() {
        for name in [
            "a/CON", "con.txt", "a/b/nul", "COM1", "lpt9.x.y", "a. ", "dir./x", "ab:c", "a?",
            "x\u{7}",
        ] {
            let path = &paths(&[name])[0];
            assert!(windows_name_problem(path).is_some(), "{name}");
        }
        for name in ["cone", "com", "COM10", "a.con", "ünï", ".hidden", "a b"] {
            let path = &paths(&[name])[0];
            assert_eq!(windows_name_problem(path), None, "{name}");
        }
    }

    #[test]
    fn names_that_differ_only_in_case_are_found() {
        for texts in [["a", "A"], ["d/x", "D/y"], ["ä/x", "Ä"], ["a", "A/x"]] {
            let paths = paths(&texts);
            assert!(find_case_conflict(paths.iter()).is_some(), "{texts:?}");
        }
        assert!(find_case_conflict(paths(&["a/x", "a/y", "b"]).iter()).is_none());
    }

    #[test]
    fn a_folder_that_keeps_case_holds_both_and_a_portable_download_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let both = paths(&["a", "A"]);
        let is_held = check_names(folder.path(), both.iter(), false).is_ok();
        std::fs::write(folder.path().join("x"), "").unwrap();
        assert_eq!(is_held, !folder.path().join("X").exists());
        let error = check_names(folder.path(), both.iter(), true).unwrap_err();
        assert!(error.to_string().contains("differ only in case"), "{error}");
    }
}
