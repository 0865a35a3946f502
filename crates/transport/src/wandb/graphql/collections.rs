//! Collections of either kind: finding, listing and changing them. Source: sections 2.6 and 2.7 of the wire protocol.

use cynic::Id;

use super::scalars::{DateTime, JsonText};
use super::schema;
use super::{Artifact, ArtifactType, PageInfo, Success, Tag, TagInput};

/// A collection, with what may be changed of it.
#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactCollection")]
pub(in crate::wandb) struct DetailedCollection {
    #[cynic(rename = "__typename")]
    pub(in crate::wandb) kind: String,
    pub(in crate::wandb) id: Id,
    pub(in crate::wandb) name: String,
    pub(in crate::wandb) description: Option<String>,
    pub(in crate::wandb) created_at: DateTime,
    pub(in crate::wandb) updated_at: Option<DateTime>,
    pub(in crate::wandb) default_artifact_type: ArtifactType,
    pub(in crate::wandb) tags: Option<TagConnection>,
    #[arguments(first: 1)]
    pub(in crate::wandb) artifacts: Option<VersionCount>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(in crate::wandb) struct TagConnection {
    pub(in crate::wandb) edges: Vec<TagEdge>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(in crate::wandb) struct TagEdge {
    pub(in crate::wandb) node: Option<Tag>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "VersionedArtifactConnection")]
pub(in crate::wandb) struct VersionCount {
    pub(in crate::wandb) total_count: i32,
}

/// Which collection.
#[derive(cynic::QueryVariables, Debug)]
pub(in crate::wandb) struct CollectionVariables {
    pub(in crate::wandb) entity: String,
    pub(in crate::wandb) project: String,
    pub(in crate::wandb) name: String,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "CollectionVariables")]
pub(in crate::wandb) struct ProjectArtifactCollection {
    #[arguments(name: $project, entityName: $entity)]
    pub(in crate::wandb) project: Option<CollectionProject>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Project", variables = "CollectionVariables")]
pub(in crate::wandb) struct CollectionProject {
    #[arguments(name: $name)]
    pub(in crate::wandb) artifact_collection: Option<DetailedCollection>,
}

/// Which collections, also of one type.
#[derive(cynic::QueryVariables, Debug)]
pub(in crate::wandb) struct FilteredVariables {
    pub(in crate::wandb) entity: String,
    pub(in crate::wandb) project: String,
    pub(in crate::wandb) cursor: Option<String>,
    pub(in crate::wandb) per_page: Option<i32>,
    pub(in crate::wandb) filters: Option<JsonText>,
    pub(in crate::wandb) order: Option<String>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "FilteredVariables")]
pub(in crate::wandb) struct FilteredCollections {
    #[arguments(name: $project, entityName: $entity)]
    pub(in crate::wandb) project: Option<FilteredProject>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Project", variables = "FilteredVariables")]
pub(in crate::wandb) struct FilteredProject {
    #[arguments(after: $cursor, first: $per_page, filters: $filters, order: $order)]
    pub(in crate::wandb) artifact_collections: Option<DetailedCollections>,
}

/// Which collections of a type.
#[derive(cynic::QueryVariables, Debug)]
pub(in crate::wandb) struct OfTypeVariables {
    pub(in crate::wandb) entity: String,
    pub(in crate::wandb) project: String,
    #[cynic(rename = "type")]
    pub(in crate::wandb) artifact_type: String,
    pub(in crate::wandb) cursor: Option<String>,
    pub(in crate::wandb) per_page: Option<i32>,
    pub(in crate::wandb) filters: Option<JsonText>,
    pub(in crate::wandb) order: Option<String>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "OfTypeVariables")]
pub(in crate::wandb) struct ArtifactTypeArtifactCollections {
    #[arguments(name: $project, entityName: $entity)]
    pub(in crate::wandb) project: Option<OfTypeProject>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Project", variables = "OfTypeVariables")]
pub(in crate::wandb) struct OfTypeProject {
    #[arguments(name: $artifact_type)]
    pub(in crate::wandb) artifact_type: Option<TypeWithCollections>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactType", variables = "OfTypeVariables")]
pub(in crate::wandb) struct TypeWithCollections {
    #[arguments(after: $cursor, first: $per_page, filters: $filters, order: $order)]
    pub(in crate::wandb) artifact_collections: Option<DetailedCollections>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactCollectionConnection")]
pub(in crate::wandb) struct DetailedCollections {
    pub(in crate::wandb) edges: Vec<DetailedCollectionEdge>,
    pub(in crate::wandb) page_info: PageInfo,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactCollectionEdge")]
pub(in crate::wandb) struct DetailedCollectionEdge {
    pub(in crate::wandb) node: Option<DetailedCollection>,
}

/// Which types.
#[derive(cynic::QueryVariables, Debug)]
pub(in crate::wandb) struct TypesVariables {
    pub(in crate::wandb) entity: String,
    pub(in crate::wandb) project: String,
    pub(in crate::wandb) cursor: Option<String>,
    pub(in crate::wandb) per_page: Option<i32>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "TypesVariables")]
pub(in crate::wandb) struct ProjectArtifactTypes {
    #[arguments(name: $project, entityName: $entity)]
    pub(in crate::wandb) project: Option<TypesProject>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Project", variables = "TypesVariables")]
pub(in crate::wandb) struct TypesProject {
    #[arguments(after: $cursor, first: $per_page)]
    pub(in crate::wandb) artifact_types: Option<ArtifactTypeConnection>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(in crate::wandb) struct ArtifactTypeConnection {
    pub(in crate::wandb) edges: Vec<ArtifactTypeEdge>,
    pub(in crate::wandb) page_info: PageInfo,
}

#[derive(cynic::QueryFragment, Debug)]
pub(in crate::wandb) struct ArtifactTypeEdge {
    pub(in crate::wandb) node: Option<ArtifactType>,
}

/// Which members of a collection.
#[derive(cynic::QueryVariables, Debug)]
pub(in crate::wandb) struct MembersVariables {
    pub(in crate::wandb) entity: String,
    pub(in crate::wandb) project: String,
    pub(in crate::wandb) collection: String,
    pub(in crate::wandb) cursor: Option<String>,
    pub(in crate::wandb) per_page: Option<i32>,
    pub(in crate::wandb) order: Option<String>,
    pub(in crate::wandb) filters: Option<JsonText>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "MembersVariables")]
pub(in crate::wandb) struct CollectionMembers {
    #[arguments(name: $project, entityName: $entity)]
    pub(in crate::wandb) project: Option<MembersProject>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Project", variables = "MembersVariables")]
pub(in crate::wandb) struct MembersProject {
    #[arguments(name: $collection)]
    pub(in crate::wandb) artifact_collection: Option<CollectionWithMembers>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactCollection", variables = "MembersVariables")]
pub(in crate::wandb) struct CollectionWithMembers {
    #[arguments(after: $cursor, first: $per_page, order: $order, filters: $filters)]
    pub(in crate::wandb) artifacts: Option<Members>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "VersionedArtifactConnection")]
pub(in crate::wandb) struct Members {
    pub(in crate::wandb) edges: Vec<MemberEdge>,
    pub(in crate::wandb) page_info: PageInfo,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "VersionedArtifactEdge")]
pub(in crate::wandb) struct MemberEdge {
    pub(in crate::wandb) version: String,
    pub(in crate::wandb) node: Option<Artifact>,
}

/// What to change of a collection.
#[derive(cynic::QueryVariables, Debug)]
pub(in crate::wandb) struct EditVariables {
    pub(in crate::wandb) id: Id,
    pub(in crate::wandb) name: Option<String>,
    pub(in crate::wandb) description: Option<String>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "EditVariables")]
pub(in crate::wandb) struct UpdateArtifactSequence {
    #[arguments(input: { artifactSequenceID: $id, name: $name, description: $description })]
    pub(in crate::wandb) update_artifact_sequence: Option<CollectionPayload>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "EditVariables")]
pub(in crate::wandb) struct UpdateArtifactPortfolio {
    #[arguments(input: { artifactPortfolioID: $id, name: $name, description: $description })]
    pub(in crate::wandb) update_artifact_portfolio: Option<CollectionPayload>,
}

/// Which collection to delete.
#[derive(cynic::QueryVariables, Debug)]
pub(in crate::wandb) struct CollectionIdVariables {
    pub(in crate::wandb) id: Id,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "CollectionIdVariables")]
pub(in crate::wandb) struct DeleteArtifactSequence {
    #[arguments(input: { artifactSequenceID: $id })]
    pub(in crate::wandb) delete_artifact_sequence: Option<CollectionPayload>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "CollectionIdVariables")]
pub(in crate::wandb) struct DeleteArtifactPortfolio {
    #[arguments(input: { artifactPortfolioID: $id })]
    pub(in crate::wandb) delete_artifact_portfolio: Option<CollectionPayload>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactCollectionPayload")]
pub(in crate::wandb) struct CollectionPayload {
    pub(in crate::wandb) artifact_collection: Option<ChangedCollection>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactCollection")]
pub(in crate::wandb) struct ChangedCollection {
    #[cynic(rename = "name")]
    pub(in crate::wandb) _name: String,
}

/// Tags of a collection.
#[derive(cynic::QueryVariables, Debug)]
pub(in crate::wandb) struct CollectionTagsVariables {
    pub(in crate::wandb) entity: String,
    pub(in crate::wandb) project: String,
    pub(in crate::wandb) name: String,
    pub(in crate::wandb) tags: Vec<TagInput>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "CollectionTagsVariables")]
pub(in crate::wandb) struct AddArtifactCollectionTags {
    #[arguments(input: { entityName: $entity, projectName: $project, artifactCollectionName: $name, tags: $tags })]
    pub(in crate::wandb) create_artifact_collection_tag_assignments: Option<TagsPayload>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(in crate::wandb) struct TagsPayload {
    #[cynic(rename = "tags")]
    pub(in crate::wandb) _tags: Vec<Tag>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "CollectionTagsVariables")]
pub(in crate::wandb) struct DeleteArtifactCollectionTags {
    #[arguments(input: { entityName: $entity, projectName: $project, artifactCollectionName: $name, tags: $tags })]
    pub(in crate::wandb) delete_artifact_collection_tag_assignments: Option<Success>,
}
