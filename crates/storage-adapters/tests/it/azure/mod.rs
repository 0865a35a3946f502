//! The resolver of Azure's URLs against a service that keeps versions and exchanges secrets for tokens.

mod fake;

use std::sync::Arc;

use artifact_core::ReferenceUri;
use artifact_core::ports::{Fetched, ReferenceObject, ReferenceResolver, ResolveError};
use async_trait::async_trait;
use futures::TryStreamExt as _;
use resolver_conformance::{Capability, Fixture};
use serde_json::json;
use storage_adapters::{AzureConfig, AzureCredential, AzureResolver};

use fake::{Fake, SECRET};

fn resolver(fake: &Fake) -> AzureResolver {
    let mut config = AzureConfig::default();
    config.authority.clone_from(&fake.server.origin);
    let credential = AzureCredential::ClientSecret {
        tenant_id: "tenant".to_owned(),
        client_id: "application".to_owned(),
        client_secret: SECRET.to_owned(),
    };
    config.accounts = vec![(fake.account(), credential)];
    config.page_size = 3;
    AzureResolver::new(config)
}

#[async_trait]
impl Fixture for Fake {
    fn resolver(&self) -> Arc<dyn ReferenceResolver> {
        Arc::new(resolver(self))
    }

    fn capability(&self) -> Capability {
        Capability {
            folders: true,
            any_name: false,
            flat: true,
            versions: true,
        }
    }

    fn uri(&self, path: &str) -> ReferenceUri {
        format!("{}/c/{path}", self.account()).parse().unwrap()
    }

    async fn put(&self, path: &str, content: &[u8]) {
        Self::put(self, path, content);
    }

    async fn remove(&self, path: &str) {
        Self::remove(self, path);
    }
}

mod contract_with_versions {
    resolver_conformance::resolver_conformance!(super::Fake::start);
}

async fn resolve(fake: &Fake, rest: &str) -> Result<Vec<ReferenceObject>, ResolveError> {
    let uri = format!("{}/c/{rest}", fake.account()).parse().unwrap();
    resolver(fake).resolve(&uri, true).try_collect().await
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
async fn a_version_that_is_asked_for_is_recorded() {
    let fake = Fake::start().await;
    let old = fake.put("dir/k", b"old\n");
    fake.put("dir/k", b"newer\n");
    let found = resolve(&fake, &format!("dir/k?versionId={old}"))
        .await
        .unwrap();
    assert_eq!(found[0].uri, fake.uri("dir/k"));
    assert_eq!(found[0].size, Some(4));
    assert_eq!(found[0].extra["versionID"], json!(old));
    assert_eq!(open(&fake, &found[0]).await.unwrap(), b"old\n");
    let missing = resolve(&fake, "dir/k?versionId=never").await;
    assert!(
        matches!(missing, Err(ResolveError::NotFound { .. })),
        "{missing:?}"
    );
}

#[tokio::test]
async fn an_overwritten_blob_is_found_by_its_etag_or_told_with_both() {
    let fake = Fake::start().await;
    fake.put("k", b"recorded\n");
    let mut found = resolve(&fake, "k").await.unwrap();
    // As recorded before the account had versions.
    found[0].extra.remove("versionID");
    for n in 0..5 {
        fake.put("k", format!("change {n}\n").as_bytes());
    }
    assert_eq!(open(&fake, &found[0]).await.unwrap(), b"recorded\n");
    found[0].extra.insert("etag".to_owned(), "0xNEVER".into());
    let now = resolve(&fake, "k").await.unwrap();
    let error = open(&fake, &found[0]).await.unwrap_err();
    assert!(error.contains("0xNEVER"), "{error}");
    assert!(error.contains(&now[0].digest.to_string()), "{error}");
}

#[tokio::test]
async fn content_is_checked_against_its_md5() {
    let fake = Fake::start().await;
    fake.put("damaged", b"recorded\n");
    let found = resolve(&fake, "damaged").await.unwrap();
    let error = open(&fake, &found[0]).await.unwrap_err();
    assert!(error.contains("/c/damaged"), "{error}");
}

#[tokio::test]
async fn a_token_is_asked_for_once_and_a_wrong_secret_is_refused_untold() {
    let fake = Fake::start().await;
    fake.put("a", b"a");
    let resolver = resolver(&fake);
    for _ in 0..3 {
        let objects = resolver.resolve(&fake.uri("a"), true);
        assert_eq!(objects.try_collect::<Vec<_>>().await.unwrap().len(), 1);
    }
    let token = "/tenant/oauth2/v2.0/token";
    assert_eq!(fake.server.asked(token).len(), 1);

    fake.server.at(token, |_| {
        crate::server::reply(401, &[], "invalid_client s3cr3t/+")
    });
    let error = resolve(&fake, "a").await.unwrap_err();
    assert!(matches!(error, ResolveError::Denied { .. }), "{error:?}");
    let text = format!("{error} {error:?}");
    assert!(text.contains("Microsoft Entra"), "{text}");
    assert!(!text.contains(SECRET), "{text}");
}

#[tokio::test]
async fn a_missing_container_is_named() {
    let fake = Fake::start().await;
    for rest in ["k", "dir/", ""] {
        let uri = format!("{}/other/{rest}", fake.account());
        let objects = resolver(&fake).resolve(&uri.parse().unwrap(), true);
        let error = objects.try_collect::<Vec<_>>().await.unwrap_err();
        let named = format!("nothing found at {}/other", fake.account());
        assert!(error.to_string().starts_with(&named), "{error}");
    }
}

#[tokio::test]
async fn a_listing_that_fails_on_its_seventh_page_ends_in_an_error() {
    use futures::StreamExt as _;

    let fake = Fake::start().await;
    fake.server.at("/account/c", |asked| match asked.before {
        before @ 0..=5 => {
            let page = format!(
                "<EnumerationResults><Blobs><Blob><Name>data/{before}</Name><Properties><Etag>e</Etag>\
                 <Content-Length>1</Content-Length></Properties></Blob></Blobs>\
                 <NextMarker>more</NextMarker></EnumerationResults>"
            );
            crate::server::reply(200, &[], page)
        }
        _ => crate::server::reply(400, &[("x-ms-error-code", "OutOfRangeInput")], ""),
    });
    let objects = resolver(&fake).resolve(&fake.uri("data/"), true);
    let listed: Vec<_> = objects.collect().await;
    assert_eq!(listed.len(), 7);
    let Err(error @ ResolveError::Backend { .. }) = &listed[6] else {
        panic!("{:?}", listed[6]);
    };
    assert!(error.to_string().contains("/account/c/data/"), "{error}");
}
