//! `push`, `pull` and `doctor`, as typed, against a server.

use std::process::{Command, Output};

use artifact_server::ServerOptions;
use serde_json::Value;
use tempfile::TempDir;

use crate::server::{KEY, TestServer, USER};

/// A folder, and an environment that knows of nothing else.
pub(crate) struct Shell {
    pub(crate) folder: TempDir,
    environment: Vec<(&'static str, String)>,
}

impl Shell {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("home")).unwrap();
        Self {
            folder,
            environment: Vec::new(),
        }
    }

    pub(crate) fn env(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.environment.push((name, value.into()));
        self
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        std::fs::write(self.folder.path().join(path), text).unwrap();
    }

    pub(crate) fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    pub(crate) fn command(&self, words: &[&str]) -> Command {
        self.command_by(&[], words)
    }

    /// Returns the command as one that another program starts.
    pub(crate) fn command_by(&self, starter: &[&str], words: &[&str]) -> Command {
        let program = env!("CARGO_BIN_EXE_wandb-rs");
        let all = [starter, &[program], words].concat();
        let mut command = Command::new(all[0]);
        command
            .args(&all[1..])
            .current_dir(&self.folder)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.folder.path().join("home"))
            .envs(self.environment.iter().cloned());
        command
    }

    pub(crate) fn json(&self, words: &[&str]) -> (i32, Value) {
        let output = self.run(&[words, &["--json"]].concat());
        let text = String::from_utf8(output.stdout).unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(!text.contains(KEY), "{text}");
        let json = serde_json::from_str(&text);
        let json = json.unwrap_or_else(|_| panic!("{words:?}: {text}{error}"));
        (output.status.code().unwrap(), json)
    }
}

#[test]
fn versions_go_there_and_back() {
    let server = TestServer::start();
    let shell = Shell::new();
    shell.write("a.txt", "hello");
    let put = "artifact put a.txt --name vision/words --alias best --store one";
    let put: Vec<_> = put.split(' ').collect();
    let (code, logged) = shell.json(&put);
    assert_eq!(code, 0);

    let push = ["push", "vision/words", "--store", "one", "--to"];
    let url = server.url();
    let push = [&push[..], &[url.as_str()]].concat();
    let refused = shell.run(&push);
    assert_eq!(refused.status.code(), Some(1));
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(
        told.contains("no credentials") && told.contains("login --host"),
        "{told}"
    );

    let shell = shell.env("WANDB_API_KEY", KEY);
    let (code, pushed) = shell.json(&[&push[..], &["--limit-rate", "10MB"]].concat());
    assert_eq!(code, 0);
    let version = &pushed["versions"][0];
    assert_eq!(version["address"], format!("{USER}/vision/words:v0"));
    assert_eq!(version["digest"], logged["digest"]);
    assert_eq!(version["aliases"], serde_json::json!(["best", "latest"]));
    assert_eq!(
        (&version["wasThere"], &version["newFiles"]),
        (&false.into(), &1.into())
    );
    let (_, again) = shell.json(&push);
    assert_eq!(again["versions"][0]["wasThere"], true);

    let pull = [
        "pull",
        "vision/words:best",
        "--store",
        "two",
        "--from",
        &url,
    ];
    let (code, pulled) = shell.json(&[&pull[..], &["--name", "other"]].concat());
    assert_eq!(
        (code, &pulled["versions"][0]["digest"]),
        (0, &logged["digest"])
    );
    assert_eq!(pulled["versions"][0]["address"], "local/vision/other:v0");
    let got = shell.json(&[
        "artifact",
        "get",
        "vision/other",
        "--store",
        "two",
        "--root",
        "got",
    ]);
    assert_eq!(got.0, 0);
    assert_eq!(
        std::fs::read(shell.folder.path().join("got/a.txt")).unwrap(),
        b"hello"
    );

    // From folder to folder.
    let (code, moved) = shell.json(&["push", "vision/other", "--store", "two", "--to", "./three"]);
    assert_eq!(
        (code, &moved["versions"][0]["digest"]),
        (0, &logged["digest"])
    );
    let several = shell.run(&[
        "push",
        "a:v0",
        "--store",
        "two",
        "--to",
        "x",
        "--all-versions",
    ]);
    assert_eq!(several.status.code(), Some(1));
}

#[cfg(unix)]
#[test]
fn a_put_that_is_told_to_end_says_so_and_the_next_one_goes_on() {
    let server = TestServer::start();
    let shell = Shell::new()
        .env("WANDB_BASE_URL", server.url())
        .env("WANDB_API_KEY", KEY);
    shell.write("large.txt", &"hello".repeat(100_000));
    let put = ["artifact", "put", "large.txt"];
    let mut slow = shell.command(&[&put[..], &["--limit-rate", "50KB"]].concat());
    let slow = slow.stderr(std::process::Stdio::piped()).spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1500));
    let id = slow.id().to_string();
    Command::new("kill").args(["-TERM", &id]).status().unwrap();
    let ended = slow.wait_with_output().unwrap();
    let told = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(143), "{told}");
    assert!(told.contains("nothing was logged"), "{told}");
    let (code, logged) = shell.json(&put);
    assert_eq!((code, &logged["version"]), (0, &"v0".into()));
}

/// Returns an address where nobody listens.
fn closed_port() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

/// Returns the first finding about something.
fn finding<'a>(answer: &'a Value, check: &str) -> &'a Value {
    let findings = answer["findings"].as_array().unwrap();
    let found = findings.iter().find(|finding| finding["check"] == check);
    found.unwrap_or_else(|| panic!("nothing about {check}: {answer:#}"))
}

#[test]
fn a_healthy_setup_has_no_errors() {
    let server = TestServer::start();
    let shell = Shell::new()
        .env("WANDB_BASE_URL", server.url())
        .env("WANDB_API_KEY", KEY)
        .env("NO_PROXY", "127.0.0.1")
        .env("HTTPS_PROXY", "http://ann:secret@proxy:1");
    let (code, answer) = shell.json(&["doctor"]);
    assert_eq!((code, &answer["ok"]), (0, &true.into()), "{answer:#}");
    for check in [
        "target",
        "dns",
        "tcp",
        "http",
        "clock",
        "credentials",
        "entity",
        "features",
    ] {
        assert_eq!(
            finding(&answer, check)["state"],
            "ok",
            "{check}: {answer:#}"
        );
    }
    let text = answer.to_string();
    assert!(
        text.contains(USER) && text.contains("(not shown)@proxy:1"),
        "{text}"
    );
    assert!(!text.contains("secret"), "{text}");
    let storage = &finding(&answer, "storage")["what"];
    assert!(
        storage.as_str().unwrap().contains("not checked"),
        "{storage}"
    );
    shell.write("a.txt", "hello");
    assert_eq!(shell.json(&["artifact", "put", "a.txt"]).0, 0);
    let (_, answer) = shell.json(&["doctor"]);
    let storage = &finding(&answer, "storage")["what"];
    let gives = format!("{} gives content", server.address());
    assert_eq!(storage, &Value::from(gives));
    let people = shell.run(&["doctor"]);
    let people = String::from_utf8(people.stdout).unwrap();
    assert!(people.ends_with("0 errors, 0 warnings\n"), "{people}");
    let status = String::from_utf8(shell.run(&["status"]).stdout).unwrap();
    assert!(status.contains("the server's default"), "{status}");
}

#[test]
fn content_behind_a_host_that_does_not_answer_is_told() {
    let closed = closed_port();
    let options = ServerOptions::default().public_url(format!("http://{closed}"));
    let server = TestServer::with(options);
    let shell = Shell::new();
    shell.write("a.txt", "hello");
    let store = server.folder.path().join("store");
    let store = store.to_str().unwrap();
    let put = [
        "artifact", "put", "a.txt", "--entity", USER, "--store", store,
    ];
    assert_eq!(shell.json(&put).0, 0);
    let shell = shell
        .env("WANDB_BASE_URL", server.url())
        .env("WANDB_API_KEY", KEY);
    let (code, answer) = shell.json(&["doctor"]);
    let storage = finding(&answer, "storage");
    assert_eq!(
        (code, &storage["state"]),
        (1, &"error".into()),
        "{answer:#}"
    );
    let what = storage["what"].as_str().unwrap();
    assert!(
        what.starts_with(&closed) && !what.contains("signature"),
        "{what}"
    );
    assert!(storage["fix"].as_str().unwrap().contains("firewall"));
}

#[test]
fn what_is_wrong_is_told_with_its_fix() {
    let server = TestServer::start();
    let shell = Shell::new()
        .env("WANDB_BASE_URL", server.url())
        .env("WANDB_API_KEY", "b".repeat(40));
    let (code, answer) = shell.json(&["doctor"]);
    assert_eq!(code, 1);
    let credentials = finding(&answer, "credentials");
    assert_eq!(credentials["state"], "error");
    assert!(credentials["fix"].as_str().unwrap().contains("--relogin"));

    // Nobody listens where somebody did.
    let closed = closed_port();
    let shell = Shell::new().env("WANDB_BASE_URL", format!("http://{closed}"));
    shell.write(
        "home/.netrc",
        "machine elsewhere\n  login user\n  password x\n",
    );
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    let netrc = shell.folder.path().join("home/.netrc");
    std::fs::set_permissions(netrc, mode).unwrap();
    let shell = shell.env("REQUESTS_CA_BUNDLE", "/nowhere.pem");
    let (code, answer) = shell.json(&["doctor"]);
    assert_eq!(code, 1);
    assert_eq!(finding(&answer, "dns")["state"], "ok");
    assert_eq!(finding(&answer, "tcp")["state"], "error");
    assert_eq!(finding(&answer, "certificates")["state"], "error");
    assert_eq!(finding(&answer, "netrc")["state"], "warning");
    assert!(
        finding(&answer, "netrc")["fix"]
            .as_str()
            .unwrap()
            .starts_with("chmod 600")
    );

    let shell = Shell::new().env("WANDB_MODE", "sometimes");
    let (code, answer) = shell.json(&["doctor"]);
    assert_eq!(
        (code, &finding(&answer, "settings")["state"]),
        (1, &"error".into())
    );
}

#[test]
fn without_a_server_none_is_asked() {
    let (code, answer) = Shell::new().json(&["doctor"]);
    assert_eq!(code, 0, "{answer:#}");
    let network = finding(&answer, "network")["what"].as_str().unwrap();
    assert!(network.contains("no server is asked"));
}
