//! Listings: projects, collections, versions.

use super::scalars::{DateTime, Int64};
use super::schema;
use super::{Artifact, ArtifactType};

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct PageInfo {
    pub(crate) end_cursor: Option<String>,
    pub(crate) has_next_page: bool,
}

/// Which projects.
#[derive(cynic::QueryVariables, Debug)]
pub(crate) struct ProjectsVariables {
    pub(crate) entity: Option<String>,
    pub(crate) cursor: Option<String>,
    pub(crate) per_page: Option<i32>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "ProjectsVariables")]
pub(crate) struct GetProjects {
    #[arguments(entityName: $entity, after: $cursor, first: $per_page)]
    pub(crate) models: Option<ProjectConnection>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct ProjectConnection {
    pub(crate) edges: Vec<ProjectEdge>,
    pub(crate) page_info: PageInfo,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct ProjectEdge {
    pub(crate) node: Option<ListedProject>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Project")]
pub(crate) struct ListedProject {
    pub(crate) name: String,
    pub(crate) entity_name: String,
}

/// Which collections.
#[derive(cynic::QueryVariables, Debug)]
pub(crate) struct CollectionsVariables {
    pub(crate) entity: String,
    pub(crate) project: String,
    pub(crate) cursor: Option<String>,
    pub(crate) per_page: Option<i32>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "CollectionsVariables")]
pub(crate) struct ProjectArtifactCollections {
    #[arguments(name: $project, entityName: $entity)]
    pub(crate) project: Option<CollectionsProject>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Project", variables = "CollectionsVariables")]
pub(crate) struct CollectionsProject {
    #[arguments(after: $cursor, first: $per_page)]
    pub(crate) artifact_collections: Option<ArtifactCollectionConnection>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct ArtifactCollectionConnection {
    pub(crate) edges: Vec<ArtifactCollectionEdge>,
    pub(crate) page_info: PageInfo,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct ArtifactCollectionEdge {
    pub(crate) node: Option<ListedCollection>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactCollection")]
pub(crate) struct ListedCollection {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) created_at: DateTime,
    pub(crate) updated_at: Option<DateTime>,
    pub(crate) default_artifact_type: ArtifactType,
    #[arguments(first: 1)]
    pub(crate) artifacts: Option<NewestVersion>,
}

/// The newest version of a collection, and how many there are.
#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "VersionedArtifactConnection")]
pub(crate) struct NewestVersion {
    pub(crate) total_count: i32,
    pub(crate) edges: Vec<NewestVersionEdge>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "VersionedArtifactEdge")]
pub(crate) struct NewestVersionEdge {
    pub(crate) version: String,
    pub(crate) node: Option<NewestArtifact>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Artifact")]
pub(crate) struct NewestArtifact {
    pub(crate) size: Int64,
}

/// Which versions.
#[derive(cynic::QueryVariables, Debug)]
pub(crate) struct VersionsVariables {
    pub(crate) entity: String,
    pub(crate) project: String,
    pub(crate) collection: String,
    pub(crate) cursor: Option<String>,
    pub(crate) per_page: Option<i32>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "VersionsVariables")]
pub(crate) struct ProjectArtifacts {
    #[arguments(name: $project, entityName: $entity)]
    pub(crate) project: Option<VersionsProject>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Project", variables = "VersionsVariables")]
pub(crate) struct VersionsProject {
    #[arguments(name: $collection)]
    pub(crate) artifact_collection: Option<VersionsCollection>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactCollection", variables = "VersionsVariables")]
pub(crate) struct VersionsCollection {
    #[arguments(after: $cursor, first: $per_page)]
    pub(crate) artifacts: Option<VersionedArtifactConnection>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct VersionedArtifactConnection {
    pub(crate) edges: Vec<VersionedArtifactEdge>,
    pub(crate) page_info: PageInfo,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct VersionedArtifactEdge {
    pub(crate) node: Option<Artifact>,
}
