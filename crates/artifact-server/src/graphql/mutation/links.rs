//! Linking versions to portfolios.

use artifact_core::records::{ArtifactId, CollectionId};
use artifact_store::service::LinkTarget;
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use super::inputs::{ArtifactAliasInput, Success, aliases};
use crate::graphql::context::{RequestContext, request_context};
use crate::graphql::types::MembershipNode;

/// Changes of links.
#[derive(Default)]
pub(crate) struct LinkMutations;

/// A version to link, and where to.
#[derive(InputObject)]
pub(crate) struct LinkArtifactInput {
    #[graphql(name = "artifactID")]
    artifact_id: Option<ID>,
    #[graphql(name = "clientID")]
    client_id: Option<ID>,
    artifact_portfolio_name: Option<String>,
    #[graphql(name = "artifactPortfolioID")]
    artifact_portfolio_id: Option<ID>,
    entity_name: Option<String>,
    project_name: Option<String>,
    aliases: Option<Vec<ArtifactAliasInput>>,
    client_mutation_id: Option<String>,
}

/// A version to take out of a portfolio.
#[derive(InputObject)]
#[expect(clippy::struct_field_names, reason = "the names are the protocol's")]
pub(crate) struct UnlinkArtifactInput {
    #[graphql(name = "artifactID")]
    artifact_id: ID,
    #[graphql(name = "artifactPortfolioID")]
    artifact_portfolio_id: ID,
    client_mutation_id: Option<String>,
}

/// Where a version is linked now.
#[derive(SimpleObject)]
pub(crate) struct LinkArtifactPayload {
    version_index: Option<u32>,
    artifact_membership: Option<MembershipNode>,
}

impl LinkArtifactInput {
    fn version(&self, request: &RequestContext) -> Result<ArtifactId> {
        if let Some(id) = &self.artifact_id {
            return Ok(ArtifactId(id.0.clone()));
        }
        let client_id = self
            .client_id
            .as_ref()
            .ok_or("artifactID or clientID is needed")?;
        let found = request.service.version_of_client_id(client_id)?;
        Ok(found.ok_or_else(|| format!("no artifact has the client id {}", client_id.0))?)
    }

    fn target(&self, request: &RequestContext) -> Result<LinkTarget> {
        if let Some(id) = &self.artifact_portfolio_id {
            return Ok(LinkTarget::Id(CollectionId(id.0.clone())));
        }
        let name = self.artifact_portfolio_name.as_deref();
        let name = name.ok_or("artifactPortfolioName or artifactPortfolioID is needed")?;
        let (entity, project) = (self.entity_name.as_deref(), self.project_name.as_deref());
        Ok(LinkTarget::Named(
            request.checked_project(entity, project)?,
            name.parse()?,
        ))
    }
}

#[Object]
impl LinkMutations {
    async fn link_artifact(
        &self,
        context: &Context<'_>,
        input: LinkArtifactInput,
    ) -> Result<Option<LinkArtifactPayload>> {
        let request = request_context(context);
        let (version, target) = (input.version(request)?, input.target(request)?);
        let membership = request
            .service
            .link(&version, &target, &aliases(input.aliases)?)?;
        Ok(Some(LinkArtifactPayload {
            version_index: Some(membership.index.get()),
            artifact_membership: Some(MembershipNode(membership)),
        }))
    }

    async fn unlink_artifact(
        &self,
        context: &Context<'_>,
        input: UnlinkArtifactInput,
    ) -> Result<Option<Success>> {
        let version = ArtifactId(input.artifact_id.0);
        let portfolio = CollectionId(input.artifact_portfolio_id.0);
        request_context(context)
            .service
            .unlink(&version, &portfolio)?;
        Ok(Some(Success::done()))
    }
}
