//! The connection of a client: a server, a store, or a temporary store.

use std::path::Path;
use std::sync::Arc;

use artifact_core::RetryObserver;
use artifact_core::ports::{ArtifactCatalog, BlobTransfer, ContentCache};
use artifact_flows::{StatCache, UploadJournal, VersionCache};
use settings::Target;

use super::server::Server;
use crate::folders::{cache_folder, content_cache, data_folder, versions_folder};
use crate::{Error, Settings};

/// The ports, and the caches and journals for them.
pub(super) struct Connection {
    pub(super) catalog: Arc<dyn ArtifactCatalog>,
    pub(super) transfer: Arc<dyn BlobTransfer>,
    pub(super) stat_cache: StatCache,
    /// Lets interrupted saves be continued; the engine has one of its own.
    pub(super) journal: Option<UploadJournal>,
    /// Content that was fetched before; a store is as near.
    pub(super) cache: Option<Arc<dyn ContentCache>>,
    /// Versions that were read before; a store is as near.
    pub(super) versions: Option<VersionCache>,
    pub(super) server: Option<Server>,
    pub(super) discarded: Option<tempfile::TempDir>,
}

impl Connection {
    /// Opens the target of the settings; a missing store is created unless it must exist.
    pub(super) fn open(
        settings: &Settings,
        is_existing: bool,
        bytes_per_second: Option<u64>,
        retry_observer: Option<Arc<dyn RetryObserver>>,
    ) -> Result<Self, Error> {
        match settings.destination()?.target {
            Target::Embedded { store } => Self::to_store(&store, is_existing),
            Target::Disabled => {
                let folder =
                    tempfile::tempdir().map_err(|source| Error::NoTemporaryFolder { source })?;
                let connection = Self::to_store(&folder.path().join("store"), false)?;
                Ok(Self {
                    discarded: Some(folder),
                    ..connection
                })
            }
            Target::Server {
                base_url,
                credentials,
            } => {
                let server = Server::open(
                    settings,
                    &base_url,
                    credentials,
                    bytes_per_second,
                    retry_observer,
                )?;
                Self::to_server(settings, server)
            }
        }
    }

    fn to_store(store: &Path, is_existing: bool) -> Result<Self, Error> {
        let (catalog, transfer) = open_store(store, is_existing)?;
        Ok(Self {
            catalog,
            transfer,
            // Kept within the store, because it tells which content that very store holds.
            stat_cache: StatCache::new(store.join("stat-cache")),
            journal: None,
            cache: None,
            versions: None,
            server: None,
            discarded: None,
        })
    }

    /// Opens the cache of the server of the settings, without using the server.
    pub(super) fn offline(settings: &Settings) -> Result<Self, Error> {
        Self::to_server(settings, Server::offline(settings)?)
    }

    fn to_server(settings: &Settings, server: Server) -> Result<Self, Error> {
        Ok(Self {
            catalog: server.catalog(),
            versions: Some(VersionCache::new(
                &versions_folder(settings)?,
                &server.location(),
            )),
            transfer: server.transfer(),
            stat_cache: StatCache::new(cache_folder(settings)?.join("stat-cache")),
            journal: Some(UploadJournal::new(data_folder(settings)?.join("uploads"))),
            cache: Some(Arc::new(content_cache(settings)?)),
            server: Some(server),
            discarded: None,
        })
    }
}

/// The ports of a registry.
type Ports = (Arc<dyn ArtifactCatalog>, Arc<dyn BlobTransfer>);

/// Returns the ports of the embedded store in `folder`; unless it `is_existing`, a missing one is created.
#[cfg(feature = "embedded")]
fn open_store(folder: &Path, is_existing: bool) -> Result<Ports, Error> {
    let engine = Arc::new(if is_existing {
        crate::embedded::open_store(folder)?
    } else {
        crate::embedded::open_or_create_store(folder)?
    });
    Ok((Arc::clone(&engine) as _, engine as _))
}

#[cfg(not(feature = "embedded"))]
fn open_store(folder: &Path, _is_existing: bool) -> Result<Ports, Error> {
    Err(Error::FeatureOff {
        target: format!("the store {}", folder.display()),
        feature: "embedded",
    })
}
