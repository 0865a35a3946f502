//! The resolver of `s3:` URIs: moto, and OpenStack Swift behind its S3 API.

use std::sync::Arc;
use std::time::Duration;

use artifact_core::ports::{ReferenceResolver, ResolveError};
use artifact_core::{ReferenceUri, RetryPolicy};
use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{Builder, Credentials, Region};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    BucketVersioningStatus, CompletedMultipartUpload, CompletedPart, VersioningConfiguration,
};
use resolver_conformance::{Capability, Fixture};
use serde_json::json;
use storage_adapters::{S3Config, S3Credentials, S3Resolver};

use crate::entries::{content, paths, resolve, shown};
use crate::servers::{fresh_name, origin};

/// Both servers know this account.
const KEY: &str = "test:tester";
const SECRET: &str = "testing";

/// A bucket of its own.
struct Bucket {
    client: Client,
    config: S3Config,
    name: String,
    versions: bool,
}

impl Bucket {
    async fn new(server: &str, versions: bool) -> Self {
        let mut config = S3Config::default();
        config.endpoint = Some(origin(server));
        config.region = Some("us-east-1".to_owned());
        config.credentials = S3Credentials::Keys {
            access_key_id: KEY.to_owned(),
            secret_access_key: SECRET.to_owned(),
            session_token: None,
        };
        // Small pages, so that every folder has many.
        config.page_size = 3;
        config.retries = RetryPolicy {
            max_attempts: 3,
            first_wait: Duration::from_millis(50),
            max_wait: Duration::from_secs(1),
            max_elapsed: Duration::from_mins(1),
        };
        let bucket = Self {
            client: client(server),
            config,
            name: fresh_name(),
            versions,
        };
        let created = bucket.client.create_bucket().bucket(&bucket.name).send();
        created.await.unwrap();
        if versions {
            bucket.keep_versions().await;
        }
        bucket
    }

    async fn keep_versions(&self) {
        let enabled = VersioningConfiguration::builder()
            .status(BucketVersioningStatus::Enabled)
            .build();
        let request = self.client.put_bucket_versioning().bucket(&self.name);
        request
            .versioning_configuration(enabled)
            .send()
            .await
            .unwrap();
    }

    async fn put(&self, key: &str, body: &[u8]) -> Option<String> {
        let request = self.client.put_object().bucket(&self.name).key(key);
        let body = ByteStream::from(body.to_vec());
        request.body(body).send().await.unwrap().version_id
    }

    fn uri(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.name)
    }

    fn resolver(&self) -> Arc<dyn ReferenceResolver> {
        Arc::new(S3Resolver::new(self.config.clone()))
    }
}

fn client(server: &str) -> Client {
    let http_client = aws_smithy_http_client::Builder::new().build_http();
    let config = Builder::new()
        .behavior_version_latest()
        .endpoint_url(origin(server))
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new(KEY, SECRET, None, None, "tests"))
        .force_path_style(true)
        .http_client(http_client);
    Client::from_conf(config.build())
}

#[async_trait]
impl Fixture for Bucket {
    fn resolver(&self) -> Arc<dyn ReferenceResolver> {
        Self::resolver(self)
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
        Self::uri(self, path).parse().unwrap()
    }

    async fn put(&self, path: &str, content: &[u8]) {
        Self::put(self, path, content).await;
    }

    async fn remove(&self, path: &str) {
        let request = self.client.delete_object().bucket(&self.name).key(path);
        request.send().await.unwrap();
    }
}

/// Runs everything on one server.
macro_rules! on {
    ($module:ident, $server:literal) => {
        mod $module {
            async fn plain() -> super::Bucket {
                super::Bucket::new($server, false).await
            }

            async fn versioned() -> super::Bucket {
                super::Bucket::new($server, true).await
            }

            mod contract {
                resolver_conformance::resolver_conformance!(super::plain);
            }

            mod contract_with_versions {
                resolver_conformance::resolver_conformance!(super::versioned);
            }

            #[tokio::test]
            async fn entries_are_those_of_the_official_client() {
                super::entries_are_those_of_the_official_client(plain().await).await;
            }

            #[tokio::test]
            async fn keys_keep_every_character() {
                super::keys_keep_every_character(plain().await).await;
            }

            #[tokio::test]
            async fn a_version_that_is_asked_for_is_recorded() {
                super::a_version_that_is_asked_for_is_recorded(versioned().await).await;
            }

            #[tokio::test]
            async fn an_overwritten_object_is_found_by_its_etag() {
                super::an_overwritten_object_is_found_by_its_etag(versioned().await).await;
            }

            #[tokio::test]
            async fn objects_older_than_versioning_are_kept() {
                super::objects_older_than_versioning_are_kept(plain().await).await;
            }

            #[tokio::test]
            async fn an_object_of_parts_keeps_its_etag() {
                super::an_object_of_parts_keeps_its_etag(plain().await).await;
            }

            #[tokio::test]
            async fn a_missing_bucket_is_named() {
                super::a_missing_bucket_is_named(plain().await).await;
            }
        }
    };
}

on!(moto, "MOTO");
on!(swift, "SWIFT");

async fn entries_are_those_of_the_official_client(bucket: Bucket) {
    for (key, body) in [
        ("model.h5", "model\n"),
        ("checkpoints/model.h5", "model\n"),
        ("images/cat.png", "cat\n"),
        ("images/dog.png", "dog\n"),
        ("rep/rep/x", "x\n"),
        ("both", "both\n"),
        ("both/child", "child\n"),
    ] {
        bucket.put(key, body.as_bytes()).await;
    }
    let resolver = bucket.resolver();
    let of = async |key: &str| {
        let found = resolve(&resolver, &bucket.uri(key), true).await;
        shown(&found.unwrap())
    };
    let entry = |name: &str, key: &str, etag: &str, size: u64| json!([name, bucket.uri(key), etag, size, { "etag": etag }]);
    let model = "458d5f1afc81ae7291a7aaad852dc12a";
    let cat = "54b8617eca0e54c7d3c8e6732c6b687a";
    let dog = "362842c5bb3847ec3fbdecb7a84a8692";
    for (key, expected) in [
        ("model.h5", json!([entry("model.h5", "model.h5", model, 6)])),
        (
            "checkpoints/model.h5",
            json!([entry("model.h5", "checkpoints/model.h5", model, 6)]),
        ),
        (
            "images",
            json!([
                entry("cat.png", "images/cat.png", cat, 4),
                entry("dog.png", "images/dog.png", dog, 4)
            ]),
        ),
    ] {
        assert_eq!(of(key).await, expected, "{key}");
    }
    assert_eq!(of("images/").await, of("images").await);
    assert_eq!(of("rep").await[0][0], "rep/x");
    assert_eq!(of("both").await[0][0], "both");
    assert_eq!(of("both/").await[0][0], "child");
}

async fn keys_keep_every_character(bucket: Bucket) {
    let keys = [
        "dbl//x",
        "dots/../x",
        "sp ace/f g",
        "q?a=b",
        "h#ash",
        "100%25",
    ];
    for key in keys {
        bucket.put(key, key.as_bytes()).await;
    }
    let resolver = bucket.resolver();
    for key in keys {
        let found = resolve(&resolver, &bucket.uri(key), true).await.unwrap();
        assert_eq!(found.len(), 1, "{key}");
        assert_eq!(found[0].uri.as_str(), bucket.uri(key));
        let content = content(&resolver, &found[0]).await.unwrap();
        assert_eq!(content, key.as_bytes());
    }
}

async fn a_version_that_is_asked_for_is_recorded(bucket: Bucket) {
    let old = bucket.put("k", b"old\n").await.unwrap();
    bucket.put("k", b"newer\n").await;
    let resolver = bucket.resolver();
    let uri = format!("{}?versionId={old}", bucket.uri("k"));
    let found = resolve(&resolver, &uri, true).await.unwrap();
    assert_eq!(found[0].uri.as_str(), bucket.uri("k"));
    assert_eq!(found[0].relative_path, "k");
    assert_eq!(found[0].size, Some(4));
    assert_eq!(found[0].extra["versionID"], json!(old));
    assert_eq!(content(&resolver, &found[0]).await.unwrap(), b"old\n");

    // Without checksum nothing is asked, and the version is pinned nevertheless.
    let unread = resolve(&resolver, &uri, false).await.unwrap();
    assert_eq!(content(&resolver, &unread[0]).await.unwrap(), b"old\n");

    let never = format!("{}?versionId=00000000-never", bucket.uri("k"));
    let missing = resolve(&resolver, &never, true).await;
    assert!(
        matches!(missing, Err(ResolveError::NotFound { .. })),
        "{missing:?}"
    );
}

async fn an_overwritten_object_is_found_by_its_etag(bucket: Bucket) {
    bucket.put("k", b"recorded\n").await;
    bucket.put("k-sibling", b"recorded\n").await;
    let resolver = bucket.resolver();
    let mut found = resolve(&resolver, &bucket.uri("k"), true).await.unwrap();
    // As recorded before the bucket had versions.
    found[0].extra.remove("versionID");
    for n in 0..5 {
        bucket.put("k", format!("change {n}\n").as_bytes()).await;
    }
    assert_eq!(content(&resolver, &found[0]).await.unwrap(), b"recorded\n");

    let never = "00000000000000000000000000000000";
    found[0].digest = artifact_core::EntryDigest::Opaque(never.into());
    found[0].extra.insert("etag".to_owned(), never.into());
    let changed = content(&resolver, &found[0]).await.unwrap_err();
    let ResolveError::Changed {
        recorded, found, ..
    } = &changed
    else {
        panic!("{changed:?}");
    };
    // The MD5 of `change 4\n`.
    assert_eq!(
        (&**recorded, &**found),
        (never, "536c0d2102945d80a7c2372bf91f8de5")
    );
}

async fn objects_older_than_versioning_are_kept(bucket: Bucket) {
    bucket.put("data/old", b"old\n").await;
    bucket.keep_versions().await;
    bucket.put("data/new", b"new\n").await;
    let resolver = bucket.resolver();
    let found = resolve(&resolver, &bucket.uri("data"), true).await.unwrap();
    assert_eq!(paths(&found), ["new", "old"]);
    assert!(found[0].extra.contains_key("versionID"));
    assert!(!found[1].extra.contains_key("versionID"));
    assert_eq!(content(&resolver, &found[1]).await.unwrap(), b"old\n");
}

async fn an_object_of_parts_keeps_its_etag(bucket: Bucket) {
    let (client, name) = (&bucket.client, &bucket.name);
    let started = client.create_multipart_upload().bucket(name).key("mp.bin");
    let upload = started.send().await.unwrap().upload_id.unwrap();
    let part = vec![7; 5 << 20];
    let mut parts = CompletedMultipartUpload::builder();
    for number in 1..=2 {
        let request = client.upload_part().bucket(name).key("mp.bin");
        let request = request.upload_id(&upload).part_number(number);
        let sent = request.body(part.clone().into()).send().await.unwrap();
        let part = CompletedPart::builder().part_number(number);
        parts = parts.parts(part.set_e_tag(sent.e_tag).build());
    }
    let request = client
        .complete_multipart_upload()
        .bucket(name)
        .key("mp.bin");
    let request = request.upload_id(&upload).multipart_upload(parts.build());
    request.send().await.unwrap();

    let resolver = bucket.resolver();
    let found = resolve(&resolver, &bucket.uri("mp.bin"), true)
        .await
        .unwrap();
    assert!(found[0].digest.to_string().ends_with("-2"), "{found:?}");
    assert_eq!(found[0].size, Some(10 << 20));
    assert_eq!(content(&resolver, &found[0]).await.unwrap().len(), 10 << 20);
}

async fn a_missing_bucket_is_named(bucket: Bucket) {
    let resolver = bucket.resolver();
    for key in ["", "/k", "/k/"] {
        let uri = format!("s3://no-such-{}{key}", bucket.name);
        let missing = resolve(&resolver, &uri, true).await.unwrap_err();
        assert!(
            matches!(missing, ResolveError::NotFound { .. }),
            "{missing:?}"
        );
        assert!(missing.to_string().contains("no-such"), "{missing}");
    }
}

/// Moto lets anybody in; Swift does not.
#[tokio::test]
async fn wrong_credentials_are_refused_and_none_are_said_to_be_missing() {
    let mut bucket = Bucket::new("SWIFT", false).await;
    bucket.put("k", b"k\n").await;
    bucket.config.credentials = S3Credentials::Keys {
        access_key_id: KEY.to_owned(),
        secret_access_key: "wrong".to_owned(),
        session_token: None,
    };
    for key in ["k", "prefix/"] {
        let refused = resolve(&bucket.resolver(), &bucket.uri(key), true).await;
        let error = refused.unwrap_err();
        assert!(matches!(error, ResolveError::Denied { .. }), "{error:?}");
        assert!(!format!("{error:?}").contains("wrong"), "{error:?}");
    }
}
