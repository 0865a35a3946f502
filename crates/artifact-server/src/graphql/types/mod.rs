//! The objects of the protocol, one file each.

mod artifact;
mod artifact_type;
mod collection;
mod entity;
mod file;
mod manifest;
mod membership;
mod organization;
mod project;
mod run;
mod run_file;
mod run_output;
mod server_info;
mod user;

pub(crate) use artifact::{ArtifactNode, RunArtifactConnection, VersionedArtifactConnection};
pub(crate) use artifact_type::{ArtifactTypeConnection, ArtifactTypeNode};
pub(crate) use collection::{CollectionConnection, CollectionNode, SequenceNode, TagNode};
pub(crate) use entity::EntityNode;
pub(crate) use file::{FileConnection, FileNode, Upload};
pub(crate) use manifest::ManifestNode;
pub(crate) use membership::{AliasConnection, AliasNode, MembershipConnection, MembershipNode};
pub(crate) use organization::OrganizationNode;
pub(crate) use project::{ProjectConnection, ProjectNode};
pub(crate) use run::{RunConnection, RunNode};
pub(crate) use run_file::{RunFileConnection, RunFileNode};
pub(crate) use server_info::ServerInfo;
pub(crate) use user::UserNode;
