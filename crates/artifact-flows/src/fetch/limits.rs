//! How much is moved at a time.

/// How much a fetch moves at a time. The defaults suit a fast line; memory is bounded by
/// [`buffered_bytes`](Self::buffered_bytes), whatever the number and the size of the files.
///
/// Of what a registry answers with local files, nothing of this applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FetchLimits {
    /// The most streams that are open at once.
    pub streams: usize,
    /// The most bytes that wait in memory to be written. One file, or 2 MiB of a larger one, may always wait.
    pub buffered_bytes: u64,
    /// The longest file, in bytes, that is collected in memory, and then written together with others.
    pub collected_bytes: u64,
    /// The shortest file, in bytes, that is fetched in parts, and whose parts outlive a process that is killed.
    pub parted_from: u64,
    /// How many bytes are asked for at once of such a file.
    pub part_bytes: u64,
    /// How many bytes of such a file are recorded at a time as being there.
    pub piece_bytes: u64,
    /// The most parts of one file that are fetched at once.
    pub parts_at_once: usize,
    /// How many entries the registry is asked for at a time. Source: the page size of wandb 0.31.0.
    pub batch: usize,
}

impl Default for FetchLimits {
    fn default() -> Self {
        Self {
            streams: 64,
            buffered_bytes: 64 << 20,
            collected_bytes: 2 << 20,
            parted_from: 64 << 20,
            part_bytes: 32 << 20,
            piece_bytes: 8 << 20,
            parts_at_once: 8,
            batch: 5_000,
        }
    }
}
