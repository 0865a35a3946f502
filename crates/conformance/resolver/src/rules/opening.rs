//! Opening a recorded object.

use artifact_core::EntryDigest;
use artifact_core::ports::ResolveError;

use super::{FOLDER, assert_not_found, expect, read, resolve};
use crate::Fixture;

/// `open` yields what `resolve` described; twice, because nothing may be used up.
pub async fn open_yields_the_content_that_was_recorded(fixture: impl Fixture) {
    for (path, content) in FOLDER {
        fixture.put(path, content).await;
        let objects = expect(&fixture, path).await;
        for _ in 0..2 {
            let read = read(&*fixture.resolver(), &objects[0]).await;
            assert_eq!(read.as_deref(), Ok(*content), "{path}");
        }
    }
}

/// Content of several megabytes arrives whole.
pub async fn open_yields_content_larger_than_any_buffer(fixture: impl Fixture) {
    let content: Vec<u8> = (0..5_000_000_u32).map(|n| (n % 251) as u8).collect();
    fixture.put("large.bin", &content).await;
    let objects = expect(&fixture, "large.bin").await;
    for _ in 0..2 {
        let read = read(&*fixture.resolver(), &objects[0]).await;
        assert!(read.as_ref() == Ok(&content), "not the content");
    }
}

/// An object that is gone is [`ResolveError::NotFound`].
pub async fn open_of_a_missing_object_is_not_found(fixture: impl Fixture) {
    fixture.put("data/a.txt", b"a\n").await;
    let mut objects = expect(&fixture, "data/a.txt").await;
    fixture.remove("data/a.txt").await;
    if fixture.capability().versions {
        // The recorded version is still there; what was never there is not.
        objects[0].uri = fixture.uri("data/never.txt");
    }
    let opened = fixture.resolver().open(&objects[0]).await;
    assert!(
        matches!(opened, Err(ResolveError::NotFound { .. })),
        "{opened:?}"
    );
}

/// A version that was recorded is had after another was written, from a URI of its own and from a folder.
pub async fn open_of_an_overwritten_version_yields_the_recorded_one(fixture: impl Fixture) {
    if !fixture.capability().versions {
        return;
    }
    fixture.put("data/a.txt", b"recorded\n").await;
    let uris = ["data/a.txt", "data"].into_iter();
    for uri in uris.filter(|uri| fixture.capability().folders || *uri != "data") {
        let objects = expect(&fixture, uri).await;
        fixture.put("data/a.txt", b"changed!\n").await;
        let content = read(&*fixture.resolver(), &objects[0]).await;
        assert_eq!(content.as_deref(), Ok(b"recorded\n".as_slice()), "{uri}");
        let checked = fixture.resolver().check(&objects[0]).await;
        assert!(checked.is_ok(), "{uri}: {checked:?}");
        fixture.put("data/a.txt", b"recorded\n").await;
    }
}

/// A version that was recorded is had after the object was removed; the object itself is not found any more.
pub async fn open_of_a_removed_version_yields_the_recorded_one(fixture: impl Fixture) {
    if !fixture.capability().versions {
        return;
    }
    fixture.put("data/a.txt", b"recorded\n").await;
    let objects = expect(&fixture, "data/a.txt").await;
    fixture.remove("data/a.txt").await;
    for uri in ["data/a.txt", "data"] {
        assert_not_found(&resolve(&fixture, uri, true).await);
    }
    let content = read(&*fixture.resolver(), &objects[0]).await;
    assert_eq!(content.as_deref(), Ok(b"recorded\n".as_slice()));
    let checked = fixture.resolver().check(&objects[0]).await;
    assert!(checked.is_ok(), "{checked:?}");
}

/// Other content than was recorded is an error, unless the digest lets the caller find out.
pub async fn open_of_changed_content_never_passes_it_off_as_recorded(fixture: impl Fixture) {
    fixture.put("data/a.txt", b"recorded\n").await;
    let objects = expect(&fixture, "data/a.txt").await;
    if fixture.capability().versions {
        return;
    }
    // Of the same length, so that the length alone cannot tell.
    fixture.put("data/a.txt", b"changed!\n").await;
    let opened = fixture.resolver().open(&objects[0]).await;
    match (&objects[0].digest, opened) {
        (_, Err(ResolveError::Changed { .. })) | (EntryDigest::Content(_), Ok(_)) => {}
        (_, opened) => panic!("should be Changed: {opened:?}"),
    }
}
