//! Keys of rows.

/// Declares the key of a table's rows.
macro_rules! row_keys {
    ($($(#[$doc:meta])* $name:ident;)+) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
            pub(crate) struct $name(pub(crate) i64);
        )+
    };
}

row_keys! {
    /// A project.
    ProjectKey;
    /// A run.
    RunKey;
    /// A collection.
    CollectionKey;
    /// A version. Never given twice, so that an id stays with its version for ever.
    VersionKey;
    /// A manifest. Later ones are larger, and never given twice.
    ManifestKey;
    /// A blob.
    BlobKey;
    /// A file that arrives in parts. Never given twice.
    PartsKey;
}
