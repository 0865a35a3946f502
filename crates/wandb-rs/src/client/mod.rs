//! The way to a registry: a server, or the embedded store.

mod builder;
mod certificates;
mod connection;
mod references;

use std::sync::Arc;

use artifact_core::ports::{ArtifactRegistry, CollectionRecord, Page, PageRequest, RegistryError};
use artifact_core::{
    ArtifactAddress, ArtifactName, EntityName, ProjectAddress, QualifiedAddress, ReferenceUri,
};
use tokio::sync::OnceCell;
use transport::wandb::Wandb;
use transport::{Flow, Purpose, ResolverLookup};

use crate::{Artifact, Error, LoggedArtifact, RunBuilder, Settings, Transfer};

pub use builder::ClientBuilder;
#[cfg(feature = "cli")]
pub(crate) use certificates::read as read_certificates;
pub(crate) use connection::cache_folder;
#[cfg(feature = "cli")]
pub(crate) use connection::{data_folder, server};
use references::References;

/// The way to a registry of artifacts. Cheap to clone.
///
/// Which registry that is, [`Settings::destination`] says: with credentials a W&B server, without them the embedded
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
    references: References,
    /// The server, unless the registry is the embedded store.
    server: Option<Wandb>,
    /// What addresses without an entity mean, once somebody had to know.
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
        let address = self.qualify(address.try_into()?).await?;
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

    /// Whether somebody reads URIs of this kind: their stores are asked for digests, and their content can be fetched.
    /// Others are recorded as they are.
    #[must_use]
    pub fn reads(&self, uri: &ReferenceUri) -> bool {
        self.0.references.reads(uri)
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

    /// Returns the entity that is meant where none is named: that of the settings, on a server the user's own.
    ///
    /// # Errors
    /// [`Error::Registry`] when the server has to be asked and does not answer.
    pub async fn default_entity(&self) -> Result<EntityName, Error> {
        let (Some(server), None) = (&self.0.server, self.settings().named_entity()) else {
            return Ok(self.settings().entity.clone());
        };
        let asked = self.0.default_entity.get_or_try_init(|| async {
            let account = server.viewer().await?;
            let entity = account.entity.ok_or_else(|| RegistryError::Rejected {
                what: "the account has no default entity: name one".to_owned(),
            })?;
            Ok::<_, Error>(entity.parse()?)
        });
        asked.await.cloned()
    }

    /// Returns the project that is meant where none is named.
    ///
    /// # Errors
    /// As [`default_entity`](Self::default_entity).
    pub async fn default_project(&self) -> Result<ProjectAddress, Error> {
        Ok(ProjectAddress {
            entity: self.default_entity().await?,
            project: self.settings().project.clone(),
        })
    }

    /// Returns `address` with what it leaves open filled in.
    ///
    /// # Errors
    /// As [`default_entity`](Self::default_entity).
    pub async fn qualify(&self, address: ArtifactAddress) -> Result<QualifiedAddress, Error> {
        // Not asked for where it is not needed: it may cost a question to the server.
        let entity = match address.entity() {
            Some(entity) => entity.clone(),
            None => self.default_entity().await?,
        };
        let project = self.settings().project.clone();
        Ok(address.qualify(&ProjectAddress { entity, project }))
    }

    /// Returns the folder of the store, where the registry is one.
    pub(crate) fn store(&self) -> Option<&std::path::Path> {
        match self.0.server {
            Some(_) => None,
            None => Some(&self.settings().store),
        }
    }

    pub(crate) fn registry(&self) -> &dyn ArtifactRegistry {
        &*self.0.flow.registry
    }

    pub(crate) fn flow(&self) -> &Flow {
        &self.0.flow
    }

    /// Returns who reads references that the user adds.
    pub(crate) fn resolvers(&self) -> &ResolverLookup {
        &self.0.references.trusting
    }

    /// Returns who reads the references of a version, and whether references to files of this machine are: always
    /// those of a store of one's own.
    pub(crate) fn resolvers_of_version(&self, allow_local: bool) -> (&ResolverLookup, bool) {
        let references = &self.0.references;
        if allow_local || self.store().is_some() {
            (&references.trusting, true)
        } else {
            (&references.wary, false)
        }
    }
}

/// How many items of a listing are asked for at once.
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
