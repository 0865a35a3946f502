//! What a manifest says about itself.

/// How the registry addresses the stored files. Source: storage layouts of the wire protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum StorageLayout {
    /// By entity and digest alone; also what a manifest means that names no layout.
    V1,
    /// By the version that first stored the file, and digest; everything that is written today.
    #[default]
    V2,
}

impl StorageLayout {
    /// Returns the layout as the manifest file names it.
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
    /// How the registry addresses the stored files.
    pub storage_layout: StorageLayout,
    /// The region that the files are kept in, where one was chosen.
    pub storage_region: Option<String>,
}

impl ManifestHeader {
    /// The only version of the file.
    pub const VERSION: u64 = 1;
    /// The only storage policy there is.
    pub const STORAGE_POLICY: &str = "wandb-storage-policy-v1";
}
