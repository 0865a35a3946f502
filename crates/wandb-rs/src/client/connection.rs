//! What a client works over: a server, a store, or a store that is thrown away.

use std::path::Path;
use std::sync::Arc;

use artifact_core::RetryObserver;
use artifact_core::ports::{ArtifactCatalog, ArtifactRegistry as _, BlobTransfer, ContentCache};
use artifact_flows::{StatCache, UploadJournal, VersionCache};
use settings::Target;
use transport::{Credentials, Identity, Secret, Wandb, WandbOptions};

use super::certificates;
use crate::embedded::{open_or_create_store, open_store};
use crate::folders::{cache_folder, content_cache, data_folder, versions_folder};
use crate::{BaseUrl, Error, Settings};

/// The ports, and what remembers for them.
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
    pub(super) server: Option<Wandb>,
    pub(super) discarded: Option<tempfile::TempDir>,
}

impl Connection {
    /// Opens what the settings say; a store that is not there is made unless it has to be.
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
                let server = server(
                    settings,
                    &base_url,
                    credentials,
                    bytes_per_second,
                    retry_observer,
                )?;
                Self::over(settings, server)
            }
        }
    }

    fn to_store(store: &Path, is_existing: bool) -> Result<Self, Error> {
        let engine = Arc::new(if is_existing {
            open_store(store)?
        } else {
            open_or_create_store(store)?
        });
        Ok(Self {
            catalog: Arc::clone(&engine) as Arc<dyn ArtifactCatalog>,
            transfer: engine as Arc<dyn BlobTransfer>,
            // Kept within the store, because it tells which content that very store holds.
            stat_cache: StatCache::new(store.join("stat-cache")),
            journal: None,
            cache: None,
            versions: None,
            server: None,
            discarded: None,
        })
    }

    /// Opens what is cached of the server of the settings, which is not asked itself.
    pub(super) fn offline(settings: &Settings) -> Result<Self, Error> {
        let base_url = &settings.base_url;
        let url = base_url.as_str().parse().expect("a base URL is a URL");
        let options = WandbOptions::offline(url);
        let server = Wandb::new(&options).map_err(|source| Error::Connection {
            base_url: base_url.to_string(),
            source,
        })?;
        Self::over(settings, server)
    }

    fn over(settings: &Settings, server: Wandb) -> Result<Self, Error> {
        let adapter = Arc::new(server.clone());
        Ok(Self {
            catalog: Arc::clone(&adapter) as Arc<dyn ArtifactCatalog>,
            versions: Some(VersionCache::new(
                &versions_folder(settings)?,
                &adapter.location(),
            )),
            transfer: adapter as Arc<dyn BlobTransfer>,
            stat_cache: StatCache::new(cache_folder(settings)?.join("stat-cache")),
            journal: Some(UploadJournal::new(data_folder(settings)?.join("uploads"))),
            cache: Some(Arc::new(content_cache(settings)?)),
            server: Some(server),
            discarded: None,
        })
    }
}

/// Returns the way to a server, as the settings say.
pub(crate) fn server(
    settings: &Settings,
    base_url: &BaseUrl,
    credentials: crate::Credentials,
    bytes_per_second: Option<u64>,
    retry_observer: Option<Arc<dyn RetryObserver>>,
) -> Result<Wandb, Error> {
    let credentials = match credentials {
        crate::Credentials::ApiKey(key) => Credentials::ApiKey(Secret::new(key.expose())),
        crate::Credentials::IdentityToken {
            token_file,
            access_file,
        } => Credentials::IdentityToken {
            token_file,
            access_file,
        },
    };
    let url = base_url.as_str().parse().expect("a base URL is a URL");
    let mut options = WandbOptions::new(url, credentials);
    options.bytes_per_second = bytes_per_second;
    options.retry_observer = retry_observer;
    options.extra_certificates = certificates::trusted(settings, base_url)?;
    let headers = settings.extra_http_headers.iter();
    options.extra_headers = headers
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    options.identity = Identity {
        username: settings.username.clone().unwrap_or_default(),
        email: settings.email.clone().unwrap_or_default(),
    };
    if let Some(timeout) = settings.http_timeout {
        options.graphql_timeout = timeout;
    }
    Wandb::new(&options).map_err(|source| Error::Connection {
        base_url: base_url.to_string(),
        source,
    })
}
