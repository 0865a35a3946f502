//! Mutations, by subject, and the inputs that several of them share.

mod artifacts;
mod collections;
mod runs;
mod uploads;

use artifact_core::{Alias, ArtifactName, ProjectAddress, Tag};
use async_graphql::{InputObject, MergedObject, Result, SimpleObject};

use crate::graphql::context::RequestContext;

/// The root of all mutations.
#[derive(MergedObject, Default)]
pub(crate) struct Mutation(
    runs::RunMutations,
    artifacts::ArtifactMutations,
    uploads::UploadMutations,
    collections::CollectionMutations,
);

/// An alias in a collection of the version's project.
#[derive(InputObject)]
pub(crate) struct ArtifactAliasInput {
    pub(crate) artifact_collection_name: Option<String>,
    pub(crate) alias: String,
}

/// An alias in any collection.
#[derive(InputObject)]
pub(crate) struct ArtifactCollectionAliasInput {
    entity_name: String,
    project_name: String,
    artifact_collection_name: String,
    alias: String,
}

/// A tag.
#[derive(InputObject)]
pub(crate) struct TagInput {
    tag_name: String,
    /// Tags have no categories here.
    tag_category_name: Option<String>,
    /// Tags have no attributes here.
    attributes: Option<String>,
}

/// The payload of a mutation without a result.
#[derive(SimpleObject)]
pub(crate) struct Success {
    pub(crate) success: bool,
    pub(crate) client_mutation_id: Option<String>,
}

impl Success {
    /// Returns the payload of a mutation that succeeded.
    pub(crate) fn done() -> Self {
        Self {
            success: true,
            client_mutation_id: None,
        }
    }
}

/// Parses tags.
pub(crate) fn tags(inputs: Option<Vec<TagInput>>) -> Result<Vec<Tag>> {
    let inputs = inputs.unwrap_or_default().into_iter();
    let tags: Result<Vec<Tag>, _> = inputs.map(|input| input.tag_name.parse()).collect();
    Ok(tags?)
}

/// Parses aliases.
pub(crate) fn aliases(inputs: Option<Vec<ArtifactAliasInput>>) -> Result<Vec<Alias>> {
    let inputs = inputs.unwrap_or_default().into_iter();
    let aliases: Result<Vec<Alias>, _> = inputs.map(|input| input.alias.parse()).collect();
    Ok(aliases?)
}

/// Parses aliases with their collections.
pub(crate) fn collection_aliases(
    request: &RequestContext,
    inputs: Vec<ArtifactCollectionAliasInput>,
) -> Result<Vec<(ProjectAddress, ArtifactName, Alias)>> {
    let read = |input: ArtifactCollectionAliasInput| {
        let project =
            request.checked_project(Some(&input.entity_name), Some(&input.project_name))?;
        Ok((
            project,
            input.artifact_collection_name.parse()?,
            input.alias.parse()?,
        ))
    };
    inputs.into_iter().map(read).collect()
}
