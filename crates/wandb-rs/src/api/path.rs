//! The paths of runs and projects, with what they leave out filled in.

use artifact_core::records::RunAddress;
use artifact_core::{InvalidValue, ProjectAddress, RunId};

use crate::{Client, Error};

/// Reads `[[entity/]project/]id`; `runs/` before the id, as in URLs, is passed over.
pub(crate) async fn run(client: &Client, path: &str) -> Result<RunAddress, Error> {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let (project, id) = match *parts {
        [id] => (client.default_project().await?, id),
        [project, id] => (self::project(client, project).await?, id),
        [entity, project, id] | [entity, project, "runs", id] => {
            let project = ProjectAddress {
                entity: entity.parse()?,
                project: project.parse()?,
            };
            (project, id)
        }
        _ => {
            let rule = "a run is written `[[entity/]project/]id`";
            return Err(InvalidValue::new("run", path, rule).into());
        }
    };
    let id: RunId = id.parse()?;
    Ok(RunAddress { project, id })
}

/// Reads `[entity/]project`; an empty text is the project of the settings.
pub(crate) async fn project(client: &Client, path: &str) -> Result<ProjectAddress, Error> {
    match path.split_once('/') {
        None if path.is_empty() => client.default_project().await,
        None => Ok(ProjectAddress {
            project: path.parse()?,
            entity: client.default_entity().await?,
        }),
        Some((entity, project)) => Ok(ProjectAddress {
            entity: entity.parse()?,
            project: project.parse()?,
        }),
    }
}
