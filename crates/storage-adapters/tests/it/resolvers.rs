//! Which resolver answers for a URI.

use std::sync::Arc;

use artifact_core::ReferenceUri;
use artifact_core::ports::{ReferenceObject, ReferenceResolver, ResolveError};
use futures::TryStreamExt as _;
use resolver_conformance::MemoryStore;
use storage_adapters::{Lookup, Resolvers};

fn uri(text: &str) -> ReferenceUri {
    text.parse().unwrap()
}

#[test]
fn a_resolver_takes_a_scheme_over_whatever_its_case() {
    let resolvers = Resolvers::none()
        .with("MEM", Arc::new(MemoryStore::new()))
        .unwrap();
    let found = resolvers.get(&uri("mem://store/a")).unwrap();
    assert!(
        matches!(&found, Lookup::Known(resolver) if format!("{resolver:?}").contains("Memory"))
    );
}

#[test]
fn only_a_scheme_can_be_taken_over() {
    for wrong in ["", "s3:", "s3://bucket", "1a", "c", "a b", "/x"] {
        let refused = Resolvers::none().with(wrong, Arc::new(MemoryStore::new()));
        assert!(refused.is_err(), "{wrong:?}");
    }
}

#[cfg(feature = "file")]
#[test]
fn files_are_resolved_by_default() {
    let found = Resolvers::default().get(&uri("file:///x")).unwrap();
    assert!(matches!(&found, Lookup::Known(resolver) if format!("{resolver:?}").contains("File")));
}

#[tokio::test]
async fn an_unknown_scheme_is_recorded_as_it_is_and_said_to_be_unknown() {
    let uri = uri("nfs://host/path/file");
    let Lookup::Unknown(resolver) = Resolvers::default().get(&uri).unwrap() else {
        panic!("nobody knows nfs");
    };
    for checksum in [true, false] {
        let objects: Vec<ReferenceObject> = resolver
            .resolve(&uri, checksum)
            .try_collect()
            .await
            .unwrap();
        let [object] = objects.as_slice() else {
            panic!("one URI, one object: {objects:?}");
        };
        assert_eq!(object.uri, uri);
        assert_eq!(object.digest.to_string(), uri.as_str());
        assert_eq!((object.size, object.relative_path.as_str()), (None, ""));
        let opened = resolver.open(object).await;
        assert!(
            matches!(opened, Err(ResolveError::UnknownScheme { .. })),
            "{opened:?}"
        );
    }
}

#[test]
fn a_scheme_of_the_official_client_that_is_not_built_in_is_an_error_not_recorded_unread() {
    for scheme in [
        "s3",
        "gs",
        "http",
        "https",
        "wandb-artifact",
        "wandb-client-artifact",
        "file",
    ] {
        let found = Resolvers::none().get(&uri(&format!("{scheme}://a/b")));
        let Err(ResolveError::Unsupported { reason, .. }) = found else {
            panic!("{scheme}: {found:?}");
        };
        assert!(reason.contains(scheme), "{reason}");
    }
}

#[test]
fn every_resolver_can_be_decorated_at_once() {
    let store: Arc<dyn ReferenceResolver> = Arc::new(MemoryStore::new());
    let resolvers = Resolvers::none().with("a1", Arc::clone(&store)).unwrap();
    let resolvers = resolvers.with("b1", store).unwrap();
    let mut seen = 0;
    let resolvers = resolvers.map(|resolver| {
        seen += 1;
        resolver
    });
    assert_eq!(seen, 2);
    assert!(matches!(
        resolvers.get(&uri("b1:x")).unwrap(),
        Lookup::Known(_)
    ));
}

#[test]
fn a_claim_goes_before_the_scheme_and_the_last_one_before_others() {
    let store = || Arc::new(MemoryStore::new()) as Arc<dyn ReferenceResolver>;
    let (scheme, first, last) = (store(), store(), store());
    let resolvers = Resolvers::none()
        .with("mem", Arc::clone(&scheme))
        .unwrap()
        .with_claim(|uri| uri.as_str().contains("//host/"), Arc::clone(&first))
        .with_claim(|uri| uri.as_str().contains("//host/x"), Arc::clone(&last));
    for (text, expected) in [
        ("mem://other/f", &scheme),
        ("mem://host/f", &first),
        ("mem://host/x", &last),
        ("nfs://host/x", &last),
    ] {
        let found = resolvers.get(&uri(text)).unwrap();
        assert!(Arc::ptr_eq(found.resolver(), expected), "{text}");
    }
}

#[cfg(all(feature = "http", feature = "s3", feature = "gs", feature = "azure"))]
#[test]
fn every_store_has_its_resolver() {
    for (text, name) in [
        ("http://host/f", "HttpResolver"),
        ("https://host/f", "HttpResolver"),
        ("S3://bucket/key", "S3Resolver"),
        ("gs://bucket/name", "GsResolver"),
        ("https://account.blob.core.windows.net/c/b", "AzureResolver"),
        ("https://blob.core.windows.net/c/b", "HttpResolver"),
    ] {
        let found = Resolvers::default().get(&uri(text)).unwrap();
        assert!(
            format!("{:?}", found.resolver()).starts_with(name),
            "{text}"
        );
    }
}

#[cfg(feature = "azure")]
#[test]
fn a_resolver_of_the_caller_s_own_comes_before_those_that_claim_some_uris() {
    let own: Arc<dyn ReferenceResolver> = Arc::new(storage_adapters::TrackingResolver);
    let resolvers = Resolvers::default()
        .with("https", Arc::clone(&own))
        .unwrap();
    let uri = "https://account.blob.core.windows.net/container/blob"
        .parse()
        .unwrap();
    assert!(Arc::ptr_eq(resolvers.get(&uri).unwrap().resolver(), &own));
}
