//! A file that is made for an artifact.

use std::io::{self, Write};

use artifact_core::Source;
use tempfile::{NamedTempFile, TempPath};

/// The size of content that is kept in memory rather than in a temporary file, in bytes.
const IN_MEMORY: usize = 1 << 20;

/// A file that is made for an artifact; writing to it never shows before all of it is there.
#[derive(Debug, Default)]
pub struct NewFile {
    memory: Vec<u8>,
    spilled: Option<NamedTempFile>,
}

impl NewFile {
    /// Returns where the content is, and the temporary file that holds it, if one does.
    pub(super) fn into_source(self) -> io::Result<(Source, Option<TempPath>)> {
        let Some(mut file) = self.spilled else {
            return Ok((Source::Bytes(self.memory.into()), None));
        };
        file.flush()?;
        let path = file.into_temp_path();
        let stamp = artifact_flows::stat_file(&path).map_err(io::Error::other)?;
        Ok((
            Source::File {
                path: path.to_path_buf(),
                stamp,
            },
            Some(path),
        ))
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.spilled.is_none() && IN_MEMORY < self.memory.len() + bytes.len() {
            let mut file = NamedTempFile::new()?;
            file.write_all(&std::mem::take(&mut self.memory))?;
            self.spilled = Some(file);
        }
        match &mut self.spilled {
            Some(file) => file.write(bytes),
            None => self.memory.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.spilled.as_mut().map_or(Ok(()), Write::flush)
    }
}
