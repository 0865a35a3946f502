//! Runs: what they say arrives, in the embedded store and on a server alike.

use std::any::Any;
use std::time::Duration;

use artifact_core::records::{Run, RunState, RunStream};
use artifact_store::service::{Caller, FileSelection, ListQuery, Service};
use serde_json::{Value, json};
use wandb_rs::{ApiKey, Client, Error, Mode, Resume, RunAddress, Settings};

use crate::gate::Gate;
use crate::server::{KEY, TestServer, USER, open_store};

/// A client, and what is behind it.
struct World {
    client: Client,
    service: Service,
    _guard: Box<dyn Any>,
}

impl World {
    fn embedded() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("store");
        let mut settings = Settings::from_env().unwrap();
        folder.path().clone_into(&mut settings.root_dir);
        let client = Client::builder()
            .settings(settings.with_mode(Mode::Offline))
            .store(&store)
            .project("demo".parse().unwrap());
        let client = client.open().unwrap();
        let engine = open_store(&store);
        Self {
            client,
            service: engine.service(Caller::Operator),
            _guard: Box::new(folder),
        }
    }

    fn served() -> Self {
        let server = TestServer::start();
        let url = server.url();
        Self::of_server(server, &url)
    }

    fn of_server(server: TestServer, url: &str) -> Self {
        let mut settings = Settings::from_env().unwrap();
        server.folder.path().clone_into(&mut settings.root_dir);
        settings.cache_dir = Some(server.folder.path().join("cache"));
        settings.data_dir = Some(server.folder.path().join("data"));
        let client = Client::builder()
            .settings(settings)
            .mode(Mode::Online)
            .base_url(url.parse().unwrap())
            .api_key(KEY.parse::<ApiKey>().unwrap())
            .entity(USER.parse().unwrap())
            .project("demo".parse().unwrap());
        let store = server.folder.path().join("store");
        let engine = open_store(&store);
        Self {
            client: client.open().unwrap(),
            service: engine.service(Caller::Operator),
            _guard: Box::new(server),
        }
    }

    fn both() -> [Self; 2] {
        [Self::embedded(), Self::served()]
    }

    fn run(&self, address: &RunAddress) -> Run {
        let found = self.service.run(&address.project, &address.id).unwrap();
        found.unwrap()
    }

    fn lines(&self, run: &Run, stream: RunStream) -> Vec<String> {
        let lines = self.service.lines(&run.id, stream, 0, 100_000).unwrap();
        lines.into_iter().map(|line| line.text).collect()
    }

    fn rows(&self, run: &Run) -> Vec<Value> {
        let lines = self.lines(run, RunStream::History);
        lines
            .iter()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..600 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("waited in vain for: {what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_run_says_is_there_when_it_has_finished() {
    for world in World::both() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("notes.txt"), "notes").unwrap();
        let run = world.client.init().config("lr", 0.1).start().await.unwrap();
        for step in 0..5 {
            run.log(&json!({"loss": 1.0 / f64::from(step + 1), "step": step}))
                .unwrap();
        }
        run.log(
            &[("worst", f64::NAN), ("most", f64::INFINITY)]
                .into_iter()
                .collect::<std::collections::BTreeMap<_, _>>(),
        )
        .unwrap();
        run.log_at(9, &json!({"late": true})).unwrap();
        run.set_summary("best", &0.25).unwrap();
        run.update_config(json!({"deep": {"n": 1}}).as_object().unwrap().clone());
        run.print_line("one\ntwo");
        run.save_file(folder.path().join("notes.txt"))
            .await
            .unwrap();
        run.save_file_as(folder.path().join("notes.txt"), "deep/copy.txt")
            .await
            .unwrap();
        let address = run.address().clone();
        run.finish().await.unwrap();

        let run = world.run(&address);
        assert_eq!((run.state, run.exit_code), (RunState::Finished, Some(0)));
        assert!(run.host.is_some() && run.program.is_some(), "{run:?}");
        let rows = world.rows(&run);
        assert_eq!(rows.len(), 7);
        for (step, row) in rows.iter().take(5).enumerate() {
            assert_eq!((&row["_step"], &row["step"]), (&json!(step), &json!(step)));
            assert!(
                row["_timestamp"].is_f64() && row["_runtime"].is_f64(),
                "{row}"
            );
        }
        assert_eq!(
            (&rows[5]["worst"], &rows[5]["most"]),
            (&json!("NaN"), &json!("Infinity"))
        );
        assert_eq!(
            (&rows[6]["_step"], &rows[6]["late"]),
            (&json!(9), &json!(true))
        );
        let summary = &run.summary;
        assert_eq!(
            (&summary["best"], &summary["loss"], &summary["_step"]),
            (&json!(0.25), &json!(0.2), &json!(9))
        );
        assert_eq!(run.config.values()["lr"], json!(0.1));
        assert_eq!(run.config.values()["deep"], json!({"n": 1}));
        let console = world.lines(&run, RunStream::Console);
        assert!(
            console.len() == 2 && console[1].ends_with(" two"),
            "{console:?}"
        );
        let files =
            world
                .service
                .run_files(&run.id, &FileSelection::default(), &ListQuery::default());
        let files = files
            .unwrap()
            .items
            .into_iter()
            .map(|file| file.item.name.to_string());
        let expected = [
            "config.yaml",
            "deep/copy.txt",
            "notes.txt",
            "wandb-metadata.json",
            "wandb-summary.json",
        ];
        assert_eq!(files.collect::<Vec<_>>(), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_says_nothing_has_no_files() {
    for world in World::both() {
        let run = world.client.init().start().await.unwrap();
        let address = run.address().clone();
        run.finish_with(3).await.unwrap();
        let run = world.run(&address);
        assert_eq!((run.state, run.exit_code), (RunState::Failed, Some(3)));
        assert_eq!(world.service.run_file_count(&run.id).unwrap(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_run_says_arrives_while_it_goes_on_and_it_hears_that_it_is_to_stop() {
    for world in World::both() {
        let run = world
            .client
            .init()
            .send_every(Duration::from_millis(20))
            .start()
            .await
            .unwrap();
        run.log(&json!({"n": 1})).unwrap();
        let address = run.address().clone();
        until("the first line", || {
            !world.rows(&world.run(&address)).is_empty()
        })
        .await;
        assert!(!run.is_stopped());
        world.service.stop_run(&world.run(&address).id).unwrap();
        // The signs of life are enough.
        until("the wish to stop", || run.is_stopped()).await;
        run.finish_with(1).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_on_where_it_was() {
    for world in World::both() {
        let id: wandb_rs::RunId = "again".parse().unwrap();
        let missing = world
            .client
            .init()
            .id(id.clone())
            .resume(Resume::Must)
            .start()
            .await;
        assert!(matches!(missing, Err(Error::NothingToResume { .. })));
        let run = world
            .client
            .init()
            .id(id.clone())
            .resume(Resume::Never)
            .config("a", 1)
            .start()
            .await
            .unwrap();
        assert!(!run.is_resumed());
        for n in 0..3 {
            run.log(&json!({"n": n})).unwrap();
        }
        run.print_line("first life");
        run.set_summary("kept", "yes").unwrap();
        run.finish().await.unwrap();
        let taken = world
            .client
            .init()
            .id(id.clone())
            .resume(Resume::Never)
            .start()
            .await;
        assert!(matches!(taken, Err(Error::RunExists { .. })));
        for (life, resume) in [Some(Resume::Must), Some(Resume::Allow), None]
            .into_iter()
            .enumerate()
        {
            let mut run = world.client.init().id(id.clone()).config("b", life);
            if let Some(resume) = resume {
                run = run.resume(resume);
            }
            let run = run.start().await.unwrap();
            assert_eq!((run.is_resumed(), run.step()), (true, 3 + life as u64));
            run.log(&json!({"n": run.step()})).unwrap();
            run.print_line("another life");
            run.finish().await.unwrap();
        }
        let address = RunAddress {
            project: world.client.default_project().await.unwrap(),
            id,
        };
        let run = world.run(&address);
        let steps: Vec<_> = world
            .rows(&run)
            .iter()
            .map(|row| row["n"].as_u64().unwrap())
            .collect();
        assert_eq!(steps, [0, 1, 2, 3, 4, 5]);
        assert_eq!(world.lines(&run, RunStream::Console).len(), 4);
        assert_eq!(
            (&run.summary["kept"], &run.summary["n"]),
            (&json!("yes"), &json!(5))
        );
        let config = run.config.values();
        assert_eq!((&config["a"], &config["b"]), (&json!(1), &json!(2)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn auto_goes_on_with_what_did_not_end_well() {
    for world in World::both() {
        let start = async || {
            world
                .client
                .init()
                .resume(Resume::Auto)
                .start()
                .await
                .unwrap()
        };
        let first = start().await;
        let address = first.address().clone();
        first.finish_with(1).await.unwrap();
        let second = start().await;
        assert_eq!((second.address(), second.is_resumed()), (&address, true));
        second.finish().await.unwrap();
        let third = start().await;
        assert_ne!(third.address(), &address);
        third.finish().await.unwrap();
    }
}

// With one thread, which the drop holds.
#[tokio::test]
async fn a_dropped_run_ends() {
    for world in World::both() {
        let run = world.client.init().start().await.unwrap();
        run.log(&json!({"n": 1})).unwrap();
        run.log_at(5, &json!({"n": 2})).unwrap();
        let address = run.address().clone();
        drop(run);
        let run = world.run(&address);
        assert_eq!((run.state, world.rows(&run).len()), (RunState::Finished, 2));

        let run = world.client.init().start().await.unwrap();
        let address = run.address().clone();
        let panicked = tokio::spawn(async move {
            let _run = run;
            panic!("this panic is part of the test");
        });
        assert!(panicked.await.is_err());
        assert_eq!(world.run(&address).state, RunState::Failed);
    }
}

#[test]
fn a_run_that_outlives_its_runtime_ends() {
    for world in World::both() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let run = runtime.block_on(async { world.client.init().start().await.unwrap() });
        run.log(&json!({"n": 1})).unwrap();
        drop(runtime);
        let address = run.address().clone();
        drop(run);
        let run = world.run(&address);
        assert_eq!((run.state, world.rows(&run).len()), (RunState::Finished, 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_while_the_server_is_away() {
    let server = TestServer::start();
    let gate = Gate::before(server.url().trim_start_matches("http://").to_owned()).await;
    let world = World::of_server(server, &gate.url());
    let run = world
        .client
        .init()
        .send_every(Duration::from_millis(10))
        .start()
        .await
        .unwrap();
    let address = run.address().clone();
    run.log(&json!({"n": 0})).unwrap();
    until("the first line", || {
        !world.rows(&world.run(&address)).is_empty()
    })
    .await;
    gate.close();
    for n in 1..1000 {
        run.log(&json!({"n": n})).unwrap();
        run.print_line(format!("line {n}"));
    }
    until("a message that does not arrive", || gate.turned_away() != 0).await;
    assert_eq!(world.rows(&world.run(&address)).len(), 1);
    let finishing = tokio::spawn(run.finish());
    let before = gate.turned_away();
    until("the end that does not arrive", || {
        before < gate.turned_away()
    })
    .await;
    gate.open();
    finishing.await.unwrap().unwrap();
    let run = world.run(&address);
    let seen: Vec<_> = world
        .rows(&run)
        .iter()
        .map(|row| row["n"].as_u64().unwrap())
        .collect();
    assert_eq!(seen, (0..1000).collect::<Vec<_>>());
    assert_eq!(world.lines(&run, RunStream::Console).len(), 999);
    assert_eq!(run.state, RunState::Finished);
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_of_a_run_that_was_deleted_are_reported() {
    for world in World::both() {
        let run = world.client.init().start().await.unwrap();
        let address = run.address().clone();
        world
            .service
            .delete_run(&world.run(&address).id, false)
            .unwrap();
        run.log(&json!({"n": 1})).unwrap();
        run.log(&json!({"n": 2})).unwrap();
        assert!(run.finish().await.is_err());
    }
}
