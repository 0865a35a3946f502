//! The header of a manifest.

/// Layout by which the registry addresses stored files. Source: storage layouts of the wire protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum StorageLayout {
    /// By entity and digest alone; the default of a manifest that names no layout.
    V1,
    /// By the version that first stored the file, and digest; written by all current clients.
    #[default]
    V2,
}

impl StorageLayout {
    /// Returns the name in a manifest file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "V1",
            Self::V2 => "V2",
        }
    }
}

/// Everything in a manifest but its entries.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct ManifestHeader {
    /// The layout by which the registry addresses stored files.
    pub storage_layout: StorageLayout,
    /// The storage region of the files, if one was chosen.
    pub storage_region: Option<String>,
}

impl ManifestHeader {
    /// The only version of the file.
    pub const VERSION: u64 = 1;
    /// The only storage policy.
    pub const STORAGE_POLICY: &str = "wandb-storage-policy-v1";
}
