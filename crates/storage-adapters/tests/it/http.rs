//! The resolver of `http:` URLs against servers of all manners.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use artifact_core::ports::{
    Fetched, ReferenceObject, ReferenceResolver, ResolveError, TransferError,
};
use artifact_core::{ReferenceUri, RetryNotice, RetryObserver, RetryPolicy};
use async_trait::async_trait;
use futures::TryStreamExt as _;
use resolver_conformance::{Capability, Fixture};
use serde_json::json;
use storage_adapters::{HttpConfig, HttpResolver};

use crate::server::{Server, reply};

const QUICK: RetryPolicy = RetryPolicy {
    max_attempts: 4,
    first_wait: Duration::from_millis(1),
    max_wait: Duration::from_millis(20),
    max_elapsed: Duration::from_mins(1),
};

fn resolver() -> HttpResolver {
    HttpResolver::new(HttpConfig::default().with_retries(QUICK))
}

#[async_trait]
impl Fixture for Server {
    fn resolver(&self) -> Arc<dyn ReferenceResolver> {
        Arc::new(resolver())
    }

    fn capability(&self) -> Capability {
        Capability {
            folders: false,
            any_name: false,
            flat: false,
            versions: false,
        }
    }

    fn uri(&self, path: &str) -> ReferenceUri {
        format!("{}/{path}", self.origin).parse().unwrap()
    }

    async fn put(&self, path: &str, content: &[u8]) {
        Self::put(self, &format!("/{path}"), content);
    }

    async fn remove(&self, path: &str) {
        Self::remove(self, &format!("/{path}"));
    }
}

mod contract {
    resolver_conformance::resolver_conformance!(super::Server::start);
}

async fn resolve(text: &str) -> Result<ReferenceObject, ResolveError> {
    let objects: Vec<_> = resolver()
        .resolve(&text.parse().unwrap(), true)
        .try_collect()
        .await?;
    assert_eq!(objects.len(), 1);
    Ok(objects.into_iter().next().unwrap())
}

async fn open(object: &ReferenceObject) -> Result<Vec<u8>, ResolveError> {
    let Fetched::Stream(content) = resolver().open(object).await? else {
        panic!("a stream");
    };
    let chunks: Vec<_> = content
        .try_collect()
        .await
        .map_err(|source: TransferError| ResolveError::Backend {
            uri: object.uri.clone(),
            source: source.into(),
        })?;
    Ok(chunks.concat())
}

/// The entry of a manifest, in one value.
fn shown(object: &ReferenceObject) -> serde_json::Value {
    json!([
        object.relative_path,
        object.uri.as_str(),
        object.digest.to_string(),
        object.size,
        object.extra
    ])
}

/// The rows of the official client's behaviour that are no mistakes.
#[tokio::test]
async fn headers_make_the_entry_that_the_official_client_makes() {
    let server = Server::start().await;
    let origin = &server.origin;
    let url = |path: &str| format!("{origin}{path}");
    server.at("/etag.bin", |_| {
        reply(200, &[("etag", "\"abc123\"")], "0123456789")
    });
    server.at("/weak", |_| {
        reply(200, &[("etag", "W/\"weak1\"")], "0123456789")
    });
    server.at("/bare", |_| reply(200, &[("etag", "bare")], "0123456789"));
    server.at("/plain.bin", |_| {
        reply(200, &[("content-md5", "AAAA")], "0123456789")
    });
    server.at("/chunked.bin", |_| {
        reply(200, &[("transfer-encoding", "chunked")], "0123456789")
    });
    for (path, digest, size, extra) in [
        (
            "etag.bin",
            "abc123",
            Some(10),
            json!({"etag": "\"abc123\""}),
        ),
        (
            "etag.bin?x=1&y=2",
            "abc123",
            Some(10),
            json!({"etag": "\"abc123\""}),
        ),
        (
            "weak",
            "W/\"weak1",
            Some(10),
            json!({"etag": "W/\"weak1\""}),
        ),
        ("bare", "bare", Some(10), json!({"etag": "bare"})),
        ("plain.bin", &*url("/plain.bin"), Some(10), json!({})),
        ("chunked.bin", &*url("/chunked.bin"), None, json!({})),
    ] {
        let asked = url(&format!("/{path}"));
        let object = resolve(&asked).await.unwrap();
        assert_eq!(shown(&object), json!([path, asked, digest, size, extra]));
        assert_eq!(open(&object).await.unwrap(), b"0123456789", "{path}");
    }
}

#[tokio::test]
async fn credentials_are_used_and_neither_recorded_nor_printed() {
    let server = Server::start().await;
    server.at("/f", |asked| {
        let basic = asked
            .headers
            .get("authorization")
            .map(axum::http::HeaderValue::as_bytes);
        // `user:pw`
        if basic == Some(b"Basic dXNlcjpwdw==") && asked.query == "a=1&token=secret" {
            return reply(200, &[("etag", "\"1\"")], "content");
        }
        reply(403, &[], "user:pw and secret are wrong")
    });
    let host = server.origin.strip_prefix("http://").unwrap();
    let object = resolve(&format!("http://user:pw@{host}/f?a=1&token=secret"))
        .await
        .unwrap();
    assert_eq!(object.uri.as_str(), format!("http://{host}/f?a=1"));
    assert_eq!(object.relative_path, "f?a=1");

    let error = open(&object).await.unwrap_err();
    assert!(matches!(error, ResolveError::Denied { .. }), "{error:?}");
    let error = resolve(&format!("http://user:wrong@{host}/f?token=secret"))
        .await
        .unwrap_err();
    let texts = [error.to_string(), format!("{error:?}")];
    assert!(texts[0].contains(&format!("http://{host}/f")), "{texts:?}");
    for secret in ["pw", "secret", "wrong"] {
        assert!(!texts.iter().any(|text| text.contains(secret)), "{texts:?}");
    }
}

#[tokio::test]
async fn a_redirect_is_followed_but_not_recorded_and_gets_no_credentials_of_another_origin() {
    let (here, there) = (Server::start().await, Server::start().await);
    let target = format!("{}/signed/part-7?sig=secret", there.origin);
    here.at("/model.bin", move |_| {
        reply(302, &[("location", &target)], "")
    });
    there.at("/signed/part-7", |_| {
        reply(200, &[("etag", "\"1\"")], "content")
    });
    let config = HttpConfig::default()
        .with_authorization(&here.origin, "Bearer key")
        .unwrap();
    let url = format!("{}/model.bin", here.origin);
    let objects: Vec<_> = HttpResolver::new(config)
        .resolve(&url.parse().unwrap(), true)
        .try_collect()
        .await
        .unwrap();
    assert_eq!(shown(&objects[0])[0], "model.bin");
    assert_eq!(objects[0].uri.as_str(), url);
    assert_eq!(
        here.asked("/model.bin")[0].headers["authorization"],
        "Bearer key"
    );
    let followed = &there.asked("/signed/part-7")[0];
    assert!(!followed.headers.contains_key("authorization"));
    assert!(!followed.headers.contains_key("referer"));
    assert_eq!(open(&objects[0]).await.unwrap(), b"content");
}

#[tokio::test]
async fn a_loop_of_redirects_ends_in_an_error_at_once() {
    let server = Server::start().await;
    server.at("/loop", |_| {
        reply(302, &[("location", "/loop?sig=secret")], "")
    });
    let error = resolve(&format!("{}/loop", server.origin))
        .await
        .unwrap_err();
    let text = format!("{error:?}");
    assert!(text.to_lowercase().contains("redirect"), "{text}");
    assert!(!text.contains("secret"), "{text}");
    assert!(server.asked("/loop").len() <= 12, "asked again and again");
}

#[tokio::test]
async fn a_server_that_asks_for_patience_is_asked_again_and_not_for_ever() {
    let server = Server::start().await;
    for status in [429, 500, 502, 503, 504] {
        let path = format!("/{status}");
        server.at(&path, move |asked| match asked.before {
            0 | 1 => reply(status, &[("retry-after", "0")], ""),
            _ => reply(200, &[("etag", "\"1\"")], "x"),
        });
        let object = resolve(&format!("{}{path}", server.origin)).await.unwrap();
        assert_eq!(object.size, Some(1));
    }
    let past = "Wed, 21 Oct 2015 07:28:00 GMT";
    server.at("/dated", move |asked| match asked.before {
        0 => reply(503, &[("retry-after", past)], ""),
        _ => reply(200, &[("etag", "\"1\"")], "x"),
    });
    resolve(&format!("{}/dated", server.origin)).await.unwrap();
    server.at("/down", |_| reply(503, &[("retry-after", "3600")], ""));
    let error = resolve(&format!("{}/down", server.origin))
        .await
        .unwrap_err();
    assert!(matches!(error, ResolveError::Backend { .. }), "{error:?}");
    assert_eq!(server.asked("/down").len(), QUICK.max_attempts as usize);
    let nobody = resolve("http://127.0.0.1:1/f").await.unwrap_err();
    assert!(matches!(nobody, ResolveError::Backend { .. }), "{nobody:?}");
}

/// Records the notices of retries.
#[derive(Debug, Default)]
struct Notices(Mutex<Vec<RetryNotice>>);

impl RetryObserver for Notices {
    fn retrying(&self, notice: &RetryNotice) {
        self.0.lock().unwrap().push(notice.clone());
    }
}

#[tokio::test]
async fn an_observer_is_notified_of_every_failure_that_is_retried() {
    let server = Server::start().await;
    server.at("/f", move |asked| match asked.before {
        0 | 1 => reply(503, &[], ""),
        _ => reply(200, &[("etag", "\"1\"")], "x"),
    });
    let notices = Arc::new(Notices::default());
    let config = HttpConfig::default().with_retries(QUICK);
    let resolver = HttpResolver::new(config.with_retry_observer(Arc::clone(&notices) as _));
    let uri = format!("{}/f?sig=secret", server.origin).parse().unwrap();
    let objects: Vec<_> = resolver.resolve(&uri, true).try_collect().await.unwrap();
    assert_eq!(objects.len(), 1);
    let notices = notices.0.lock().unwrap();
    let failures: Vec<_> = notices.iter().map(|notice| notice.failures).collect();
    assert_eq!(failures, [1, 2]);
    for notice in &*notices {
        let text = notice.to_string();
        assert!(text.contains("127.0.0.1"), "{text}");
        assert!(text.contains("503"), "{text}");
        assert!(!text.contains("secret"), "{text}");
    }
}

#[tokio::test]
async fn a_refusal_says_what_is_needed_and_an_expired_signature_that_it_expired() {
    let server = Server::start().await;
    server.at("/private", |_| reply(401, &[], ""));
    let error = resolve(&format!("{}/private", server.origin))
        .await
        .unwrap_err();
    let ResolveError::Denied { needed, .. } = &error else {
        panic!("{error:?}");
    };
    assert!(needed.contains("credentials"), "{needed}");
    assert_eq!(server.asked("/private").len(), 1, "a refusal is final");

    server.at("/presigned", |_| {
        reply(
            403,
            &[],
            "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>",
        )
    });
    let url = format!("{}/presigned?X-Amz-Signature=secret", server.origin);
    let error = resolve(&url).await.unwrap_err();
    assert!(error.to_string().contains("expired"), "{error}");
    assert!(!format!("{error:?}").contains("secret"), "{error:?}");
}

#[tokio::test]
async fn content_that_changed_is_found_out_by_its_etag_or_else_by_its_length() {
    let server = Server::start().await;
    let url = format!("{}/f", server.origin);
    server.at("/f", |_| reply(200, &[("etag", "\"one\"")], "content"));
    let with_etag = resolve(&url).await.unwrap();
    for (now, found) in [(Some("\"two\""), "two"), (None, "without an ETag")] {
        server.at("/f", move |_| {
            let headers: Vec<_> = now.map(|etag| ("etag", etag)).into_iter().collect();
            reply(200, &headers, "content")
        });
        let changed = open(&with_etag).await.unwrap_err();
        let ResolveError::Changed {
            recorded,
            found: is,
            ..
        } = &changed
        else {
            panic!("{changed:?}");
        };
        assert_eq!((&**recorded, &**is), ("one", found));
    }
    let without = resolve(&url).await.unwrap();
    server.at("/f", |_| reply(200, &[], "longer content"));
    let changed = open(&without).await.unwrap_err();
    assert!(
        matches!(changed, ResolveError::Changed { .. }),
        "{changed:?}"
    );
}

#[tokio::test]
async fn the_etag_of_a_compressed_or_weak_variant_is_that_of_the_content() {
    let server = Server::start().await;
    let url = format!("{}/f", server.origin);
    server.at("/f", |asked| {
        assert_eq!(asked.headers["accept-encoding"], "identity");
        reply(200, &[("etag", "\"one\"")], "content")
    });
    let mut object = resolve(&url).await.unwrap();
    for recorded in ["W/\"one\"", "\"one-gzip\"", "\"one\""] {
        object.extra.insert("etag".to_owned(), recorded.into());
        object.digest = artifact_core::EntryDigest::Opaque(recorded.trim_matches('"').into());
        assert_eq!(open(&object).await.unwrap(), b"content", "{recorded}");
    }
}

#[tokio::test]
async fn compressed_content_is_recorded_and_handed_over_as_it_is_stored() {
    let server = Server::start().await;
    let stored: &[u8] = &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3];
    server.at("/f.gz", move |_| {
        reply(
            200,
            &[("etag", "\"z\""), ("content-encoding", "gzip")],
            stored,
        )
    });
    let object = resolve(&format!("{}/f.gz", server.origin)).await.unwrap();
    assert_eq!(object.size, Some(stored.len() as u64));
    assert_eq!(open(&object).await.unwrap(), stored);
}

#[tokio::test]
async fn content_that_is_not_what_its_server_says_ends_in_an_error() {
    let server = Server::start().await;
    // The MD5 of `hello\n`.
    server.at("/right", |_| {
        reply(
            200,
            &[("content-md5", "sZRqySSS0jR8YjW00mERhA==")],
            "hello\n",
        )
    });
    server.at("/wrong", |_| {
        reply(
            200,
            &[("content-md5", "sZRqySSS0jR8YjW00mERhA==")],
            "hellO\n",
        )
    });
    server.at("/short", |_| {
        reply(200, &[("content-length", "100")], "hello\n")
    });
    let object = |path| resolve_owned(format!("{}{path}", server.origin));
    assert_eq!(open(&object("/right").await).await.unwrap(), b"hello\n");
    for path in ["/wrong", "/short"] {
        let opened = open(&object(path).await).await;
        assert!(opened.is_err(), "{path}: {opened:?}");
    }
}

async fn resolve_owned(url: String) -> ReferenceObject {
    resolve(&url).await.unwrap()
}

#[tokio::test]
async fn without_checksum_nothing_is_asked_and_content_can_be_had_nevertheless() {
    let server = Server::start().await;
    server.at("/f", |_| reply(200, &[("etag", "\"one\"")], "content"));
    let url = format!("{}/f", server.origin);
    let objects: Vec<_> = resolver()
        .resolve(&url.parse().unwrap(), false)
        .try_collect()
        .await
        .unwrap();
    assert!(server.asked("/f").is_empty());
    assert_eq!(shown(&objects[0]), json!(["f", url, url, null, {}]));
    assert_eq!(open(&objects[0]).await.unwrap(), b"content");
}
