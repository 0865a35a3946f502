//! The objects of the protocol.

mod account;
mod artifact;
mod collection;
mod file;
mod project;
mod run;
mod run_output;

pub(crate) use account::{EntityNode, OrganizationNode, UserNode};
pub(crate) use artifact::{
    AliasConnection, AliasNode, ArtifactNode, MembershipNode, RunArtifactConnection,
    VersionedArtifactConnection,
};
pub(crate) use collection::{
    ArtifactTypeConnection, ArtifactTypeNode, CollectionConnection, CollectionNode, SequenceNode,
    TagNode,
};
pub(crate) use file::{
    FileConnection, FileNode, ManifestNode, RunFileConnection, RunFileNode, Upload,
};
pub(crate) use project::{ProjectConnection, ProjectNode};
pub(crate) use run::{RunConnection, RunNode};
