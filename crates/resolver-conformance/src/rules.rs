//! The rules. Each is the behaviour its name states, and panics where an adapter behaves otherwise.

#![expect(
    clippy::missing_panics_doc,
    reason = "to panic is what every rule is for"
)]

use std::collections::BTreeSet;

use artifact_core::ports::{Fetched, ReferenceObject, ReferenceResolver, ResolveError};
use artifact_core::{ContentDigest, EntryDigest};
use futures::{StreamExt as _, TryStreamExt as _};
use md5::{Digest as _, Md5};

use crate::Fixture;

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

/// Names that need care in a URI.
const ODD_NAMES: &[&str] = &[
    "100%25.txt",
    "a#b",
    "a?b=c",
    "sp ace",
    "é\u{301}",
    "e\u{301}",
    "tab\t",
    "back\\slash",
    "+&=:;@",
    "%",
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

/// A URI that names an object yields it alone, under its own name.
pub async fn a_uri_that_names_one_object_yields_it(fixture: impl Fixture) {
    fill(
        &fixture,
        &[
            ("data/model.h5", b"model\n"),
            ("data/model.h5.bak", b"old\n"),
        ],
    )
    .await;
    let objects = expect(&fixture, "data/model.h5").await;
    assert_eq!(paths(&objects), ["model.h5"]);
    assert!(objects[0].size.is_none_or(|size| size == 6), "{objects:?}");
}

/// Every object below a folder comes once, empty and hidden ones and equal content included.
pub async fn a_folder_yields_each_object_once(fixture: impl Fixture) {
    if !fixture.capability().folders {
        return;
    }
    fill(&fixture, FOLDER).await;
    for folder in ["data", "data/"] {
        let objects = expect(&fixture, folder).await;
        let found: BTreeSet<_> = paths(&objects).into_iter().collect();
        let expected: BTreeSet<_> = FOLDER
            .iter()
            .map(|(path, _)| &path["data/".len()..])
            .collect();
        assert_eq!(found, expected);
        assert_eq!(
            objects.len(),
            found.len(),
            "an object came twice: {objects:?}"
        );
    }
}

/// The order is that of the relative paths' bytes.
pub async fn objects_come_in_the_order_of_their_paths(fixture: impl Fixture) {
    if !fixture.capability().folders {
        return;
    }
    fill(&fixture, FOLDER).await;
    let objects = expect(&fixture, "data").await;
    assert!(
        paths(&objects).is_sorted(),
        "not sorted: {:?}",
        paths(&objects)
    );
}

/// `images` is the folder, not everything that starts so.
pub async fn a_folder_does_not_match_its_siblings(fixture: impl Fixture) {
    if !fixture.capability().folders {
        return;
    }
    fill(
        &fixture,
        &[
            ("images/cat.png", b"cat\n"),
            ("images-extra/bird.png", b"bird\n"),
        ],
    )
    .await;
    fixture.put("imagesfile", b"file\n").await;
    assert_eq!(paths(&expect(&fixture, "images").await), ["cat.png"]);
    assert_not_found(&resolve(&fixture, "imag", true).await);
}

/// The URI of the whole store stands for everything in it.
pub async fn the_root_is_the_folder_of_all(fixture: impl Fixture) {
    if !fixture.capability().folders {
        return;
    }
    assert_not_found(&resolve(&fixture, "", true).await);
    fill(&fixture, &[("top.txt", b"top\n"), ("data/a/b", b"deep\n")]).await;
    let objects = expect(&fixture, "").await;
    assert_eq!(paths(&objects), ["data/a/b", "top.txt"]);
    for object in &objects {
        assert_eq!(object.uri, fixture.uri(&object.relative_path));
    }
}

/// Where an object and a folder have the same name, a `/` at the end tells which is meant.
pub async fn an_object_goes_before_the_folder_of_its_name(fixture: impl Fixture) {
    if !fixture.capability().flat {
        return;
    }
    fill(
        &fixture,
        &[("both", b"object\n"), ("both/child", b"child\n")],
    )
    .await;
    assert_eq!(paths(&expect(&fixture, "both").await), ["both"]);
    assert_eq!(paths(&expect(&fixture, "both/").await), ["child"]);
}

/// An empty object whose name ends in `/` marks a folder: what is below counts, the mark does not.
pub async fn marks_of_folders_are_no_objects(fixture: impl Fixture) {
    if !fixture.capability().flat {
        return;
    }
    fill(
        &fixture,
        &[("dir/", b""), ("dir/sub/", b""), ("none/", b"")],
    )
    .await;
    fill(&fixture, &[("dir/empty", b""), ("dir/sub/f", b"f\n")]).await;
    for folder in ["dir", "dir/"] {
        assert_eq!(paths(&expect(&fixture, folder).await), ["empty", "sub/f"]);
    }
    for folder in ["none", "none/"] {
        assert_not_found(&resolve(&fixture, folder, true).await);
    }
}

/// Nothing behind a URI is [`ResolveError::NotFound`], with and without checksum, and never an empty stream.
pub async fn a_uri_with_nothing_behind_it_is_not_found(fixture: impl Fixture) {
    fixture.put("data/a.txt", b"a\n").await;
    for path in ["nope", "nope/", "data/nope", "data/a.txt/nope"] {
        let found = resolve(&fixture, path, true).await;
        assert_not_found(&found);
    }
}

/// A folder that has lost its last object is [`ResolveError::NotFound`].
pub async fn an_emptied_folder_is_not_found(fixture: impl Fixture) {
    if !fixture.capability().folders {
        return;
    }
    fixture.put("data/only/a.txt", b"a\n").await;
    fixture.remove("data/only/a.txt").await;
    assert_not_found(&resolve(&fixture, "data", true).await);
    assert_not_found(&resolve(&fixture, "data/only", true).await);
}

/// A digest that claims to be of the content is; a size that is given is right.
pub async fn content_digests_and_sizes_are_those_of_the_bytes(fixture: impl Fixture) {
    if !fixture.capability().folders {
        return;
    }
    fill(&fixture, FOLDER).await;
    for object in expect(&fixture, "data").await {
        let (_, content) = FOLDER
            .iter()
            .find(|(path, _)| path["data/".len()..] == object.relative_path)
            .expect("nothing else was put");
        if let EntryDigest::Content(digest @ ContentDigest::Md5(_)) = object.digest {
            assert_eq!(
                digest,
                ContentDigest::Md5(Md5::digest(content).into()),
                "{object:?}"
            );
        }
        assert!(
            object.size.is_none_or(|size| size == content.len() as u64),
            "{object:?}"
        );
    }
}

/// Without checksum nothing is read, so nothing can be said about content.
pub async fn without_checksum_no_digest_claims_to_be_of_the_content(fixture: impl Fixture) {
    fixture.put("data/a.txt", b"a\n").await;
    let objects = resolve(&fixture, "data/a.txt", false)
        .await
        .expect("it is there");
    assert_eq!(objects.len(), 1);
    assert!(
        matches!(objects[0].digest, EntryDigest::Opaque(_)),
        "{objects:?}"
    );
}

/// An object that was recorded without checksum has the URI that it has with checksum.
pub async fn without_checksum_objects_keep_their_uris(fixture: impl Fixture) {
    fixture.put("data/a.txt", b"a\n").await;
    let unread = resolve(&fixture, "data/a.txt", false)
        .await
        .expect("it is there");
    let read = expect(&fixture, "data/a.txt").await;
    assert_eq!(unread[0].uri, read[0].uri);
}

/// The URI of an object below a folder leads back to that object, whatever its name.
pub async fn every_object_can_be_resolved_again_by_its_own_uri(fixture: impl Fixture) {
    if !fixture.capability().folders {
        return;
    }
    fill(&fixture, FOLDER).await;
    if fixture.capability().any_name {
        for name in ODD_NAMES {
            fixture.put(&format!("data/{name}"), name.as_bytes()).await;
        }
    }
    let resolver = fixture.resolver();
    for object in expect(&fixture, "data").await {
        let again: Vec<_> = match resolver.resolve(&object.uri, true).try_collect().await {
            Ok(again) => again,
            Err(error) => panic!(
                "{:?} cannot be resolved again: {error:?}",
                object.uri.as_str()
            ),
        };
        let name = object
            .relative_path
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .to_owned();
        assert_eq!(
            again,
            [ReferenceObject {
                relative_path: name,
                ..object
            }]
        );
    }
}

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

/// What was recorded, with and without checksum, is found to be there.
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

/// A stream that is dropped before its end leaves the resolver as it was.
pub async fn a_dropped_stream_harms_nothing(fixture: impl Fixture) {
    if !fixture.capability().folders {
        return;
    }
    fill(&fixture, FOLDER).await;
    let mut objects = fixture.resolver().resolve(&fixture.uri("data"), true);
    assert!(matches!(objects.next().await, Some(Ok(_))));
    drop(objects);
    assert_eq!(expect(&fixture, "data").await.len(), FOLDER.len());
}
