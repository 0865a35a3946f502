//! Listings: projects, collections, versions.

use super::scalars::{DateTime, Int64};
use super::schema;
use super::{Artifact, ArtifactType};

#[derive(cynic::QueryFragment, Debug)]
pub(in crate::wandb) struct PageInfo {
    pub(in crate::wandb) end_cursor: Option<String>,
    pub(in crate::wandb) has_next_page: bool,
}

/// Which projects.
#[derive(cynic::QueryVariables, Debug)]
pub(in crate::wandb) struct ProjectsVariables {
    pub(in crate::wandb) entity: Option<String>,
    pub(in crate::wandb) cursor: Option<String>,
    pub(in crate::wandb) per_page: Option<i32>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "ProjectsVariables")]
pub(in crate::wandb) struct GetProjects {
    #[arguments(entityName: $entity, after: $cursor, first: $per_page)]
    pub(in crate::wandb) models: Option<ProjectConnection>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(in crate::wandb) struct ProjectConnection {
    pub(in crate::wandb) edges: Vec<ProjectEdge>,
    pub(in crate::wandb) page_info: PageInfo,
}

#[derive(cynic::QueryFragment, Debug)]
pub(in crate::wandb) struct ProjectEdge {
    pub(in crate::wandb) node: Option<ListedProject>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Project")]
pub(in crate::wandb) struct ListedProject {
    pub(in crate::wandb) name: String,
    pub(in crate::wandb) entity_name: String,
}

/// Which collections.
#[derive(cynic::QueryVariables, Debug)]
pub(in crate::wandb) struct CollectionsVariables {
    pub(in crate::wandb) entity: String,
    pub(in crate::wandb) project: String,
    pub(in crate::wandb) cursor: Option<String>,
    pub(in crate::wandb) per_page: Option<i32>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "CollectionsVariables")]
pub(in crate::wandb) struct ProjectArtifactCollections {
    #[arguments(name: $project, entityName: $entity)]
    pub(in crate::wandb) project: Option<CollectionsProject>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Project", variables = "CollectionsVariables")]
pub(in crate::wandb) struct CollectionsProject {
    #[arguments(after: $cursor, first: $per_page)]
    pub(in crate::wandb) artifact_collections: Option<ArtifactCollectionConnection>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(in crate::wandb) struct ArtifactCollectionConnection {
    pub(in crate::wandb) edges: Vec<ArtifactCollectionEdge>,
    pub(in crate::wandb) page_info: PageInfo,
}

#[derive(cynic::QueryFragment, Debug)]
pub(in crate::wandb) struct ArtifactCollectionEdge {
    pub(in crate::wandb) node: Option<ListedCollection>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactCollection")]
pub(in crate::wandb) struct ListedCollection {
    pub(in crate::wandb) name: String,
    pub(in crate::wandb) description: Option<String>,
    pub(in crate::wandb) created_at: DateTime,
    pub(in crate::wandb) updated_at: Option<DateTime>,
    pub(in crate::wandb) default_artifact_type: ArtifactType,
    #[arguments(first: 1)]
    pub(in crate::wandb) artifacts: Option<NewestVersion>,
}

/// The newest version of a collection, and how many there are.
#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "VersionedArtifactConnection")]
pub(in crate::wandb) struct NewestVersion {
    pub(in crate::wandb) total_count: i32,
    pub(in crate::wandb) edges: Vec<NewestVersionEdge>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "VersionedArtifactEdge")]
pub(in crate::wandb) struct NewestVersionEdge {
    pub(in crate::wandb) version: String,
    pub(in crate::wandb) node: Option<NewestArtifact>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Artifact")]
pub(in crate::wandb) struct NewestArtifact {
    pub(in crate::wandb) size: Int64,
}

/// Which versions.
#[derive(cynic::QueryVariables, Debug)]
pub(in crate::wandb) struct VersionsVariables {
    pub(in crate::wandb) entity: String,
    pub(in crate::wandb) project: String,
    pub(in crate::wandb) collection: String,
    pub(in crate::wandb) cursor: Option<String>,
    pub(in crate::wandb) per_page: Option<i32>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "VersionsVariables")]
pub(in crate::wandb) struct ProjectArtifacts {
    #[arguments(name: $project, entityName: $entity)]
    pub(in crate::wandb) project: Option<VersionsProject>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Project", variables = "VersionsVariables")]
pub(in crate::wandb) struct VersionsProject {
    #[arguments(name: $collection)]
    pub(in crate::wandb) artifact_collection: Option<VersionsCollection>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactCollection", variables = "VersionsVariables")]
pub(in crate::wandb) struct VersionsCollection {
    #[arguments(after: $cursor, first: $per_page)]
    pub(in crate::wandb) artifacts: Option<VersionedArtifactConnection>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(in crate::wandb) struct VersionedArtifactConnection {
    pub(in crate::wandb) edges: Vec<VersionedArtifactEdge>,
    pub(in crate::wandb) page_info: PageInfo,
}

#[derive(cynic::QueryFragment, Debug)]
pub(in crate::wandb) struct VersionedArtifactEdge {
    pub(in crate::wandb) node: Option<Artifact>,
}
