//! The folders of copies under way: for content that comes as a stream, until all of it is there.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// The age from which abandoned folders are removed.
const KEPT: Duration = Duration::from_hours(30 * 24);

/// A folder for one copy, which no other uses meanwhile.
#[derive(Debug)]
pub(super) struct Staging {
    folder: PathBuf,
    /// Held while the folder is used; none where the folder is of this copy alone, and gone with it.
    lock: Option<Lock>,
}

#[derive(Debug)]
struct Lock {
    path: PathBuf,
    _file: File,
}

impl Staging {
    /// Takes the folder `name` below `parent`, in which an earlier try of the same copy may have left something; while
    /// another process makes the same copy, a folder of its own.
    pub(super) fn claim(parent: &Path, name: &str) -> Self {
        remove_abandoned(parent);
        let folder = parent.join(name);
        match lock(parent, name) {
            Some(lock) => Self {
                folder,
                lock: Some(lock),
            },
            None => Self {
                folder: parent.join(unique(name)),
                lock: None,
            },
        }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        match &self.lock {
            // With the folder, the next attempt continues.
            Some(lock) if !self.folder.exists() => _ = fs::remove_file(&lock.path),
            Some(_) => {}
            None => _ = fs::remove_dir_all(&self.folder),
        }
    }
}

/// Returns the lock of a folder; `None` if another process has it, or locks are not supported.
fn lock(parent: &Path, name: &str) -> Option<Lock> {
    fs::create_dir_all(parent).ok()?;
    let path = parent.join(format!("{name}.lock"));
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .ok()?;
    file.try_lock().ok()?;
    is_there(&file, &path).then_some(Lock { path, _file: file })
}

/// Returns whether a locked file is still the one at this path: its former owner may have removed it meanwhile.
#[cfg(unix)]
fn is_there(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let identity = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    let ours = file.metadata().map(identity);
    let there = path.symlink_metadata().map(identity);
    matches!((ours, there), (Ok(ours), Ok(there)) if ours == there)
}

/// Elsewhere an open file cannot be removed.
#[cfg(not(unix))]
fn is_there(_file: &File, _path: &Path) -> bool {
    true
}

/// Returns a name that no other copy has, of this process or another.
fn unique(name: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("{name}-{}-{next}", std::process::id())
}

fn remove_abandoned(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else {
        return;
    };
    for entry in entries.flatten() {
        let modified = entry.metadata().and_then(|metadata| metadata.modified());
        let age = modified.ok().and_then(|modified| modified.elapsed().ok());
        if age.is_some_and(|age| KEPT < age) {
            let path = entry.path();
            _ = fs::remove_dir_all(&path).or_else(|_| fs::remove_file(&path));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_second_gets_another_folder_and_who_comes_later_the_same() {
        let parent = tempfile::tempdir().unwrap();
        let first = Staging::claim(parent.path(), "copy");
        let second = Staging::claim(parent.path(), "copy");
        let third = Staging::claim(parent.path(), "copy");
        assert_ne!(first.folder(), second.folder());
        assert_ne!(second.folder(), third.folder());
        for staging in [&first, &second] {
            fs::create_dir(staging.folder()).unwrap();
        }
        let folder = first.folder().to_owned();
        drop((first, second, third));
        // An interrupted copy is kept, but not a folder that no other copy looks for.
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 2);
        let again = Staging::claim(parent.path(), "copy");
        assert_eq!(again.folder(), folder);
        fs::remove_dir(&folder).unwrap();
        drop(again);
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
    }
}
