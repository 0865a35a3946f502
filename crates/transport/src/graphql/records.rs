//! Conversions from wire structs to records.

use artifact_core::ports::{ArtifactRecord, BoxError, CollectionRecord};
use artifact_core::records::{ArtifactId, Run, RunAddress, RunConfig, RunState, RunStorageId};
use artifact_core::{
    Alias, ArtifactDigest, ArtifactName, DigestAlgorithm, Metadata, ProjectAddress, Timestamp, Ttl,
    VersionIndex,
};
use serde_json::Map;

use super::{
    Artifact, ArtifactState, DateTime, DigestAlgorithmName, ListedCollection, Membership,
    ProjectInfo, RunFragment,
};

/// Returns the digest algorithm of a response; servers that name none support MD5 only.
pub(crate) fn algorithm(name: Option<DigestAlgorithmName>) -> DigestAlgorithm {
    match name {
        Some(DigestAlgorithmName::Xxh128) => DigestAlgorithm::Xxh128,
        Some(DigestAlgorithmName::Md5) | None => DigestAlgorithm::Md5,
    }
}

/// Returns the protocol's name of a digest algorithm.
pub(crate) const fn algorithm_name(algorithm: DigestAlgorithm) -> DigestAlgorithmName {
    match algorithm {
        DigestAlgorithm::Md5 => DigestAlgorithmName::Md5,
        DigestAlgorithm::Xxh128 => DigestAlgorithmName::Xxh128,
    }
}

pub(crate) fn project(info: &ProjectInfo) -> Result<ProjectAddress, BoxError> {
    Ok(ProjectAddress {
        entity: info.entity.name.parse()?,
        project: info.name.parse()?,
    })
}

/// Returns a version as a member of its own collection.
pub(crate) fn record(artifact: Artifact) -> Result<ArtifactRecord, BoxError> {
    let sequence = &artifact.artifact_sequence;
    let info = sequence
        .project
        .as_ref()
        .ok_or("a version has no project")?;
    let project = project(info)?;
    let name = sequence.name.parse()?;
    let version = index(artifact.version_index)?;
    record_in(artifact, project, name, version)
}

/// Returns a version as a member of a given collection.
pub(crate) fn record_in(
    artifact: Artifact,
    project: ProjectAddress,
    name: ArtifactName,
    version: VersionIndex,
) -> Result<ArtifactRecord, BoxError> {
    // A version may have other aliases in other collections.
    let own = artifact.aliases.iter().filter(|alias| {
        alias.artifact_collection.as_ref().is_none_or(|collection| {
            let is_here = collection.project.as_ref().is_none_or(|other| {
                other.name == project.project.as_str()
                    && other.entity.name == project.entity.as_str()
            });
            collection.name == name.as_str() && is_here
        })
    });
    let aliases = aliases(own.map(|alias| alias.alias.as_str()));
    assemble(artifact, project, name, version, aliases)
}

/// Whether a version is committed and not deleted.
pub(crate) fn is_committed(artifact: &Artifact) -> bool {
    artifact.state == ArtifactState::Committed
}

/// Returns a version as a member of the collection in which it was found.
pub(crate) fn member(membership: Membership) -> Result<ArtifactRecord, BoxError> {
    let artifact = membership.artifact.ok_or("a membership has no version")?;
    let collection = membership
        .artifact_collection
        .ok_or("a membership has no collection")?;
    let info = collection.project.ok_or("a collection has no project")?;
    let version = index(membership.version_index.or(artifact.version_index))?;
    let names = membership.aliases.iter().map(|alias| alias.alias.as_str());
    let aliases = aliases(names);
    assemble(
        artifact,
        project(&info)?,
        collection.name.parse()?,
        version,
        aliases,
    )
}

fn assemble(
    artifact: Artifact,
    project: ProjectAddress,
    name: ArtifactName,
    version: VersionIndex,
    aliases: Vec<Alias>,
) -> Result<ArtifactRecord, BoxError> {
    let created_at = timestamp(&artifact.created_at)?;
    let ttl = match (artifact.ttl_is_inherited, artifact.ttl_duration_seconds.0) {
        (true, _) => Ttl::Inherit,
        (false, seconds) => Ttl::from_wire(seconds)?,
    };
    let tags = artifact.tags.iter().map(|tag| tag.name.parse());
    let mut tags: Vec<_> = tags.collect::<Result<_, _>>()?;
    tags.sort();
    Ok(ArtifactRecord {
        id: ArtifactId(artifact.id.into_inner()),
        project,
        name,
        version,
        artifact_type: artifact.artifact_type.name.parse()?,
        digest: artifact.digest.parse::<ArtifactDigest>()?,
        algorithm: algorithm(artifact.digest_algorithm),
        description: artifact.description.filter(|text| !text.is_empty()),
        metadata: metadata(artifact.metadata.as_ref().map(|text| text.0.as_str()))?,
        ttl,
        aliases,
        tags,
        size: u64::try_from(artifact.size.0)?,
        file_count: u64::try_from(artifact.file_count)?,
        created_at,
        updated_at: artifact
            .updated_at
            .as_ref()
            .map_or(Ok(created_at), timestamp)?,
    })
}

/// Returns the aliases, sorted, without texts that are no alias, such as the version's own name.
pub(crate) fn aliases<'a>(names: impl Iterator<Item = &'a str>) -> Vec<Alias> {
    let mut aliases: Vec<Alias> = names.filter_map(|name| name.parse().ok()).collect();
    aliases.sort();
    aliases
}

pub(crate) fn index(index: Option<i32>) -> Result<VersionIndex, BoxError> {
    let index = index.ok_or("a version has no number")?;
    Ok(u32::try_from(index)?.into())
}

fn metadata(text: Option<&str>) -> Result<Metadata, BoxError> {
    match text.filter(|text| !text.is_empty() && *text != "null") {
        Some(text) => Ok(text.parse()?),
        None => Ok(Metadata::default()),
    }
}

/// Parses a point in time; one without a zone is in UTC.
pub(crate) fn timestamp(text: &DateTime) -> Result<Timestamp, BoxError> {
    let parsed = text.0.parse::<jiff::Timestamp>().or_else(|_| {
        let local: jiff::civil::DateTime = text.0.parse()?;
        let zoned = local.to_zoned_datetime(jiff::tz::TimeZone::UTC)?;
        Ok::<_, jiff::Error>(zoned.timestamp())
    })?;
    Ok(Timestamp::from_unix_millis(parsed.as_millisecond()))
}

/// Returns the record of a listed collection of this project, if it has a version.
pub(crate) fn collection(
    project: &ProjectAddress,
    listed: ListedCollection,
) -> Result<Option<CollectionRecord>, BoxError> {
    let Some(newest) = listed.artifacts.filter(|newest| newest.total_count != 0) else {
        return Ok(None);
    };
    let created_at = timestamp(&listed.created_at)?;
    let latest = newest.edges.first();
    Ok(Some(CollectionRecord {
        project: project.clone(),
        name: listed.name.parse()?,
        artifact_type: listed.default_artifact_type.name.parse()?,
        description: listed.description.filter(|text| !text.is_empty()),
        version_count: u64::try_from(newest.total_count)?,
        latest: latest.map(|edge| edge.version.parse()).transpose()?,
        latest_size: match latest.and_then(|edge| edge.node.as_ref()) {
            Some(artifact) => u64::try_from(artifact.size.0)?,
            None => 0,
        },
        created_at,
        updated_at: listed
            .updated_at
            .as_ref()
            .map_or(Ok(created_at), timestamp)?,
    }))
}

/// Returns the record of a run, without the fields that [`RunFragment`] does not ask for.
pub(crate) fn run(run: RunFragment) -> Result<Run, BoxError> {
    let info = run.project.as_ref().ok_or("a run has no project")?;
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let state = run_state(run.state.as_deref());
    let created_at = match &run.created_at {
        Some(text) => timestamp(text)?,
        None => Timestamp::from_unix_millis(0),
    };
    let config = given(run.config.map(|text| text.0));
    let config: Option<Option<RunConfig>> =
        config.map(|text| serde_json::from_str(&text)).transpose()?;
    Ok(Run {
        id: RunStorageId(run.id.into_inner()),
        display_name: given(run.display_name).unwrap_or_else(|| run.name.clone()),
        address: RunAddress {
            project: project(info)?,
            id: run.name.parse()?,
        },
        description: None,
        notes: given(run.notes),
        tags: run.tags.unwrap_or_default(),
        group: given(run.group),
        job_type: given(run.job_type),
        commit: None,
        repo: None,
        // The fields for these differ from server to server.
        program: None,
        host: None,
        sweep: None,
        config: config.flatten().unwrap_or_default(),
        summary: Map::new(),
        state,
        // The protocol has no field for the exit code.
        exit_code: (state == RunState::Finished).then_some(0),
        created_by: None,
        created_at,
        heartbeat_at: created_at,
    })
}

/// Reads the state of a run. Other servers have further words for a run that was ended from outside.
fn run_state(word: Option<&str>) -> RunState {
    match word {
        Some("killed") => RunState::Crashed,
        word => word
            .and_then(|word| word.parse().ok())
            .unwrap_or(RunState::Running),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_without_a_zone_are_in_utc() {
        for text in [
            "2026-11-24T20:00:00Z",
            "2026-11-24T20:00:00",
            "2026-11-24T21:00:00+01:00",
        ] {
            let found = timestamp(&DateTime(text.to_owned())).unwrap();
            assert_eq!(found.as_unix_millis(), 1_795_550_400_000, "{text}");
        }
    }
}
