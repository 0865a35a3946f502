//! The commands that read, as typed.

use std::fs;

use crate::command::Shell;
use crate::server::{KEY, TestServer, USER};

pub(super) fn shell(server: &TestServer) -> Shell {
    Shell::new()
        .env("WANDB_BASE_URL", server.url())
        .env("WANDB_API_KEY", KEY)
        .env("WANDB_ENTITY", USER)
        .env("WANDB_PROJECT", "demo")
}

fn put(shell: &Shell, name: &str, content: &str) {
    shell.write(name, content);
    let (code, _) = shell.json(&["artifact", "put", name, "--name", name]);
    assert_eq!(code, 0);
}

#[test]
fn several_versions_are_got_by_one_command_and_again_without_a_server() {
    let server = TestServer::start();
    let shell = shell(&server);
    for name in ["one", "two"] {
        put(&shell, name, name);
    }
    let path = |path: &str| shell.folder.path().join(path);
    let get = [
        "artifact", "get", "one:v0", "two", "none:v0", "--root", "data",
    ];
    let (code, answer) = shell.json(&get);
    assert_eq!(
        (code, answer["artifacts"].as_array().unwrap().len()),
        (1, 2)
    );
    assert_eq!(answer["failed"][0]["address"], "none:v0");
    assert_eq!(fs::read(path("data/two:v0/two")).unwrap(), b"two");
    drop(server);

    let pinned = [&get[..2], &["one:v0", "two:v0", "--root", "again"]].concat();
    let (code, answer) = shell.json(&pinned);
    assert_eq!(code, 0, "{answer}");
    assert_eq!(fs::read(path("again/one:v0/one")).unwrap(), b"one");

    let latest = [&get[..2], &["two", "--offline", "--root", "latest"]].concat();
    let output = shell.run(&latest);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told.contains("two was v0 when http://"), "{told}");
    let (_, answer) = shell.json(&latest);
    assert!(answer["recordedAt"].is_string(), "{answer}");

    // With the mode offline the store comes first, and what was read of the server next.
    let shell = shell.env("WANDB_MODE", "offline");
    let (code, _) = shell.json(&[&get[..2], &["one:v0", "--root", "mode"]].concat());
    assert_eq!(code, 0);
    put(&shell, "own", "of the store");
    let (code, answer) = shell.json(&[&get[..2], &["own", "--root", "own-copy"]].concat());
    assert_eq!(code, 0);
    assert!(!answer["store"].as_str().unwrap().starts_with("http"));
    let none = shell.run(&[&get[..2], &["none:v3", "--root", "mode"]].concat());
    assert_eq!(none.status.code(), Some(1));
}

#[test]
fn one_file_goes_to_standard_output_whole_or_in_part() {
    let server = TestServer::start();
    let shell = shell(&server);
    put(&shell, "words", "0123456789");
    let cat = |more: &[&str]| shell.run(&[&["artifact", "cat", "words", "words"], more].concat());
    assert_eq!(cat(&[]).stdout, b"0123456789");
    for (range, expected) in [("0-2", "012"), ("7-", "789"), ("-3", "789"), ("9-9", "9")] {
        let output = cat(&["--range", range]);
        assert_eq!(
            String::from_utf8(output.stdout).unwrap(),
            expected,
            "{range}"
        );
    }
    let beyond = cat(&["--range", "5-10"]);
    assert_eq!((beyond.status.code(), beyond.stdout.len()), (Some(1), 0));
    assert_eq!(cat(&["--range", "9-1"]).status.code(), Some(2));
    let (_, answer) = shell.json(&["artifact", "cat", "words", "words"]);
    assert_eq!(
        fs::read(answer["file"].as_str().unwrap()).unwrap(),
        b"0123456789"
    );
    let none = shell.run(&["artifact", "cat", "words", "none"]);
    let told = String::from_utf8(none.stderr).unwrap();
    assert!(
        told.contains("has no entry none") && told.contains("--manifest"),
        "{told}"
    );
    drop(server);
    let offline = shell.run(&["artifact", "cat", "words:v0", "words"]);
    assert_eq!(offline.stdout, b"0123456789");
}

#[test]
fn the_cache_is_told_of_verified_and_cleaned() {
    let server = TestServer::start();
    let shell = shell(&server).env("WANDB_CACHE_DIR", "cache");
    let (_, empty) = shell.json(&["cache", "info"]);
    assert_eq!(
        (&empty["entries"], &empty["quota"]),
        (&0.into(), &serde_json::Value::Null)
    );
    put(&shell, "a", "first content");
    put(&shell, "b", "second content");
    let (code, _) = shell.json(&["artifact", "get", "a", "b", "--root", "data"]);
    assert_eq!(code, 0);
    let (_, info) = shell.json(&["cache", "info"]);
    // Two files and two manifests.
    assert_eq!(info["entries"], 4);
    let (code, verified) = shell.json(&["cache", "verify"]);
    assert_eq!((code, &verified["ok"]), (0, &4.into()));

    let found = fs::read_dir(shell.folder.path().join("cache/artifacts/obj/md5")).unwrap();
    let mut files = found.flat_map(|folder| fs::read_dir(folder.unwrap().path()).unwrap());
    let file = files.find_map(|file| {
        let file = file.unwrap().path();
        (fs::read(&file).unwrap() == b"first content").then_some(file)
    });
    fs::write(file.unwrap(), "first c0ntent").unwrap();
    let (code, verified) = shell.json(&["cache", "verify"]);
    assert_eq!((code, verified["wrong"].as_array().unwrap().len()), (3, 1));

    let (code, kept) = shell.json(&["cache", "clean", "1GB"]);
    assert_eq!((code, &kept["removedEntries"]), (0, &0.into()));
    let official = ["artifact", "cache", "cleanup", "--remove-temp", "0"];
    let (code, cleaned) = shell.json(&official);
    assert_eq!((code, &cleaned["leftEntries"]), (0, &0.into()), "{cleaned}");
    assert_eq!(
        shell
            .run(&["artifact", "cache", "cleanup", "much"])
            .status
            .code(),
        Some(2)
    );
}
