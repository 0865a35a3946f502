//! The resolver of `gs:` URIs against an emulator, which keeps no generations.

use std::sync::Arc;

use artifact_core::ReferenceUri;
use artifact_core::ports::ReferenceResolver;
use async_trait::async_trait;
use reqwest::Client;
use resolver_conformance::{Capability, Fixture};
use serde_json::json;
use storage_adapters::{GsConfig, GsCredentials, GsResolver};

use crate::entries::{paths, resolve, shown};
use crate::servers::{client, fresh_name, origin};

/// A bucket of its own.
struct Bucket {
    client: Client,
    origin: String,
    name: String,
}

impl Bucket {
    async fn new() -> Self {
        let bucket = Self {
            client: client(),
            origin: origin("GCS"),
            name: fresh_name(),
        };
        let url = format!("{}/storage/v1/b?project=tests", bucket.origin);
        let body = json!({ "name": bucket.name }).to_string();
        let request = bucket
            .client
            .post(url)
            .header("content-type", "application/json");
        let created = request.body(body).send().await.unwrap();
        assert!(created.status().is_success(), "{created:?}");
        bucket
    }

    fn encoded(path: &str) -> String {
        percent_encoding::utf8_percent_encode(path, percent_encoding::NON_ALPHANUMERIC).to_string()
    }

    async fn put(&self, path: &str, content: &[u8]) {
        // The emulator takes an empty object only in this form.
        let url = format!(
            "{}/upload/storage/v1/b/{}/o?uploadType=multipart",
            self.origin, self.name
        );
        let metadata = json!({ "name": path });
        let head = format!(
            "--part\r\ncontent-type: application/json\r\n\r\n{metadata}\r\n\
             --part\r\ncontent-type: application/octet-stream\r\n\r\n"
        );
        let body = [head.as_bytes(), content, b"\r\n--part--\r\n"].concat();
        let request = self.client.post(url).body(body);
        let request = request.header("content-type", "multipart/related; boundary=part");
        let put = request.send().await.unwrap();
        assert!(put.status().is_success(), "{put:?}");
    }

    fn uri(&self, path: &str) -> String {
        format!("gs://{}/{path}", self.name)
    }

    fn resolver(&self) -> Arc<dyn ReferenceResolver> {
        let mut config = GsConfig::default();
        config.endpoint.clone_from(&self.origin);
        config.credentials = GsCredentials::Anonymous;
        Arc::new(GsResolver::new(config))
    }
}

#[async_trait]
impl Fixture for Bucket {
    fn resolver(&self) -> Arc<dyn ReferenceResolver> {
        Self::resolver(self)
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
        Self::uri(self, path).parse().unwrap()
    }

    async fn put(&self, path: &str, content: &[u8]) {
        Self::put(self, path, content).await;
    }

    async fn remove(&self, path: &str) {
        let path = Self::encoded(path);
        let url = format!("{}/storage/v1/b/{}/o/{path}", self.origin, self.name);
        let removed = self.client.delete(url).send().await.unwrap();
        assert!(removed.status().is_success(), "{removed:?}");
    }
}

mod contract {
    resolver_conformance::resolver_conformance!(super::Bucket::new);
}

#[tokio::test]
async fn entries_are_those_of_the_official_client() {
    let bucket = Bucket::new().await;
    for (name, content) in [
        ("model.h5", "model\n"),
        ("checkpoints/model.h5", "model\n"),
        ("images/cat.png", "cat\n"),
        ("images/dog.png", "dog\n"),
        ("zdir/", ""),
        ("zdir/empty", ""),
        ("zdir/sub/", ""),
        ("zdir/sub/f2", "f2\n"),
    ] {
        bucket.put(name, content.as_bytes()).await;
    }
    let resolver = bucket.resolver();
    let of = async |name: &str| resolve(&resolver, &bucket.uri(name), true).await.unwrap();
    let model = of("checkpoints/model.h5").await;
    // The emulator's `etag` is the MD5.
    let expected = json!([[
        "model.h5",
        bucket.uri("checkpoints/model.h5"),
        "RY1fGvyBrnKRp6qthS3BKg==",
        6,
        { "versionID": model[0].extra["versionID"].as_u64().unwrap() }
    ]]);
    assert_eq!(shown(&model), expected);
    for (name, expected) in [
        ("model.h5", &["model.h5"] as &[_]),
        ("images", &["cat.png", "dog.png"]),
        ("images/", &["cat.png", "dog.png"]),
        ("zdir", &["empty", "sub/f2"]),
        ("zdir/", &["empty", "sub/f2"]),
    ] {
        assert_eq!(paths(&of(name).await), expected, "{name}");
    }
}
