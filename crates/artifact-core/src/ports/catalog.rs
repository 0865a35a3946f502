//! The port for browsing and managing a registry: listings, links, deletions.

use async_trait::async_trait;

use super::catalog_types::{
    AliasedDeletion, CollectionDetails, CollectionEdits, FileSelection, ListRequest, RunFileRecord,
    RunRelation,
};
use super::registry::{ArtifactRegistry, RegistryError};
use super::registry_types::{ArtifactRecord, Page, PageRequest};
use crate::records::{ArtifactId, Run, RunAddress};
use crate::{Alias, ArtifactName, ArtifactType, ProjectAddress};

/// Browsing and managing a registry: runs and their files, collections, links, deletions.
///
/// Apart from [`ArtifactRegistry`], because moving content needs none of it.
///
/// # Contract
/// * Listings are the same whatever the size of their pages, and a page's `next` is good for a later process too.
/// * A listing takes filters and orders that name fields in `snake_case`; what cannot be read is
///   [`RegistryError::Rejected`].
/// * A version is a member of the collection in which it was made, and of every portfolio that it is linked to: looked
///   up there, it bears that collection's name, index and aliases.
/// * `link` makes the portfolio where it is not there, moves `latest` of the portfolio to the version, and gives one that
///   is linked already no new index. It never makes a sequence a portfolio.
/// * `delete_artifact` refuses a version with aliases unless they may go with it; its number is not given again, and
///   `latest` falls back to the newest that is left.
/// * `delete_collection` of a portfolio deletes links and never a version.
#[async_trait]
pub trait ArtifactCatalog: ArtifactRegistry {
    /// Finds a run.
    async fn run(&self, run: &RunAddress) -> Result<Run, RegistryError>;

    /// Lists the runs of a project, the oldest first unless the request says otherwise.
    async fn runs(
        &self,
        project: &ProjectAddress,
        request: ListRequest,
    ) -> Result<Page<Run>, RegistryError>;

    /// Lists files of a run by name.
    async fn run_files(
        &self,
        run: &RunAddress,
        selection: &FileSelection,
        page: PageRequest,
    ) -> Result<Page<RunFileRecord>, RegistryError>;

    /// Lists the committed versions that a run logged, or those that it uses, in the order in which it did.
    async fn artifacts_of_run(
        &self,
        run: &RunAddress,
        relation: RunRelation,
        page: PageRequest,
    ) -> Result<Page<ArtifactRecord>, RegistryError>;

    /// Lists the types of artifacts of a project, by name.
    async fn artifact_types(
        &self,
        project: &ProjectAddress,
        page: PageRequest,
    ) -> Result<Page<ArtifactType>, RegistryError>;

    /// Lists the portfolios of a project and the sequences with a committed version, by name unless the request says
    /// otherwise; only those of one type if that is given.
    async fn collections_of_both_kinds(
        &self,
        project: &ProjectAddress,
        artifact_type: Option<&ArtifactType>,
        request: ListRequest,
    ) -> Result<Page<CollectionDetails>, RegistryError>;

    /// Finds a collection of either kind.
    async fn collection(
        &self,
        project: &ProjectAddress,
        name: &ArtifactName,
    ) -> Result<CollectionDetails, RegistryError>;

    /// Lists the members of a collection, the newest first unless the request says otherwise.
    async fn members(
        &self,
        project: &ProjectAddress,
        name: &ArtifactName,
        request: ListRequest,
    ) -> Result<Page<ArtifactRecord>, RegistryError>;

    /// Renames, describes or tags a collection.
    async fn change_collection(
        &self,
        project: &ProjectAddress,
        name: &ArtifactName,
        edits: CollectionEdits,
    ) -> Result<CollectionDetails, RegistryError>;

    /// Deletes a collection: a sequence with its versions and all links to them, a portfolio with its links only.
    async fn delete_collection(
        &self,
        project: &ProjectAddress,
        name: &ArtifactName,
    ) -> Result<(), RegistryError>;

    /// Links a committed version to a portfolio, and moves `aliases` of the portfolio to it.
    async fn link(
        &self,
        artifact: &ArtifactId,
        project: &ProjectAddress,
        name: &ArtifactName,
        aliases: &[Alias],
    ) -> Result<ArtifactRecord, RegistryError>;

    /// Removes a version from a portfolio; a version that is not in it is no error.
    async fn unlink(
        &self,
        artifact: &ArtifactId,
        project: &ProjectAddress,
        name: &ArtifactName,
    ) -> Result<(), RegistryError>;

    /// Returns a version as a member of each portfolio that it is linked to.
    async fn links(&self, artifact: &ArtifactId) -> Result<Vec<ArtifactRecord>, RegistryError>;

    /// Moves aliases of a collection to a version in it, then removes others from it.
    ///
    /// `latest` moves by itself, to the version that was logged or linked last.
    async fn change_aliases(
        &self,
        artifact: &ArtifactId,
        project: &ProjectAddress,
        name: &ArtifactName,
        add: &[Alias],
        delete: &[Alias],
    ) -> Result<(), RegistryError>;

    /// Deletes a version with its links.
    async fn delete_artifact(
        &self,
        artifact: &ArtifactId,
        aliased: AliasedDeletion,
    ) -> Result<(), RegistryError>;
}

const _: fn(&dyn ArtifactCatalog) = |_| ();
