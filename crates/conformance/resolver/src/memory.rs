//! A store in memory.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use artifact_core::ports::{Fetched, ReferenceObject, ReferenceResolver, ResolveError};
use artifact_core::{EntryDigest, ReferenceUri};
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt as _};

use crate::{Capability, Fixture};

/// Objects in memory behind `mem:` URIs, with an opaque digest that changes with every `put`.
///
/// Clones share the objects.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    objects: Mutex<BTreeMap<String, Object>>,
    puts: AtomicU64,
    opened: AtomicU64,
}

#[derive(Debug, Clone)]
struct Object {
    etag: String,
    content: Bytes,
}

/// The prefix of every URI of the store.
const ROOT: &str = "mem://store/";

impl MemoryStore {
    /// Returns an empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns how often content was asked for.
    #[must_use]
    pub fn opened(&self) -> u64 {
        self.shared.opened.load(Ordering::Relaxed)
    }

    fn with<T>(&self, use_objects: impl FnOnce(&mut BTreeMap<String, Object>) -> T) -> T {
        use_objects(
            &mut self
                .shared
                .objects
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    fn find(
        &self,
        uri: &ReferenceUri,
        checksum: bool,
    ) -> Vec<Result<ReferenceObject, ResolveError>> {
        let path = uri.as_str().strip_prefix(ROOT).unwrap_or_default();
        let object = |path: &str, relative_path: &str, object: &Object| {
            let text = format!("{ROOT}{path}");
            let digest = if checksum {
                object.etag.as_str()
            } else {
                text.as_str()
            };
            let digest = EntryDigest::Opaque(digest.into());
            let uri = text.parse().map_err(|source| ResolveError::Name {
                uri: uri.clone(),
                source,
            })?;
            Ok(ReferenceObject {
                uri,
                relative_path: relative_path.to_owned(),
                digest,
                size: Some(object.content.len() as u64),
                extra: serde_json::Map::new(),
            })
        };
        self.with(|objects| {
            if let Some(found) = objects.get(path).filter(|_| !path.ends_with('/')) {
                return vec![object(path, path.rsplit('/').next().unwrap_or(path), found)];
            }
            let folder = if path.is_empty() || path.ends_with('/') {
                path.to_owned()
            } else {
                format!("{path}/")
            };
            let below = objects.iter().filter_map(|(path, found)| {
                path.strip_prefix(&folder)
                    .filter(|_| !path.ends_with('/'))
                    .map(|relative| object(path, relative, found))
            });
            let found: Vec<_> = below.collect();
            if found.is_empty() {
                return vec![Err(ResolveError::NotFound { uri: uri.clone() })];
            }
            found
        })
    }
}

#[async_trait]
impl ReferenceResolver for MemoryStore {
    fn resolve(
        &self,
        uri: &ReferenceUri,
        checksum: bool,
    ) -> BoxStream<'static, Result<ReferenceObject, ResolveError>> {
        stream::iter(self.find(uri, checksum)).boxed()
    }

    async fn open(&self, object: &ReferenceObject) -> Result<Fetched, ResolveError> {
        self.shared.opened.fetch_add(1, Ordering::Relaxed);
        let uri = object.uri.clone();
        let path = uri.as_str().strip_prefix(ROOT).unwrap_or_default();
        let Some(found) = self.with(|objects| objects.get(path).cloned()) else {
            return Err(ResolveError::NotFound { uri });
        };
        let recorded = object.digest.to_string();
        if recorded != found.etag && recorded != uri.as_str() {
            return Err(ResolveError::Changed {
                uri,
                recorded,
                found: found.etag,
            });
        }
        // More than one chunk wherever there is more than one byte.
        let middle = found.content.len() / 2;
        let chunks = [found.content.slice(..middle), found.content.slice(middle..)];
        Ok(Fetched::Stream(stream::iter(chunks.map(Ok)).boxed()))
    }
}

#[async_trait]
impl Fixture for MemoryStore {
    fn resolver(&self) -> Arc<dyn ReferenceResolver> {
        Arc::new(self.clone())
    }

    fn capability(&self) -> Capability {
        Capability {
            folders: true,
            any_name: false,
            flat: true,
            versions: false,
        }
    }

    fn uri(&self, path: &str) -> ReferenceUri {
        format!("{ROOT}{path}")
            .parse()
            .expect("such paths make URIs")
    }

    async fn put(&self, path: &str, content: &[u8]) {
        let number = self.shared.puts.fetch_add(1, Ordering::Relaxed);
        let object = Object {
            etag: format!("etag-{number}"),
            content: Bytes::copy_from_slice(content),
        };
        self.with(|objects| objects.insert(path.to_owned(), object));
    }

    async fn remove(&self, path: &str) {
        self.with(|objects| objects.remove(path));
    }
}
