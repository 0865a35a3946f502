//! Creating projects.

use artifact_core::records::ProjectChanges;
use async_graphql::{Context, InputObject, Object, Result, SimpleObject};

use crate::graphql::context::request_context;
use crate::graphql::types::ProjectNode;

/// Changes of projects.
#[derive(Default)]
pub(crate) struct ProjectMutations;

/// A project to create or change. Of the protocol's other fields none means anything here.
#[derive(InputObject)]
pub(crate) struct UpsertModelInput {
    id: Option<String>,
    name: Option<String>,
    entity_name: Option<String>,
    description: Option<String>,
    repo: Option<String>,
    framework: Option<String>,
    access: Option<String>,
    views: Option<String>,
    is_benchmark: Option<bool>,
    client_mutation_id: Option<String>,
}

/// The project after the change.
#[derive(SimpleObject)]
pub(crate) struct UpsertModelPayload {
    inserted: bool,
    project: Option<ProjectNode>,
    /// The older name of `project`.
    model: Option<ProjectNode>,
}

#[Object]
impl ProjectMutations {
    async fn upsert_model(
        &self,
        context: &Context<'_>,
        input: UpsertModelInput,
    ) -> Result<Option<UpsertModelPayload>> {
        let request = request_context(context);
        let address =
            request.checked_project(input.entity_name.as_deref(), input.name.as_deref())?;
        let changes = ProjectChanges {
            description: input.description,
        };
        let (project, inserted) = request.service.upsert_project(&address, &changes)?;
        Ok(Some(UpsertModelPayload {
            inserted,
            project: Some(project.clone().into()),
            model: Some(project.into()),
        }))
    }
}
