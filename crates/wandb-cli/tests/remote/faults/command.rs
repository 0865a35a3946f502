//! The built command where a server is not to be trusted, or does not trust.

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use artifact_store::service::Caller;

use crate::server::{KEY, TestServer, USER, open_store};

/// Runs the command from an empty home, for a server.
fn run(server: &TestServer, key: &str, home: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_wandb-rs"))
        .arg("artifact")
        .args(arguments)
        .current_dir(home)
        .env_clear()
        .env("HOME", home)
        .env("WANDB_BASE_URL", server.url())
        .env("WANDB_API_KEY", key)
        .output()
        .unwrap()
}

fn put(server: &TestServer, key: &str) -> Output {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("a.txt"), "a").unwrap();
    let arguments = ["put", "a.txt", "--name", "ada/demo/files"];
    run(server, key, home.path(), &arguments)
}

#[test]
fn a_key_that_is_none_or_nobodys_is_refused_and_not_repeated() {
    let server = TestServer::start();
    let unknown = "b".repeat(40);
    for key in [
        "short",
        "with spaces and ümlauts, long enough for a key",
        &unknown,
    ] {
        let output = put(&server, key);
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(told.starts_with("error: "), "{told}");
        assert!(told.contains("key"), "{told}");
        assert!(told.contains("hint: "), "{told}");
        assert!(!told.contains(key), "{told}");
        assert!(output.stdout.is_empty());
    }
}

/// Takes the account its key, as somebody beside the server does.
fn revoke(server: &TestServer) {
    let store = server.folder.path().join("store");
    let engine = open_store(&store);
    let operator = engine.service(Caller::Operator);
    assert!(operator.remove_account(&USER.parse().unwrap()).unwrap());
}

#[test]
fn a_key_that_was_revoked_is_refused() {
    let server = TestServer::start();
    assert!(put(&server, KEY).status.success());
    revoke(&server);
    let output = put(&server, KEY);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("does not accept the credentials"), "{told}");
    assert!(!told.contains(KEY), "{told}");
}

#[test]
fn a_file_of_this_machine_is_read_for_a_server_only_where_that_is_said() {
    let server = TestServer::start();
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("a.txt");
    std::fs::write(&file, "a").unwrap();
    let uri = format!("file://{}", file.display());
    let run = |arguments: &[&str]| run(&server, KEY, home.path(), arguments);
    let put = run(&["put", &uri, "--name", "ada/demo/referenced"]);
    assert!(put.status.success(), "{put:?}");

    let get = ["get", "ada/demo/referenced", "--root", "got"];
    let refused = run(&get);
    let told = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{told}");
    assert!(told.contains("a file of this machine"), "{told}");
    assert!(told.contains("hint: "), "{told}");
    assert!(!home.path().join("got/a.txt").exists());

    let allowed = run(&[&get[..], &["--allow-local-references"]].concat());
    assert!(allowed.status.success(), "{allowed:?}");
    assert_eq!(std::fs::read(home.path().join("got/a.txt")).unwrap(), b"a");
}

#[test]
fn login_does_not_wait_for_long_for_a_server_that_is_down() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let home = tempfile::tempdir().unwrap();
    let begin = Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_wandb-rs"))
        .args(["login", "--host", &url, KEY])
        .env_clear()
        .env("HOME", home.path())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains(&url) && !told.contains(KEY), "{told}");
    assert!(begin.elapsed() < Duration::from_secs(30));
    assert!(!home.path().join(".netrc").exists());
}
