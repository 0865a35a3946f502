//! Several engines on one folder, in one process and in several.
//!
//! Other processes are this test binary again, running only [`child`].

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use artifact_core::ports::PageRequest;
use futures::future::join_all;

use crate::store::{Store, fixture_at};

const ROLE: &str = "ARTIFACT_STORE_TEST_ROLE";
const FOLDER: &str = "ARTIFACT_STORE_TEST_FOLDER";
const READY: &str = "ready";

/// Another process on a store.
pub(crate) struct Child(std::process::Child);

impl Child {
    pub(crate) fn run(role: &str, folder: &Path) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "processes::child", "--nocapture"]);
        command.env(ROLE, role).env(FOLDER, folder);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        Self(command.spawn().unwrap())
    }

    pub(crate) fn wait_until_ready(&mut self) {
        let lines = BufReader::new(self.0.stdout.as_mut().unwrap()).lines();
        assert!(
            lines
                .map_while(Result::ok)
                .any(|line| line.ends_with(READY))
        );
    }

    /// Lets it go on, and waits until it has ended well.
    pub(crate) fn finish(mut self) {
        drop(self.0.stdin.take());
        assert!(self.0.wait().unwrap().success());
    }

    pub(crate) fn kill(mut self) {
        // It may have ended by itself.
        _ = self.0.kill();
        self.0.wait().unwrap();
    }

    pub(crate) fn wait_for_abort(mut self) {
        assert!(!self.0.wait().unwrap().success());
    }
}

/// The work of another process. Does nothing without a role, as when all tests are run.
#[tokio::test]
async fn child() {
    #[expect(
        clippy::disallowed_methods,
        reason = "how a test talks to its own processes"
    )]
    let (role, folder) = (std::env::var(ROLE), std::env::var_os(FOLDER));
    let (Ok(role), Some(folder)) = (role, folder) else {
        return;
    };
    let fixture = fixture_at(folder.as_ref());
    match role.as_str() {
        // Dies with a pending version, files that are entries, one that is not, and a draft.
        "crash" => {
            let draft = fixture
                .draft("data")
                .file("a", "crashed")
                .file("b", "never");
            let pending = draft.begin().await;
            draft.send_files(&pending).await;
            fixture.transfer.ingest_bytes(b"placed only").unwrap();
            let source = tempfile::tempfile().unwrap();
            let mut writer = fixture.transfer.ingest(&source).unwrap().unwrap();
            writer.write(b"half").unwrap();
            std::process::abort();
        }
        // Places content, waits, and logs it.
        "hold" => {
            let draft = fixture.draft("held").file("held.txt", "held");
            let pending = draft.begin().await;
            let mut specs = draft.specs();
            specs[0].stored_as = fixture.transfer.ingest_bytes(b"held").unwrap();
            std::io::stdout()
                .write_all(format!("{READY}\n").as_bytes())
                .unwrap();
            std::io::stdin().lines().for_each(drop);
            let grants = draft.request(&pending, specs).await;
            assert_eq!(grants[0].ticket, None);
            let births = [("held.txt".parse().unwrap(), pending.id.clone())].into();
            draft
                .send_manifest(&pending, &draft.manifest_file(&births))
                .await
                .unwrap();
            fixture.registry.commit_artifact(&pending.id).await.unwrap();
        }
        // Logs versions as fast as it can.
        "log" => log_versions(&fixture, &std::process::id().to_string()).await,
        "crash-in-parts" => crate::parts::crash_in_parts(folder.as_ref()).await,
        "send-large-manifest" => {
            crate::large_manifests::send_large_manifest(folder.as_ref()).await;
        }
        other => panic!("{other} is no role"),
    }
}

const VERSIONS: u32 = 8;

async fn log_versions(fixture: &registry_conformance::Fixture, writer: &str) {
    for n in 0..VERSIONS {
        let draft = fixture
            .draft("data")
            .file("same", "same")
            .file("own", format!("{writer} {n}"));
        draft.log().await;
    }
}

async fn assert_nothing_lost(store: &Store, writers: u32) {
    let fixture = store.fixture();
    let page = PageRequest::first(1000);
    let name = "data".parse().unwrap();
    let versions = fixture.registry.versions(&fixture.project, &name, page);
    let versions = versions.await.unwrap().items;
    let numbers: Vec<_> = versions
        .iter()
        .rev()
        .map(|record| record.version.get())
        .collect();
    assert_eq!(numbers, (0..writers * VERSIONS).collect::<Vec<_>>());
    let draft = fixture.draft("data");
    for record in versions {
        let contents = draft.fetch(&record.id, &["same", "own"]).await;
        assert_eq!(contents[0], b"same");
        assert_eq!(record.size, (contents[0].len() + contents[1].len()) as u64);
    }
    assert!(store.leftovers().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_engines_on_one_folder_lose_nothing() {
    let store = Store::new();
    let writing = ["one", "two", "three"].map(|writer| {
        let fixture = store.fixture();
        tokio::spawn(async move { log_versions(&fixture, writer).await })
    });
    for writer in join_all(writing).await {
        writer.unwrap();
    }
    assert_nothing_lost(&store, 3).await;
}

#[tokio::test]
async fn two_processes_on_one_folder_lose_nothing() {
    let store = Store::new();
    let writing = [
        Child::run("log", store.path()),
        Child::run("log", store.path()),
    ];
    writing.into_iter().for_each(Child::finish);
    assert_nothing_lost(&store, 2).await;
}
