//! The resolver of Azure's URLs against Azurite, which keeps no versions.

use std::sync::Arc;

use artifact_core::ReferenceUri;
use artifact_core::ports::{ReferenceResolver, ResolveError};
use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use resolver_conformance::{Capability, Fixture};
use serde_json::json;
use storage_adapters::{AzureConfig, AzureCredential, AzureResolver};

use crate::entries::{content, paths, resolve, shown};
use crate::servers::{client, fresh_name, origin};

/// The account that every Azurite has; its key is in the documentation.
const ACCOUNT: &str = "devstoreaccount1";
const KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// A container of its own.
struct Container {
    account: String,
    name: String,
    signature: String,
}

impl Container {
    async fn new() -> Self {
        let container = Self {
            account: format!("{}/{ACCOUNT}", origin("AZURITE")),
            name: fresh_name(),
            signature: signature("racwdl", "2035-01-01T00:00:00Z"),
        };
        container
            .send(reqwest::Method::PUT, "?restype=container&", &[])
            .await;
        container
    }

    async fn send(&self, method: reqwest::Method, path: &str, body: &[u8]) {
        let url = format!("{}/{}{path}{}", self.account, self.name, self.signature);
        let request = client().request(method, url).body(body.to_vec());
        let request = request
            .header("x-ms-blob-type", "BlockBlob")
            .header("content-length", body.len());
        let sent = request
            .header("x-ms-version", "2021-12-02")
            .send()
            .await
            .unwrap();
        assert!(sent.status().is_success(), "{sent:?}");
    }

    async fn put(&self, path: &str, content: &[u8]) {
        let path = percent_encoding::utf8_percent_encode(path, percent_encoding::NON_ALPHANUMERIC);
        self.send(reqwest::Method::PUT, &format!("/{path}?"), content)
            .await;
    }

    fn uri(&self, path: &str) -> String {
        format!("{}/{}/{path}", self.account, self.name)
    }

    fn as_whom(&self, credential: AzureCredential) -> Arc<dyn ReferenceResolver> {
        let mut config = AzureConfig::default();
        config.accounts = vec![(self.account.clone(), credential)];
        // Small pages, so that every folder has many.
        config.page_size = 3;
        Arc::new(AzureResolver::new(config))
    }

    fn resolver(&self) -> Arc<dyn ReferenceResolver> {
        self.as_whom(AzureCredential::AccessKey(KEY.to_owned()))
    }
}

/// Returns a shared access signature for the account.
fn signature(permissions: &str, until: &str) -> String {
    let (version, services, kinds) = ("2020-08-04", "b", "sco");
    let text = format!("{ACCOUNT}\n{permissions}\n{services}\n{kinds}\n\n{until}\n\n\n{version}\n");
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&BASE64.decode(KEY).unwrap()).unwrap();
    mac.update(text.as_bytes());
    let signed = BASE64.encode(mac.finalize().into_bytes());
    let signed = percent_encoding::utf8_percent_encode(&signed, percent_encoding::NON_ALPHANUMERIC);
    let until = until.replace(':', "%3A");
    format!("sv={version}&ss={services}&srt={kinds}&sp={permissions}&se={until}&sig={signed}")
}

#[async_trait]
impl Fixture for Container {
    fn resolver(&self) -> Arc<dyn ReferenceResolver> {
        Self::resolver(self)
    }

    fn capability(&self) -> Capability {
        Capability {
            folders: true,
            any_name: true,
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
        self.send(reqwest::Method::DELETE, &format!("/{path}?"), &[])
            .await;
    }
}

mod contract {
    resolver_conformance::resolver_conformance!(super::Container::new);
}

#[tokio::test]
async fn entries_are_those_of_the_official_client() {
    let container = Container::new().await;
    for (name, body) in [
        ("model.h5", "model\n"),
        ("images/cat.png", "cat\n"),
        ("images/dog.png", "dog\n"),
        ("images/sp ace.png", ""),
    ] {
        container.put(name, body.as_bytes()).await;
    }
    let resolver = container.resolver();
    let uri = container.uri("model.h5");
    let model = resolve(&resolver, &uri, true).await.unwrap();
    let etag = model[0].extra["etag"].as_str().unwrap();
    assert!(etag.starts_with("0x"), "{etag}");
    assert_eq!(
        shown(&model),
        json!([["model.h5", uri, etag, 6, { "etag": etag }]])
    );
    for folder in ["images", "images/"] {
        let found = resolve(&resolver, &container.uri(folder), true)
            .await
            .unwrap();
        assert_eq!(paths(&found), ["cat.png", "dog.png", "sp ace.png"]);
        assert_eq!(found[2].uri.as_str(), container.uri("images/sp ace.png"));
    }
    // As a browser writes it.
    let encoded = container.uri("images/sp%20ace.png");
    let found = resolve(&resolver, &encoded, true).await.unwrap();
    assert_eq!(found[0].relative_path, "sp ace.png");
}

#[tokio::test]
async fn a_signature_in_the_url_is_used_and_neither_recorded_nor_printed() {
    let container = Container::new().await;
    container.put("data/f", b"content").await;
    let nobody = container.as_whom(AzureCredential::Anonymous);
    let good = signature("rl", "2035-01-01T00:00:00Z");
    for path in ["data/f", "data"] {
        let uri = format!("{}?{good}", container.uri(path));
        let found = resolve(&nobody, &uri, true).await.unwrap();
        assert_eq!(found[0].uri.as_str(), container.uri("data/f"));
    }
    let found = resolve(&container.resolver(), &container.uri("data/f"), true)
        .await
        .unwrap();
    assert_eq!(
        content(
            &container.as_whom(AzureCredential::SharedAccess(good)),
            &found[0]
        )
        .await
        .unwrap(),
        b"content"
    );

    let expired = signature("rl", "2020-01-01T00:00:00Z");
    let uri = format!("{}?{expired}", container.uri("data/f"));
    let error = resolve(&nobody, &uri, true).await.unwrap_err();
    assert!(matches!(error, ResolveError::Denied { .. }), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("sig="), "{error:?}");
}

#[tokio::test]
async fn refusals_and_what_is_missing_are_told_apart() {
    let container = Container::new().await;
    container.put("f", b"content").await;
    for credential in [
        AzureCredential::Anonymous,
        AzureCredential::AccessKey(BASE64.encode("another key")),
        AzureCredential::SharedAccess(signature("l", "2035-01-01T00:00:00Z")),
    ] {
        let error = resolve(
            &container.as_whom(credential.clone()),
            &container.uri("f"),
            true,
        )
        .await;
        let error = error.unwrap_err();
        assert!(
            matches!(error, ResolveError::Denied { .. }),
            "{credential:?}: {error:?}"
        );
        assert!(
            error.to_string().contains("Storage Blob Data Reader"),
            "{error}"
        );
    }
    let missing = format!("{}/no-such-container/x/", container.account);
    let error = resolve(&container.resolver(), &missing, true)
        .await
        .unwrap_err();
    assert!(error.to_string().ends_with("no-such-container"), "{error}");
}
