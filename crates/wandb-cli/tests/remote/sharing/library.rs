//! Shares, increments and drafts of versions, from the library.

use std::io::Write as _;

use wandb_rs::{AddFile, Artifact, Error, FlowError, LoggedArtifact, PartialOptions, Run};

use super::on_both;
use super::site::{GROUP, Site};

on_both!(
    shares_of_one_run_come_in_the_order_of_the_calls,
    tasks_of_one_run_log_at_once,
    a_share_names_what_its_writers_have_in_common,
    a_file_where_another_run_has_a_folder_is_refused,
    increments_come_on_top,
    a_draft_of_a_version_keeps_what_it_does_not_change,
);

fn block_on<F: Future>(work: F) -> F::Output {
    tokio::runtime::Runtime::new().unwrap().block_on(work)
}

fn artifact(files: &[(&str, &str)]) -> Artifact {
    let mut artifact = Artifact::new("parts", "dataset").unwrap();
    add(&mut artifact, files);
    artifact
}

fn add(artifact: &mut Artifact, files: &[(&str, &str)]) {
    for (path, content) in files {
        let written = artifact.new_file(path, |file| file.write_all(content.as_bytes()));
        written.unwrap();
    }
}

async fn run(site: &Site, group: &str) -> Run {
    site.client().init().group(group).start().await.unwrap()
}

async fn entries(version: &LoggedArtifact) -> Vec<String> {
    let manifest = version.manifest().await.unwrap();
    manifest.iter().map(|(path, _)| path.to_string()).collect()
}

fn shares_of_one_run_come_in_the_order_of_the_calls(site: &Site) {
    block_on(async {
        let run = run(site, GROUP).await;
        let shares: Vec<_> = (0..5)
            .map(|number| {
                let number = number.to_string();
                run.upsert_artifact(artifact(&[("last", &number), (&number, "same")]))
            })
            .collect();
        let version = run.finish_artifact(artifact(&[("end", "end")]));
        for share in shares {
            assert_eq!(share.await.unwrap().file_count, 2);
        }
        let version = version.await.unwrap();
        assert_eq!(
            entries(&version).await,
            ["0", "1", "2", "3", "4", "end", "last"]
        );
        version.download().to(site.path("got")).await.unwrap();
        let last = std::fs::read_to_string(site.path("got/last")).unwrap();
        assert_eq!(last, "4");
        run.finish().await.unwrap();
    });
}

fn tasks_of_one_run_log_at_once(site: &Site) {
    block_on(async {
        let run = std::sync::Arc::new(run(site, GROUP).await);
        let tasks = (0..8).map(|task| {
            let run = std::sync::Arc::clone(&run);
            tokio::spawn(async move {
                let (path, content) = (format!("{task}"), format!("content {task}"));
                run.log_artifact(artifact(&[(&path, &content)]))
                    .await
                    .unwrap()
            })
        });
        let mut numbers = Vec::new();
        for task in tasks.collect::<Vec<_>>() {
            numbers.push(task.await.unwrap().version.get());
        }
        numbers.sort_unstable();
        assert_eq!(numbers, (0..8).collect::<Vec<_>>());
        std::sync::Arc::into_inner(run)
            .unwrap()
            .finish()
            .await
            .unwrap();
    });
}

fn a_share_names_what_its_writers_have_in_common(site: &Site) {
    block_on(async {
        let run = site.client().init().start().await.unwrap();
        let refused = run
            .upsert_artifact(artifact(&[("a", "a")]))
            .await
            .unwrap_err();
        assert!(matches!(refused, Error::NoGroup { .. }), "{refused}");
        let refused = run
            .finish_artifact(artifact(&[("a", "a")]))
            .await
            .unwrap_err();
        assert!(refused.hint().unwrap().contains("WANDB_RUN_GROUP"));
        let mine = || PartialOptions::new().distributed_id("mine");
        let share = run.upsert_artifact_with(artifact(&[("a", "a")]), mine());
        assert_eq!(share.await.unwrap().distributed_id, "mine");
        let other = site.client().init().group("another").start().await.unwrap();
        let aliases = mine().aliases(["best".parse().unwrap()]);
        let version = other.finish_artifact_with(artifact(&[("b", "b")]), aliases);
        let version = version.await.unwrap();
        assert_eq!(entries(&version).await, ["a", "b"]);
        assert_eq!(version.aliases.len(), 2);
        run.finish().await.unwrap();
        other.finish().await.unwrap();
    });
}

fn a_file_where_another_run_has_a_folder_is_refused(site: &Site) {
    block_on(async {
        let writer = run(site, GROUP).await;
        let share = artifact(&[("a", "file"), ("parts/0/x", "x")]);
        writer.upsert_artifact(share).await.unwrap();
        let finisher = run(site, GROUP).await;
        for (files, paths) in [
            ([("a/b", "b"), ("c", "c")], ["a/b", "a of artifact"]),
            ([("parts", "p"), ("c", "c")], ["has parts:", "parts/0/x"]),
        ] {
            let share = finisher.upsert_artifact(artifact(&files)).await;
            let whole = finisher.finish_artifact(artifact(&files)).await;
            for refused in [share.unwrap_err(), whole.unwrap_err()] {
                let causes =
                    std::iter::successors(Some(&refused as &dyn std::error::Error), |error| {
                        error.source()
                    });
                let text = causes
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join(": ");
                let runs = [writer.address().id.as_str(), finisher.address().id.as_str()];
                for part in paths.iter().chain(&runs) {
                    assert!(text.contains(part), "{part:?} is not in {text}");
                }
            }
        }
        // Nothing of it counts, and the version is still there to be finished.
        let version = finisher.finish_artifact(artifact(&[("c", "c")]));
        let version = version.await.unwrap();
        assert_eq!(entries(&version).await, ["a", "c", "parts/0/x"]);
        version.download().to(site.path("got")).await.unwrap();
        writer.finish().await.unwrap();
        finisher.finish().await.unwrap();
    });
}

fn increments_come_on_top(site: &Site) {
    block_on(async {
        let client = site.client();
        client
            .save(artifact(&[("a", "a"), ("b", "b")]))
            .await
            .unwrap();
        let increment = artifact(&[("b", "B"), ("c", "c")]).incremental(true);
        let version = client.save(increment).await.unwrap();
        assert_eq!(version.version.get(), 1);
        assert_eq!(entries(&version).await, ["a", "b", "c"]);
        version.download().to(site.path("got")).await.unwrap();
        assert_eq!(std::fs::read_to_string(site.path("got/b")).unwrap(), "B");
        // What changes nothing is no version.
        let nothing = artifact(&[("a", "a")]).incremental(true);
        assert_eq!(client.save(nothing).await.unwrap().version.get(), 1);
    });
}

fn a_draft_of_a_version_keeps_what_it_does_not_change(site: &Site) {
    block_on(async {
        let client = site.client();
        let files = [
            ("kept", "kept"),
            ("changed", "old"),
            ("gone/1", "1"),
            ("gone/2", "2"),
        ];
        let v0 = client
            .save(artifact(&files).description("first"))
            .await
            .unwrap();
        client.save(artifact(&[("other", "other")])).await.unwrap();

        let mut draft = v0.new_draft().await.unwrap();
        let paths: Vec<_> = draft.paths().map(str::to_owned).collect();
        assert_eq!(paths, ["changed", "gone/1", "gone/2", "kept"]);
        draft.remove("gone").unwrap();
        draft.remove("gone").unwrap_err();
        let written = draft.new_file("changed", |_| Ok(()));
        assert!(matches!(written, Err(Error::Exists { .. })));
        std::fs::write(site.path("changed"), "new").unwrap();
        draft
            .add_file(AddFile::new(site.path("changed")).overwrite())
            .unwrap();
        add(&mut draft, &[("added", "added")]);
        let run = client.init().start().await.unwrap();
        let logged = run.log_artifact(draft).details().await.unwrap();
        assert_eq!((logged.stats.new_files, logged.stats.reused_files), (2, 0));
        let v2 = logged.artifact;
        assert_eq!(
            (v2.version.get(), v2.description.as_deref()),
            (2, Some("first"))
        );
        assert_eq!(entries(&v2).await, ["added", "changed", "kept"]);
        v2.download().to(site.path("got")).await.unwrap();
        assert_eq!(
            std::fs::read_to_string(site.path("got/kept")).unwrap(),
            "kept"
        );
        assert_eq!(
            std::fs::read_to_string(site.path("got/changed")).unwrap(),
            "new"
        );

        // The same path again is an error unless the content is the same.
        let mut draft = v2.new_draft().await.unwrap();
        std::fs::write(site.path("kept"), "other").unwrap();
        draft.add_file(site.path("kept")).unwrap();
        let refused = run.log_artifact(draft).await.unwrap_err();
        assert!(
            matches!(refused, Error::Flow(FlowError::Conflict { .. })),
            "{refused}"
        );
        let mut draft = v2.new_draft().await.unwrap();
        std::fs::write(site.path("kept"), "kept").unwrap();
        draft.add_file(site.path("kept")).unwrap();
        assert_eq!(run.log_artifact(draft).await.unwrap().id, v2.id);
        run.finish().await.unwrap();

        let elsewhere = client.init().project("elsewhere".parse().unwrap());
        let elsewhere = elsewhere.start().await.unwrap();
        let moved = elsewhere.log_artifact(v2.new_draft().await.unwrap()).await;
        assert!(matches!(moved, Err(Error::Moved { .. })), "{moved:?}");
        elsewhere.finish().await.unwrap();
    });
}
