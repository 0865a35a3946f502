//! Versions as an [`ObjectStore`], so that Lance and others read them in place. `DataFusion` and Polars use an older release of
//! that trait: the feature `object_store_13` has a store for them.
//!
//! Paths are `project/name:v3/path/in/the/version` in the store of an entity, which is what a URL
//! `artifact://entity/project/name:v3/path` names, or those of the entries in the store of one version. It is read only.
//!
//! Content is verified as [`LoggedArtifact::read_range`] and [`LoggedArtifact::open`] say: of long content that is neither
//! cached nor in an embedded store, a range cannot be. [`LoggedArtifact::cached_file`] caches it.
//!
//! ```
//! use object_store::{ObjectStoreExt as _, path::Path};
//! use wandb_rs::object_store::ArtifactStore;
//! # use wandb_rs::{Artifact, Client};
//!
//! # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let client = Client::builder().store(folder.path().join("store")).open()?;
//! # let mut artifact = Artifact::new("mnist", "dataset")?;
//! # artifact.new_file("a.txt", |file| std::io::Write::write_all(file, b"hello"))?;
//! # client.save(artifact).await?;
//! let (store, path) = ArtifactStore::open(&client, "artifact://local/uncategorized/mnist:v0/a.txt")?;
//! assert_eq!(store.get_range(&path, 1..3).await?, "el");
//! # Ok(()) }
//! ```

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use ::object_store::path::Path;
use ::object_store::{
    Attributes, CopyOptions, Error as StoreError, Extensions, GetOptions, GetResult,
    GetResultPayload, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, RenameOptions, Result as StoreResult,
};
use artifact_core::ports::RegistryError;
use artifact_core::{EntityName, InvalidValue, LogicalPath};
use artifact_flows::FlowError;
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream};
use futures::{StreamExt as _, TryStreamExt as _};
use manifest::ManifestEntry;
use tokio::sync::Mutex;

use crate::{Client, Error, LoggedArtifact};

/// The scheme of URLs.
const SCHEME: &str = "artifact://";

/// The name of this store in errors.
const STORE: &str = "artifact";

/// Why nothing is written.
pub(crate) const READ_ONLY: &str = "writing: versions never change";

/// The size of requests within a long range, in bytes.
const PIECE: u64 = 8 << 20;

/// The versions of an entity, or one version, as objects. Cheap to clone.
///
/// An alias is resolved once, so that all readers of one store read the same version. Entries of unknown size, as some
/// references have, cannot be read in this way and are not listed.
#[derive(Debug, Clone)]
pub struct ArtifactStore {
    scope: Scope,
}

#[derive(Debug, Clone)]
enum Scope {
    Version(Box<LoggedArtifact>),
    Entity {
        client: Client,
        entity: EntityName,
        found: Arc<Mutex<HashMap<String, LoggedArtifact>>>,
    },
}

/// An entry that was found.
struct Found {
    artifact: LoggedArtifact,
    path: LogicalPath,
    meta: ObjectMeta,
}

impl ArtifactStore {
    /// Returns the entries of one version.
    #[must_use]
    pub fn of_version(artifact: LoggedArtifact) -> Self {
        Self {
            scope: Scope::Version(Box::new(artifact)),
        }
    }

    /// Returns the versions of an entity: the store to register for `artifact://entity`.
    #[must_use]
    pub fn of_entity(client: &Client, entity: EntityName) -> Self {
        Self {
            scope: Scope::Entity {
                client: client.clone(),
                entity,
                found: Arc::default(),
            },
        }
    }

    /// Returns the store and the path that a URL means: `artifact://entity/project/name:v3/path`. Nothing is asked yet.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it is no such URL.
    pub fn open(client: &Client, url: &str) -> Result<(Self, Path), Error> {
        let refuse = |reason: &str| {
            let form = "artifact://entity/project/name:version/path";
            InvalidValue::new("artifact URL", url, format!("{reason}, as in `{form}`"))
        };
        let rest = url
            .strip_prefix(SCHEME)
            .ok_or_else(|| refuse("it must begin with `artifact://`"))?;
        let (entity, path) = rest
            .split_once('/')
            .ok_or_else(|| refuse("a path must follow the entity"))?;
        let path = Path::from_url_path(path).map_err(|error| refuse(&error.to_string()))?;
        Ok((Self::of_entity(client, entity.parse()?), path))
    }

    /// Returns the version that `location` is in, what precedes its entries' paths, and the entry's path.
    async fn version(&self, location: &Path) -> StoreResult<(LoggedArtifact, Path, String)> {
        let (client, entity, found) = match &self.scope {
            Scope::Version(artifact) => {
                let path = location.as_ref().to_owned();
                return Ok((LoggedArtifact::clone(artifact), Path::default(), path));
            }
            Scope::Entity {
                client,
                entity,
                found,
            } => (client, entity, found),
        };
        let mut parts = location.as_ref().splitn(3, '/');
        let (Some(project), Some(version)) = (parts.next(), parts.next()) else {
            return Err(not_supported("listing what an entity or a project has"));
        };
        let path = parts.next().unwrap_or_default().to_owned();
        let prefix = Path::from(project).join(version);
        let address = format!("{entity}/{project}/{version}");
        // Held while it is asked, so that it is asked once.
        let mut found = found.lock().await;
        if let Some(artifact) = found.get(&address) {
            return Ok((artifact.clone(), prefix, path));
        }
        let asked = client.pinned(address.as_str()).await;
        let artifact = asked.map_err(|error| failed(location, error))?;
        found.insert(address, artifact.clone());
        Ok((artifact, prefix, path))
    }

    async fn find(&self, location: &Path) -> StoreResult<Found> {
        let (artifact, prefix, path) = self.version(location).await?;
        let manifest = artifact.kept_manifest().await;
        let manifest = manifest.map_err(|error| failed(location, error))?;
        let direct = path.parse::<LogicalPath>().ok();
        let direct = direct.and_then(|path| Some((path.clone(), manifest.get(&path)?)));
        // A path of this store spells some characters in another way.
        let spelt = || {
            let mut entries = manifest.iter();
            let is_it = |text: &str| Path::from(text).as_ref() == path;
            let (path, entry) = entries.find(|(path, _)| is_it(path.as_str()))?;
            Some((path.clone(), entry))
        };
        let Some((path, entry)) = direct.or_else(spelt) else {
            let error = FlowError::NoEntry {
                artifact: artifact.to_string(),
                path: path
                    .parse()
                    .map_err(|error: InvalidValue| failed(location, error.into()))?,
            };
            return Err(failed(location, error.into()));
        };
        let meta = meta(&artifact, &prefix, &path, entry);
        let meta = meta.ok_or_else(|| not_supported("reading an entry of unknown length"))?;
        Ok(Found {
            artifact,
            path,
            meta,
        })
    }

    async fn all(&self, prefix: Option<&Path>) -> StoreResult<Vec<ObjectMeta>> {
        let root = Path::default();
        let wanted = prefix.unwrap_or(&root);
        let (artifact, prefix, _) = self.version(wanted).await?;
        let manifest = artifact.kept_manifest().await;
        let manifest = manifest.map_err(|error| failed(wanted, error))?;
        let metas = manifest
            .iter()
            .filter_map(|(path, entry)| meta(&artifact, &prefix, path, entry));
        // Of a path itself, nothing is below it.
        let is_below =
            |meta: &ObjectMeta| meta.location != *wanted && meta.location.prefix_matches(wanted);
        Ok(metas.filter(is_below).collect())
    }
}

impl fmt::Display for ArtifactStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.scope {
            Scope::Version(artifact) => write!(formatter, "{SCHEME}{artifact}"),
            Scope::Entity { entity, .. } => write!(formatter, "{SCHEME}{entity}"),
        }
    }
}

#[async_trait]
impl ObjectStore for ArtifactStore {
    async fn get_opts(&self, location: &Path, options: GetOptions) -> StoreResult<GetResult> {
        let Found {
            artifact,
            path,
            meta,
        } = self.find(location).await?;
        options.check_preconditions(&meta)?;
        if options.version.is_some() && options.version != meta.version {
            return Err(StoreError::NotFound {
                path: location.to_string(),
                source: format!("{artifact} is another version").into(),
            });
        }
        let range = match &options.range {
            Some(range) => range
                .as_range(meta.size)
                .map_err(|error| generic(error.into()))?,
            None => 0..meta.size,
        };
        let chunks: BoxStream<'static, StoreResult<Bytes>> = if options.head {
            stream::empty().boxed()
        } else if range == (0..meta.size) {
            let content = artifact.open(path.as_str()).await;
            let content = content.map_err(|error| failed(location, error))?;
            content.map_err(|error| generic(error.into())).boxed()
        } else {
            pieces(artifact, path, location.clone(), range.clone())
        };
        Ok(GetResult {
            payload: GetResultPayload::Stream(chunks),
            meta,
            range,
            attributes: Attributes::default(),
            extensions: Extensions::default(),
        })
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, StoreResult<ObjectMeta>> {
        let (store, prefix) = (self.clone(), prefix.cloned());
        let all = async move {
            let all = store.all(prefix.as_ref()).await?;
            Ok::<_, StoreError>(stream::iter(all.into_iter().map(Ok)))
        };
        stream::once(all).try_flatten().boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> StoreResult<ListResult> {
        let root = Path::default();
        let wanted = prefix.unwrap_or(&root);
        let (mut objects, mut folders) = (Vec::new(), BTreeSet::new());
        for meta in self.all(prefix).await? {
            let mut below = meta.location.prefix_match(wanted).into_iter().flatten();
            let first = below.next();
            if below.next().is_some() {
                folders.extend(first.map(|folder| wanted.clone().join(folder)));
            } else {
                drop(below);
                objects.push(meta);
            }
        }
        Ok(ListResult {
            common_prefixes: folders.into_iter().collect(),
            objects,
            extensions: Extensions::default(),
        })
    }

    async fn put_opts(&self, _: &Path, _: PutPayload, _: PutOptions) -> StoreResult<PutResult> {
        Err(read_only())
    }

    async fn put_multipart_opts(
        &self,
        _: &Path,
        _: PutMultipartOptions,
    ) -> StoreResult<Box<dyn MultipartUpload>> {
        Err(read_only())
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, StoreResult<Path>>,
    ) -> BoxStream<'static, StoreResult<Path>> {
        locations.map(|_| Err(read_only())).boxed()
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> StoreResult<()> {
        Err(read_only())
    }

    async fn rename_opts(&self, _: &Path, _: &Path, _: RenameOptions) -> StoreResult<()> {
        Err(read_only())
    }
}

/// Returns the metadata of an entry; `None` if its size is unknown.
fn meta(
    artifact: &LoggedArtifact,
    prefix: &Path,
    path: &LogicalPath,
    entry: &ManifestEntry,
) -> Option<ObjectMeta> {
    let created = u64::try_from(artifact.created_at.as_unix_millis()).unwrap_or_default();
    let parts = Path::from(path.as_str());
    Some(ObjectMeta {
        location: prefix.parts().chain(parts.parts()).collect(),
        last_modified: (UNIX_EPOCH + Duration::from_millis(created)).into(),
        size: entry.size?,
        e_tag: Some(format!("\"{}\"", entry.digest)),
        version: Some(artifact.version.to_string()),
    })
}

/// Reads a range piece by piece.
fn pieces(
    artifact: LoggedArtifact,
    path: LogicalPath,
    location: Path,
    range: Range<u64>,
) -> BoxStream<'static, StoreResult<Bytes>> {
    let state = (artifact, path, location, range);
    stream::try_unfold(state, |(artifact, path, location, rest)| async move {
        if rest.is_empty() {
            return Ok(None);
        }
        let end = rest.end.min(rest.start.saturating_add(PIECE));
        let piece = artifact.read_range(path.as_str(), rest.start..end).await;
        let piece = piece.map_err(|error| failed(&location, error))?;
        Ok(Some((piece, (artifact, path, location, end..rest.end))))
    })
    .boxed()
}

fn failed(location: &Path, error: Error) -> StoreError {
    let path = location.to_string();
    match &error {
        Error::Flow(FlowError::NoEntry { .. })
        | Error::Registry(RegistryError::NoArtifact { .. } | RegistryError::NoProject { .. }) => {
            StoreError::NotFound {
                path,
                source: error.into(),
            }
        }
        Error::Registry(RegistryError::Forbidden { .. }) => StoreError::PermissionDenied {
            path,
            source: error.into(),
        },
        Error::Registry(RegistryError::Unauthorized { .. }) => StoreError::Unauthenticated {
            path,
            source: error.into(),
        },
        _ => generic(error.into()),
    }
}

fn generic(source: Box<dyn std::error::Error + Send + Sync>) -> StoreError {
    StoreError::Generic {
        store: STORE,
        source,
    }
}

fn read_only() -> StoreError {
    not_supported(READ_ONLY)
}

fn not_supported(what: &str) -> StoreError {
    StoreError::NotSupported {
        source: what.into(),
    }
}
