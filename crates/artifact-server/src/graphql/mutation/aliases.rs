//! Moving aliases.

use artifact_core::records::ArtifactId;
use async_graphql::{Context, ID, InputObject, Object, Result};

use super::inputs::{ArtifactCollectionAliasInput, Success, collection_aliases};
use crate::graphql::context::request_context;

/// Changes of aliases.
#[derive(Default)]
pub(crate) struct AliasMutations;

/// Aliases to move to a version.
#[derive(InputObject)]
pub(crate) struct AddAliasesInput {
    #[graphql(name = "artifactID")]
    artifact_id: ID,
    aliases: Vec<ArtifactCollectionAliasInput>,
    client_mutation_id: Option<String>,
}

/// Aliases to take away from a version.
#[derive(InputObject)]
pub(crate) struct DeleteAliasesInput {
    #[graphql(name = "artifactID")]
    artifact_id: ID,
    aliases: Vec<ArtifactCollectionAliasInput>,
    client_mutation_id: Option<String>,
}

#[Object]
impl AliasMutations {
    async fn add_aliases(
        &self,
        context: &Context<'_>,
        input: AddAliasesInput,
    ) -> Result<Option<Success>> {
        let request = request_context(context);
        let aliases = collection_aliases(request, input.aliases)?;
        let id = ArtifactId(input.artifact_id.0);
        request.service.add_aliases(&id, &aliases)?;
        Ok(Some(Success::done()))
    }

    async fn delete_aliases(
        &self,
        context: &Context<'_>,
        input: DeleteAliasesInput,
    ) -> Result<Option<Success>> {
        let request = request_context(context);
        let aliases = collection_aliases(request, input.aliases)?;
        let id = ArtifactId(input.artifact_id.0);
        request.service.delete_aliases(&id, &aliases)?;
        Ok(Some(Success::done()))
    }
}
