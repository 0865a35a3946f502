//! Rules on aliases, tags and types.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use artifact_core::ports::RegistryError;
use artifact_core::{QualifiedAddress, VersionSelector};

use crate::Fixture;

fn address(fixture: &Fixture, name: &str, alias: &str) -> QualifiedAddress {
    QualifiedAddress {
        project: fixture.project.clone(),
        name: name.parse().unwrap(),
        selector: VersionSelector::Alias(alias.parse().unwrap()),
    }
}

/// The wanted aliases and `latest` move to the version that is committed last, and to it alone.
pub async fn aliases_move_to_the_newer_version(fixture: Fixture) {
    let v0 = fixture
        .draft("data")
        .file("a", "0")
        .alias("best")
        .alias("first")
        .log()
        .await;
    let names = |record: &artifact_core::ports::ArtifactRecord| {
        record
            .aliases
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&v0), ["best", "first", "latest"]);
    let v1 = fixture
        .draft("data")
        .file("a", "1")
        .alias("best")
        .log()
        .await;
    assert_eq!(names(&v1), ["best", "latest"]);
    let v0 = fixture.registry.artifact(&v0.id.into()).await.unwrap();
    assert_eq!(names(&v0), ["first"]);
    for (alias, holder) in [("best", &v1), ("latest", &v1), ("first", &v0)] {
        let found = fixture
            .registry
            .artifact(&address(&fixture, "data", alias).into())
            .await;
        assert_eq!(found.unwrap().id, holder.id, "{alias}");
    }
}

/// While aliases move, each always points to a version, and `latest` never goes back.
pub async fn aliases_always_have_a_holder(fixture: Fixture) {
    fixture
        .draft("data")
        .file("a", "0")
        .alias("best")
        .log()
        .await;
    let done = Arc::new(AtomicBool::new(false));
    let watch = |alias: &str| {
        let (registry, done) = (Arc::clone(&fixture.registry), Arc::clone(&done));
        let address = address(&fixture, "data", alias);
        tokio::spawn(async move {
            let mut newest = 0;
            while !done.load(Ordering::SeqCst) {
                let found = registry.artifact(&address.clone().into()).await.unwrap();
                assert!(newest <= found.version.get());
                assert!(
                    found
                        .aliases
                        .iter()
                        .any(|alias| VersionSelector::Alias(alias.clone()) == address.selector)
                );
                newest = found.version.get();
            }
        })
    };
    let watching = [watch("latest"), watch("best")];
    for n in 1..10 {
        fixture
            .draft("data")
            .file("a", n.to_string())
            .alias("best")
            .log()
            .await;
    }
    done.store(true, Ordering::SeqCst);
    for watcher in watching {
        watcher.await.unwrap();
    }
}

/// Tags stay with their version, and are added to.
pub async fn tags_are_added(fixture: Fixture) {
    let draft = fixture
        .draft("data")
        .file("a", "0")
        .tag("two words")
        .tag("big");
    let record = draft.log().await;
    let tags: Vec<&str> = record.tags.iter().map(AsRef::as_ref).collect();
    assert_eq!(tags, ["big", "two words"]);
    let other = fixture.draft("data").file("a", "1").log().await;
    assert_eq!(other.tags, []);
    let again = draft.tag("seen").log().await;
    let tags: Vec<&str> = again.tags.iter().map(AsRef::as_ref).collect();
    assert_eq!(tags, ["big", "seen", "two words"]);
}

/// A collection has one type; another one is refused with both named, and changes nothing.
pub async fn collection_has_one_type(fixture: Fixture) {
    let v0 = fixture.draft("data").file("a", "0").log().await;
    let other = fixture.draft("data").file("a", "1");
    let refused = other
        .with(|request| request.artifact_type = "model".parse().unwrap())
        .create()
        .await;
    match refused {
        Err(RegistryError::TypeConflict(conflict)) => {
            assert_eq!(
                (conflict.existing.as_str(), conflict.wanted.as_str()),
                ("dataset", "model")
            );
        }
        other => panic!("{other:?}"),
    }
    let found = fixture
        .registry
        .artifact(&address(&fixture, "data", "latest").into())
        .await
        .unwrap();
    assert_eq!(found, v0);
}
