//! Runs as the catalog has them: listings, files, what they logged and use.

use artifact_core::ports::{
    FileSelection, ListRequest, Page, PageRequest, RegistryError, RunMessage, RunRelation,
    UploadBody,
};
use artifact_core::records::{RunAddress, RunChanges, RunState};
use artifact_core::{ContentDigest, LogicalPath};
use md5::{Digest as _, Md5};

use crate::Fixture;

/// Returns what the pages of two items each hold, and asks for each page in a request of its own.
pub(crate) async fn all<T, F>(page: impl Fn(PageRequest) -> F) -> Vec<T>
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

async fn send_file(fixture: &Fixture, run: &RunAddress, name: &str, content: &[u8]) {
    let path: LogicalPath = name.parse().unwrap();
    let registry = &fixture.registry;
    let tickets = registry.request_run_uploads(run, vec![path.clone()]).await;
    let ticket = tickets.unwrap().remove(0).unwrap();
    let body = UploadBody::Bytes(content);
    fixture
        .transfer
        .upload(&ticket, body, &|_| {})
        .await
        .unwrap();
    let uploaded = RunMessage {
        uploaded: vec![path],
        ..RunMessage::default()
    };
    registry.stream_run(run, uploaded).await.unwrap();
}

/// A run is found with its state and its summary, and none is no run.
pub async fn run_is_found_with_its_summary(fixture: Fixture) {
    let run = fixture.run("r1").await;
    let message = RunMessage {
        summary: Some(r#"{"loss":0.5}"#.to_owned()),
        ..RunMessage::default()
    };
    fixture.registry.stream_run(&run, message).await.unwrap();
    let found = fixture.catalog.run(&run).await.unwrap();
    assert_eq!(found.address, run);
    assert_eq!(found.state, RunState::Running);
    assert_eq!(found.summary["loss"], 0.5);

    let ended = RunMessage {
        exit_code: Some(0),
        ..RunMessage::default()
    };
    fixture.registry.stream_run(&run, ended).await.unwrap();
    let found = fixture.catalog.run(&run).await.unwrap();
    assert_eq!(found.state, RunState::Finished);

    let none = RunAddress {
        id: "none".parse().unwrap(),
        ..run
    };
    match fixture.catalog.run(&none).await {
        Err(RegistryError::NoRun { run, .. }) => assert_eq!(run, none),
        other => panic!("{other:?}"),
    }
}

/// Runs come oldest first, in another order or filtered when that is asked for.
pub async fn runs_are_filtered_and_ordered(fixture: Fixture) {
    for (id, group) in [("c", "odd"), ("a", "even"), ("b", "odd")] {
        let address = fixture.run(id).await;
        let changes = RunChanges {
            group: Some(group.to_owned()),
            ..RunChanges::default()
        };
        let updated = fixture.registry.upsert_run(&address, changes).await;
        assert_eq!(updated.unwrap().group.as_deref(), Some(group));
    }
    let listed = async |filter: Option<&str>, order: Option<&str>| {
        let runs = all(|page| {
            let request = ListRequest {
                page,
                filter: filter.map(ToOwned::to_owned),
                order: order.map(ToOwned::to_owned),
            };
            fixture.catalog.runs(&fixture.project, request)
        });
        let runs = runs.await.into_iter();
        runs.map(|run| run.address.id.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(listed(None, None).await, ["c", "a", "b"]);
    assert_eq!(listed(None, Some("-created_at")).await, ["b", "a", "c"]);
    assert_eq!(listed(None, Some("+name")).await, ["a", "b", "c"]);
    assert_eq!(listed(Some(r#"{"group": "odd"}"#), None).await, ["c", "b"]);

    let unreadable = ListRequest {
        filter: Some("{".to_owned()),
        ..ListRequest::first(2)
    };
    let refused = fixture.catalog.runs(&fixture.project, unreadable).await;
    assert!(
        matches!(refused, Err(RegistryError::Rejected { .. })),
        "{refused:?}"
    );
    let mut nowhere = fixture.project.clone();
    nowhere.project = "nowhere".parse().unwrap();
    let none = fixture.catalog.runs(&nowhere, ListRequest::first(2)).await;
    assert!(
        matches!(none, Err(RegistryError::NoProject { .. })),
        "{none:?}"
    );
}

/// Files of a run come by name with size, digest and URLs, and their tickets lead to their content.
pub async fn run_files_are_listed_and_read(fixture: Fixture) {
    let run = fixture.run("r1").await;
    for name in ["media/b c.txt", "a.json", "z.bin"] {
        send_file(&fixture, &run, name, name.as_bytes()).await;
    }
    let everything = FileSelection::default();
    let files = all(|page| fixture.catalog.run_files(&run, &everything, page)).await;
    let names: Vec<_> = files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["a.json", "media/b c.txt", "z.bin"]);
    for file in &files {
        let content = file.name.as_bytes();
        assert_eq!(file.size, content.len() as u64);
        let md5 = ContentDigest::Md5(Md5::digest(content).into());
        assert_eq!(file.md5, Some(md5));
        assert!(file.url.contains(':') && file.direct_url.contains(':'));
        assert_eq!(fixture.read(&file.ticket).await, content);
    }
    assert_eq!(files[0].mimetype.as_deref(), Some("application/json"));

    let some = FileSelection {
        names: vec!["z.bin".to_owned(), "not-there".to_owned()],
        pattern: None,
    };
    let found = all(|page| fixture.catalog.run_files(&run, &some, page)).await;
    assert_eq!(found.len(), 1);
    let like = FileSelection {
        names: Vec::new(),
        pattern: Some("media/%".to_owned()),
    };
    let found = all(|page| fixture.catalog.run_files(&run, &like, page)).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].name, "media/b c.txt");
}

/// A run knows what it logged and what it uses, in the order in which it did.
pub async fn run_knows_its_inputs_and_outputs(fixture: Fixture) {
    let run = fixture.run("r1").await;
    let input = fixture.draft("input").file("a", "a").log().await;
    let other = fixture.draft("other").file("a", "b").log().await;
    for used in [&other, &input] {
        fixture.registry.use_artifact(&run, &used.id).await.unwrap();
    }
    let mut logged = Vec::new();
    for name in ["z", "a", "m"] {
        let draft = fixture.draft(name).file("n", name);
        let draft = draft.with(|request| request.run = Some(run.id.clone()));
        logged.push(draft.log().await.name);
    }
    let of = async |relation| {
        let found = all(|page| fixture.catalog.artifacts_of_run(&run, relation, page)).await;
        let names = found.into_iter().map(|record| record.name);
        names.collect::<Vec<_>>()
    };
    assert_eq!(of(RunRelation::Logged).await, logged);
    assert_eq!(of(RunRelation::Used).await, [other.name, input.name]);

    let none = RunAddress {
        id: "none".parse().unwrap(),
        ..run.clone()
    };
    let none = fixture
        .catalog
        .artifacts_of_run(&none, RunRelation::Used, PageRequest::first(2))
        .await;
    assert!(matches!(none, Err(RegistryError::NoRun { .. })), "{none:?}");
}
