//! Finding an object in a version by the name that it was added under.

use std::path::PathBuf;
use std::sync::Arc;

use artifact_core::ports::ArtifactLookup;
use artifact_core::records::ArtifactId;
use artifact_core::{EntryUri, LogicalPath};
use tempfile::TempDir;

use super::{LoggedJoinedTable, LoggedObject, LoggedPartitionedTable, LoggedTable, Version};
use crate::table::object::kind_of;
use crate::table::{Cell, JoinedTable, ObjectKind, PartitionedTable, TableError, TableLimits};
use crate::{Error, LoggedArtifact};

/// The longest chain of references between versions.
const MOST_HOPS: usize = 16;

/// The number of tables that an error lists.
const NAMED: usize = 10;

/// The largest file of a view, in bytes: it holds two paths and two names.
const VIEW_BYTES: u64 = 1 << 20;

impl LoggedArtifact {
    /// Finds a table by the name that it was added under, with or without its ending. Only its own file is fetched.
    ///
    /// ```
    /// use wandb_rs::table::{LoggedObject, Table};
    /// use wandb_rs::{Artifact, Client};
    ///
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # std::env::set_current_dir(&folder)?;
    /// let client = Client::builder().store("my-store").open()?;
    /// let mut table = Table::new(["id", "name"])?;
    /// table.add_data([1.into(), "one".into()])?;
    /// let mut artifact = Artifact::new("numbers", "dataset")?;
    /// artifact.add(&table, "parts/table_0")?;
    /// let logged = client.save(artifact).await?;
    ///
    /// let LoggedObject::Table(found) = logged.get("parts/table_0").await? else {
    ///     panic!("a table was added");
    /// };
    /// assert_eq!(found.load()?, table);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Error::NoTable`] when there is none of this name, [`Error::NotATable`] when the entry is something else,
    /// [`Error::Flow`] when it cannot be fetched.
    pub async fn get(&self, name: impl AsRef<str>) -> Result<LoggedObject, Error> {
        let manifest = Arc::new(self.manifest().await?);
        let version = Version {
            artifact: self.clone(),
            manifest,
        };
        version.get(name.as_ref()).await
    }
}

impl Version {
    pub(super) async fn get(&self, name: &str) -> Result<LoggedObject, Error> {
        let path = self.find(name)?;
        let (version, path) = self.follow(path).await?;
        let (folder, mut files) = version.fetch(std::slice::from_ref(&path)).await?;
        let file = files.pop().ok_or_else(|| version.no_table(name))?;
        let read = read_kind(&file).map_err(|source| Error::NotATable {
            artifact: version.artifact.to_string(),
            path: path.to_string(),
            source: Box::new(source),
        });
        Ok(match read? {
            View::Table => LoggedObject::Table(LoggedTable {
                version,
                path,
                file,
                _folder: folder,
            }),
            View::Partitioned(view) => {
                LoggedObject::PartitionedTable(LoggedPartitionedTable::new(version, path, view))
            }
            View::Joined(view) => {
                LoggedObject::JoinedTable(LoggedJoinedTable::new(version, path, view))
            }
        })
    }

    /// Returns the path of the entry that is meant.
    fn find(&self, name: &str) -> Result<LogicalPath, Error> {
        // As it is, so that what ends as another kind's is found, too.
        let as_it_is = ObjectKind::ALL
            .iter()
            .any(|kind| name.ends_with(&format!("{}.json", kind.as_str())))
            .then(|| name.to_owned());
        let endings = ObjectKind::ALL.into_iter().map(|kind| kind.path(name));
        for path in as_it_is.into_iter().chain(endings) {
            let path: LogicalPath = path.parse()?;
            if self.manifest.get(&path).is_some() {
                return Ok(path);
            }
        }
        Err(self.no_table(name))
    }

    fn no_table(&self, name: &str) -> Error {
        let is_one = |path: &&LogicalPath| path.as_str().ends_with("table.json");
        let tables = self.manifest.iter().map(|(path, _)| path).filter(is_one);
        Error::NoTable {
            artifact: self.artifact.to_string(),
            name: name.to_owned(),
            tables: tables.take(NAMED).map(ToString::to_string).collect(),
        }
    }

    /// Goes to the version that the entry at `path` refers to, as long as it refers to one.
    pub(super) async fn follow(&self, path: LogicalPath) -> Result<(Self, LogicalPath), Error> {
        let (mut version, mut path) = (self.clone(), path);
        for _ in 0..MOST_HOPS {
            let entry = version.manifest.get(&path);
            let reference = entry.and_then(|entry| entry.reference.as_ref());
            let Some(uri) = reference.filter(|uri| uri.scheme().as_str() == "wandb-artifact")
            else {
                break;
            };
            let uri: EntryUri = uri.as_str().parse()?;
            let client = version.artifact.client().clone();
            let lookup = ArtifactLookup::Id(ArtifactId(uri.artifact_id().to_owned()));
            let record = client.registry().artifact(&lookup).await?;
            let artifact = LoggedArtifact::new(client, record);
            let manifest = Arc::new(artifact.manifest().await?);
            version = Self { artifact, manifest };
            path = uri.path().clone();
            if version.manifest.get(&path).is_none() {
                return Err(version.no_table(path.as_str()));
            }
        }
        Ok((version, path))
    }

    /// Fetches these entries into a temporary folder.
    pub(crate) async fn fetch(
        &self,
        paths: &[LogicalPath],
    ) -> Result<(Arc<TempDir>, Vec<PathBuf>), Error> {
        let folder = tempfile::tempdir().map_err(|source| Error::NoTemporaryFolder { source })?;
        let client = self.artifact.client();
        let fetched = artifact_flows::fetch_entries(
            client.flow(),
            self.artifact.record(),
            &self.manifest,
            paths,
            folder.path(),
            client.resolvers(),
            client.store().is_some(),
        );
        let files = fetched.await?;
        Ok((Arc::new(folder), files))
    }
}

/// The kind of a file; views are read, tables are not.
enum View {
    Table,
    Partitioned(PartitionedTable),
    Joined(JoinedTable),
}

fn read_kind(file: &std::path::Path) -> Result<View, TableError> {
    let file = std::fs::File::open(file)?;
    if VIEW_BYTES < file.metadata()?.len() {
        return Ok(View::Table);
    }
    let json = Cell::read(file, &TableLimits::default())?;
    Ok(match kind_of(&json)? {
        ObjectKind::Table => View::Table,
        ObjectKind::PartitionedTable => View::Partitioned(PartitionedTable::of_json(&json)?),
        ObjectKind::JoinedTable => View::Joined(JoinedTable::of_json(&json)?),
    })
}
