//! Runs, their files, and what they log and use. Source: sections 2.6 and 2.8 of the wire protocol.

use artifact_core::ports::{
    ArtifactRecord, FileSelection, ListRequest, Page, PageRequest, RegistryError, RunFileRecord,
    RunRelation,
};
use artifact_core::records::{Run, RunAddress};
use artifact_core::{ContentDigest, DigestAlgorithm, ProjectAddress};
use cynic::{OperationBuilder, QueryBuilder as _};

use crate::Wandb;
use crate::graphql::records;
use crate::graphql::{
    DetailedRun, DetailedRunQuery, JsonText, ListedFilesVariables, RunArtifacts,
    RunArtifactsVariables, RunFile, RunFiles, RunInputArtifacts, RunOutputArtifacts, RunVariables,
    Runs, RunsVariables,
};
use crate::registry::files::encode_segment;
use crate::registry::{limit, next, null_if_not_found, with_features};
use crate::transfer::locators::DownloadLocator;

const READING: &str = "reading a run";
const LISTING: &str = "listing runs";
const LISTING_FILES: &str = "listing files of a run";
const LISTING_ARTIFACTS: &str = "listing artifacts of a run";

/// Finds a run.
pub(super) async fn run(server: &Wandb, run: &RunAddress) -> Result<Run, RegistryError> {
    let operation = DetailedRunQuery::build(RunVariables {
        entity: run.project.entity.to_string(),
        project: run.project.project.to_string(),
        name: run.id.to_string(),
    });
    let response = null_if_not_found(server.graphql.execute(operation).await);
    let response = response.map_err(|error| server.failed(READING, error))?;
    let found = response.and_then(|response| response.project?.run);
    details(server, found.ok_or_else(|| server.no_run(run))?)
}

/// Lists the runs of a project.
pub(super) async fn runs(
    server: &Wandb,
    project: &ProjectAddress,
    request: ListRequest,
) -> Result<Page<Run>, RegistryError> {
    // The values are the official client's, for servers that reject null.
    let operation = Runs::build(RunsVariables {
        entity: project.entity.to_string(),
        project: project.project.to_string(),
        per_page: Some(limit(&request.page)),
        cursor: request.page.after.map(|after| after.to_string()),
        order: Some(request.order.unwrap_or_else(|| "+created_at".to_owned())),
        filters: Some(JsonText(request.filter.unwrap_or_else(|| "{}".to_owned()))),
    });
    let response = null_if_not_found(server.graphql.execute(operation).await);
    let response = response.map_err(|error| server.failed(LISTING, error))?;
    let found = response.and_then(|response| response.project);
    let found = found.ok_or_else(|| server.no_project(project))?;
    let Some(connection) = found.runs else {
        return Ok(Page {
            items: Vec::new(),
            next: None,
        });
    };
    // By the last edge's cursor, as in the official client: not every server has the page's end cursor.
    let end = connection.edges.last().map(|edge| edge.cursor.clone());
    let nodes = connection.edges.into_iter().filter_map(|edge| edge.node);
    let items = nodes.map(|node| details(server, node));
    Ok(Page {
        items: items.collect::<Result<_, _>>()?,
        next: end
            .filter(|_| connection.page_info.has_next_page)
            .map(Into::into),
    })
}

fn details(server: &Wandb, found: DetailedRun) -> Result<Run, RegistryError> {
    let summary = found.summary_metrics.as_ref();
    let summary = summary.and_then(|text| serde_json::from_str(&text.0).ok());
    let heartbeat_at = found.heartbeat_at.as_ref().map(records::timestamp);
    let run = records::run(found.run).and_then(|run| {
        Ok(Run {
            summary: summary.unwrap_or_default(),
            heartbeat_at: heartbeat_at.transpose()?.unwrap_or(run.created_at),
            ..run
        })
    });
    run.map_err(|error| server.protocol_error(READING, error.to_string()))
}

/// Lists files of a run.
pub(super) async fn files(
    server: &Wandb,
    run: &RunAddress,
    selection: &FileSelection,
    page: PageRequest,
) -> Result<Page<RunFileRecord>, RegistryError> {
    let names = selection.names.iter().cloned().map(Some);
    let operation = RunFiles::build(ListedFilesVariables {
        entity: run.project.entity.to_string(),
        project: run.project.project.to_string(),
        name: run.id.to_string(),
        file_limit: Some(limit(&page)),
        file_cursor: page.after.map(|after| after.to_string()),
        file_names: Some(names.collect()),
        pattern: selection.pattern.clone(),
    });
    let response = null_if_not_found(server.graphql.execute(operation).await);
    let response = response.map_err(|error| server.failed(LISTING_FILES, error))?;
    let found = response.and_then(|response| response.project?.run);
    let found = found.ok_or_else(|| server.no_run(run))?;
    let Some(connection) = found.files else {
        return Ok(Page {
            items: Vec::new(),
            next: None,
        });
    };
    let end = connection.edges.last().map(|edge| edge.cursor.clone());
    let nodes = connection.edges.into_iter().filter_map(|edge| edge.node);
    let items = nodes.map(|node| file(server, run, node));
    Ok(Page {
        items: items.collect::<Result<_, _>>()?,
        next: end
            .filter(|_| connection.page_info.has_next_page)
            .map(Into::into),
    })
}

fn file(server: &Wandb, run: &RunAddress, file: RunFile) -> Result<RunFileRecord, RegistryError> {
    let place = DownloadLocator {
        url: file.direct_url.clone(),
        fallback: Some(path(run, &file.name)),
    };
    let updated_at = file.updated_at.as_ref().map(records::timestamp);
    let read = || {
        let md5 = file.md5.as_deref().filter(|md5| !md5.is_empty());
        let md5 = md5.map(|md5| ContentDigest::from_base64(DigestAlgorithm::Md5, md5));
        Ok::<_, artifact_core::ports::BoxError>(RunFileRecord {
            name: file.name,
            size: u64::try_from(file.size_bytes.0)?,
            md5: md5.transpose()?,
            mimetype: file.mimetype.filter(|mimetype| !mimetype.is_empty()),
            updated_at: updated_at.ok_or("a file has no time")??,
            url: file.url,
            direct_url: file.direct_url,
            ticket: place.ticket(),
        })
    };
    read().map_err(|error| server.protocol_error(LISTING_FILES, error.to_string()))
}

/// Returns the path below the base URL that serves a file to requests with credentials. Source: section 7 of the wire
/// protocol.
fn path(run: &RunAddress, name: &str) -> String {
    let mut path = format!(
        "files/{}/{}/{}",
        encode_segment(run.project.entity.as_str()),
        encode_segment(run.project.project.as_str()),
        encode_segment(run.id.as_str()),
    );
    for part in name.split('/') {
        path.push('/');
        path.push_str(&encode_segment(part));
    }
    path
}

/// Lists the versions that a run logged or uses.
pub(super) async fn artifacts(
    server: &Wandb,
    run: &RunAddress,
    relation: RunRelation,
    page: PageRequest,
) -> Result<Page<ArtifactRecord>, RegistryError> {
    let variables = RunArtifactsVariables {
        entity: run.project.entity.to_string(),
        project: run.project.project.to_string(),
        run: run.id.to_string(),
        per_page: Some(limit(&page)),
        cursor: page.after.map(|after| after.to_string()),
    };
    let failed = |error| server.failed(LISTING_ARTIFACTS, error);
    let connection: Option<Option<RunArtifacts>> = match relation {
        RunRelation::Logged => {
            let builder = OperationBuilder::<RunOutputArtifacts, _>::query();
            let operation = with_features(server, builder.with_variables(variables)).await;
            let response =
                null_if_not_found(server.graphql.execute(operation).await).map_err(failed)?;
            let found = response.and_then(|response| response.project?.run);
            found.map(|run| run.output_artifacts)
        }
        RunRelation::Used => {
            let builder = OperationBuilder::<RunInputArtifacts, _>::query();
            let operation = with_features(server, builder.with_variables(variables)).await;
            let response =
                null_if_not_found(server.graphql.execute(operation).await).map_err(failed)?;
            let found = response.and_then(|response| response.project?.run);
            found.map(|run| run.input_artifacts)
        }
    };
    let Some(connection) = connection.ok_or_else(|| server.no_run(run))? else {
        return Ok(Page {
            items: Vec::new(),
            next: None,
        });
    };
    let nodes = connection.edges.into_iter().filter_map(|edge| edge.node);
    let committed = nodes.filter(records::is_committed);
    let items = committed
        .map(records::record)
        .collect::<Result<_, _>>()
        .map_err(|error| server.protocol_error(LISTING_ARTIFACTS, error.to_string()))?;
    Ok(Page {
        items,
        next: next(connection.page_info),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_stay_within_the_path_of_their_run() {
        let run = RunAddress {
            project: ProjectAddress {
                entity: "team".parse().unwrap(),
                project: "demo".parse().unwrap(),
            },
            id: "r1".parse().unwrap(),
        };
        assert_eq!(
            path(&run, "media/a b?.png"),
            "files/team/demo/r1/media/a%20b%3F.png"
        );
    }
}
