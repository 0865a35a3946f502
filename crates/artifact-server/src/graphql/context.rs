//! Who asks, and what the answers need beside the engine.

use artifact_core::{EntityName, ProjectAddress};
use artifact_store::service::{Account, ListQuery, Service};
use async_graphql::{Context, Result};

use crate::urls::ContentUrls;

/// What every resolver can reach.
pub(crate) struct RequestContext {
    pub(crate) service: Service,
    pub(crate) account: Account,
    pub(crate) urls: ContentUrls,
}

impl RequestContext {
    /// Returns the project that is named, where both names can be names; the entity is the request's own by default.
    ///
    /// What cannot be a name names nothing: a look-up answers null.
    pub(crate) fn project(
        &self,
        entity: Option<&str>,
        project: Option<&str>,
    ) -> Option<ProjectAddress> {
        self.checked_project(entity, project).ok()
    }

    /// As [`Self::project`], for what is to be written: a wrong name is an error.
    pub(crate) fn checked_project(
        &self,
        entity: Option<&str>,
        project: Option<&str>,
    ) -> Result<ProjectAddress> {
        Ok(ProjectAddress {
            entity: self.entity(entity)?,
            project: match given(project) {
                Some(project) => project.parse()?,
                None => artifact_core::ProjectName::uncategorized(),
            },
        })
    }

    /// Returns the entity that is named, by default the request's own.
    pub(crate) fn entity(&self, entity: Option<&str>) -> Result<EntityName> {
        match given(entity) {
            Some(entity) => Ok(entity.parse()?),
            None => Ok(self.account.name.clone()),
        }
    }
}

/// Clients send the empty string for what they do not know.
fn given(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

/// Returns who asks.
pub(crate) fn request_context<'c>(context: &Context<'c>) -> &'c RequestContext {
    context.data_unchecked::<RequestContext>()
}

/// Returns the arguments of a listing.
pub(crate) fn list_query(
    after: Option<String>,
    first: Option<i32>,
    filter: Option<String>,
    order: Option<String>,
) -> ListQuery {
    let text = |text: Option<String>| text.filter(|text| !text.is_empty());
    ListQuery {
        filter: text(filter),
        order: text(order),
        after: text(after),
        first: first.map(|first| u32::try_from(first).unwrap_or(0)),
    }
}
