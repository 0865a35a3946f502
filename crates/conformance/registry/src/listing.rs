//! Rules on listings, page by page.

use artifact_core::ports::{Page, PageRequest, RegistryError};

use crate::Fixture;

/// Returns the items of all pages of two items each.
async fn all<T, F>(page: impl Fn(PageRequest) -> F) -> Vec<T>
where
    F: Future<Output = Result<Page<T>, RegistryError>>,
{
    const LIMIT: u32 = 2;

    let mut request = PageRequest::first(LIMIT);
    let mut all = Vec::new();
    loop {
        let read = page(request.clone()).await.unwrap();
        assert!(read.items.len() <= LIMIT as usize);
        all.extend(read.items);
        if read.next.is_none() {
            return all;
        }
        request.after = read.next;
    }
}

/// Versions come newest first, each once, however small the pages.
pub async fn versions_come_in_pages_newest_first(fixture: Fixture) {
    for n in 0..5 {
        fixture.draft("data").file("n", n.to_string()).log().await;
    }
    let name = "data".parse().unwrap();
    let versions = all(|page| fixture.registry.versions(&fixture.project, &name, page)).await;
    let versions: Vec<_> = versions.iter().map(|record| record.version.get()).collect();
    assert_eq!(versions, [4, 3, 2, 1, 0]);
}

/// Collections come sorted by name, with what is known of their newest version.
pub async fn collections_come_in_pages_by_name(fixture: Fixture) {
    for name in ["c", "a", "B", "e", "d"] {
        fixture.draft(name).file("n", name).log().await;
    }
    fixture.draft("d").file("n", "longer").log().await;
    fixture
        .draft("never-committed")
        .file("n", "x")
        .begin()
        .await;
    let collections = all(|page| fixture.registry.collections(&fixture.project, page)).await;
    let names: Vec<_> = collections
        .iter()
        .map(|record| record.name.as_str())
        .collect();
    assert_eq!(names, ["B", "a", "c", "d", "e"]);
    let record = &collections[3];
    assert_eq!(record.version_count, 2);
    assert_eq!((record.latest, record.latest_size), (Some(1.into()), 6));
    assert_eq!(
        (&record.project, record.artifact_type.as_str()),
        (&fixture.project, "dataset")
    );
}

/// Projects come sorted by entity and name, each once.
pub async fn projects_come_in_pages_by_name(fixture: Fixture) {
    let mut wanted = Vec::new();
    for suffix in ["c", "a", "b"] {
        let mut project = fixture.project.clone();
        project.project = format!("{}-{suffix}", project.project).parse().unwrap();
        let draft = fixture.draft("data").file("a", "a");
        draft
            .with(|request| request.project = project.clone())
            .log()
            .await;
        wanted.push(project);
    }
    wanted.sort();
    let listed = all(|page| fixture.registry.projects(page)).await;
    assert!(listed.is_sorted());
    let listed: Vec<_> = listed
        .into_iter()
        .filter(|project| wanted.contains(project))
        .collect();
    assert_eq!(listed, wanted);
}
