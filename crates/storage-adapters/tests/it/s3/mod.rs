//! The resolver of `s3:` URIs: faults, rights, regions, and listings of any length.

mod fake;
mod memory;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use artifact_core::RetryPolicy;
use artifact_core::ports::{
    Fetched, ReferenceObject, ReferenceResolver, ResolveError, TransferError,
};
use axum::http::Method;
use futures::{StreamExt as _, TryStreamExt as _};
use storage_adapters::{S3Config, S3Credentials, S3Resolver};

use crate::server::reply;
use fake::{Fake, folders, no_object, page, refusal, versions_page};

const SECRET: &str = "wJalrXUtnFEMI";

fn config(fake: &Fake) -> S3Config {
    let mut config = S3Config::default();
    config.endpoint = Some(fake.origin());
    config.region = Some("us-east-1".to_owned());
    config.credentials = S3Credentials::Keys {
        access_key_id: "AKIA".to_owned(),
        secret_access_key: SECRET.to_owned(),
        session_token: None,
    };
    config.retries = RetryPolicy {
        max_attempts: 3,
        first_wait: Duration::from_millis(1),
        max_wait: Duration::from_millis(5),
        max_elapsed: Duration::from_mins(1),
    };
    config
}

async fn resolve(fake: &Fake, uri: &str) -> Result<Vec<ReferenceObject>, ResolveError> {
    let objects = S3Resolver::new(config(fake)).resolve(&uri.parse().unwrap(), true);
    objects.try_collect().await
}

async fn open(fake: &Fake, object: &ReferenceObject) -> Result<Vec<u8>, String> {
    let opened = S3Resolver::new(config(fake)).open(object).await;
    let Fetched::Stream(content) = opened.map_err(|error| error.to_string())? else {
        panic!("a stream");
    };
    let chunks: Result<Vec<_>, TransferError> = content.try_collect().await;
    Ok(chunks.map_err(|error| error.to_string())?.concat())
}

/// Asserts that an error names the URI and what is needed, and tells no secret.
fn assert_denied(error: &ResolveError, uri: &str, needed: &str) {
    assert!(matches!(error, ResolveError::Denied { .. }), "{error:?}");
    let text = format!("{error} {error:?}");
    assert!(text.contains(uri), "{text}");
    assert!(text.contains(needed), "{text}");
    assert!(!text.contains(SECRET), "{text}");
}

#[tokio::test]
async fn ten_thousand_objects_with_versions_take_ten_pages() {
    let fake = Fake::start(|request, before| match request {
        _ if request.key == "data" => no_object(),
        _ if request.is_versioning() => reply(
            200,
            &[],
            "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>",
        ),
        _ if request.is_versions() => {
            let keys = (before * 1_000..(before + 1) * 1_000).map(|n| (format!("data/{n:05}"), n));
            versions_page(keys, (before < 9).then_some("next"))
        }
        _ => refusal(500, "Unexpected"),
    })
    .await;
    let objects = resolve(&fake, "s3://bucket/data").await.unwrap();
    assert_eq!(objects.len(), 10_000);
    assert_eq!(objects[9_999].extra["versionID"], "v9999");
    let counts = [
        ("GET versioning", 1),
        ("GET versions", 10),
        ("HEAD object", 1),
    ];
    assert_eq!(fake.counts(), counts.map(|(kind, n)| (kind.to_owned(), n)));
}

#[tokio::test]
async fn ten_thousand_objects_without_versions_take_a_plain_listing() {
    let fake = Fake::start(|request, before| match request {
        _ if request.is_versioning() => reply(200, &[], "<VersioningConfiguration/>"),
        _ if request.is_list() => {
            let keys = (before * 1_000..(before + 1) * 1_000).map(|n| format!("data/{n:05}"));
            page(keys, (before < 9).then_some("next"))
        }
        _ => refusal(500, "Unexpected"),
    })
    .await;
    assert_eq!(
        resolve(&fake, "s3://bucket/data/").await.unwrap().len(),
        10_000
    );
    let counts = [("GET folders", 1), ("GET list", 10), ("GET versioning", 1)];
    assert_eq!(fake.counts(), counts.map(|(kind, n)| (kind.to_owned(), n)));
}

/// Some services name it after the request, and the SDK does not know it then.
#[tokio::test]
async fn an_answer_about_versions_counts_whatever_its_outermost_element_is_called() {
    for (status, listed) in [
        ("", "GET list"),
        ("<Status>Enabled</Status>", "GET versions"),
    ] {
        let answer = format!("<GetBucketVersioningResponse>{status}</GetBucketVersioningResponse>");
        let fake = Fake::start(move |request, _| match request {
            _ if request.is_versioning() => reply(200, &[], answer.clone()),
            _ if request.is_versions() => versions_page([("data/a".to_owned(), 1)], None),
            _ if request.is_list() => page(["data/a".to_owned()], None),
            _ => refusal(500, "Unexpected"),
        })
        .await;
        let objects = resolve(&fake, "s3://bucket/data/").await.unwrap();
        assert_eq!(objects.len(), 1);
        let counts = [(listed, 1), ("GET versioning", 1)];
        let mut counts = counts.map(|(kind, n)| (kind.to_owned(), n));
        counts.sort();
        assert_eq!(fake.counts(), counts);
    }
}

/// Folders of very different sizes, one of them with a mark, and keys between and after them.
#[tokio::test]
async fn a_listing_in_ranges_has_each_key_once_and_in_order() {
    let mut keys: Vec<String> = Vec::new();
    for folder in 0..200 {
        keys.push(format!("data/{folder:03}/"));
        keys.extend((0..folder * 7 % 60).map(|n| format!("data/{folder:03}/{n:02}")));
        keys.push(format!("data/{folder:03}x"));
    }
    keys.push("data/zz".to_owned());
    keys.sort();
    let expected: Vec<String> = keys
        .iter()
        .filter(|key| !key.ends_with('/'))
        .cloned()
        .collect();
    let at_once = Arc::new(AtomicU32::new(0));
    let seen = Arc::clone(&at_once);
    let fake = Fake::start(move |request, _| {
        if request.is_versioning() {
            return reply(200, &[], "<VersioningConfiguration/>");
        }
        let query = |name| request.query.get(name).cloned();
        if query("start-after").is_some() && !request.is_folders() {
            seen.fetch_add(1, Ordering::Relaxed);
        }
        let after = query("continuation-token")
            .or(query("start-after"))
            .unwrap_or_default();
        let prefix = &request.query["prefix"];
        let mut rest = keys
            .iter()
            .filter(|key| key.starts_with(prefix) && **key > after);
        if request.is_folders() {
            let found: BTreeSet<_> = rest
                .filter_map(|key| Some(&key[..=prefix.len() + key[prefix.len()..].find('/')?]))
                .collect();
            return folders(found);
        }
        let page_of: Vec<_> = rest.by_ref().take(50).cloned().collect();
        let next = rest.next().and(page_of.last().cloned());
        page(page_of, next.as_deref())
    })
    .await;
    let objects = resolve(&fake, "s3://bucket/data/").await.unwrap();
    let found: Vec<_> = objects
        .iter()
        .map(|object| format!("data/{}", object.relative_path))
        .collect();
    assert_eq!(found, expected);
    assert!(5 < at_once.load(Ordering::Relaxed), "not in ranges");
}

#[tokio::test]
async fn where_versions_cannot_be_listed_each_object_is_asked_for_its_own() {
    let fake = Fake::start(|request, _| match request {
        _ if request.is_versioning() || request.is_versions() => refusal(403, "AccessDenied"),
        _ if request.is_list() => page(["data/a", "data/b"], None),
        _ if request.method == Method::HEAD => reply(
            200,
            &[
                ("etag", "\"e\""),
                ("x-amz-version-id", &format!("v-{}", request.key)),
            ],
            "",
        ),
        _ => refusal(500, "Unexpected"),
    })
    .await;
    let objects = resolve(&fake, "s3://bucket/data/").await.unwrap();
    assert_eq!(objects[1].extra["versionID"], "v-data/b");
}

#[tokio::test]
async fn a_bucket_that_never_had_versions_is_not_asked_for_them() {
    let fake = Fake::start(|request, _| match request {
        _ if request.is_versioning() || request.is_versions() => refusal(403, "AccessDenied"),
        _ if request.is_list() => page(["data/a", "data/b", "data/c"], None),
        _ if request.method == Method::HEAD => reply(200, &[("etag", "\"e\"")], ""),
        _ => refusal(500, "Unexpected"),
    })
    .await;
    assert_eq!(resolve(&fake, "s3://bucket/data/").await.unwrap().len(), 3);
    assert!(
        fake.counts().contains(&("HEAD object".to_owned(), 1)),
        "{:?}",
        fake.counts()
    );
}

#[tokio::test]
async fn no_right_to_list_is_told_and_an_object_can_be_had_nevertheless() {
    let fake = Fake::start(|request, _| match request {
        _ if request.method == Method::HEAD && request.key == "data/f" => {
            reply(200, &[("etag", "\"e\""), ("content-length", "7")], "")
        }
        // Without the right to list, what is missing is forbidden.
        _ => refusal(403, "AccessDenied"),
    })
    .await;
    assert_eq!(resolve(&fake, "s3://bucket/data/f").await.unwrap().len(), 1);
    for uri in ["s3://bucket/data", "s3://bucket/data/", "s3://bucket"] {
        let error = resolve(&fake, uri).await.unwrap_err();
        assert_denied(&error, uri, "s3:ListBucket");
    }
}

#[tokio::test]
async fn wrong_and_expired_credentials_are_told_apart() {
    for (status, code, needed) in [
        (
            403,
            "InvalidAccessKeyId",
            "credentials that the service knows",
        ),
        (
            403,
            "SignatureDoesNotMatch",
            "credentials that the service knows",
        ),
        (400, "ExpiredToken", "expired"),
        (403, "RequestTimeTooSkewed", "clock"),
    ] {
        let fake = Fake::start(move |_, _| refusal(status, code)).await;
        let error = resolve(&fake, "s3://bucket/data/").await.unwrap_err();
        assert_denied(&error, "s3://bucket/data/", needed);
    }
}

#[tokio::test]
async fn a_bucket_in_another_region_is_found_there_once_for_all() {
    let fake = Fake::start(|request, _| match request.region.as_deref() {
        Some("eu-west-1") if request.method == Method::HEAD => {
            reply(200, &[("etag", "\"e\""), ("content-length", "7")], "")
        }
        _ if request.key.is_empty() => reply(301, &[("x-amz-bucket-region", "eu-west-1")], ""),
        // An answer to HEAD may not name the region.
        _ => reply(400, &[], ""),
    })
    .await;
    let resolver = S3Resolver::new(config(&fake));
    for _ in 0..3 {
        let objects = resolver.resolve(&"s3://bucket/f".parse().unwrap(), true);
        assert_eq!(objects.try_collect::<Vec<_>>().await.unwrap().len(), 1);
    }
    let counts = [("HEAD bucket", 1), ("HEAD object", 4)];
    assert_eq!(fake.counts(), counts.map(|(kind, n)| (kind.to_owned(), n)));
}

#[tokio::test]
async fn throttling_is_waited_out_and_not_for_ever() {
    for (status, code) in [
        (503, "SlowDown"),
        (429, "TooManyRequests"),
        (500, "InternalError"),
    ] {
        let fake = Fake::start(move |request, before| match request {
            _ if request.is_versioning() => reply(200, &[], "<VersioningConfiguration/>"),
            _ if before < 2 => refusal(status, code),
            _ => page(["data/a"], None),
        })
        .await;
        assert_eq!(
            resolve(&fake, "s3://bucket/data/").await.unwrap().len(),
            1,
            "{code}"
        );

        let fake = Fake::start(move |request, _| match request {
            _ if request.is_versioning() => reply(200, &[], "<VersioningConfiguration/>"),
            _ => refusal(status, code),
        })
        .await;
        let error = resolve(&fake, "s3://bucket/data/").await.unwrap_err();
        assert!(matches!(error, ResolveError::Backend { .. }), "{error:?}");
        assert!(format!("{error:?}").contains(code), "{error:?}");
        assert!(
            fake.counts().contains(&("GET list".to_owned(), 3)),
            "{:?}",
            fake.counts()
        );
    }
}

#[tokio::test]
async fn a_listing_that_fails_on_its_seventh_page_ends_in_an_error() {
    let fake = Fake::start(|request, before| match request {
        _ if request.is_versioning() => reply(200, &[], "<VersioningConfiguration/>"),
        _ if before < 6 => page([format!("data/{before}")], Some("next")),
        _ => refusal(503, "SlowDown"),
    })
    .await;
    let resolver = S3Resolver::new(config(&fake));
    let listed: Vec<_> = resolver
        .resolve(&"s3://bucket/data/".parse().unwrap(), true)
        .collect()
        .await;
    assert_eq!(listed.len(), 7);
    assert!(listed[..6].iter().all(Result::is_ok));
    let Err(error) = &listed[6] else {
        panic!("{:?}", listed[6]);
    };
    assert!(error.to_string().contains("s3://bucket/data/"), "{error}");
}

#[tokio::test]
async fn an_object_that_was_replaced_between_listing_and_download_is_told_with_both_etags() {
    let fake = Fake::start(|request, _| match request {
        _ if request.is_versioning() => reply(200, &[], "<VersioningConfiguration/>"),
        _ if request.is_list() => page(["data/a"], None),
        _ if request.is_versions() => versions_page([("data/a", 1)], None),
        _ => reply(
            200,
            &[("etag", "\"5d41402abc4b2a76b9719d911017c592\"")],
            "hello",
        ),
    })
    .await;
    let mut objects = resolve(&fake, "s3://bucket/data/").await.unwrap();
    let other = "00000000000000000000000000000000";
    objects[0].extra.insert("etag".to_owned(), other.into());
    let error = open(&fake, &objects[0]).await.unwrap_err();
    assert!(error.contains(other), "{error}");
    assert!(
        error.contains("5d41402abc4b2a76b9719d911017c592"),
        "{error}"
    );
}

#[tokio::test]
async fn content_is_checked_where_its_etag_is_its_md5() {
    // The MD5 of `hello`; the content is another one of the same length.
    for (headers, is_checked) in [
        (&[] as &[(&str, &str)], true),
        (&[("x-amz-server-side-encryption", "AES256")], true),
        (&[("x-amz-server-side-encryption", "aws:kms")], false),
        (
            &[("x-amz-server-side-encryption-customer-algorithm", "AES256")],
            false,
        ),
    ] {
        let fake = Fake::start(move |request, _| {
            let body = if request.method == Method::HEAD {
                ""
            } else {
                "hellO"
            };
            let etag = ("etag", "\"5d41402abc4b2a76b9719d911017c592\"");
            let headers: Vec<_> = headers.iter().copied().chain([etag]).collect();
            reply(200, &headers, body)
        })
        .await;
        let objects = resolve(&fake, "s3://bucket/f").await.unwrap();
        let opened = open(&fake, &objects[0]).await;
        assert_eq!(opened.is_err(), is_checked, "{headers:?}: {opened:?}");
    }
}

#[tokio::test]
async fn an_object_of_type_directory_is_a_prefix_and_a_mark_with_content_is_an_error() {
    let fake = Fake::start(|request, _| match request {
        _ if request.is_versioning() => reply(200, &[], "<VersioningConfiguration/>"),
        _ if request.is_list() && request.query["prefix"] == "xdir/" => page(["xdir/f"], None),
        _ if request.is_list() => page(["m/", "m/k"], None),
        _ if request.key == "xdir" => {
            reply(200, &[("content-type", "application/x-directory")], "")
        }
        _ => no_object(),
    })
    .await;
    let objects = resolve(&fake, "s3://bucket/xdir").await.unwrap();
    assert_eq!(objects[0].relative_path, "f");
    let error = resolve(&fake, "s3://bucket/m").await.unwrap_err();
    assert!(
        matches!(error, ResolveError::Unsupported { .. }),
        "{error:?}"
    );
    assert!(error.to_string().contains("s3://bucket/m/"), "{error}");
}
