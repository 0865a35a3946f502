//! Data sets, and the scratch folder.

use std::fmt;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use xtask::{process, workspace};

const SMALL: u64 = 1024;
const FILES_PER_FOLDER: u64 = 1000;
const CHUNK: usize = 1 << 20;

/// Equal files of random bytes, the same in every run.
#[derive(Debug)]
pub(super) struct DataSet {
    name: &'static str,
    files: u64,
    file_size: u64,
}

impl DataSet {
    /// Returns `files` files of 1 KiB.
    pub(super) fn small(files: u64) -> Self {
        Self {
            name: "small",
            files,
            file_size: SMALL,
        }
    }

    /// Returns `files` files of `bytes` bytes each.
    pub(super) fn of(name: &'static str, files: u64, bytes: u64) -> Self {
        Self {
            name,
            files,
            file_size: bytes,
        }
    }

    /// Returns one file of `bytes` bytes.
    pub(super) fn big(bytes: u64) -> Self {
        Self {
            name: "big",
            files: 1,
            file_size: bytes,
        }
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    pub(super) fn files(&self) -> u64 {
        self.files
    }

    pub(super) fn bytes(&self) -> u64 {
        self.files * self.file_size
    }

    /// Writes the files below `folder`, a thousand per sub-folder, and waits until they are on the disk.
    pub(super) fn make(&self, folder: &Path) -> Result<PathBuf> {
        let data = folder.join("data");
        let mut random = Random(0x9E37_79B9_7F4A_7C15);
        for number in 0..self.files {
            let folder = data.join(format!("d{:04}", number / FILES_PER_FOLDER));
            if number % FILES_PER_FOLDER == 0 {
                fs::create_dir_all(&folder)
                    .with_context(|| format!("cannot make {}", folder.display()))?;
            }
            let path = folder.join(format!("{number:07}.bin"));
            self.write(&path, &mut random)
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        process::output(&mut Command::new("sync"))?;
        Ok(data)
    }

    fn write(&self, path: &Path, random: &mut Random) -> std::io::Result<()> {
        let mut file = File::create_new(path)?;
        let mut left = self.file_size;
        let mut chunk = vec![0; CHUNK.min(usize::try_from(left).unwrap_or(CHUNK))];
        while left > 0 {
            let size = chunk.len().min(usize::try_from(left).unwrap_or(CHUNK));
            random.fill(&mut chunk[..size]);
            file.write_all(&chunk[..size])?;
            left -= size as u64;
        }
        Ok(())
    }
}

impl fmt::Display for DataSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (size, unit) = if self.file_size < 1 << 20 {
            (self.file_size >> 10, "KiB")
        } else {
            (self.file_size >> 20, "MiB")
        };
        let plural = if self.files == 1 { "" } else { "s" };
        write!(
            f,
            "{}: {} file{plural} of {size} {unit}",
            self.name, self.files
        )
    }
}

/// Marsaglia's xorshift: fast without optimization, and good enough here.
struct Random(u64);

impl Random {
    fn fill(&mut self, bytes: &mut [u8]) {
        for word in bytes.chunks_mut(8) {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            word.copy_from_slice(&self.0.to_le_bytes()[..word.len()]);
        }
    }
}

/// A folder on the file system of the build folder; removed at the end.
#[derive(Debug)]
pub(super) struct Scratch(PathBuf);

impl Scratch {
    /// Creates the folder, and removes those of killed runs.
    pub(super) fn new() -> Result<Self> {
        let all = workspace::target()?.join("bench-tmp");
        fs::create_dir_all(&all).with_context(|| format!("cannot make {}", all.display()))?;
        for entry in fs::read_dir(&all)? {
            let entry = entry?;
            if !Path::new("/proc").join(entry.file_name()).exists() {
                fs::remove_dir_all(entry.path())?;
            }
        }
        Ok(Self(all.join(std::process::id().to_string())))
    }

    pub(super) fn folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.0.join(name);
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(folder)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            eprintln!("cannot remove {}: {error}", self.0.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_the_same_every_time() {
        let (mut first, mut second) = ([0; 13], [0; 13]);
        Random(1).fill(&mut first);
        Random(1).fill(&mut second);
        assert_eq!(first, second);
        assert_ne!(first, [0; 13]);
    }

    #[test]
    fn sets_describe_themselves() {
        assert_eq!(
            DataSet::small(5000).to_string(),
            "small: 5000 files of 1 KiB"
        );
        assert_eq!(DataSet::big(2 << 30).to_string(), "big: 1 file of 2048 MiB");
        assert_eq!(DataSet::small(5000).bytes(), 5_120_000);
    }
}
