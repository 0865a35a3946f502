//! The resolver of `http:` URLs against nginx.

use std::sync::Arc;

use artifact_core::RetryPolicy;
use artifact_core::ports::{ReferenceResolver, ResolveError};
use serde_json::json;
use storage_adapters::{HttpConfig, HttpResolver};

use crate::entries::{content, resolve, shown};
use crate::servers::origin;

/// Returns nginx's URL, where this machine has it.
fn nginx() -> Option<String> {
    Some(origin("NGINX")).filter(|origin| !origin.is_empty())
}

fn resolver() -> Arc<dyn ReferenceResolver> {
    let config = HttpConfig::default().with_retries(RetryPolicy::NEVER);
    Arc::new(HttpResolver::new(config))
}

#[tokio::test]
async fn files_have_the_strong_etag_and_the_length_of_what_is_stored() {
    let Some(origin) = nginx() else { return };
    // `hello.txt` would be compressed for whoever takes that, with a weak ETag and no length.
    for (name, length) in [("hello.txt", 6_000), ("data.bin", 256)] {
        let url = format!("{origin}/{name}");
        let found = resolve(&resolver(), &url, true).await.unwrap();
        let raw = found[0].extra["etag"].as_str().unwrap();
        let etag = raw
            .strip_prefix('"')
            .and_then(|etag| etag.strip_suffix('"'))
            .unwrap();
        assert_eq!(
            shown(&found),
            json!([[name, url, etag, length, { "etag": raw }]])
        );
        assert_eq!(content(&resolver(), &found[0]).await.unwrap().len(), length);
    }
}

#[tokio::test]
async fn without_an_etag_the_url_is_the_digest() {
    let Some(origin) = nginx() else { return };
    let url = format!("{origin}/bare/data.bin");
    let found = resolve(&resolver(), &url, true).await.unwrap();
    assert_eq!(shown(&found), json!([["data.bin", url, url, 256, {}]]));
    assert_eq!(content(&resolver(), &found[0]).await.unwrap().len(), 256);
}

#[tokio::test]
async fn what_is_missing_forbidden_or_only_redirected_is_told_apart() {
    let Some(origin) = nginx() else { return };
    let of = async |path: &str| {
        let found = resolve(&resolver(), &format!("{origin}{path}"), true).await;
        found.unwrap_err()
    };
    let missing = of("/nope.bin").await;
    assert!(
        matches!(missing, ResolveError::NotFound { .. }),
        "{missing:?}"
    );
    let forbidden = of("/private/f").await;
    assert!(
        matches!(forbidden, ResolveError::Denied { .. }),
        "{forbidden:?}"
    );
    // It leads to a name that no file has.
    let moved = of("/moved/f").await;
    assert_eq!(
        moved.to_string(),
        format!("nothing found at {origin}/moved/f")
    );
}
