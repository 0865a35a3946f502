//! Versions as an [`ObjectStore`] of `object_store` 0.13, which `DataFusion` 55 and Polars 0.55 read from.
//!
//! It is [`object_store::ArtifactStore`](crate::object_store::ArtifactStore), under the types of the older release.
//!
//! ```
//! use object_store_13::{ObjectStoreExt as _, path::Path};
//! use wandb_rs::object_store_13::ArtifactStore;
//! # use wandb_rs::{Artifact, Client};
//!
//! # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let client = Client::builder().store(folder.path().join("store")).open()?;
//! # let mut artifact = Artifact::new("mnist", "dataset")?;
//! # artifact.new_file("a.txt", |file| std::io::Write::write_all(file, b"hello"))?;
//! # client.save(artifact).await?;
//! let store = ArtifactStore::of_entity(&client, "local".parse()?);
//! let path = Path::from("uncategorized/mnist:v0/a.txt");
//! assert_eq!(store.get_range(&path, 1..3).await?, "el");
//! # Ok(()) }
//! ```

use std::fmt;

use ::object_store as newer;
use ::object_store::ObjectStore as _;
use artifact_core::EntityName;
use async_trait::async_trait;
use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use object_store_13::path::Path;
use object_store_13::{
    Attributes, CopyOptions, Error as StoreError, GetOptions, GetRange, GetResult,
    GetResultPayload, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, RenameOptions, Result as StoreResult,
};

use crate::object_store::{ArtifactStore as Inner, READ_ONLY};
use crate::{Client, Error, LoggedArtifact};

/// The versions of an entity, or one version, as objects. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ArtifactStore(Inner);

impl ArtifactStore {
    /// Returns the entries of one version.
    #[must_use]
    pub fn of_version(artifact: LoggedArtifact) -> Self {
        Self(Inner::of_version(artifact))
    }

    /// Returns the versions of an entity: the store to register for `artifact://entity`.
    #[must_use]
    pub fn of_entity(client: &Client, entity: EntityName) -> Self {
        Self(Inner::of_entity(client, entity))
    }

    /// Returns the store and the path that a URL means: `artifact://entity/project/name:v3/path`. Nothing is asked yet.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it is no such URL.
    pub fn open(client: &Client, url: &str) -> Result<(Self, Path), Error> {
        let (store, path) = Inner::open(client, url)?;
        Ok((Self(store), older_path(&path)))
    }
}

impl fmt::Display for ArtifactStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

#[async_trait]
impl ObjectStore for ArtifactStore {
    async fn get_opts(&self, location: &Path, options: GetOptions) -> StoreResult<GetResult> {
        let options = newer_options(options);
        let found = self.0.get_opts(&newer_path(location), options).await;
        let found = found.map_err(older_error)?;
        let (meta, range) = (older_meta(found.meta.clone()), found.range.clone());
        let content = found.into_stream().map_err(older_error);
        Ok(GetResult {
            payload: GetResultPayload::Stream(content.boxed()),
            meta,
            range,
            attributes: Attributes::default(),
        })
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, StoreResult<ObjectMeta>> {
        let listed = self.0.list(prefix.map(newer_path).as_ref());
        listed.map_ok(older_meta).map_err(older_error).boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> StoreResult<ListResult> {
        let prefix = prefix.map(newer_path);
        let listed = self.0.list_with_delimiter(prefix.as_ref()).await;
        let listed = listed.map_err(older_error)?;
        Ok(ListResult {
            common_prefixes: listed.common_prefixes.iter().map(older_path).collect(),
            objects: listed.objects.into_iter().map(older_meta).collect(),
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

fn read_only() -> StoreError {
    StoreError::NotSupported {
        source: READ_ONLY.into(),
    }
}

/// The text of a path is spelt alike in both releases.
fn newer_path(path: &Path) -> newer::path::Path {
    let text = path.as_ref();
    newer::path::Path::parse(text).unwrap_or_else(|_| text.into())
}

fn older_path(path: &newer::path::Path) -> Path {
    let text = path.as_ref();
    Path::parse(text).unwrap_or_else(|_| text.into())
}

/// Extensions are none of this store's concern.
fn newer_options(options: GetOptions) -> newer::GetOptions {
    let mut newer = newer::GetOptions::new();
    newer.if_match = options.if_match;
    newer.if_none_match = options.if_none_match;
    newer.if_modified_since = options.if_modified_since;
    newer.if_unmodified_since = options.if_unmodified_since;
    newer.range = options.range.map(|range| match range {
        GetRange::Bounded(range) => newer::GetRange::Bounded(range),
        GetRange::Offset(offset) => newer::GetRange::Offset(offset),
        GetRange::Suffix(length) => newer::GetRange::Suffix(length),
    });
    newer.version = options.version;
    newer.head = options.head;
    newer
}

fn older_meta(meta: newer::ObjectMeta) -> ObjectMeta {
    ObjectMeta {
        location: older_path(&meta.location),
        last_modified: meta.last_modified,
        size: meta.size,
        e_tag: meta.e_tag,
        version: meta.version,
    }
}

fn older_error(error: newer::Error) -> StoreError {
    match error {
        newer::Error::NotFound { path, source } => StoreError::NotFound { path, source },
        newer::Error::NotSupported { source } => StoreError::NotSupported { source },
        newer::Error::Precondition { path, source } => StoreError::Precondition { path, source },
        newer::Error::NotModified { path, source } => StoreError::NotModified { path, source },
        newer::Error::PermissionDenied { path, source } => {
            StoreError::PermissionDenied { path, source }
        }
        newer::Error::Unauthenticated { path, source } => {
            StoreError::Unauthenticated { path, source }
        }
        newer::Error::Generic { store, source } => StoreError::Generic { store, source },
        other => StoreError::Generic {
            store: "artifact",
            source: other.into(),
        },
    }
}
