//! Retries are reported at the first failure.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use wandb_rs::{ApiKey, Client, Mode, Phase, Progress, RetryNotice, Settings};

use crate::server::KEY;

/// A server that refuses connections.
const DOWN: &str = "http://127.0.0.1:1";

/// Sends each notice to the test.
#[derive(Debug)]
struct Notices(mpsc::UnboundedSender<RetryNotice>);

impl Progress for Notices {
    fn start(&self, _phase: Phase, _files: Option<u64>, _bytes: Option<u64>) {}

    fn advance(&self, _files: u64, _bytes: u64) {}

    fn finish(&self, _phase: Phase) {}

    fn retrying(&self, notice: &RetryNotice) {
        self.0.send(notice.clone()).unwrap();
    }
}

#[tokio::test]
async fn progress_is_notified_of_the_first_failure_before_the_wait() {
    let home = tempfile::tempdir().unwrap();
    let (sender, mut notices) = mpsc::unbounded_channel();
    let mut settings = Settings::from_env().unwrap();
    settings.root_dir = home.path().to_owned();
    settings.cache_dir = Some(home.path().join("cache"));
    settings.data_dir = Some(home.path().join("data"));
    let client = Client::builder()
        .settings(settings)
        .mode(Mode::Online)
        .base_url(DOWN.parse().unwrap())
        .api_key(KEY.parse::<ApiKey>().unwrap())
        .progress(Arc::new(Notices(sender)))
        .open()
        .unwrap();
    let found = client.artifact("ada/demo/files:v0");
    tokio::select! {
        found = found => panic!("{found:?}"),
        notice = notices.recv() => {
            let notice = notice.unwrap();
            assert_eq!((notice.failures, &*notice.place), (1, "127.0.0.1:1"));
            assert!(notice.error.contains("cannot be reached"), "{notice}");
        }
        () = tokio::time::sleep(Duration::from_secs(1)) => panic!("no notice"),
    }
}

#[test]
fn the_command_warns_of_the_first_failure() {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_wandb-rs"))
        .args(["artifact", "get", "ada/demo/files:v0"])
        .current_dir(home.path())
        .env_clear()
        .env("HOME", home.path())
        .env("WANDB_BASE_URL", DOWN)
        .env("WANDB_API_KEY", KEY)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stderr = BufReader::new(command.stderr.take().unwrap());
    let warning = stderr.lines().map(Result::unwrap).next();
    command.kill().unwrap();
    command.wait().unwrap();
    let warning = warning.unwrap();
    assert!(warning.starts_with("warning: "), "{warning}");
    for part in ["127.0.0.1:1", "cannot be reached", "retrying in"] {
        assert!(warning.contains(part), "{warning}");
    }
    assert!(!warning.contains(KEY), "{warning}");
}
