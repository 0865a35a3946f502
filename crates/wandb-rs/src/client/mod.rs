//! The client for a registry: a server, or the embedded store.

mod addresses;
mod builder;
#[cfg(feature = "remote")]
mod certificates;
mod connection;
mod references;
#[cfg_attr(not(feature = "remote"), path = "server_off.rs")]
mod server;

use std::sync::Arc;

use artifact_core::ports::{
    ArtifactCatalog, ArtifactRegistry, CollectionRecord, Page, PageRequest, RegistryError,
};
use artifact_core::{ArtifactAddress, ArtifactName, EntityName, ProjectAddress, ReferenceUri};
use artifact_flows::{Flow, FlowError, LookupPolicy, Purpose, Reader, ResolverLookup};
use tokio::sync::OnceCell;

use crate::{Api, Artifact, DownloadAll, Error, LoggedArtifact, RunBuilder, Settings, Transfer};

pub use builder::ClientBuilder;
#[cfg(feature = "remote")]
pub use certificates::read_certificates;
use references::References;
use server::Server;
#[cfg(feature = "remote")]
pub(crate) use server::adapter;

/// A client for an artifact registry: a W&B server or the embedded store. Cheap to clone.
///
/// [`Settings::destination`] determines the registry: with credentials a W&B server, without them the embedded
/// store, a folder that needs no server and no account.
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
    /// The flow's registry, with all that it can be asked.
    catalog: Arc<dyn ArtifactCatalog>,
    /// Reads single entries, and knows which local files are right.
    reader: Reader,
    /// Whether the client is offline.
    is_offline: bool,
    references: References,
    /// The server, unless the registry is the embedded store.
    server: Option<Server>,
    /// The entity of addresses without one, once it was needed.
    default_entity: OnceCell<EntityName>,
    /// Holds the store of a client that logs nothing; it goes with the client.
    _discarded: Option<tempfile::TempDir>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_tuple("Client")
            .field(&self.location())
            .finish()
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

    /// Returns the location of the registry, for display.
    #[must_use]
    pub fn location(&self) -> String {
        self.registry().location()
    }

    /// Returns queries for the content of the registry.
    #[must_use]
    pub fn api(&self) -> Api {
        Api::new(self.clone())
    }

    /// Begins a run.
    pub fn init(&self) -> RunBuilder {
        RunBuilder::with_client(self.clone())
    }

    /// Finds a version; without alias or version in `address`, the newest.
    ///
    /// # Errors
    /// [`Error::Registry`] when there is none; it names those with similar names. [`Error::Flow`] when the client is
    /// offline, and nothing is remembered of it.
    pub async fn artifact<A>(&self, address: A) -> Result<LoggedArtifact, Error>
    where
        A: TryInto<ArtifactAddress>,
        Error: From<A::Error>,
    {
        self.find(address.try_into()?, LookupPolicy::Registry).await
    }

    /// Finds a version to read it. One that is named by its index (`v3`) and was read before is taken from the cache,
    /// without a request: its content is what it was, but aliases, tags, description, metadata and TTL may be others by
    /// now ([`LoggedArtifact::recorded_at`] tells). An alias is asked for as ever, because it moves.
    ///
    /// # Errors
    /// As [`artifact`](Self::artifact).
    pub async fn pinned<A>(&self, address: A) -> Result<LoggedArtifact, Error>
    where
        A: TryInto<ArtifactAddress>,
        Error: From<A::Error>,
    {
        self.find(address.try_into()?, LookupPolicy::CacheImmutable)
            .await
    }

    async fn find(
        &self,
        address: ArtifactAddress,
        policy: LookupPolicy,
    ) -> Result<LoggedArtifact, Error> {
        let policy = self.lookup_policy(policy);
        let lookup = self.qualify_to_find(address, policy).await?.into();
        let found = artifact_flows::find_version(self.flow(), &lookup, policy);
        Ok(LoggedArtifact::found(
            self.clone(),
            found.await.map_err(plain)?,
        ))
    }

    /// Finds versions to read them, as [`pinned`](Self::pinned), with few questions; each answer is at the place of its
    /// address.
    ///
    /// # Errors
    /// [`Error::Registry`] when the server has to be asked what an address means, and does not answer.
    pub async fn find_all(
        &self,
        addresses: &[ArtifactAddress],
    ) -> Result<Vec<Result<LoggedArtifact, Error>>, Error> {
        let policy = self.lookup_policy(LookupPolicy::CacheImmutable);
        let mut lookups = Vec::with_capacity(addresses.len());
        for address in addresses {
            let address = self.qualify_to_find(address.clone(), policy).await?;
            lookups.push(address.into());
        }
        let found = artifact_flows::find_versions(self.flow(), &lookups, policy).await;
        let artifact = |found| LoggedArtifact::found(self.clone(), found);
        Ok(found
            .into_iter()
            .map(|found| found.map(artifact).map_err(plain))
            .collect())
    }

    fn lookup_policy(&self, policy: LookupPolicy) -> LookupPolicy {
        if self.0.is_offline {
            LookupPolicy::CacheOnly
        } else {
            policy
        }
    }

    /// Downloads many versions, with few requests and one set of limits; see [`DownloadAll`].
    ///
    /// # Errors
    /// [`Error::Invalid`] when an address is none.
    pub fn download_all<A>(
        &self,
        addresses: impl IntoIterator<Item = A>,
    ) -> Result<DownloadAll, Error>
    where
        A: TryInto<ArtifactAddress>,
        Error: From<A::Error>,
    {
        let addresses = addresses.into_iter().map(TryInto::try_into);
        let addresses = addresses.collect::<Result<Vec<ArtifactAddress>, _>>()?;
        Ok(DownloadAll::new(self.clone(), addresses))
    }

    /// Logs an artifact outside a run of the caller's: a run of job type `auto` is made for it, in the project of the version
    /// that it was drafted from, if it was.
    ///
    /// # Errors
    /// [`Error::Flow`] when a file cannot be read or stored; nothing is committed then.
    pub async fn save(&self, artifact: Artifact) -> Result<LoggedArtifact, Error> {
        let mut run = self.init().job_type("auto");
        if let Some(source) = artifact.source_project() {
            let source = source.clone();
            run = run.entity(source.entity).project(source.project);
        }
        let run = run.start().await?;
        let logged = run.log_artifact(artifact).await;
        run.finish_with(i32::from(logged.is_err())).await?;
        logged
    }

    /// Returns whether a resolver reads URIs of this scheme: digests are requested, and content can be fetched.
    /// Others are recorded as they are.
    #[must_use]
    pub fn can_resolve(&self, uri: &ReferenceUri) -> bool {
        self.0.references.can_resolve(uri)
    }

    /// Returns the digest and the entries that `artifact` would have, and stores nothing.
    ///
    /// # Errors
    /// [`Error::Flow`] when a file cannot be read or a reference not resolved.
    pub async fn preview(&self, mut artifact: Artifact) -> Result<artifact_flows::Prepared, Error> {
        artifact.bring_borrowed(self).await?;
        let (draft, made) = artifact.into_parts();
        let prepared =
            artifact_flows::prepare(self.flow(), draft, self.resolvers(), Purpose::Preview).await;
        drop(made);
        Ok(prepared?)
    }

    /// Copies the version at `address`, without alias or version the newest, to where `target` goes; see [`Transfer`].
    pub fn copy_to(&self, target: &Self, address: ArtifactAddress) -> Transfer {
        Transfer::new(self.clone(), target.clone(), address)
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
        // A loop of its own: the future of an async closure cannot be shown to be `Send`, which transfers need.
        let mut request = PageRequest::first(PAGE);
        let mut versions = Vec::new();
        loop {
            let page = self.registry().versions(project, name, request.clone());
            let page = page.await?;
            let records = page.items.into_iter();
            versions.extend(records.map(|record| LoggedArtifact::new(self.clone(), record)));
            match page.next {
                Some(next) => request.after = Some(next),
                None => return Ok(versions),
            }
        }
    }

    /// Returns the folder of the embedded store; `None` where the registry is a server.
    #[must_use]
    pub fn store(&self) -> Option<&std::path::Path> {
        match self.0.server {
            Some(_) => None,
            None => Some(&self.settings().store),
        }
    }

    pub(crate) fn registry(&self) -> &dyn ArtifactRegistry {
        &*self.0.flow.registry
    }

    pub(crate) fn catalog(&self) -> &dyn ArtifactCatalog {
        &*self.0.catalog
    }

    pub(crate) fn flow(&self) -> &Flow {
        &self.0.flow
    }

    /// Returns whether versions come from the cache alone, as [`ClientBuilder::offline`] asked for.
    #[must_use]
    pub fn is_offline(&self) -> bool {
        self.0.is_offline
    }

    pub(crate) fn reader(&self) -> &Reader {
        &self.0.reader
    }

    /// Returns who reads references that the user adds.
    pub(crate) fn resolvers(&self) -> &ResolverLookup {
        &self.0.references.trusting
    }

    /// Returns who reads the references of a version, and whether references to files of this machine are: always
    /// those of a store of one's own.
    pub(crate) fn resolvers_of_version(&self, allow_local: bool) -> (&ResolverLookup, bool) {
        let references = &self.0.references;
        let is_trusted = allow_local || self.store().is_some();
        (references.of_version(is_trusted), is_trusted)
    }
}

/// Unwraps an error of the registry.
fn plain(error: FlowError) -> Error {
    match error {
        FlowError::Registry(error) => Error::Registry(error),
        error => Error::Flow(error),
    }
}

/// The size of a page.
const PAGE: u32 = 1_000;

/// Asks for page after page until the last.
async fn all_pages<T>(
    ask: impl AsyncFn(PageRequest) -> Result<Page<T>, RegistryError>,
) -> Result<Vec<T>, Error> {
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
