//! Lookups of versions. Source: section 2.6 of the wire protocol.

use artifact_core::ports::{
    ArtifactLookup, ArtifactRecord, ManifestLocation, PageRequest, RegistryError,
};
use artifact_core::records::{ArtifactId, ArtifactState};
use artifact_core::{ProjectAddress, QualifiedAddress, VersionSelector};
use cynic::{Id, Operation, OperationBuilder, QueryBuilder as _};
use serde::Serialize;

use super::list;
use crate::Wandb;
use crate::graphql::records;
use crate::graphql::{
    self, ArtifactByID, ArtifactIdVariables, ArtifactMembershipByName, ArtifactStateQuery,
    FetchArtifactManifest, GraphQlError, MembershipVariables,
};
use crate::server::Features;
use crate::transfer::locators::DownloadLocator;

const OPERATION: &str = "looking up an artifact";

/// Maximum names that are searched for a similar one.
const MAX_NAMES: u32 = 1_000;

/// Builds an operation that selects versions, without the fields that an older server lacks.
pub(crate) async fn with_features<Q, V>(
    server: &Wandb,
    operation: OperationBuilder<Q, V>,
) -> Operation<Q, V>
where
    Q: cynic::QueryFragment,
    V: cynic::QueryVariables + Serialize,
{
    let operation = if server.features().await.contains(Features::DIGEST_ALGORITHM) {
        operation.with_feature_enabled(Features::DIGEST_ALGORITHM)
    } else {
        operation
    };
    operation
        .build()
        .expect("the variables are those of the operation")
}

/// Finds a committed version.
pub(super) async fn artifact(
    server: &Wandb,
    lookup: &ArtifactLookup,
) -> Result<ArtifactRecord, RegistryError> {
    match lookup {
        ArtifactLookup::Id(id) => by_id(server, id).await,
        ArtifactLookup::Address(address) => by_address(server, address).await,
    }
}

/// Finds committed versions, in batches.
pub(super) async fn artifacts(
    server: &Wandb,
    lookups: &[ArtifactLookup],
) -> Vec<Result<ArtifactRecord, RegistryError>> {
    let (mut by_id, mut by_address) = (Vec::new(), Vec::new());
    for lookup in lookups {
        match lookup {
            ArtifactLookup::Id(id) => by_id.push(query_by_id(server, id).await),
            ArtifactLookup::Address(address) => {
                by_address.push(query_by_address(server, address).await);
            }
        }
    }
    let mut by_id = server.graphql.execute_batch(by_id).await.into_iter();
    let mut by_address = server.graphql.execute_batch(by_address).await.into_iter();
    let mut found = Vec::with_capacity(lookups.len());
    for lookup in lookups {
        let one_each = "every operation has a result";
        found.push(match lookup {
            ArtifactLookup::Id(id) => record_by_id(server, id, by_id.next().expect(one_each)),
            ArtifactLookup::Address(address) => {
                record_by_address(server, address, by_address.next().expect(one_each)).await
            }
        });
    }
    found
}

async fn by_id(server: &Wandb, id: &ArtifactId) -> Result<ArtifactRecord, RegistryError> {
    let operation = query_by_id(server, id).await;
    record_by_id(server, id, server.graphql.execute(operation).await)
}

async fn query_by_id(
    server: &Wandb,
    id: &ArtifactId,
) -> Operation<ArtifactByID, ArtifactIdVariables> {
    let operation = OperationBuilder::<ArtifactByID, _>::query().with_variables(of(id));
    with_features(server, operation).await
}

fn record_by_id(
    server: &Wandb,
    id: &ArtifactId,
    response: Result<ArtifactByID, GraphQlError>,
) -> Result<ArtifactRecord, RegistryError> {
    let found = null_if_not_found(response).map_err(|error| server.failed(OPERATION, error))?;
    let found = found.and_then(|response| response.artifact);
    match found.filter(|artifact| artifact.state == graphql::ArtifactState::Committed) {
        Some(artifact) => records::record(artifact)
            .map_err(|error| server.protocol_error(OPERATION, error.to_string())),
        None => Err(no_artifact(server, id.to_string(), Vec::new())),
    }
}

async fn by_address(
    server: &Wandb,
    address: &QualifiedAddress,
) -> Result<ArtifactRecord, RegistryError> {
    let operation = query_by_address(server, address).await;
    record_by_address(server, address, server.graphql.execute(operation).await).await
}

async fn query_by_address(
    server: &Wandb,
    address: &QualifiedAddress,
) -> Operation<ArtifactMembershipByName, MembershipVariables> {
    let operation = OperationBuilder::<ArtifactMembershipByName, _>::query().with_variables(
        MembershipVariables {
            entity: address.project.entity.to_string(),
            project: address.project.project.to_string(),
            name: format!("{}:{}", address.name, address.selector),
        },
    );
    with_features(server, operation).await
}

async fn record_by_address(
    server: &Wandb,
    address: &QualifiedAddress,
    response: Result<ArtifactMembershipByName, GraphQlError>,
) -> Result<ArtifactRecord, RegistryError> {
    let response = null_if_not_found(response).map_err(|error| server.failed(OPERATION, error))?;
    let Some(project) = response.and_then(|response| response.project) else {
        return Err(RegistryError::NoProject {
            project: address.project.clone(),
            location: server.location.to_string(),
        });
    };
    let member = project.artifact_collection_membership;
    let is_committed = |member: &graphql::Membership| {
        let artifact = member.artifact.as_ref();
        artifact.is_none_or(|artifact| artifact.state == graphql::ArtifactState::Committed)
    };
    let Some(member) = member.filter(is_committed) else {
        let similar_names = similar_names(server, address).await;
        return Err(no_artifact(server, address.to_string(), similar_names));
    };
    records::member(member).map_err(|error| server.protocol_error(OPERATION, error.to_string()))
}

/// Returns existing names that are similar to those in an address.
async fn similar_names(server: &Wandb, address: &QualifiedAddress) -> Vec<String> {
    let page = PageRequest::first(MAX_NAMES);
    let versions = list::versions(server, &address.project, &address.name, page.clone()).await;
    if let (Ok(versions), VersionSelector::Alias(wanted)) = (versions, &address.selector) {
        let aliases = versions.items.into_iter().flat_map(|record| record.aliases);
        let similar_names =
            artifact_core::similar(wanted.as_str(), aliases.map(|alias| alias.to_string()));
        return similar_names
            .into_iter()
            .map(|alias| format!("{}:{alias}", address.name))
            .collect();
    }
    let collections = list::collections(server, &address.project, page).await;
    let names = collections.map_or_else(|_| Vec::new(), |page| page.items);
    let names = names
        .into_iter()
        .map(|collection| collection.name.to_string());
    let mut similar_names = artifact_core::similar(address.name.as_str(), names);
    similar_names.retain(|name| name != address.name.as_str());
    similar_names
}

/// Returns the location of a version's manifest file.
pub(super) async fn manifest(
    server: &Wandb,
    artifact: &ArtifactId,
) -> Result<ManifestLocation, RegistryError> {
    let operation = FetchArtifactManifest::build(of(artifact));
    manifest_location(server, artifact, server.graphql.execute(operation).await)
}

/// Returns the locations of versions' manifest files, in batches.
pub(super) async fn manifests(
    server: &Wandb,
    artifacts: &[ArtifactId],
) -> Vec<Result<ManifestLocation, RegistryError>> {
    let operations = artifacts
        .iter()
        .map(|id| FetchArtifactManifest::build(of(id)));
    let responses = server.graphql.execute_batch(operations.collect()).await;
    artifacts
        .iter()
        .zip(responses)
        .map(|(artifact, response)| manifest_location(server, artifact, response))
        .collect()
}

fn manifest_location(
    server: &Wandb,
    artifact: &ArtifactId,
    response: Result<FetchArtifactManifest, GraphQlError>,
) -> Result<ManifestLocation, RegistryError> {
    let response = null_if_not_found(response);
    let response = response.map_err(|error| server.failed("looking up a manifest", error))?;
    let manifest = response
        .and_then(|response| response.artifact)
        .and_then(|artifact| artifact.current_manifest)
        .ok_or_else(|| no_artifact(server, artifact.to_string(), Vec::new()))?;
    let place = DownloadLocator {
        url: manifest.file.direct_url,
        fallback: None,
    };
    Ok(ManifestLocation {
        ticket: place.ticket(),
        digest: None,
    })
}

/// Returns the project of a pending version; queries it if another process created the version.
pub(super) async fn project_of_pending(
    server: &Wandb,
    id: &ArtifactId,
) -> Result<ProjectAddress, RegistryError> {
    if let Some(known) = server.known_pending(id) {
        return Ok(known);
    }
    let (state, sequence) = state(server, id).await?;
    if state != graphql::ArtifactState::Pending {
        return Err(wrong_state(id, state, ArtifactState::Pending));
    }
    let info = sequence.project.ok_or("a version has no project".into());
    let project = info.and_then(|info| records::project(&info));
    let project = project.map_err(|error: artifact_core::ports::BoxError| {
        server.protocol_error(OPERATION, error.to_string())
    })?;
    server.remember_pending(id.clone(), project.clone());
    Ok(project)
}

/// Returns the state and the collection of a version.
pub(super) async fn state(
    server: &Wandb,
    id: &ArtifactId,
) -> Result<(graphql::ArtifactState, graphql::ArtifactSequence), RegistryError> {
    let operation = ArtifactStateQuery::build(of(id));
    let response = null_if_not_found(server.graphql.execute(operation).await);
    let response = response.map_err(|error| server.failed(OPERATION, error))?;
    match response.and_then(|response| response.artifact) {
        Some(artifact) => Ok((artifact.state, artifact.artifact_sequence)),
        None => Err(no_artifact(server, id.to_string(), Vec::new())),
    }
}

/// Returns why an operation on a version was rejected: its wrong state, if it has one, else `error`.
pub(crate) async fn explain(
    server: &Wandb,
    id: &ArtifactId,
    needed: ArtifactState,
    error: RegistryError,
) -> RegistryError {
    if !matches!(error, RegistryError::Rejected { .. }) {
        return error;
    }
    let wanted = match needed {
        ArtifactState::Pending => graphql::ArtifactState::Pending,
        _ => graphql::ArtifactState::Committed,
    };
    match state(server, id).await {
        Ok((state, _)) if state != wanted => wrong_state(id, state, needed),
        Err(none @ RegistryError::NoArtifact { .. }) => none,
        _ => error,
    }
}

pub(super) fn wrong_state(
    id: &ArtifactId,
    state: graphql::ArtifactState,
    needed: ArtifactState,
) -> RegistryError {
    RegistryError::WrongState {
        id: id.clone(),
        state: match state {
            graphql::ArtifactState::Pending => "pending",
            graphql::ArtifactState::Committed => "committed",
            graphql::ArtifactState::Deleted | graphql::ArtifactState::Other => "deleted",
        },
        needed: match needed {
            ArtifactState::Pending => "pending",
            _ => "committed",
        },
    }
}

pub(super) fn no_artifact(server: &Wandb, lookup: String, similar: Vec<String>) -> RegistryError {
    RegistryError::NoArtifact {
        lookup,
        location: server.location.to_string(),
        similar,
    }
}

pub(crate) fn of(id: &ArtifactId) -> ArtifactIdVariables {
    ArtifactIdVariables {
        id: Id::new(id.0.clone()),
    }
}

/// Turns "not found" into `None`: servers use either.
pub(crate) fn null_if_not_found<T>(
    response: Result<T, GraphQlError>,
) -> Result<Option<T>, GraphQlError> {
    match response {
        Err(GraphQlError::Http(error)) if error.is_not_found() => Ok(None),
        response => response.map(Some),
    }
}
