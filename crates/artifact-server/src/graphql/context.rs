//! Context of a GraphQL request.

use artifact_core::records::Account;
use artifact_core::{EntityName, ProjectAddress};
use artifact_store::service::{ListQuery, Service};
use async_graphql::{Context, Result};

use crate::urls::ContentUrls;

/// The account of a request, and the engine and the URLs on its behalf.
pub(crate) struct RequestContext {
    pub(crate) service: Service,
    pub(crate) account: Account,
    pub(crate) urls: ContentUrls,
}

impl RequestContext {
    /// Returns the address of a project, by default in the account's own entity.
    ///
    /// Invalid names are `None`, so that a look-up returns null.
    pub(crate) fn project(
        &self,
        entity: Option<&str>,
        project: Option<&str>,
    ) -> Option<ProjectAddress> {
        self.checked_project(entity, project).ok()
    }

    /// Returns the address of a project that is to be written, as [`Self::project`] does, but with an error for
    /// invalid names.
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

    /// Returns the named entity, by default the account's own.
    pub(crate) fn entity(&self, entity: Option<&str>) -> Result<EntityName> {
        match given(entity) {
            Some(entity) => Ok(entity.parse()?),
            None => Ok(self.account.name.clone()),
        }
    }
}

/// Clients send the empty string for unknown values.
fn given(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

/// Returns the context of the request that is being executed.
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
