//! Resolving a URI.

use std::collections::BTreeSet;

use artifact_core::ports::ReferenceObject;
#[cfg(doc)]
use artifact_core::ports::ResolveError;
use artifact_core::{ContentDigest, EntryDigest};
use futures::{StreamExt as _, TryStreamExt as _};
use md5::{Digest as _, Md5};

use super::{FOLDER, assert_not_found, expect, fill, paths, resolve};
use crate::Fixture;

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

/// A `/` at the end distinguishes a folder from an object of the same name.
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
