//! The way to a registry: here the embedded store.

use std::path::PathBuf;
use std::sync::Arc;

use artifact_core::ports::{
    ArtifactRegistry, BlobTransfer, CollectionRecord, Page, PageRequest, ReferenceResolver,
    RegistryError,
};
use artifact_core::{
    ArtifactAddress, ArtifactName, EntityName, ProjectAddress, ProjectName, QualifiedAddress,
};
use artifact_store::{Engine, EngineOptions};
use storage_adapters::Resolvers;
use transport::{Flow, NoProgress, Progress, Purpose, ResolverLookup, StatCache};

use crate::{Artifact, Error, LoggedArtifact, RunBuilder, Settings};

/// The way to a registry of artifacts. Cheap to clone.
///
/// There is one registry so far: the embedded store, a folder that needs no server and no account.
///
/// ```
/// use wandb_rs::{Artifact, Client};
///
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # std::env::set_current_dir(&folder)?;
/// # std::fs::write("model.h5", "weights")?;
/// let client = Client::builder().store("my-store").project("demo".parse()?).open()?;
/// let mut artifact = Artifact::new("mnist", "model")?;
/// artifact.add_file("model.h5")?;
/// let saved = client.save(artifact).await?;
/// assert_eq!(saved.to_string(), "local/demo/mnist:v0");
///
/// let found = client.artifact("mnist:latest").await?;
/// let fetched = found.download().to("copy").await?;
/// assert_eq!(std::fs::read("copy/model.h5")?, b"weights");
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    settings: Settings,
    flow: Flow,
    resolvers: ResolverLookup,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_tuple("Client")
            .field(&self.location())
            .finish()
    }
}

/// Says how a [`Client`] works; what is not said comes from [`Settings::from_env`].
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct ClientBuilder {
    settings: Option<Settings>,
    store: Option<PathBuf>,
    is_existing: bool,
    entity: Option<EntityName>,
    project: Option<ProjectName>,
    progress: Option<Arc<dyn Progress>>,
    resolvers: Vec<(String, Arc<dyn ReferenceResolver>)>,
}

impl ClientBuilder {
    /// Uses these settings in place of the environment's; what else the builder is told still counts more.
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

    /// Returns the client.
    ///
    /// # Errors
    /// [`Error::Settings`] when the environment cannot be used, [`Error::Store`] when the store cannot, [`Error::Invalid`] when a resolver's scheme is none.
    pub fn open(self) -> Result<Client, Error> {
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
        // Absolute, because it is told to people, who may type it elsewhere.
        settings.store = std::path::absolute(&settings.store).unwrap_or(settings.store);
        let resolvers = self
            .resolvers
            .into_iter()
            .try_fold(Resolvers::default(), |resolvers, (scheme, resolver)| {
                resolvers.with(&scheme, resolver)
            })?;
        let options = EngineOptions::default();
        let engine = Arc::new(if self.is_existing {
            Engine::open(&settings.store, options)?
        } else {
            Engine::open_or_create(&settings.store, options)?
        });
        // Kept within the store, because it tells which content that very store holds.
        let stat_cache = StatCache::new(settings.store.join("stat-cache"));
        let flow = Flow {
            registry: Arc::clone(&engine) as Arc<dyn ArtifactRegistry>,
            transfer: engine as Arc<dyn BlobTransfer>,
            stat_cache,
            progress: self.progress.unwrap_or_else(|| Arc::new(NoProgress)),
        };
        let lookup: ResolverLookup =
            Arc::new(move |uri| resolvers.get(uri).map(|found| Arc::clone(found.resolver())));
        Ok(Client(Arc::new(Inner {
            settings,
            flow,
            resolvers: lookup,
        })))
    }
}

impl Client {
    /// Returns a builder.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// Returns the client that the environment describes.
    ///
    /// # Errors
    /// As [`ClientBuilder::open`].
    pub fn from_env() -> Result<Self, Error> {
        Self::builder().open()
    }

    /// Returns what the client works with.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Returns where artifacts are logged to and read from, for people.
    #[must_use]
    pub fn location(&self) -> String {
        self.registry().location()
    }

    /// Begins a run.
    pub fn init(&self) -> RunBuilder {
        RunBuilder::with_client(self.clone())
    }

    /// Finds a version; without alias or version in `address`, the newest.
    ///
    /// # Errors
    /// [`Error::Registry`] when there is none; it names those with similar names.
    pub async fn artifact<A>(&self, address: A) -> Result<LoggedArtifact, Error>
    where
        A: TryInto<ArtifactAddress>,
        Error: From<A::Error>,
    {
        let address = self.qualify(address.try_into()?);
        let record = self.registry().artifact(&address.into()).await?;
        Ok(LoggedArtifact::new(self.clone(), record))
    }

    /// Logs an artifact outside a run of the caller's: a run of job type `auto` is made for it.
    ///
    /// # Errors
    /// [`Error::Flow`] when a file cannot be read or stored; nothing is committed then.
    pub async fn save(&self, artifact: Artifact) -> Result<LoggedArtifact, Error> {
        let run = self.init().job_type("auto").start().await?;
        let logged = run.log_artifact(artifact).await;
        run.finish_with(i32::from(logged.is_err())).await?;
        logged
    }

    /// Returns the digest and the entries that `artifact` would have, and stores nothing.
    ///
    /// # Errors
    /// [`Error::Flow`] when a file cannot be read or a reference not resolved.
    pub async fn preview(&self, artifact: Artifact) -> Result<transport::Prepared, Error> {
        let (draft, made) = artifact.into_parts();
        let prepared =
            transport::prepare(self.flow(), draft, self.resolvers(), Purpose::Preview).await;
        drop(made);
        Ok(prepared?)
    }

    /// Lists the projects.
    ///
    /// # Errors
    /// [`Error::Registry`] when the registry fails.
    pub async fn projects(&self) -> Result<Vec<ProjectAddress>, Error> {
        all_pages(async |page| self.registry().projects(page).await).await
    }

    /// Lists the collections of a project.
    ///
    /// # Errors
    /// [`Error::Registry`] when there is no such project.
    pub async fn collections(
        &self,
        project: &ProjectAddress,
    ) -> Result<Vec<CollectionRecord>, Error> {
        all_pages(async |page| self.registry().collections(project, page).await).await
    }

    /// Lists the versions of a collection, newest first.
    ///
    /// # Errors
    /// [`Error::Registry`] when there is no such collection.
    pub async fn versions(
        &self,
        project: &ProjectAddress,
        name: &ArtifactName,
    ) -> Result<Vec<LoggedArtifact>, Error> {
        let records =
            all_pages(async |page| self.registry().versions(project, name, page).await).await?;
        Ok(records
            .into_iter()
            .map(|record| LoggedArtifact::new(self.clone(), record))
            .collect())
    }

    /// Returns `address` with what it leaves open taken from the settings.
    #[must_use]
    pub fn qualify(&self, address: ArtifactAddress) -> QualifiedAddress {
        address.qualify(&self.settings().default_project())
    }

    pub(crate) fn registry(&self) -> &dyn ArtifactRegistry {
        &*self.0.flow.registry
    }

    pub(crate) fn flow(&self) -> &Flow {
        &self.0.flow
    }

    pub(crate) fn resolvers(&self) -> &ResolverLookup {
        &self.0.resolvers
    }
}

/// Asks for page after page until the last.
async fn all_pages<T>(
    ask: impl AsyncFn(PageRequest) -> Result<Page<T>, RegistryError>,
) -> Result<Vec<T>, Error> {
    const PAGE: u32 = 1_000;
    let mut request = PageRequest::first(PAGE);
    let mut items = Vec::new();
    loop {
        let page = ask(request.clone()).await?;
        items.extend(page.items);
        match page.next {
            Some(next) => request.after = Some(next),
            None => return Ok(items),
        }
    }
}
