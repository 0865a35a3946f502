//! A store or a server, and commands that go there.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;
use wandb_rs::{ApiKey, Client, Mode, Settings};

use crate::server::{KEY, TestServer, USER};

pub(super) const NAME: &str = "vision/parts";
pub(super) const GROUP: &str = "night-1";

/// A place for versions, and a folder for those that write them.
pub(super) struct Site {
    folder: TempDir,
    server: Option<TestServer>,
}

impl Site {
    pub(super) fn embedded() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            server: None,
        }
    }

    pub(super) fn served() -> Self {
        Self {
            server: Some(TestServer::start()),
            ..Self::embedded()
        }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Makes a folder with `count` files that no other writer has.
    pub(super) fn share(&self, writer: &str, count: usize) -> PathBuf {
        let folder = self.path(&format!("share-{writer}"));
        for number in 0..count {
            let path = folder.join(format!("{writer}/{number}.txt"));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, format!("part {number} of {writer}")).unwrap();
        }
        folder
    }

    /// Returns what [`share`](Self::share) gives the version.
    pub(super) fn parts(writer: &str, count: usize) -> BTreeMap<String, String> {
        (0..count)
            .map(|number| {
                (
                    format!("{writer}/{number}.txt"),
                    format!("part {number} of {writer}"),
                )
            })
            .collect()
    }

    /// Returns the command with these words, free of the caller's settings.
    pub(super) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wandb-rs"));
        command
            .args(words)
            .env_clear()
            .env("HOME", self.folder.path())
            .stdin(Stdio::null());
        match &self.server {
            Some(server) => command
                .env("WANDB_BASE_URL", server.url())
                .env("WANDB_API_KEY", KEY),
            None => command.env("WANDB_RS_STORE", self.path("store")),
        };
        command
    }

    /// Returns the command that stores a share.
    pub(super) fn put(&self, share: &Path, more: &[&str]) -> Command {
        let mut command = self.command(&["artifact", "put"]);
        command
            .arg(share)
            .args(["--name", NAME, "--partial", "--json"])
            .args(more);
        command.env("WANDB_RUN_GROUP", GROUP);
        command
    }

    /// Returns the command that finishes the version.
    pub(super) fn finish(&self) -> Command {
        self.command(&["artifact", "finish", NAME, "--group", GROUP, "--json"])
    }

    /// Gets a version back.
    pub(super) fn get(&self, version: &str) -> BTreeMap<String, String> {
        let out = self.path("out");
        if out.exists() {
            fs::remove_dir_all(&out).unwrap();
        }
        let address = format!("{NAME}:{version}");
        let mut command = self.command(&["artifact", "get", &address, "--json", "--root"]);
        json(&command.arg(&out).output().unwrap());
        let mut found = BTreeMap::new();
        let mut folders = vec![out.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(&out).unwrap().to_str().unwrap();
                    found.insert(name.to_owned(), fs::read_to_string(&path).unwrap());
                }
            }
        }
        found
    }

    /// Returns the numbers of the versions there are.
    pub(super) fn versions(&self) -> Vec<String> {
        let output = self.command(&["artifact", "ls", NAME, "--json"]).output();
        let listed = json(&output.unwrap());
        let versions = listed["versions"].as_array().unwrap();
        let number = |version: &Value| version["version"].as_str().unwrap().to_owned();
        versions.iter().map(number).collect()
    }

    /// Returns a client that goes there, as another process would be.
    pub(super) fn client(&self) -> Client {
        let mut settings = Settings::from_env().unwrap();
        settings.root_dir = self.path("root");
        settings.cache_dir = Some(self.path("cache"));
        settings.data_dir = Some(self.path("data"));
        let builder = match &self.server {
            Some(server) => Client::builder()
                .settings(settings)
                .mode(Mode::Online)
                .base_url(server.url().parse().unwrap())
                .api_key(KEY.parse::<ApiKey>().unwrap())
                .entity(USER.parse().unwrap()),
            None => Client::builder()
                .settings(settings.with_mode(Mode::Offline))
                .store(self.path("store")),
        };
        builder.project("vision".parse().unwrap()).open().unwrap()
    }
}

/// Returns what a command that did well has printed.
pub(super) fn json(output: &Output) -> Value {
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Returns what a command that failed has said.
pub(super) fn refusal(output: Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// Waits for commands, all of which do well.
pub(super) fn all_well(running: Vec<Child>) -> Vec<Value> {
    let waited = running.into_iter().map(Child::wait_with_output);
    waited.map(|output| json(&output.unwrap())).collect()
}

/// Starts a command whose output is read later.
pub(super) fn start(mut command: Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}
