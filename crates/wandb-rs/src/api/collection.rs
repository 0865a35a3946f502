//! A collection, and what may be changed of it.

use std::fmt;
use std::ops::Deref;

use artifact_core::ports::{CollectionDetails, CollectionEdits, ListRequest};
use artifact_core::{ArtifactName, ProjectAddress, Tag};

use super::{Listing, Searchable, map};
use crate::{Client, Error, LoggedArtifact};

/// A collection in which versions are made, or to which they are linked. Its [`CollectionDetails`] are a dereference
/// away: `collection.description`.
#[derive(Debug, Clone)]
pub struct Collection {
    client: Client,
    details: CollectionDetails,
}

impl Collection {
    pub(crate) const fn new(client: Client, details: CollectionDetails) -> Self {
        Self { client, details }
    }

    /// Lists its versions, the newest first unless it is ordered otherwise.
    pub fn versions(&self) -> Listing<LoggedArtifact, Searchable> {
        let CollectionDetails { project, name, .. } = &self.details;
        members(self.client.clone(), project.clone(), name.clone())
    }

    /// Gives it another name. Addresses with the old one mean nothing from then on.
    ///
    /// # Errors
    /// [`Error::Registry`] when the name is taken.
    pub async fn rename(&mut self, name: ArtifactName) -> Result<(), Error> {
        self.edit(CollectionEdits {
            name: Some(name),
            ..CollectionEdits::default()
        })
        .await
    }

    /// Gives it another description.
    ///
    /// # Errors
    /// [`Error::Registry`] when the registry refuses.
    pub async fn describe(&mut self, description: impl Into<String> + Send) -> Result<(), Error> {
        self.edit(CollectionEdits {
            description: Some(description.into()),
            ..CollectionEdits::default()
        })
        .await
    }

    /// Adds tags, then takes others away.
    ///
    /// # Errors
    /// [`Error::Registry`] when the registry refuses.
    pub async fn tag(&mut self, add: Vec<Tag>, remove: Vec<Tag>) -> Result<(), Error> {
        self.edit(CollectionEdits {
            tags_to_add: add,
            tags_to_delete: remove,
            ..CollectionEdits::default()
        })
        .await
    }

    /// Deletes it: where versions are made in it, with all of them and the links to them; else the links only.
    ///
    /// # Errors
    /// [`Error::Registry`] when the registry refuses.
    pub async fn delete(self) -> Result<(), Error> {
        let CollectionDetails { project, name, .. } = &self.details;
        Ok(self
            .client
            .catalog()
            .delete_collection(project, name)
            .await?)
    }

    /// Changes several things at once.
    ///
    /// # Errors
    /// [`Error::Registry`] when the registry refuses.
    pub async fn edit(&mut self, edits: CollectionEdits) -> Result<(), Error> {
        let CollectionDetails { project, name, .. } = &self.details;
        let catalog = self.client.catalog();
        self.details = catalog.change_collection(project, name, edits).await?;
        Ok(())
    }
}

impl Deref for Collection {
    type Target = CollectionDetails;

    fn deref(&self) -> &CollectionDetails {
        &self.details
    }
}

impl fmt::Display for Collection {
    /// Writes its path: `entity/project/name`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.details.project, self.details.name)
    }
}

/// Lists the members of a collection.
pub(super) fn members(
    client: Client,
    project: ProjectAddress,
    name: ArtifactName,
) -> Listing<LoggedArtifact, Searchable> {
    Listing::new(move |request: ListRequest| {
        let (client, project, name) = (client.clone(), project.clone(), name.clone());
        async move {
            let page = client.catalog().members(&project, &name, request).await?;
            Ok(map(page, |record| {
                LoggedArtifact::new(client.clone(), record)
            }))
        }
    })
}
