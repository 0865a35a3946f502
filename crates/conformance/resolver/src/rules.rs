//! The rules. Each is the behaviour its name states, and panics where an adapter behaves otherwise.

#![expect(
    clippy::missing_panics_doc,
    reason = "to panic is what every rule is for"
)]

mod checking;
mod opening;
mod resolving;

use artifact_core::ports::{Fetched, ReferenceObject, ReferenceResolver, ResolveError};
use futures::TryStreamExt as _;

use crate::Fixture;

pub use checking::*;
pub use opening::*;
pub use resolving::*;

/// A folder whose walk and whose byte order differ: `-` and `.` sort before `/`.
const FOLDER: &[(&str, &[u8])] = &[
    ("data/a-b.txt", b"dash\n"),
    ("data/a.txt", b"dot\n"),
    ("data/a/b.txt", b"slash\n"),
    ("data/a/empty", b""),
    ("data/a/b/c/d.txt", b"deep\n"),
    ("data/a0", b"zero\n"),
    ("data/.hidden", b"hidden\n"),
    ("data/same", b"dot\n"),
];

type Resolved = Result<Vec<ReferenceObject>, ResolveError>;

async fn resolve(fixture: &impl Fixture, path: &str, checksum: bool) -> Resolved {
    fixture
        .resolver()
        .resolve(&fixture.uri(path), checksum)
        .try_collect()
        .await
}

async fn expect(fixture: &impl Fixture, path: &str) -> Vec<ReferenceObject> {
    match resolve(fixture, path, true).await {
        Ok(objects) => objects,
        Err(error) => panic!("{path} should have been found: {error:?}"),
    }
}

async fn fill(fixture: &impl Fixture, objects: &[(&str, &[u8])]) {
    for (path, content) in objects {
        fixture.put(path, content).await;
    }
}

fn paths(objects: &[ReferenceObject]) -> Vec<&str> {
    objects
        .iter()
        .map(|object| object.relative_path.as_str())
        .collect()
}

/// Reads what `open` gave to its end.
#[expect(
    clippy::disallowed_methods,
    reason = "the content of a resolver may be a local file"
)]
async fn read(
    resolver: &dyn ReferenceResolver,
    object: &ReferenceObject,
) -> Result<Vec<u8>, String> {
    match resolver.open(object).await {
        Ok(Fetched::File(path)) => std::fs::read(path).map_err(|error| error.to_string()),
        Ok(Fetched::Stream(chunks)) => chunks
            .try_fold(Vec::new(), async |mut all, chunk| {
                all.extend_from_slice(&chunk);
                Ok(all)
            })
            .await
            .map_err(|error| format!("{error:?}")),
        Ok(other) => panic!("no rule knows how to read {other:?}"),
        Err(error) => Err(format!("{error:?}")),
    }
}

fn assert_not_found(found: &Resolved) {
    assert!(
        matches!(found, Err(ResolveError::NotFound { .. })),
        "should be NotFound: {found:?}"
    );
}
