//! Projects, collections and their members: lookups, listings, changes. Source: sections 2.6 and 2.7 of the wire protocol.

use cynic::Id;

use super::scalars::{DateTime, Int64, JsonText};
use super::schema;
use super::{Artifact, ArtifactType, Success, Tag, TagInput};

/// A collection with its editable fields.
#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactCollection")]
pub(crate) struct DetailedCollection {
    #[cynic(rename = "__typename")]
    pub(crate) kind: String,
    pub(crate) id: Id,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) created_at: DateTime,
    pub(crate) updated_at: Option<DateTime>,
    pub(crate) default_artifact_type: ArtifactType,
    pub(crate) tags: Option<TagConnection>,
    #[arguments(first: 1)]
    pub(crate) artifacts: Option<VersionCount>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct TagConnection {
    pub(crate) edges: Vec<TagEdge>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct TagEdge {
    pub(crate) node: Option<Tag>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "VersionedArtifactConnection")]
pub(crate) struct VersionCount {
    pub(crate) total_count: i32,
}

/// Variables: a collection.
#[derive(cynic::QueryVariables, Debug)]
pub(crate) struct CollectionVariables {
    pub(crate) entity: String,
    pub(crate) project: String,
    pub(crate) name: String,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "CollectionVariables")]
pub(crate) struct ProjectArtifactCollection {
    #[arguments(name: $project, entityName: $entity)]
    pub(crate) project: Option<CollectionProject>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Project", variables = "CollectionVariables")]
pub(crate) struct CollectionProject {
    #[arguments(name: $name)]
    pub(crate) artifact_collection: Option<DetailedCollection>,
}

/// Variables: filtered collections of a project.
#[derive(cynic::QueryVariables, Debug)]
pub(crate) struct FilteredVariables {
    pub(crate) entity: String,
    pub(crate) project: String,
    pub(crate) cursor: Option<String>,
    pub(crate) per_page: Option<i32>,
    pub(crate) filters: Option<JsonText>,
    pub(crate) order: Option<String>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "FilteredVariables")]
pub(crate) struct FilteredCollections {
    #[arguments(name: $project, entityName: $entity)]
    pub(crate) project: Option<FilteredProject>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Project", variables = "FilteredVariables")]
pub(crate) struct FilteredProject {
    #[arguments(after: $cursor, first: $per_page, filters: $filters, order: $order)]
    pub(crate) artifact_collections: Option<DetailedCollections>,
}

/// Variables: filtered collections of a type.
#[derive(cynic::QueryVariables, Debug)]
pub(crate) struct OfTypeVariables {
    pub(crate) entity: String,
    pub(crate) project: String,
    #[cynic(rename = "type")]
    pub(crate) artifact_type: String,
    pub(crate) cursor: Option<String>,
    pub(crate) per_page: Option<i32>,
    pub(crate) filters: Option<JsonText>,
    pub(crate) order: Option<String>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "OfTypeVariables")]
pub(crate) struct ArtifactTypeArtifactCollections {
    #[arguments(name: $project, entityName: $entity)]
    pub(crate) project: Option<OfTypeProject>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Project", variables = "OfTypeVariables")]
pub(crate) struct OfTypeProject {
    #[arguments(name: $artifact_type)]
    pub(crate) artifact_type: Option<TypeWithCollections>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactType", variables = "OfTypeVariables")]
pub(crate) struct TypeWithCollections {
    #[arguments(after: $cursor, first: $per_page, filters: $filters, order: $order)]
    pub(crate) artifact_collections: Option<DetailedCollections>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactCollectionConnection")]
pub(crate) struct DetailedCollections {
    pub(crate) edges: Vec<DetailedCollectionEdge>,
    pub(crate) page_info: PageInfo,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactCollectionEdge")]
pub(crate) struct DetailedCollectionEdge {
    pub(crate) node: Option<DetailedCollection>,
}

/// Variables: the types of a project.
#[derive(cynic::QueryVariables, Debug)]
pub(crate) struct TypesVariables {
    pub(crate) entity: String,
    pub(crate) project: String,
    pub(crate) cursor: Option<String>,
    pub(crate) per_page: Option<i32>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "TypesVariables")]
pub(crate) struct ProjectArtifactTypes {
    #[arguments(name: $project, entityName: $entity)]
    pub(crate) project: Option<TypesProject>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Project", variables = "TypesVariables")]
pub(crate) struct TypesProject {
    #[arguments(after: $cursor, first: $per_page)]
    pub(crate) artifact_types: Option<ArtifactTypeConnection>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct ArtifactTypeConnection {
    pub(crate) edges: Vec<ArtifactTypeEdge>,
    pub(crate) page_info: PageInfo,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct ArtifactTypeEdge {
    pub(crate) node: Option<ArtifactType>,
}

/// Variables: the members of a collection.
#[derive(cynic::QueryVariables, Debug)]
pub(crate) struct MembersVariables {
    pub(crate) entity: String,
    pub(crate) project: String,
    pub(crate) collection: String,
    pub(crate) cursor: Option<String>,
    pub(crate) per_page: Option<i32>,
    pub(crate) order: Option<String>,
    pub(crate) filters: Option<JsonText>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "MembersVariables")]
pub(crate) struct CollectionMembers {
    #[arguments(name: $project, entityName: $entity)]
    pub(crate) project: Option<MembersProject>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Project", variables = "MembersVariables")]
pub(crate) struct MembersProject {
    #[arguments(name: $collection)]
    pub(crate) artifact_collection: Option<CollectionWithMembers>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactCollection", variables = "MembersVariables")]
pub(crate) struct CollectionWithMembers {
    #[arguments(after: $cursor, first: $per_page, order: $order, filters: $filters)]
    pub(crate) artifacts: Option<Members>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "VersionedArtifactConnection")]
pub(crate) struct Members {
    pub(crate) edges: Vec<MemberEdge>,
    pub(crate) page_info: PageInfo,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "VersionedArtifactEdge")]
pub(crate) struct MemberEdge {
    pub(crate) version: String,
    pub(crate) node: Option<Artifact>,
}

/// Variables: edits of a collection.
#[derive(cynic::QueryVariables, Debug)]
pub(crate) struct EditVariables {
    pub(crate) id: Id,
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "EditVariables")]
pub(crate) struct UpdateArtifactSequence {
    #[arguments(input: { artifactSequenceID: $id, name: $name, description: $description })]
    pub(crate) update_artifact_sequence: Option<CollectionPayload>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "EditVariables")]
pub(crate) struct UpdateArtifactPortfolio {
    #[arguments(input: { artifactPortfolioID: $id, name: $name, description: $description })]
    pub(crate) update_artifact_portfolio: Option<CollectionPayload>,
}

/// Variables: a collection to delete.
#[derive(cynic::QueryVariables, Debug)]
pub(crate) struct CollectionIdVariables {
    pub(crate) id: Id,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "CollectionIdVariables")]
pub(crate) struct DeleteArtifactSequence {
    #[arguments(input: { artifactSequenceID: $id })]
    pub(crate) delete_artifact_sequence: Option<CollectionPayload>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "CollectionIdVariables")]
pub(crate) struct DeleteArtifactPortfolio {
    #[arguments(input: { artifactPortfolioID: $id })]
    pub(crate) delete_artifact_portfolio: Option<CollectionPayload>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactCollectionPayload")]
pub(crate) struct CollectionPayload {
    pub(crate) artifact_collection: Option<ChangedCollection>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactCollection")]
pub(crate) struct ChangedCollection {
    #[cynic(rename = "name")]
    pub(crate) _name: String,
}

/// Variables: tags of a collection.
#[derive(cynic::QueryVariables, Debug)]
pub(crate) struct CollectionTagsVariables {
    pub(crate) entity: String,
    pub(crate) project: String,
    pub(crate) name: String,
    pub(crate) tags: Vec<TagInput>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "CollectionTagsVariables")]
pub(crate) struct AddArtifactCollectionTags {
    #[arguments(input: { entityName: $entity, projectName: $project, artifactCollectionName: $name, tags: $tags })]
    pub(crate) create_artifact_collection_tag_assignments: Option<TagsPayload>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct TagsPayload {
    #[cynic(rename = "tags")]
    pub(crate) _tags: Vec<Tag>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "CollectionTagsVariables")]
pub(crate) struct DeleteArtifactCollectionTags {
    #[arguments(input: { entityName: $entity, projectName: $project, artifactCollectionName: $name, tags: $tags })]
    pub(crate) delete_artifact_collection_tag_assignments: Option<Success>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct PageInfo {
    pub(crate) end_cursor: Option<String>,
    pub(crate) has_next_page: bool,
}

/// Variables: the projects of an entity.
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

/// Variables: the collections of a project.
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

/// The newest version of a collection, and the number of versions.
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

/// Variables: the versions of a collection.
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
