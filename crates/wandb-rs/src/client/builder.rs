//! The builder of a client.

use std::path::PathBuf;
use std::sync::Arc;

use artifact_core::ports::ReferenceResolver;
use artifact_core::{EntityName, ProjectName, RetryObserver};
use artifact_flows::{Flow, NoProgress, Progress, Reader, RetryProgress};
use storage_adapters::Cache;
use tokio::sync::OnceCell;

use super::connection::Connection;
use super::references::{References, resolvers};
use super::{Client, Inner};
use crate::{ApiKey, BaseUrl, Error, Mode, Settings, TargetReason};

/// Builds a [`Client`]; options that are not set come from [`Settings::from_env`].
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct ClientBuilder {
    settings: Option<Settings>,
    store: Option<PathBuf>,
    is_existing: bool,
    is_offline: bool,
    entity: Option<EntityName>,
    project: Option<ProjectName>,
    base_url: Option<BaseUrl>,
    api_key: Option<ApiKey>,
    mode: Option<Mode>,
    bytes_per_second: Option<u64>,
    progress: Option<Arc<dyn Progress>>,
    resolvers: Vec<(String, Arc<dyn ReferenceResolver>)>,
}

impl ClientBuilder {
    /// Uses these settings in place of the environment's; other options of the builder take precedence.
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = Some(settings);
        self
    }

    /// Uses the embedded store in this folder; it is made if there is none.
    pub fn store(mut self, folder: impl Into<PathBuf>) -> Self {
        self.store = Some(folder.into());
        self
    }

    /// Fails where there is no store, instead of making one.
    pub const fn existing(mut self) -> Self {
        self.is_existing = true;
        self
    }

    /// Asks the server of the settings nothing: what the cache has of it is all there is, with credentials or without.
    ///
    /// A version that was read before is found by its index (`v3`), and by an alias as the one that this meant when the
    /// server was asked last; [`LoggedArtifact::recorded_at`](crate::LoggedArtifact::recorded_at) tells when that was. References
    /// are not read. A named store is used as ever, because it needs no server.
    pub const fn offline(mut self) -> Self {
        self.is_offline = true;
        self
    }

    /// Uses this entity for addresses that name none.
    pub fn entity(mut self, entity: EntityName) -> Self {
        self.entity = Some(entity);
        self
    }

    /// Uses this project for addresses that name none.
    pub fn project(mut self, project: ProjectName) -> Self {
        self.project = Some(project);
        self
    }

    /// Tells `progress` of long work.
    pub fn progress(mut self, progress: Arc<dyn Progress>) -> Self {
        self.progress = Some(progress);
        self
    }

    /// Lets `resolver` read the references of `scheme`, in place of any other.
    pub fn resolver(
        mut self,
        scheme: impl Into<String>,
        resolver: Arc<dyn ReferenceResolver>,
    ) -> Self {
        self.resolvers.push((scheme.into(), resolver));
        self
    }

    /// Goes to the server at this URL.
    pub fn base_url(mut self, base_url: BaseUrl) -> Self {
        self.base_url = Some(base_url);
        self
    }

    /// Shows this key to the server.
    pub fn api_key(mut self, key: ApiKey) -> Self {
        self.api_key = Some(key);
        self
    }

    /// Sets whether a server is used at all.
    pub const fn mode(mut self, mode: Mode) -> Self {
        self.mode = Some(mode);
        self
    }

    /// Moves at most so many bytes a second to and from a server, all uploads and downloads together; 0 is no limit.
    /// Local files are not slowed down.
    pub const fn limit_rate(mut self, bytes_per_second: u64) -> Self {
        self.bytes_per_second = Some(bytes_per_second);
        self
    }

    /// Returns the client. A server is not asked anything yet.
    ///
    /// # Errors
    /// [`Error::Settings`] when the environment cannot be used, [`Error::Store`] when the store cannot,
    /// [`Error::Connection`] when the settings allow no connection to the server, [`Error::Invalid`] when a
    /// resolver's scheme is none.
    pub fn open(self) -> Result<Client, Error> {
        let (is_existing, bytes_per_second) = (self.is_existing, self.bytes_per_second);
        let is_offline = self.is_offline;
        let own = self.resolvers.clone();
        let progress = self.progress.clone();
        let retry_observer = progress
            .clone()
            .map(|progress| Arc::new(RetryProgress(progress)) as Arc<dyn RetryObserver>);
        let mut settings = self.resolved()?;
        // Absolute, because it is displayed, and may be used in another folder.
        settings.store = std::path::absolute(&settings.store).unwrap_or(settings.store);
        let is_offline = is_offline && settings.destination()?.reason != TargetReason::StoreNamed;
        let connection = if is_offline {
            Connection::offline(&settings)?
        } else {
            Connection::open(
                &settings,
                is_existing,
                bytes_per_second,
                retry_observer.clone(),
            )?
        };
        // Where there is no home for a cache, references are fetched again.
        let cache = settings.cache_dir.as_deref().map(Cache::new);
        let clouds = settings.clouds();
        let references = References::new(
            resolvers(clouds, retry_observer.as_ref()),
            cache.as_ref(),
            &own,
            &connection,
            is_offline,
        )?;
        let flow = Flow {
            registry: Arc::clone(&connection.catalog) as _,
            transfer: connection.transfer,
            stat_cache: connection.stat_cache,
            progress: progress.unwrap_or_else(|| Arc::new(NoProgress)),
            journal: connection.journal,
            cache: connection.cache,
            versions: connection.versions,
        };
        let is_local = connection.server.is_none();
        let reader = Reader::new(&flow, references.of_version(is_local), is_local);
        Ok(Client(Arc::new(Inner {
            settings,
            flow,
            catalog: connection.catalog,
            reader,
            is_offline,
            references,
            server: connection.server,
            default_entity: OnceCell::new(),
            _discarded: connection.discarded,
        })))
    }

    /// Returns the settings that the client will have.
    fn resolved(self) -> Result<Settings, Error> {
        let mut settings = match self.settings {
            Some(settings) => settings,
            None => Settings::from_env()?,
        };
        if let Some(store) = self.store {
            settings = settings.with_store(store);
        }
        if let Some(entity) = self.entity {
            settings = settings.with_entity(entity);
        }
        if let Some(project) = self.project {
            settings = settings.with_project(project);
        }
        if let Some(base_url) = self.base_url {
            settings = settings.with_base_url(base_url);
        }
        if let Some(key) = self.api_key {
            settings = settings.with_api_key(key);
        }
        if let Some(mode) = self.mode {
            settings = settings.with_mode(mode);
        }
        Ok(settings)
    }
}
