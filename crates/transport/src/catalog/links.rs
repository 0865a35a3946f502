//! Links of versions to portfolios, and deletion of versions. Source: sections 2.6 and 2.7 of the wire protocol.

use artifact_core::ports::{
    AliasedDeletion, ArtifactLookup, ArtifactRecord, ArtifactRegistry as _, RegistryError,
};
use artifact_core::records::{ArtifactId, ArtifactState, CollectionKind};
use artifact_core::{
    Alias, ArtifactName, ProjectAddress, QualifiedAddress, VersionIndex, VersionSelector,
};
use cynic::{Id, MutationBuilder as _, QueryBuilder as _};

use super::collections;
use crate::Wandb;
use crate::graphql::records;
use crate::graphql::{
    ArtifactAliasInput, DeleteArtifact, DeleteVariables, FetchLinkedArtifacts, LinkArtifact,
    LinkVariables, LinkedMembership, UnlinkArtifact, UnlinkVariables,
};
use crate::registry::{explain, null_if_not_found, of};

const LINKING: &str = "linking an artifact";
const UNLINKING: &str = "unlinking an artifact";
const DELETING: &str = "deleting an artifact";
const READING: &str = "listing links of an artifact";

/// Links a version to a portfolio.
pub(super) async fn link(
    server: &Wandb,
    artifact: &ArtifactId,
    project: &ProjectAddress,
    name: &ArtifactName,
    aliases: &[Alias],
) -> Result<ArtifactRecord, RegistryError> {
    let alias = |alias: &Alias| ArtifactAliasInput {
        artifact_collection_name: name.to_string(),
        alias: alias.to_string(),
    };
    let operation = LinkArtifact::build(LinkVariables {
        artifact_id: Id::new(artifact.0.clone()),
        name: name.to_string(),
        entity: project.entity.to_string(),
        project: project.project.to_string(),
        aliases: Some(aliases.iter().map(alias).collect()),
    });
    let response = match server.graphql.execute(operation).await {
        Ok(response) => response,
        Err(error) => {
            let error = server.failed(LINKING, error);
            return Err(explain(server, artifact, ArtifactState::Committed, error).await);
        }
    };
    let index = response
        .link_artifact
        .and_then(|payload| payload.version_index);
    let index = index.and_then(|index| u32::try_from(index).ok());
    let index =
        index.ok_or_else(|| server.protocol_error(LINKING, "the response has no version"))?;
    let address = QualifiedAddress {
        project: project.clone(),
        name: name.clone(),
        selector: VersionSelector::Version(VersionIndex::from(index)),
    };
    server.artifact(&ArtifactLookup::Address(address)).await
}

/// Unlinks a version from a portfolio.
pub(super) async fn unlink(
    server: &Wandb,
    artifact: &ArtifactId,
    project: &ProjectAddress,
    name: &ArtifactName,
) -> Result<(), RegistryError> {
    let portfolio = collections::find(server, project, name).await?;
    let operation = UnlinkArtifact::build(UnlinkVariables {
        artifact_id: Id::new(artifact.0.clone()),
        portfolio_id: Id::new(portfolio.id.0),
    });
    let response = server.graphql.execute(operation).await;
    let response = response.map_err(|error| server.failed(UNLINKING, error))?;
    match response.unlink_artifact {
        Some(response) if response.success => Ok(()),
        _ => Err(RegistryError::Rejected {
            what: format!("the server did not unlink the artifact from {project}/{name}"),
        }),
    }
}

/// Returns a version as a member of each portfolio that it is linked to.
pub(super) async fn links(
    server: &Wandb,
    artifact: &ArtifactId,
) -> Result<Vec<ArtifactRecord>, RegistryError> {
    let record = server.artifact(&artifact.clone().into()).await?;
    let operation = FetchLinkedArtifacts::build(of(artifact));
    let response = null_if_not_found(server.graphql.execute(operation).await);
    let response = response.map_err(|error| server.failed(READING, error))?;
    let edges = response
        .and_then(|response| response.artifact)
        .map(|artifact| artifact.artifact_memberships.edges);
    let nodes = edges.into_iter().flatten().filter_map(|edge| edge.node);
    let links = nodes.filter_map(|node| linked(&record, node).transpose());
    links
        .collect::<Result<_, _>>()
        .map_err(|error| server.protocol_error(READING, error.to_string()))
}

/// Returns the version as a member of a portfolio; `None` if the collection is a sequence.
fn linked(
    record: &ArtifactRecord,
    membership: LinkedMembership,
) -> Result<Option<ArtifactRecord>, artifact_core::ports::BoxError> {
    let collection = membership.artifact_collection;
    let collection = collection.ok_or("a membership has no collection")?;
    if collections::kind(&collection.kind) != CollectionKind::Portfolio {
        return Ok(None);
    }
    let info = collection.info.project.as_ref();
    let info = info.ok_or("a collection has no project")?;
    let names = membership.aliases.iter().map(|alias| alias.alias.as_str());
    Ok(Some(ArtifactRecord {
        project: records::project(info)?,
        name: collection.info.name.parse()?,
        version: records::index(membership.version_index)?,
        aliases: records::aliases(names),
        ..record.clone()
    }))
}

/// Deletes a version.
pub(super) async fn delete(
    server: &Wandb,
    artifact: &ArtifactId,
    aliased: AliasedDeletion,
) -> Result<(), RegistryError> {
    let operation = DeleteArtifact::build(DeleteVariables {
        artifact_id: Id::new(artifact.0.clone()),
        delete_aliases: Some(aliased == AliasedDeletion::DeleteAliases),
    });
    match server.graphql.execute(operation).await {
        Ok(response) => match response.delete_artifact {
            Some(_) => Ok(()),
            None => Err(server.protocol_error(DELETING, "the response has no version")),
        },
        Err(error) => {
            let error = server.failed(DELETING, error);
            Err(explain(server, artifact, ArtifactState::Committed, error).await)
        }
    }
}
