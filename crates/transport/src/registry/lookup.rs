//! Finding versions. Source: section 2.6 of the wire protocol.

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
    FetchArtifactManifest, MembershipVariables, Unanswered,
};
use crate::server::Features;
use crate::transfer::locators::DownloadPlace;

const LOOKING: &str = "looking up an artifact";

/// How many names are looked through for one that is near.
const NAMES: u32 = 1_000;

/// Returns an operation that selects versions, without what an older server does not know of them.
pub(crate) async fn selecting<Q, V>(
    server: &Wandb,
    operation: OperationBuilder<Q, V>,
) -> Operation<Q, V>
where
    Q: cynic::QueryFragment,
    V: cynic::QueryVariables + Serialize,
{
    let operation = if server.features().await.have(Features::DIGEST_ALGORITHM) {
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

/// Finds committed versions, with few questions.
pub(super) async fn artifacts(
    server: &Wandb,
    lookups: &[ArtifactLookup],
) -> Vec<Result<ArtifactRecord, RegistryError>> {
    let (mut by_id, mut by_address) = (Vec::new(), Vec::new());
    for lookup in lookups {
        match lookup {
            ArtifactLookup::Id(id) => by_id.push(asking_by_id(server, id).await),
            ArtifactLookup::Address(address) => {
                by_address.push(asking_by_address(server, address).await);
            }
        }
    }
    let mut by_id = server.graph.ask_many(by_id).await.into_iter();
    let mut by_address = server.graph.ask_many(by_address).await.into_iter();
    let mut found = Vec::with_capacity(lookups.len());
    for lookup in lookups {
        let one_each = "each question has an answer";
        found.push(match lookup {
            ArtifactLookup::Id(id) => found_by_id(server, id, by_id.next().expect(one_each)),
            ArtifactLookup::Address(address) => {
                found_by_address(server, address, by_address.next().expect(one_each)).await
            }
        });
    }
    found
}

async fn by_id(server: &Wandb, id: &ArtifactId) -> Result<ArtifactRecord, RegistryError> {
    let operation = asking_by_id(server, id).await;
    found_by_id(server, id, server.graph.ask(operation).await)
}

async fn asking_by_id(
    server: &Wandb,
    id: &ArtifactId,
) -> Operation<ArtifactByID, ArtifactIdVariables> {
    let operation = OperationBuilder::<ArtifactByID, _>::query().with_variables(of(id));
    selecting(server, operation).await
}

fn found_by_id(
    server: &Wandb,
    id: &ArtifactId,
    answer: Result<ArtifactByID, Unanswered>,
) -> Result<ArtifactRecord, RegistryError> {
    let found = null_if_not_found(answer).map_err(|error| server.failed(LOOKING, error))?;
    let found = found.and_then(|answer| answer.artifact);
    match found.filter(|artifact| artifact.state == graphql::ArtifactState::Committed) {
        Some(artifact) => {
            records::record(artifact).map_err(|error| server.nonsense(LOOKING, error.to_string()))
        }
        None => Err(no_artifact(server, id.to_string(), Vec::new())),
    }
}

async fn by_address(
    server: &Wandb,
    address: &QualifiedAddress,
) -> Result<ArtifactRecord, RegistryError> {
    let operation = asking_by_address(server, address).await;
    found_by_address(server, address, server.graph.ask(operation).await).await
}

async fn asking_by_address(
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
    selecting(server, operation).await
}

async fn found_by_address(
    server: &Wandb,
    address: &QualifiedAddress,
    answer: Result<ArtifactMembershipByName, Unanswered>,
) -> Result<ArtifactRecord, RegistryError> {
    let answer = null_if_not_found(answer).map_err(|error| server.failed(LOOKING, error))?;
    let Some(project) = answer.and_then(|answer| answer.project) else {
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
        let near = near(server, address).await;
        return Err(no_artifact(server, address.to_string(), near));
    };
    records::member(member).map_err(|error| server.nonsense(LOOKING, error.to_string()))
}

/// Returns what may have been meant by an address where nothing is.
async fn near(server: &Wandb, address: &QualifiedAddress) -> Vec<String> {
    let page = PageRequest::first(NAMES);
    let versions = list::versions(server, &address.project, &address.name, page.clone()).await;
    if let (Ok(versions), VersionSelector::Alias(wanted)) = (versions, &address.selector) {
        let aliases = versions.items.into_iter().flat_map(|record| record.aliases);
        let near = artifact_core::similar(wanted.as_str(), aliases.map(|alias| alias.to_string()));
        return near
            .into_iter()
            .map(|alias| format!("{}:{alias}", address.name))
            .collect();
    }
    let collections = list::collections(server, &address.project, page).await;
    let names = collections.map_or_else(|_| Vec::new(), |page| page.items);
    let names = names
        .into_iter()
        .map(|collection| collection.name.to_string());
    let mut near = artifact_core::similar(address.name.as_str(), names);
    near.retain(|name| name != address.name.as_str());
    near
}

/// Returns where the manifest file of a version is.
pub(super) async fn manifest(
    server: &Wandb,
    artifact: &ArtifactId,
) -> Result<ManifestLocation, RegistryError> {
    let operation = FetchArtifactManifest::build(of(artifact));
    found_manifest(server, artifact, server.graph.ask(operation).await)
}

/// Returns where the manifest files of versions are, with few questions.
pub(super) async fn manifests(
    server: &Wandb,
    artifacts: &[ArtifactId],
) -> Vec<Result<ManifestLocation, RegistryError>> {
    let questions = artifacts
        .iter()
        .map(|id| FetchArtifactManifest::build(of(id)));
    let answers = server.graph.ask_many(questions.collect()).await;
    artifacts
        .iter()
        .zip(answers)
        .map(|(artifact, answer)| found_manifest(server, artifact, answer))
        .collect()
}

fn found_manifest(
    server: &Wandb,
    artifact: &ArtifactId,
    answer: Result<FetchArtifactManifest, Unanswered>,
) -> Result<ManifestLocation, RegistryError> {
    let answer = null_if_not_found(answer);
    let answer = answer.map_err(|error| server.failed("looking up a manifest", error))?;
    let manifest = answer
        .and_then(|answer| answer.artifact)
        .and_then(|artifact| artifact.current_manifest)
        .ok_or_else(|| no_artifact(server, artifact.to_string(), Vec::new()))?;
    let place = DownloadPlace {
        url: manifest.file.direct_url,
        fallback: None,
    };
    Ok(ManifestLocation {
        ticket: place.ticket(),
        digest: None,
    })
}

/// Returns the project of a pending version; asks where this process did not create it.
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
        server.nonsense(LOOKING, error.to_string())
    })?;
    server.remember_pending(id.clone(), project.clone());
    Ok(project)
}

/// Returns the state of a version, and its collection.
pub(super) async fn state(
    server: &Wandb,
    id: &ArtifactId,
) -> Result<(graphql::ArtifactState, graphql::ArtifactSequence), RegistryError> {
    let operation = ArtifactStateQuery::build(of(id));
    let answer = null_if_not_found(server.graph.ask(operation).await);
    let answer = answer.map_err(|error| server.failed(LOOKING, error))?;
    match answer.and_then(|answer| answer.artifact) {
        Some(artifact) => Ok((artifact.state, artifact.artifact_sequence)),
        None => Err(no_artifact(server, id.to_string(), Vec::new())),
    }
}

/// Returns why something about a version was refused: if it is not in the state that is needed, that is why.
pub(crate) async fn explained(
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

/// Takes "not found" for nothing: servers say it either way.
pub(crate) fn null_if_not_found<T>(answer: Result<T, Unanswered>) -> Result<Option<T>, Unanswered> {
    match answer {
        Err(Unanswered::Failed(failure)) if failure.is_not_found() => Ok(None),
        answer => answer.map(Some),
    }
}
