//! Whether an object is still what was recorded, found out without reading it.

use artifact_core::EntryDigest;
use artifact_core::ports::ResolveError;

use super::{FOLDER, expect, resolve};
use crate::Fixture;

/// A recorded object, with or without checksum, passes the check.
pub async fn check_of_what_was_recorded_succeeds(fixture: impl Fixture) {
    for (path, content) in FOLDER {
        fixture.put(path, content).await;
        for checksum in [true, false] {
            let objects = resolve(&fixture, path, checksum).await;
            let objects = objects.expect("it is there");
            let checked = fixture.resolver().check(&objects[0]).await;
            assert!(checked.is_ok(), "{path}: {checked:?}");
        }
    }
}

/// An object that is gone is [`ResolveError::NotFound`] without being opened, too.
pub async fn check_of_a_missing_object_is_not_found(fixture: impl Fixture) {
    fixture.put("data/a.txt", b"a\n").await;
    let mut objects = expect(&fixture, "data/a.txt").await;
    fixture.remove("data/a.txt").await;
    if fixture.capability().versions {
        objects[0].uri = fixture.uri("data/never.txt");
    }
    let checked = fixture.resolver().check(&objects[0]).await;
    assert!(
        matches!(checked, Err(ResolveError::NotFound { .. })),
        "{checked:?}"
    );
}

/// Other content than was recorded is found out without being read, unless only a digest of the content tells.
pub async fn check_of_changed_content_is_changed(fixture: impl Fixture) {
    fixture.put("data/a.txt", b"recorded\n").await;
    let objects = expect(&fixture, "data/a.txt").await;
    if fixture.capability().versions {
        return;
    }
    fixture.put("data/a.txt", b"changed!\n").await;
    let checked = fixture.resolver().check(&objects[0]).await;
    match (&objects[0].digest, checked) {
        (_, Err(ResolveError::Changed { .. })) | (EntryDigest::Content(_), Ok(())) => {}
        (_, checked) => panic!("should be Changed: {checked:?}"),
    }
}
