//! The fixture that an adapter provides for the rules.

use std::sync::Arc;

use artifact_core::ReferenceUri;
use artifact_core::ports::ReferenceResolver;
use async_trait::async_trait;

/// The capabilities of an adapter; rules are skipped by these values, never by the name of an adapter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each stands alone, and a rule asks for one of them"
)]
pub struct Capability {
    /// Whether a URI can stand for many objects.
    pub folders: bool,
    /// Whether the objects of a folder can have names with any character but NUL and `/`.
    pub any_name: bool,
    /// Whether an object and a folder can have the same name, and names can end in `/`.
    pub flat: bool,
    /// Whether what was overwritten or removed is kept, and recorded so that it can be had.
    pub versions: bool,
}

/// A store, empty at first, and the resolver under test that reads it.
#[async_trait]
pub trait Fixture: Send + Sync {
    /// Returns the resolver.
    fn resolver(&self) -> Arc<dyn ReferenceResolver>;

    /// Returns what the adapter supports.
    fn capability(&self) -> Capability;

    /// Returns the URI of the object or folder at `path`, written as a user would write it. Rules only ask for paths
    /// of letters, digits, `-`, `.` and `/`.
    fn uri(&self, path: &str) -> ReferenceUri;

    /// Puts an object at `path`, in place of any other.
    async fn put(&self, path: &str, content: &[u8]);

    /// Removes the object at `path`; the folder it was in may stay.
    async fn remove(&self, path: &str);
}
