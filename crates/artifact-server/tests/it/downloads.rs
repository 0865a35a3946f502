//! Downloads as HTTP clients do them: whole, in ranges, HEAD only, by signed URL or by hash.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use reqwest::{Method, Response};

use crate::client::{Client, digest, json_response, md5, message};
use crate::server::TestServer;

const CONTENT: &[u8] = b"0123456789";

async fn get(client: &Client, url: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = client.plain(Method::GET, url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

#[tokio::test]
async fn ranges_are_served_as_http_specifies() {
    let server = TestServer::start();
    let ann = server.user("ann");
    let id = ann.log("data", &[("a.txt", CONTENT)]).await;
    let url = ann.download_url(&id).await;
    for (range, status, content_range, expected) in [
        (None, 200, None, "0123456789"),
        (Some("bytes=2-4"), 206, Some("bytes 2-4/10"), "234"),
        (Some("bytes=0-0"), 206, Some("bytes 0-0/10"), "0"),
        (Some("bytes=7-"), 206, Some("bytes 7-9/10"), "789"),
        (Some("bytes=-3"), 206, Some("bytes 7-9/10"), "789"),
        (Some("bytes=-99"), 206, Some("bytes 0-9/10"), "0123456789"),
        (
            Some("bytes=8-18446744073709551615"),
            206,
            Some("bytes 8-9/10"),
            "89",
        ),
        (Some("bytes=10-"), 416, Some("bytes */10"), ""),
        (
            Some("bytes=18446744073709551615-"),
            416,
            Some("bytes */10"),
            "",
        ),
        (Some("bytes=-0"), 416, Some("bytes */10"), ""),
        (Some("bytes=0-1,4-5"), 200, None, "0123456789"),
        (Some("bytes=4-2"), 200, None, "0123456789"),
        (Some("bytes=99999999999999999999-"), 200, None, "0123456789"),
        (Some("lines=1-2"), 200, None, "0123456789"),
        (Some("bytes"), 200, None, "0123456789"),
    ] {
        let headers: Vec<_> = range.iter().map(|range| ("Range", *range)).collect();
        let response = get(&ann, &url, &headers).await;
        assert_eq!(response.status(), status, "{range:?}");
        let got = response.headers().get("Content-Range");
        assert_eq!(
            got.map(|got| got.to_str().unwrap()),
            content_range,
            "{range:?}"
        );
        assert_eq!(response.headers()["Accept-Ranges"], "bytes");
        let length = response.headers()["Content-Length"]
            .to_str()
            .unwrap()
            .to_owned();
        assert_eq!(length, expected.len().to_string(), "{range:?}");
        assert_eq!(response.bytes().await.unwrap(), expected, "{range:?}");
    }
}

#[tokio::test]
async fn a_store_without_files_is_served_like_any_other() {
    let server = TestServer::start_in_memory();
    let ann = server.user("ann");
    // Small enough to be read at once, and large enough to be streamed in chunks.
    for length in [10, 300_001] {
        let content: Vec<u8> = (0..length).map(|n: u32| n.to_le_bytes()[0]).collect();
        let id = ann.log("data", &[("a.bin", &content)]).await;
        let url = ann.download_url(&id).await;
        let whole = get(&ann, &url, &[]).await;
        assert_eq!(whole.status(), 200);
        assert!(whole.bytes().await.unwrap() == content);
        for (range, expected) in [
            ("bytes=2-4", &content[2..5]),
            ("bytes=3-", &content[3..]),
            ("bytes=-5", &content[content.len() - 5..]),
        ] {
            let part = get(&ann, &url, &[("Range", range)]).await;
            assert_eq!(part.status(), 206, "{range}");
            assert!(part.bytes().await.unwrap() == expected, "{range}");
        }
        let beyond = get(&ann, &url, &[("Range", "bytes=300001-")]).await;
        assert_eq!(beyond.status(), 416);
    }
    let files = std::fs::read_dir(server.folder()).unwrap();
    assert_eq!(files.count(), 0);
}

#[tokio::test]
async fn a_head_is_a_get_without_its_body() {
    let server = TestServer::start();
    let ann = server.user("ann");
    let id = ann.log("data", &[("a.txt", CONTENT)]).await;
    let url = ann.download_url(&id).await;
    for range in [None, Some("bytes=2-4"), Some("bytes=10-")] {
        let with_range = |method| {
            let request = ann.plain(method, &url);
            match range {
                Some(range) => request.header("Range", range),
                None => request,
            }
        };
        let head = with_range(Method::HEAD).send().await.unwrap();
        let got = with_range(Method::GET).send().await.unwrap();
        assert_eq!(head.status(), got.status());
        for name in [
            "Content-Length",
            "Content-Type",
            "Content-Range",
            "ETag",
            "Accept-Ranges",
        ] {
            assert_eq!(head.headers().get(name), got.headers().get(name), "{name}");
        }
        assert_eq!(head.bytes().await.unwrap(), "");
    }
}

#[tokio::test]
async fn etag_identifies_content_and_guards_ranges() {
    let server = TestServer::start();
    let ann = server.user("ann");
    let etag = |response: &Response| response.headers()["ETag"].to_str().unwrap().to_owned();
    let first = ann.log("data", &[("a.txt", CONTENT)]).await;
    let first = ann.download_url(&first).await;
    let same = ann.log("same", &[("b.txt", CONTENT)]).await;
    let same = ann.download_url(&same).await;
    let other = ann.log("other", &[("a.txt", b"something else")]).await;
    let other = ann.download_url(&other).await;
    let tag = etag(&get(&ann, &first, &[]).await);
    assert!(tag.starts_with('"') && tag.ends_with('"'), "{tag}");
    assert_eq!(tag, etag(&get(&ann, &same, &[]).await));
    assert_ne!(tag, etag(&get(&ann, &other, &[]).await));

    let part = get(&ann, &first, &[("Range", "bytes=2-4"), ("If-Range", &tag)]).await;
    assert_eq!(part.status(), 206);
    assert_eq!(etag(&part), tag);
    for changed in ["\"other\"", "Wed, 21 Oct 2026 07:28:00 GMT", "W/\"weak\""] {
        let whole = get(
            &ann,
            &first,
            &[("Range", "bytes=2-4"), ("If-Range", changed)],
        )
        .await;
        assert_eq!(whole.status(), 200, "{changed}");
        assert_eq!(whole.bytes().await.unwrap(), CONTENT);
    }
}

#[tokio::test]
async fn empty_content_can_be_fetched() {
    let server = TestServer::start();
    let ann = server.user("ann");
    let id = ann.log("data", &[("a", b"")]).await;
    let url = ann.download_url(&id).await;
    let response = get(&ann, &url, &[]).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["Content-Length"], "0");
    assert_eq!(
        get(&ann, &url, &[("Range", "bytes=0-")]).await.status(),
        416
    );
}

#[tokio::test]
async fn types_are_guessed_from_names_and_unusual_names_survive() {
    let server = TestServer::start();
    let ann = server.user("ann");
    for (name, kind) in [
        ("a.txt", "text/plain"),
        ("dir/b c.png", "image/png"),
        ("ü?#%.json", "application/json"),
        ("no-ending", "application/octet-stream"),
        ("\"quoted\"; x=1\t.txt", "text/plain"),
    ] {
        let id = ann.log("data", &[(name, CONTENT)]).await;
        let url = ann.download_url(&id).await;
        let response = get(&ann, &url, &[]).await;
        assert_eq!(response.status(), 200, "{name}");
        assert_eq!(response.headers()["Content-Type"], kind, "{name}");
        assert_eq!(response.bytes().await.unwrap(), CONTENT);
    }
}

fn hex(body: &[u8]) -> String {
    let digest = BASE64.decode(md5(body)).unwrap();
    format!("{:032x}", u128::from_be_bytes(digest.try_into().unwrap()))
}

#[tokio::test]
async fn content_is_served_by_entity_and_hash() {
    let server = TestServer::start();
    let (ann, bob) = (server.user("ann"), server.user("bob"));
    let secret = format!("/artifacts/ann/{}", hex(b"secret"));
    let pending = ann.begin("data", &digest(&[("a.txt", b"secret")])).await;
    let url = ann.upload_url(&pending, "a.txt", b"secret").await;
    ann.put_ok(&url, b"secret").await;
    let (status, _) = json_response(ann.request(Method::GET, &secret)).await;
    assert_eq!(status, 404, "no version has it yet");

    ann.log("data", &[("a.txt", b"secret")]).await;
    let own = ann.request(Method::GET, &secret).send().await.unwrap();
    assert_eq!(own.status(), 200);
    assert_eq!(own.headers()["content-length"], "6");
    assert_eq!(own.bytes().await.unwrap(), "secret");
    let part = ann.request(Method::GET, &secret);
    let part = part.header("Range", "bytes=3-").send().await.unwrap();
    assert_eq!(part.status(), 206);
    assert_eq!(part.bytes().await.unwrap(), "ret");

    let (status, body) = json_response(bob.request(Method::GET, &secret)).await;
    assert_eq!(status, 404);
    assert!(message(&body).contains("no artifact of this entity"));
    for path in [
        format!("/artifacts/bob/{}", hex(b"secret")),
        format!("/artifacts/ann/{}", hex(b"other")),
        "/artifacts/ann/nonsense".to_owned(),
        "/artifacts/ann".to_owned(),
        format!("/artifacts/a%2fb/{}", hex(b"secret")),
        format!("/artifacts/ann/{}/a.txt", hex(b"secret")),
    ] {
        let (status, _) = json_response(ann.request(Method::GET, &path)).await;
        assert_eq!(status, 404, "{path}");
    }
}
