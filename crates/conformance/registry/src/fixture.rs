//! The fixture of a rule: a pair of adapters over an empty project.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use artifact_core::ProjectAddress;
use artifact_core::ports::{ArtifactCatalog, ArtifactRegistry, BlobTransfer, DownloadTicket};
use artifact_core::records::{RunAddress, RunChanges, RunConfig};
use serde_json::Map;

use crate::draft::Draft;

/// A pair of adapters, and a project that only this rule uses.
pub struct Fixture {
    /// The registry under test.
    pub registry: Arc<dyn ArtifactRegistry>,
    /// The same registry, as a catalog.
    pub catalog: Arc<dyn ArtifactCatalog>,
    /// Its transfer of bytes.
    pub transfer: Arc<dyn BlobTransfer>,
    /// A project without any artifact.
    pub project: ProjectAddress,
    /// Owner of resources that must outlive the adapters: a folder, a server.
    _guard: Box<dyn Any + Send + Sync>,
}

impl Fixture {
    /// Returns the fixture; `guard` is dropped after the adapters.
    pub fn new(
        catalog: Arc<dyn ArtifactCatalog>,
        transfer: Arc<dyn BlobTransfer>,
        project: ProjectAddress,
        guard: impl Any + Send + Sync,
    ) -> Self {
        Self {
            registry: Arc::clone(&catalog) as _,
            catalog,
            transfer,
            project,
            _guard: Box::new(guard),
        }
    }

    /// Returns an empty draft of the collection `name`, of type `dataset`.
    #[must_use]
    pub fn draft(&self, name: &str) -> Draft {
        Draft::new(self, name)
    }

    /// Reads the content that a ticket names.
    pub async fn read(&self, ticket: &DownloadTicket) -> Vec<u8> {
        crate::draft::read(&*self.transfer, ticket).await
    }

    /// Creates a run.
    pub async fn run(&self, id: &str) -> RunAddress {
        let address = RunAddress {
            project: self.project.clone(),
            id: id.parse().unwrap(),
        };
        self.run_at(&address).await;
        address
    }

    /// Creates a run in any project.
    pub async fn run_at(&self, address: &RunAddress) {
        let changes = RunChanges {
            config: Some(RunConfig::started(Map::new(), Map::new())),
            ..RunChanges::default()
        };
        self.registry.upsert_run(address, changes).await.unwrap();
    }
}

impl fmt::Debug for Fixture {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Fixture")
            .field("registry", &self.registry)
            .finish_non_exhaustive()
    }
}
