//! The catalog port, over GraphQL.

mod collections;
mod links;
mod runs;

use artifact_core::ports::{
    AliasedDeletion, ArtifactCatalog, ArtifactRecord, CollectionDetails, CollectionEdits,
    FileSelection, ListRequest, Page, PageRequest, RegistryError, RunFileRecord, RunRelation,
};
use artifact_core::records::{ArtifactId, Run, RunAddress};
use artifact_core::{Alias, ArtifactName, ArtifactType, ProjectAddress};
use async_trait::async_trait;

use crate::Wandb;

#[async_trait]
impl ArtifactCatalog for Wandb {
    async fn run(&self, run: &RunAddress) -> Result<Run, RegistryError> {
        runs::run(self, run).await
    }

    async fn runs(
        &self,
        project: &ProjectAddress,
        request: ListRequest,
    ) -> Result<Page<Run>, RegistryError> {
        runs::runs(self, project, request).await
    }

    async fn run_files(
        &self,
        run: &RunAddress,
        selection: &FileSelection,
        page: PageRequest,
    ) -> Result<Page<RunFileRecord>, RegistryError> {
        runs::files(self, run, selection, page).await
    }

    async fn artifacts_of_run(
        &self,
        run: &RunAddress,
        relation: RunRelation,
        page: PageRequest,
    ) -> Result<Page<ArtifactRecord>, RegistryError> {
        runs::artifacts(self, run, relation, page).await
    }

    async fn artifact_types(
        &self,
        project: &ProjectAddress,
        page: PageRequest,
    ) -> Result<Page<ArtifactType>, RegistryError> {
        collections::types(self, project, page).await
    }

    async fn collections_of_both_kinds(
        &self,
        project: &ProjectAddress,
        artifact_type: Option<&ArtifactType>,
        request: ListRequest,
    ) -> Result<Page<CollectionDetails>, RegistryError> {
        collections::list(self, project, artifact_type, request).await
    }

    async fn collection(
        &self,
        project: &ProjectAddress,
        name: &ArtifactName,
    ) -> Result<CollectionDetails, RegistryError> {
        collections::find(self, project, name).await
    }

    async fn members(
        &self,
        project: &ProjectAddress,
        name: &ArtifactName,
        request: ListRequest,
    ) -> Result<Page<ArtifactRecord>, RegistryError> {
        collections::members(self, project, name, request).await
    }

    async fn change_collection(
        &self,
        project: &ProjectAddress,
        name: &ArtifactName,
        edits: CollectionEdits,
    ) -> Result<CollectionDetails, RegistryError> {
        collections::change(self, project, name, edits).await
    }

    async fn delete_collection(
        &self,
        project: &ProjectAddress,
        name: &ArtifactName,
    ) -> Result<(), RegistryError> {
        collections::delete(self, project, name).await
    }

    async fn link(
        &self,
        artifact: &ArtifactId,
        project: &ProjectAddress,
        name: &ArtifactName,
        aliases: &[Alias],
    ) -> Result<ArtifactRecord, RegistryError> {
        links::link(self, artifact, project, name, aliases).await
    }

    async fn unlink(
        &self,
        artifact: &ArtifactId,
        project: &ProjectAddress,
        name: &ArtifactName,
    ) -> Result<(), RegistryError> {
        links::unlink(self, artifact, project, name).await
    }

    async fn links(&self, artifact: &ArtifactId) -> Result<Vec<ArtifactRecord>, RegistryError> {
        links::links(self, artifact).await
    }

    async fn change_aliases(
        &self,
        artifact: &ArtifactId,
        project: &ProjectAddress,
        name: &ArtifactName,
        add: &[Alias],
        delete: &[Alias],
    ) -> Result<(), RegistryError> {
        crate::registry::change_aliases(self, artifact, (project, name), add, delete).await
    }

    async fn delete_artifact(
        &self,
        artifact: &ArtifactId,
        aliased: AliasedDeletion,
    ) -> Result<(), RegistryError> {
        links::delete(self, artifact, aliased).await
    }
}

impl Wandb {
    fn no_project(&self, project: &ProjectAddress) -> RegistryError {
        RegistryError::NoProject {
            project: project.clone(),
            location: self.location.to_string(),
        }
    }

    fn no_collection(&self, project: &ProjectAddress, name: &ArtifactName) -> RegistryError {
        RegistryError::NoCollection {
            project: project.clone(),
            name: name.clone(),
            location: self.location.to_string(),
        }
    }

    fn no_run(&self, run: &RunAddress) -> RegistryError {
        RegistryError::NoRun {
            run: run.clone(),
            location: self.location.to_string(),
        }
    }
}
