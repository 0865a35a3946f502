//! Diagnosis of the connection to a W&B server, one step at a time.

use artifact_core::ports::{ArtifactRegistry as _, PageRequest, RegistryError};
use transport::{StorageHost, Wandb};

use crate::client::adapter;
use crate::{Credentials, Error, Settings};

pub use crate::client::read_certificates;
pub use transport::{Account, HttpError, ProbeResponse};

/// The number of projects in which a version is looked for.
const PROJECTS: u32 = 10;

/// A server whose connection is diagnosed. Steps fail or succeed each on its own, and set no time limit of their own.
#[derive(Debug)]
pub struct ServerProbe(Wandb);

impl ServerProbe {
    /// Returns a probe of the server of `settings`. Without credentials only [`probe`](Self::probe) is of use.
    ///
    /// # Errors
    /// [`Error::Connection`] and [`Error::Certificates`] when the settings allow no connection.
    pub fn new(settings: &Settings, credentials: Option<Credentials>) -> Result<Self, Error> {
        let credentials = credentials.unwrap_or_else(placeholder);
        adapter(settings, &settings.base_url, credentials, None, None).map(Self)
    }

    /// Sends one request without credentials.
    ///
    /// # Errors
    /// [`HttpError`] when there is no response.
    pub async fn probe(&self) -> Result<ProbeResponse, HttpError> {
        self.0.probe().await
    }

    /// Returns the account that the credentials belong to.
    ///
    /// # Errors
    /// [`Error::Registry`] when the server does not know them, or fails.
    pub async fn account(&self) -> Result<Account, Error> {
        Ok(self.0.viewer().await?)
    }

    /// Returns the names of the features that the server reports, sorted.
    pub async fn enabled_features(&self) -> Vec<String> {
        self.0.enabled_features().await
    }

    /// Returns the storage that the server keeps content in, whose host need not be the server's. Only the URL of
    /// something stored names it: `None` where the first projects have no version.
    ///
    /// # Errors
    /// [`Error::Registry`] when the server fails, or names no URL.
    pub async fn storage(&self) -> Result<Option<StorageProbe>, Error> {
        let server = &self.0;
        for project in server.projects(PageRequest::first(PROJECTS)).await?.items {
            let collections = server.collections(&project, PageRequest::first(1)).await?;
            let Some(collection) = collections.items.first() else {
                continue;
            };
            let page = PageRequest::first(1);
            let versions = server.versions(&project, &collection.name, page).await?;
            if let Some(version) = versions.items.first() {
                let ticket = server.manifest(&version.id).await?.ticket;
                let storage = StorageHost::of(&ticket).map_err(|_| RegistryError::Rejected {
                    what: "the server names no URL where content is kept".to_owned(),
                })?;
                return Ok(Some(StorageProbe {
                    server: server.clone(),
                    storage,
                }));
            }
        }
        Ok(None)
    }
}

/// Returns credentials for requests that send none.
fn placeholder() -> Credentials {
    Credentials::ApiKey("0".repeat(40).parse().expect("it is a key"))
}

/// The storage of a server.
#[derive(Debug)]
pub struct StorageProbe {
    server: Wandb,
    storage: StorageHost,
}

impl StorageProbe {
    /// Returns its host, with the port where the URL names one.
    #[must_use]
    pub fn host(&self) -> String {
        self.storage.host()
    }

    /// Requests the first byte of content.
    ///
    /// # Errors
    /// [`HttpError`] when there is no response.
    pub async fn probe(&self) -> Result<ProbeResponse, HttpError> {
        self.server.probe_storage(&self.storage).await
    }
}
