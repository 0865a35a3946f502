//! Two contents with one MD5.
//!
//! The pair is Wang, Feng, Lai and Yu's of 2004 (`CRYPTO` rump session), the best known one.

use artifact_core::ports::UploadBody;
use md5::{Digest as _, Md5};

use crate::store::Store;

const ONE: &str = "\
d131dd02c5e6eec4693d9a0698aff95c2fcab58712467eab4004583eb8fb7f89\
55ad340609f4b30283e488832571415a085125e8f7cdc99fd91dbdf280373c5b\
d8823e3156348f5bae6dacd436c919c6dd53e2b487da03fd02396306d248cda0\
e99f33420f577ee8ce54b67080a80d1ec69821bcb6a8839396f9652b6ff72a70";

const OTHER: &str = "\
d131dd02c5e6eec4693d9a0698aff95c2fcab50712467eab4004583eb8fb7f89\
55ad340609f4b30283e4888325f1415a085125e8f7cdc99fd91dbd7280373c5b\
d8823e3156348f5bae6dacd436c919c6dd53e23487da03fd02396306d248cda0\
e99f33420f577ee8ce54b67080280d1ec69821bcb6a8839396f965ab6ff72a70";

fn bytes(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks_exact(2);
    digits
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn pair() -> (Vec<u8>, Vec<u8>) {
    let (one, other) = (bytes(ONE), bytes(OTHER));
    assert_eq!(Md5::digest(&one), Md5::digest(&other));
    assert_ne!(sha2::Sha256::digest(&one), sha2::Sha256::digest(&other));
    (one, other)
}

#[tokio::test]
async fn contents_with_one_md5_are_two_contents() {
    let store = Store::new();
    let (one, other) = pair();
    let draft = store
        .fixture()
        .draft("data")
        .file("one", &one)
        .file("other", &other);
    let record = draft.log().await;
    assert_eq!(
        draft.fetch(&record.id, &["other", "one"]).await,
        [other, one]
    );
}

#[tokio::test]
async fn a_forged_file_that_was_there_first_does_not_stand_in() {
    let store = Store::new();
    let fixture = store.fixture();
    let (forged, real) = pair();
    let attack = fixture.draft("theirs").file("a", &forged);
    let theirs = attack.log().await;

    // Sent as the official client sends it: by MD5 alone, without having offered the bytes.
    let draft = fixture.draft("mine").file("a", &real);
    let pending = draft.begin().await;
    let grants = draft.request(&pending, draft.specs()).await;
    let ticket = grants[0]
        .ticket
        .as_ref()
        .expect("an MD5 alone proves nothing");
    fixture
        .transfer
        .upload(ticket, UploadBody::Bytes(&real), &|_| ())
        .await
        .unwrap();
    let births = [("a".parse().unwrap(), grants[0].birth_artifact.clone())].into();
    draft
        .send_manifest(&pending, &draft.manifest_file(&births))
        .await
        .unwrap();
    let mine = fixture.registry.commit_artifact(&pending.id).await.unwrap();

    assert_eq!(draft.fetch(&mine.id, &["a"]).await, [real]);
    assert_eq!(attack.fetch(&theirs.id, &["a"]).await, [forged]);
}
