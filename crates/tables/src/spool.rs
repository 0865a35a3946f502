//! Rows that wait until it is known what comes before them.

use std::fs::File;
use std::io::{self, Read, Seek as _, Write};

/// How much is kept in memory, in bytes.
const IN_MEMORY: usize = 1 << 20;

/// Bytes in the order in which they came; beyond a small amount, in a file that nobody else sees.
#[derive(Debug, Default)]
pub(super) struct Spool {
    /// What is not in the file yet.
    memory: Vec<u8>,
    file: Option<File>,
}

impl Spool {
    /// Lets `write` append.
    pub(super) fn append(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        write(&mut self.memory);
        if IN_MEMORY < self.memory.len() {
            let file = match &mut self.file {
                Some(file) => file,
                None => self.file.insert(tempfile::tempfile()?),
            };
            file.write_all(&self.memory)?;
            self.memory.clear();
        }
        Ok(())
    }

    /// Returns a reader of all that was appended.
    pub(super) fn into_reader(self) -> io::Result<Reader> {
        let file = match self.file {
            Some(mut file) => {
                file.rewind()?;
                Some(file)
            }
            None => None,
        };
        Ok(Reader {
            file,
            memory: io::Cursor::new(self.memory),
        })
    }
}

/// Reads what was spooled.
#[derive(Debug)]
pub(super) struct Reader {
    file: Option<File>,
    memory: io::Cursor<Vec<u8>>,
}

impl Read for Reader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if let Some(file) = &mut self.file {
            match file.read(into)? {
                0 => self.file = None,
                count => return Ok(count),
            }
        }
        self.memory.read(into)
    }
}
