//! Rules on version numbers.

use artifact_core::ports::PageRequest;
use futures::future::join_all;

use crate::Fixture;

/// Versions of a collection are numbered 0, 1, 2, … in the order of their commits, however many are logged at once.
pub async fn versions_are_numbered_without_gaps(fixture: Fixture) {
    const WRITERS: u32 = 16;

    let logging = (0..WRITERS).map(|n| {
        let draft = fixture.draft("data").file("n.txt", n.to_string());
        tokio::spawn(async move { draft.log().await })
    });
    let logged = join_all(logging).await;
    let mut numbers: Vec<_> = logged
        .into_iter()
        .map(|record| record.unwrap().version.get())
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..WRITERS).collect::<Vec<_>>());

    let name = "data".parse().unwrap();
    let versions = fixture
        .registry
        .versions(&fixture.project, &name, PageRequest::first(100))
        .await
        .unwrap();
    assert_eq!(versions.items.len(), WRITERS as usize);
    let newest = &versions.items[0];
    assert!(
        newest
            .aliases
            .iter()
            .any(|alias| alias.as_str() == "latest")
    );
}

/// A version that is never committed takes no number.
pub async fn abandoned_version_takes_no_number(fixture: Fixture) {
    assert_eq!(
        fixture
            .draft("data")
            .file("a", "0")
            .log()
            .await
            .version
            .get(),
        0
    );
    let abandoned = fixture.draft("data").file("a", "never");
    let pending = abandoned.begin().await;
    abandoned.store(&pending).await;
    assert_eq!(
        fixture
            .draft("data")
            .file("a", "1")
            .log()
            .await
            .version
            .get(),
        1
    );
}
