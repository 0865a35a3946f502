//! The contract of resolvers, kept by the one that reads entries of artifacts.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use artifact_core::ReferenceUri;
use artifact_core::ports::{ArtifactRegistry, BlobTransfer, ReferenceResolver};
use async_trait::async_trait;
use resolver_conformance::{Capability, Fixture};
use storage_adapters::{ArtifactResolver, Resolvers};
use wandb_rs::Client;

use super::{Place, log};

/// A registry in which each object is the one entry of an artifact of its own.
struct Entries {
    place: Place,
    client: Client,
    resolver: Arc<dyn ReferenceResolver>,
    uris: Mutex<BTreeMap<String, String>>,
}

impl Entries {
    fn over<R>(place: Place, registry: R) -> Self
    where
        R: ArtifactRegistry + BlobTransfer,
    {
        let registry = Arc::new(registry);
        let resolver =
            ArtifactResolver::new(Arc::clone(&registry) as _, registry, Resolvers::none());
        Self {
            client: place.client(),
            place,
            resolver: Arc::new(resolver),
            uris: Mutex::default(),
        }
    }
}

#[async_trait]
impl Fixture for Entries {
    fn resolver(&self) -> Arc<dyn ReferenceResolver> {
        Arc::clone(&self.resolver)
    }

    fn capability(&self) -> Capability {
        Capability {
            folders: false,
            any_name: true,
            flat: false,
            versions: true,
        }
    }

    fn uri(&self, path: &str) -> ReferenceUri {
        let uris = self.uris.lock().unwrap();
        if let Some(uri) = uris.get(path) {
            return uri.parse().unwrap();
        }
        // Another entry of a version that is there, or of one that never was.
        let version = uris.values().next().map(|uri| uri.split('/').nth(2));
        let version = version
            .flatten()
            .unwrap_or("41727469666163743a393939393939");
        format!("wandb-artifact://{version}/{path}")
            .parse()
            .unwrap()
    }

    async fn put(&self, path: &str, content: &[u8]) {
        let name = path.replace('/', "_");
        let logged = log(&self.client, &name, &[(path, content)]).await;
        let uri = logged.entry(path).await.unwrap().ref_url();
        self.uris.lock().unwrap().insert(path.to_owned(), uri);
    }

    async fn remove(&self, path: &str) {
        assert!(self.place.folder.path().exists());
        self.uris.lock().unwrap().remove(path);
    }
}

mod embedded {
    use super::{Entries, Place};
    use crate::server::open_store;

    async fn entries() -> Entries {
        let place = Place::embedded();
        let store = place.path("store");
        let engine = open_store(&store);
        Entries::over(place, engine)
    }
    resolver_conformance::resolver_conformance!(entries);
}

mod remote {
    use super::{Entries, Place};

    async fn entries() -> Entries {
        let place = Place::remote();
        let server = place.server.as_ref().unwrap().client();
        Entries::over(place, server)
    }
    resolver_conformance::resolver_conformance!(entries);
}
