//! The resolver of `wandb-artifact:` URIs: entries of logged artifacts.

mod error;
mod trail;
mod versions;

use std::sync::Arc;

use artifact_core::ports::{
    ArtifactRegistry, BlobTransfer, DownloadRequest, DownloadSpec, Fetched, ReferenceObject,
    ReferenceResolver, ResolveError,
};
use artifact_core::{EntryDigest, EntryUri, ReferenceUri};
use async_trait::async_trait;
use futures::stream::{self, BoxStream, StreamExt as _};
use serde_json::Map;

use self::trail::Target;
use self::versions::Versions;
use crate::Resolvers;

/// Entries of artifacts that are logged in a registry, as references of others: `wandb-artifact://<id>/<path>`, with the
/// registry's id of the version in hex.
///
/// # What is recorded
/// An entry that is itself such a reference is followed, until an entry that is stored in its version, or that refers to
/// something outside the registry. The URI of that entry is recorded, and its digest; without checksum, too, because the
/// manifest tells it anyway. No size is recorded. A hash function other than MD5 is named in `extra.alg`.
///
/// # Opening
/// The entry must still have the recorded digest. Its content comes from where the registry keeps it, and references to
/// something outside are opened by the resolver of their scheme.
///
/// # Memory
/// The manifests of the versions that were asked about last are kept: of 256 at most, with half a million entries in all.
///
/// Source: the artifact handler of wandb 0.31.0, which fails with an assertion where there is no such entry, brings all
/// content to a second folder first, and records no hash function.
#[derive(Debug, Clone)]
pub struct ArtifactResolver {
    registry: Arc<dyn ArtifactRegistry>,
    transfer: Arc<dyn BlobTransfer>,
    others: Resolvers,
    versions: Arc<Versions>,
    reads_files: bool,
}

impl ArtifactResolver {
    /// Returns the resolver of entries in `registry`, whose bytes `transfer` brings; `others` open what these refer to.
    #[must_use]
    pub fn new(
        registry: Arc<dyn ArtifactRegistry>,
        transfer: Arc<dyn BlobTransfer>,
        others: Resolvers,
    ) -> Self {
        let versions = Versions::new(Arc::clone(&registry), Arc::clone(&transfer));
        Self {
            registry,
            transfer,
            others,
            versions: Arc::new(versions),
            reads_files: true,
        }
    }

    /// Opens no file of this machine that an entry refers to: whoever logged that entry could name any.
    #[must_use]
    pub fn without_files(self) -> Self {
        Self {
            reads_files: false,
            ..self
        }
    }

    async fn describe(
        &self,
        uri: &ReferenceUri,
        checksum: bool,
    ) -> Result<ReferenceObject, ResolveError> {
        let target = trail::follow(&self.versions, uri).await?;
        let mut extra = Map::new();
        if let Some(algorithm) = target.entry.extra.get("alg") {
            extra.insert("alg".to_owned(), algorithm.clone());
        }
        let digest = &target.entry.digest;
        Ok(ReferenceObject {
            uri: target.uri.clone(),
            relative_path: target.path.file_name().to_owned(),
            digest: if checksum {
                digest.clone()
            } else {
                EntryDigest::Opaque(digest.to_string().into())
            },
            size: None,
            extra,
        })
    }

    /// Finds the entry that was recorded, and makes sure that it still is the same.
    async fn recorded(&self, object: &ReferenceObject) -> Result<Target, ResolveError> {
        let target = trail::follow(&self.versions, &object.uri).await?;
        let (recorded, found) = (object.digest.to_string(), target.entry.digest.to_string());
        if recorded == found {
            return Ok(target);
        }
        Err(ResolveError::Changed {
            uri: object.uri.clone(),
            recorded,
            found,
        })
    }

    /// Returns what is outside the registry, with the resolver that reads it.
    fn outside(&self, target: &Target) -> Result<Option<Outside>, ResolveError> {
        let Some(uri) = &target.entry.reference else {
            return Ok(None);
        };
        if !self.reads_files && uri.scheme().as_str() == "file" {
            return Err(ResolveError::Denied {
                uri: uri.clone(),
                needed: "leave to read files of this machine (`allow_local_references`)".to_owned(),
                source: format!("{} refers to it", target.uri).into(),
            });
        }
        let found = self.others.get(uri)?;
        let object = ReferenceObject {
            uri: uri.clone(),
            relative_path: target.path.file_name().to_owned(),
            digest: target.entry.digest.clone(),
            size: target.entry.size,
            extra: target.entry.extra.clone(),
        };
        Ok(Some((Arc::clone(found.resolver()), object)))
    }

    /// Opens the content that the registry keeps.
    async fn stored(&self, target: &Target) -> Result<Fetched, ResolveError> {
        let Some(digest) = target.entry.digest.content() else {
            return Err(ResolveError::Unsupported {
                uri: target.uri.clone(),
                reason: "its entry has no digest of its content".to_owned(),
            });
        };
        let record = &target.version.record;
        let request = DownloadRequest {
            artifact: record.id.clone(),
            project: record.project.clone(),
            name: record.name.clone(),
            entries: vec![DownloadSpec {
                path: target.path.clone(),
                digest: *digest,
                size: target.entry.size,
                birth_artifact: target.entry.birth_artifact.clone(),
            }],
        };
        let tickets = self.registry.downloads(&request).await;
        let tickets = tickets.map_err(|error| error::of_registry(&target.uri, error))?;
        let Some(ticket) = tickets.first() else {
            return Err(ResolveError::NotFound {
                uri: target.uri.clone(),
            });
        };
        let opened = self.transfer.download(ticket, None).await;
        opened.map_err(|error| error::of_transfer(&target.uri, error))
    }
}

#[async_trait]
impl ReferenceResolver for ArtifactResolver {
    fn resolve(
        &self,
        uri: &ReferenceUri,
        checksum: bool,
    ) -> BoxStream<'static, Result<ReferenceObject, ResolveError>> {
        let (resolver, uri) = (self.clone(), uri.clone());
        stream::once(async move { resolver.describe(&uri, checksum).await }).boxed()
    }

    async fn open(&self, object: &ReferenceObject) -> Result<Fetched, ResolveError> {
        let target = self.recorded(object).await?;
        match self.outside(&target)? {
            Some((resolver, object)) => resolver.open(&object).await,
            None => self.stored(&target).await,
        }
    }

    /// Whether a version's own content is there is for a verification of that version to say.
    async fn check(&self, object: &ReferenceObject) -> Result<(), ResolveError> {
        let target = self.recorded(object).await?;
        match self.outside(&target)? {
            Some((resolver, object)) => resolver.check(&object).await,
            None => Ok(()),
        }
    }
}

/// Content outside the registry, and its resolver.
type Outside = (Arc<dyn ReferenceResolver>, ReferenceObject);

/// Reads the URI of an entry.
fn entry_uri(uri: &ReferenceUri) -> Result<EntryUri, ResolveError> {
    uri.as_str().parse().map_err(
        |error: artifact_core::InvalidValue| ResolveError::Unsupported {
            uri: uri.clone(),
            reason: error.to_string(),
        },
    )
}
