//! Content that is asked for by its hash, as the official client does where a signed URL fails.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use reqwest::Method;

use crate::client::{answer, digest, md5, message};
use crate::server::TestServer;

fn hex(body: &[u8]) -> String {
    let digest = BASE64.decode(md5(body)).unwrap();
    format!("{:032x}", u128::from_be_bytes(digest.try_into().unwrap()))
}

#[tokio::test]
async fn an_entity_and_a_hash_are_enough_of_a_name() {
    let server = TestServer::start();
    let (ann, bob) = (server.user("ann"), server.user("bob"));
    let secret = format!("/artifacts/ann/{}", hex(b"secret"));
    let pending = ann.begin("data", &digest(&[("a.txt", b"secret")])).await;
    let url = ann.upload_url(&pending, "a.txt", b"secret").await;
    ann.put_ok(&url, b"secret").await;
    let (status, _) = answer(ann.request(Method::GET, &secret)).await;
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

    let (status, body) = answer(bob.request(Method::GET, &secret)).await;
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
        let (status, _) = answer(ann.request(Method::GET, &path)).await;
        assert_eq!(status, 404, "{path}");
    }
}
