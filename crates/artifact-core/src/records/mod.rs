//! Records: one type per concept that a registry keeps.
//!
//! The ports, the engine and the adapters all speak of these types. A database row or a wire struct that an adapter needs
//! besides is private to that adapter.

mod account;
mod collection;
mod project;
mod run;
mod run_file;
mod run_lines;
mod version;

pub use account::{Account, AccountKey};
pub use collection::{
    ArtifactTypeRecord, Collection, CollectionChanges, CollectionId, CollectionKind,
};
pub use project::{Entity, Project, ProjectChanges};
pub use run::{Run, RunAddress, RunChanges, RunConfig, RunState, RunStorageId};
pub use run_file::RunFile;
pub use run_lines::{LineBatch, LineCounts, RunLine, RunStream};
pub use version::{ArtifactId, ArtifactState, Version};
