//! The resolver of `gs:` URIs against a service that keeps generations, makes pages and checks tokens.

mod fake;

use std::sync::Arc;
use std::time::Duration;

use artifact_core::ports::{Fetched, ReferenceObject, ReferenceResolver, ResolveError};
use artifact_core::{ReferenceUri, RetryPolicy};
use async_trait::async_trait;
use futures::TryStreamExt as _;
use resolver_conformance::{Capability, Fixture};
use serde_json::json;
use storage_adapters::{GsConfig, GsCredentials, GsResolver};

use crate::server::reply;
use fake::{Fake, TOKEN};

fn resolver(fake: &Fake) -> GsResolver {
    let mut config = GsConfig::default();
    config.endpoint.clone_from(&fake.server.origin);
    config.credentials = GsCredentials::Token(TOKEN.to_owned());
    // Small pages, so that every folder has many.
    config.page_size = 3;
    config.retries = RetryPolicy {
        max_attempts: 3,
        first_wait: Duration::from_millis(1),
        max_wait: Duration::from_millis(10),
        max_elapsed: Duration::from_mins(1),
    };
    GsResolver::new(config)
}

struct Bucket {
    fake: Fake,
    versions: bool,
}

#[async_trait]
impl Fixture for Bucket {
    fn resolver(&self) -> Arc<dyn ReferenceResolver> {
        Arc::new(resolver(&self.fake))
    }

    fn capability(&self) -> Capability {
        Capability {
            folders: true,
            any_name: true,
            flat: true,
            versions: self.versions,
        }
    }

    fn uri(&self, path: &str) -> ReferenceUri {
        format!("gs://bucket/{path}").parse().unwrap()
    }

    async fn put(&self, path: &str, content: &[u8]) {
        self.fake.put(path, content);
    }

    async fn remove(&self, path: &str) {
        self.fake.remove(path);
    }
}

mod contract {
    use super::{Bucket, Fake};

    async fn bucket() -> Bucket {
        let fake = Fake::start(false).await;
        Bucket {
            fake,
            versions: false,
        }
    }

    resolver_conformance::resolver_conformance!(bucket);
}

mod contract_with_versions {
    use super::{Bucket, Fake};

    async fn bucket() -> Bucket {
        let fake = Fake::start(true).await;
        Bucket {
            fake,
            versions: true,
        }
    }

    resolver_conformance::resolver_conformance!(bucket);
}

async fn resolve(fake: &Fake, uri: &str) -> Result<Vec<ReferenceObject>, ResolveError> {
    let objects = resolver(fake).resolve(&uri.parse().unwrap(), true);
    objects.try_collect().await
}

async fn open(fake: &Fake, object: &ReferenceObject) -> Result<Vec<u8>, String> {
    let opened = resolver(fake).open(object).await;
    let Fetched::Stream(content) = opened.map_err(|error| error.to_string())? else {
        panic!("a stream");
    };
    let chunks: Result<Vec<_>, _> = content.try_collect().await;
    Ok(chunks.map_err(|error| error.to_string())?.concat())
}

#[tokio::test]
async fn a_generation_that_is_asked_for_is_recorded() {
    let fake = Fake::start(true).await;
    let old = fake.put("dir/k", b"old\n");
    fake.put("dir/k", b"newer\n");
    let found = resolve(&fake, &format!("gs://bucket/dir/k#{old}"))
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].uri.as_str(), "gs://bucket/dir/k");
    assert_eq!(found[0].relative_path, "k");
    assert_eq!(found[0].size, Some(4));
    assert_eq!(found[0].extra["versionID"], json!(old));
    assert_eq!(open(&fake, &found[0]).await.unwrap(), b"old\n");
    let missing = resolve(&fake, "gs://bucket/dir/k#17").await;
    assert!(
        matches!(missing, Err(ResolveError::NotFound { .. })),
        "{missing:?}"
    );
}

#[tokio::test]
async fn an_overwritten_generation_that_is_gone_is_told_with_both_etags() {
    let fake = Fake::start(false).await;
    fake.put("k", b"recorded\n");
    let found = resolve(&fake, "gs://bucket/k").await.unwrap();
    fake.put("k", b"changed!\n");
    let now = resolve(&fake, "gs://bucket/k").await.unwrap();
    let error = open(&fake, &found[0]).await.unwrap_err();
    for etag in [&found[0].digest, &now[0].digest] {
        assert!(error.contains(&etag.to_string()), "{error}");
    }
}

#[tokio::test]
async fn content_is_checked_against_the_digest_of_the_store() {
    for name in ["whole", "composed"] {
        let fake = Fake::start(false).await;
        fake.put(name, b"recorded\n");
        let found = resolve(&fake, &format!("gs://bucket/{name}"))
            .await
            .unwrap();
        assert_eq!(open(&fake, &found[0]).await.unwrap(), b"recorded\n");
        let name = format!("{name}/damaged");
        fake.put(&name, b"recorded\n");
        let found = resolve(&fake, &format!("gs://bucket/{name}"))
            .await
            .unwrap();
        fake.damage(&name, b"recOrded\n");
        let error = open(&fake, &found[0]).await.unwrap_err();
        assert!(error.contains(&format!("gs://bucket/{name}")), "{error}");
    }
}

#[tokio::test]
async fn refusals_name_the_uri_and_the_right_and_no_token() {
    let fake = Fake::start(false).await;
    let mut config = GsConfig::default();
    config.endpoint.clone_from(&fake.server.origin);
    for credentials in [
        GsCredentials::Anonymous,
        GsCredentials::Token("stale-1".to_owned()),
    ] {
        config.credentials = credentials;
        let resolver = GsResolver::new(config.clone());
        let refused: Result<Vec<_>, _> = resolver
            .resolve(&"gs://bucket/k".parse().unwrap(), true)
            .try_collect()
            .await;
        let error = refused.unwrap_err();
        assert!(matches!(error, ResolveError::Denied { .. }), "{error:?}");
        let text = format!("{error} {error:?}");
        assert!(text.contains("storage.objects.get"), "{text}");
        assert!(text.contains("gs://bucket/k"), "{text}");
        assert!(!text.contains("stale-1"), "{text}");
    }
}

#[tokio::test]
async fn a_missing_bucket_is_named() {
    let fake = Fake::start(false).await;
    let missing = resolve(&fake, "gs://other/k").await.unwrap_err();
    assert_eq!(missing.to_string(), "nothing found at gs://other");
}

#[tokio::test]
async fn a_listing_that_breaks_off_ends_in_an_error_and_not_as_if_complete() {
    let fake = Fake::start(false).await;
    for number in 0..30 {
        fake.put(&format!("data/{number:02}"), b"x");
    }
    let page = |count: u32| {
        let item = |n: u32| json!({"name": format!("data/{n:03}"), "etag": "e", "size": "1", "generation": "1"});
        json!({"items": [item(count)], "nextPageToken": "more"}).to_string()
    };
    fake.server
        .at("/storage/v1/b/bucket/o", move |asked| match asked.before {
            _ if asked.query.contains("delimiter") => reply(200, &[], "{}"),
            // One more, because the folders were asked for.
            before @ 0..=6 => reply(200, &[], page(before)),
            _ => reply(503, &[], ""),
        });
    let listed: Vec<_> = {
        use futures::StreamExt as _;
        let objects = resolver(&fake).resolve(&"gs://bucket/data/".parse().unwrap(), true);
        objects.collect().await
    };
    assert_eq!(listed.len(), 7);
    assert!(
        matches!(listed[6], Err(ResolveError::Backend { .. })),
        "{:?}",
        listed[6]
    );
}

/// Folders of very different sizes, one of them with a mark, and names between and after them.
#[tokio::test]
async fn a_listing_in_ranges_has_each_name_once_and_in_order() {
    let fake = Fake::start(false).await;
    let mut names = Vec::new();
    for folder in 0..40 {
        fake.put(&format!("data/{folder:02}/"), b"");
        names.extend((0..folder * 7 % 60).map(|n| format!("{folder:02}/{n:02}")));
        names.push(format!("{folder:02}x"));
    }
    names.push("zz".to_owned());
    for name in &names {
        fake.put(&format!("data/{name}"), b"x");
    }
    names.sort();
    let objects = resolve(&fake, "gs://bucket/data/").await.unwrap();
    let found: Vec<_> = objects
        .iter()
        .map(|object| object.relative_path.clone())
        .collect();
    assert_eq!(found, names);
    let asked = fake.server.asked("/storage/v1/b/bucket/o");
    let in_ranges = asked
        .iter()
        .filter(|asked| asked.query.contains("startOffset") && !asked.query.contains("delimiter"));
    assert!(5 < in_ranges.count(), "not in ranges");
}
