//! Local files, opened without blocking.

use std::fs::{File, FileType, Metadata, OpenOptions};
use std::io;
use std::path::Path;

/// An opened path.
pub(crate) enum Opened {
    Regular(File, Metadata),
    /// Neither file nor folder, or a folder.
    Other(&'static str),
}

/// Opens `path` for reading, symbolic links followed.
///
/// Never blocks: by default, opening a named pipe without a writer does not return.
pub(crate) fn open(path: &Path) -> io::Result<Opened> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        let flags = rustix::fs::OFlags::NONBLOCK.bits();
        options.custom_flags(flags.cast_signed());
    }
    let file = options.open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_file() {
        return Ok(Opened::Regular(file, metadata));
    }
    Ok(Opened::Other(kind_of(metadata.file_type())))
}

/// Returns what a path names, as a noun.
pub(crate) fn kind_of(file_type: FileType) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        match file_type {
            kind if kind.is_fifo() => return "a named pipe",
            kind if kind.is_socket() => return "a socket",
            kind if kind.is_block_device() => return "a block device",
            kind if kind.is_char_device() => return "a character device",
            _ => {}
        }
    }
    if file_type.is_dir() {
        "a folder"
    } else if file_type.is_file() {
        "a file"
    } else {
        "neither a file nor a folder"
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use rustix::fs::{CWD, Mode, mkfifoat};

    use super::*;

    #[test]
    fn opening_a_named_pipe_does_not_wait_for_a_writer() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("pipe");
        mkfifoat(CWD, &path, Mode::RUSR).expect("a pipe");
        assert!(matches!(open(&path), Ok(Opened::Other("a named pipe"))));
    }
}
