//! The built command with keys that are none, or nobody's.

use std::process::{Command, Output};

use crate::server::{KEY, TestServer};

fn put(server: &TestServer, key: &str) -> Output {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("a.txt"), "a").unwrap();
    Command::new(env!("CARGO_BIN_EXE_wandb-rs"))
        .args(["artifact", "put", "a.txt", "--name", "ada/demo/files"])
        .current_dir(home.path())
        .env_clear()
        .env("HOME", home.path())
        .env("WANDB_BASE_URL", server.url())
        .env("WANDB_API_KEY", key)
        .output()
        .unwrap()
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

#[test]
fn a_key_that_was_revoked_is_refused() {
    let server = TestServer::start();
    assert!(put(&server, KEY).status.success());
    server.revoke();
    let output = put(&server, KEY);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("does not accept the credentials"), "{told}");
    assert!(!told.contains(KEY), "{told}");
}
