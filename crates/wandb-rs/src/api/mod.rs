//! The content of a registry: runs and their files, artifacts, types, collections.

mod collection;
mod file;
mod listing;
mod path;
mod run;

use std::sync::Arc;

use artifact_core::ports::{Page, RegistryError};
use artifact_core::{ArtifactAddress, ArtifactType, ProjectAddress};

pub use artifact_core::ports::{ListRequest, RunFileRecord, RunRelation};
pub use artifact_core::records::{CollectionKind, RunState};
pub use collection::Collection;
pub use file::File;
pub use listing::{Listing, Plain, Searchable};
pub use run::Run;

use crate::{Client, Error, LoggedArtifact};

/// Queries for the content of a registry, as in the official client's public API. Cheap to clone.
///
/// Paths are written as there: a run is `[[entity/]project/]id`, a project `[entity/]project`, a collection
/// `[[entity/]project/]name`; omitted parts come from the settings. Listings are lazy and can be continued later,
/// see [`Listing`].
///
/// ```
/// use wandb_rs::{Api, Artifact, Client};
///
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// let client = Client::builder().store(folder.path()).project("demo".parse()?).open()?;
/// let run = client.init().id("r1".parse()?).start().await?;
/// run.log_artifact(Artifact::new("mnist", "dataset")?).await?;
/// run.finish().await?;
///
/// let api = Api::new(client);
/// let run = api.run("local/demo/r1").await?;
/// for file in run.files().all().await? {
///     println!("{} is at {}", file.name, file.direct_url);
/// }
/// let logged = run.logged_artifacts().all().await?;
/// assert_eq!(logged[0].to_string(), "local/demo/mnist:v0");
/// assert!(api.artifact_exists("mnist:v0").await?);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Api(Client);

impl Api {
    /// Returns what the registry of `client` has.
    #[must_use]
    pub const fn new(client: Client) -> Self {
        Self(client)
    }

    /// Returns what the registry has that the environment names; a store that is not there is not made.
    ///
    /// # Errors
    /// As [`ClientBuilder::open`](crate::ClientBuilder::open).
    pub fn from_env() -> Result<Self, Error> {
        Client::builder().existing().open().map(Self)
    }

    /// Returns the way to the registry.
    #[must_use]
    pub const fn client(&self) -> &Client {
        &self.0
    }

    /// Finds a run: `[[entity/]project/]id`.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it is no such path, [`Error::Registry`] when there is no such run.
    pub async fn run(&self, path: &str) -> Result<Run, Error> {
        let address = path::run(&self.0, path).await?;
        let details = self.0.catalog().run(&address).await?;
        Ok(Run::new(self.0.clone(), details))
    }

    /// Lists the runs of a project, `[entity/]project`, the oldest first unless it is ordered otherwise.
    ///
    /// Filters and orders may name `name`, `display_name`, `state`, `group`, `job_type`, `tags`, `created_at`,
    /// `config.…`, `summary_metrics.…` and more.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it is no such path.
    pub async fn runs(&self, project: &str) -> Result<Listing<Run, Searchable>, Error> {
        let project = path::project(&self.0, project).await?;
        let client = self.0.clone();
        Ok(Listing::new(move |request| {
            let (client, project) = (client.clone(), project.clone());
            async move {
                let page = client.catalog().runs(&project, request).await?;
                Ok(map(page, |details| Run::new(client.clone(), details)))
            }
        }))
    }

    /// Finds a version; without alias or version in `address`, the newest. A version that is linked to a collection is
    /// found there, too.
    ///
    /// # Errors
    /// [`Error::Registry`] when there is none; it names those with similar names.
    pub async fn artifact<A>(&self, address: A) -> Result<LoggedArtifact, Error>
    where
        A: TryInto<ArtifactAddress>,
        Error: From<A::Error>,
    {
        self.0.artifact(address).await
    }

    /// Lists the versions of a collection, `[[entity/]project/]name`, the newest first unless it is ordered otherwise.
    ///
    /// Filters and orders may name `version_index`, `created_at`, `updated_at`, `size`, `file_count`, `tags`, `aliases`,
    /// `metadata.…` and more.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it is no such path.
    pub async fn artifacts(
        &self,
        collection: &str,
    ) -> Result<Listing<LoggedArtifact, Searchable>, Error> {
        let (project, name) = self.0.qualify_collection(collection).await?;
        Ok(collection::members(self.0.clone(), project, name))
    }

    /// Lists the types of artifacts of a project, by name.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it is no such path.
    pub async fn artifact_types(&self, project: &str) -> Result<Listing<ArtifactType>, Error> {
        let project = path::project(&self.0, project).await?;
        let client = self.0.clone();
        Ok(Listing::new(move |request: ListRequest| {
            let (client, project) = (client.clone(), project.clone());
            async move {
                Ok(client
                    .catalog()
                    .artifact_types(&project, request.page)
                    .await?)
            }
        }))
    }

    /// Lists the collections of a project by name: those in which versions are made, and those to which they are linked;
    /// of one type alone where `artifact_type` is given.
    ///
    /// Filters and orders may name `name`, `type`, `description`, `tags`, `aliases`, `created_at` and `updated_at`.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it is no such path.
    pub async fn artifact_collections(
        &self,
        project: &str,
        artifact_type: Option<ArtifactType>,
    ) -> Result<Listing<Collection, Searchable>, Error> {
        let project = path::project(&self.0, project).await?;
        let client = self.0.clone();
        Ok(Listing::new(move |request| {
            let (client, project) = (client.clone(), project.clone());
            let artifact_type = artifact_type.clone();
            async move {
                let catalog = client.catalog();
                let of_type = artifact_type.as_ref();
                let page = catalog.collections_of_both_kinds(&project, of_type, request);
                let page = page.await?;
                Ok(map(page, |found| Collection::new(client.clone(), found)))
            }
        }))
    }

    /// Finds a collection of either kind: `[[entity/]project/]name`.
    ///
    /// # Errors
    /// [`Error::Registry`] when there is none.
    pub async fn artifact_collection(&self, path: &str) -> Result<Collection, Error> {
        let (project, name) = self.0.qualify_collection(path).await?;
        let found = self.0.catalog().collection(&project, &name).await?;
        Ok(Collection::new(self.0.clone(), found))
    }

    /// Returns whether such a version exists; without alias or version in `address`, any.
    ///
    /// # Errors
    /// [`Error::Registry`] when the registry does not answer.
    pub async fn artifact_exists<A>(&self, address: A) -> Result<bool, Error>
    where
        A: TryInto<ArtifactAddress>,
        Error: From<A::Error>,
    {
        is_there(self.artifact(address).await)
    }

    /// Returns whether such a collection exists.
    ///
    /// # Errors
    /// [`Error::Registry`] when the registry does not answer.
    pub async fn artifact_collection_exists(&self, path: &str) -> Result<bool, Error> {
        is_there(self.artifact_collection(path).await)
    }

    /// Lists the projects that the user may see, sorted by entity and name.
    ///
    /// # Errors
    /// [`Error::Registry`] when the registry fails.
    pub async fn projects(&self) -> Result<Vec<ProjectAddress>, Error> {
        self.0.projects().await
    }
}

fn is_there<T>(found: Result<T, Error>) -> Result<bool, Error> {
    match found {
        Ok(_) => Ok(true),
        Err(Error::Registry(
            RegistryError::NoArtifact { .. }
            | RegistryError::NoCollection { .. }
            | RegistryError::NoProject { .. },
        )) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Returns the page with other items.
fn map<T, U>(page: Page<T>, change: impl FnMut(T) -> U) -> Page<U> {
    Page {
        items: page.items.into_iter().map(change).collect(),
        next: page.next.as_ref().map(Arc::clone),
    }
}
