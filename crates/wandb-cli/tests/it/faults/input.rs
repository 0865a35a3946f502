//! Files that cannot be logged: each is named, and nothing is committed by halves.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use super::bench::{Bench, as_ordinary_user, assert_same_tree, fail, run, set_mode};

/// Puts a folder that has one odd thing in it, and returns the message. The same folder without it is logged after.
fn put_with(odd: impl FnOnce(&Path)) -> String {
    let bench = Bench::new();
    fs::create_dir(bench.data("inner")).unwrap();
    fs::write(bench.data("a"), "a").unwrap();
    fs::write(bench.data("z"), "z").unwrap();
    fs::write(bench.data("inner/b"), "b").unwrap();
    odd(&bench.data("inner"));
    let message = fail(&mut bench.put());
    assert_eq!(bench.versions(), [""; 0]);

    for entry in fs::read_dir(bench.data("inner"))
        .unwrap()
        .map(Result::unwrap)
    {
        if entry.file_name() != "b" {
            fs::remove_file(entry.path()).unwrap();
        }
    }
    assert_eq!(bench.assert_round_trip(), "v0");
    bench.assert_clean();
    message
}

#[test]
fn a_fifo_is_named() {
    let message = put_with(|folder| {
        let made = Command::new("mkfifo").arg(folder.join("pipe")).status();
        assert!(made.unwrap().success());
    });
    assert!(
        message.contains("inner/pipe") && message.contains("FIFO"),
        "{message}"
    );
}

#[test]
fn a_socket_is_named() {
    // Socket paths are short, so it is bound elsewhere and moved.
    let elsewhere = tempfile::tempdir().unwrap();
    let _socket = UnixListener::bind(elsewhere.path().join("s")).unwrap();
    let message = put_with(|folder| {
        fs::rename(elsewhere.path().join("s"), folder.join("socket")).unwrap();
    });
    assert!(
        message.contains("inner/socket") && message.contains("socket"),
        "{message}"
    );
}

#[test]
fn a_link_that_leads_nowhere_is_named() {
    let message = put_with(|folder| symlink("nowhere", folder.join("broken")).unwrap());
    assert!(
        message.contains("inner/broken") && message.contains("leads to nothing"),
        "{message}"
    );
    assert!(message.contains("--exclude"), "{message}");
}

#[test]
fn links_that_lead_in_a_circle_are_named() {
    for target in ["..", ".", "loop"] {
        let message = put_with(|folder| symlink(target, folder.join("loop")).unwrap());
        assert!(message.contains("inner/loop"), "{target}: {message}");
    }
}

#[test]
fn links_to_files_and_folders_are_followed() {
    let bench = Bench::new();
    fs::create_dir(bench.path("elsewhere")).unwrap();
    fs::write(bench.path("elsewhere/file"), "linked").unwrap();
    symlink(bench.path("elsewhere"), bench.data("folder")).unwrap();
    symlink(bench.path("elsewhere/file"), bench.data("file")).unwrap();
    run(&mut bench.put());
    run(&mut bench.get("v0", "out"));
    for name in ["folder/file", "file"] {
        assert_eq!(fs::read(bench.path("out").join(name)).unwrap(), b"linked");
    }
}

#[test]
fn a_name_that_is_not_utf8_is_named() {
    let message = put_with(|folder| {
        fs::write(folder.join(OsStr::from_bytes(b"odd-\xff\xfe")), "x").unwrap();
    });
    assert!(
        message.contains("inner/odd-") && message.contains("UTF-8"),
        "{message}"
    );
}

#[test]
fn a_name_with_a_newline_is_named() {
    let message = put_with(|folder| fs::write(folder.join("two\nlines"), "x").unwrap());
    assert!(
        message.contains("inner/two") && message.contains("lines"),
        "{message}"
    );
}

#[test]
fn names_that_are_only_strange_are_kept() {
    let bench = Bench::new();
    for name in [
        " space ",
        "-dash",
        "*",
        "?",
        "quote'\"",
        "\u{1F600}",
        "e\u{301}",
        "%41",
        "$HOME",
        "~",
    ] {
        fs::write(bench.data(name), name).unwrap();
    }
    run(&mut bench.put());
    run(&mut bench.get("v0", "out"));
    assert_same_tree(&bench.path("data"), &bench.path("out"));
}

#[test]
fn an_unreadable_file_is_named() {
    let bench = Bench::new();
    let prefix = as_ordinary_user(&bench.path("probe"));
    fs::write(bench.data("a"), "a").unwrap();
    fs::write(bench.data("secret"), "secret").unwrap();
    set_mode(&bench.data("secret"), 0o000);
    let put = ["artifact", "put", "data", "--name", "data", "--json"];
    let message = fail(&mut bench.command_by(&prefix, &put));
    assert!(
        message.contains("data/secret") && message.contains("ermission denied"),
        "{message}"
    );
    assert!(message.contains("hint: "), "{message}");
    assert_eq!(bench.versions(), [""; 0]);

    set_mode(&bench.data("secret"), 0o600);
    assert_eq!(bench.assert_round_trip(), "v0");
    bench.assert_clean();
}

#[test]
fn an_unreadable_folder_is_named() {
    let bench = Bench::new();
    let prefix = as_ordinary_user(&bench.path("probe"));
    fs::write(bench.data("a"), "a").unwrap();
    fs::create_dir(bench.data("closed")).unwrap();
    fs::write(bench.data("closed/b"), "b").unwrap();
    set_mode(&bench.data("closed"), 0o000);
    let put = ["artifact", "put", "data", "--name", "data", "--json"];
    let message = fail(&mut bench.command_by(&prefix, &put));
    set_mode(&bench.data("closed"), 0o700);
    assert!(
        message.contains("data/closed") && message.contains("ermission denied"),
        "{message}"
    );
    assert_eq!(bench.versions(), [""; 0]);
}

#[test]
fn an_empty_folder_is_nothing_to_log_unless_allowed() {
    let bench = Bench::new();
    let message = fail(&mut bench.put());
    assert!(message.contains("nothing to log in data"), "{message}");
    assert!(message.contains("--allow-empty"), "{message}");
    assert_eq!(bench.versions(), [""; 0]);
    let answer = run(bench.put().arg("--allow-empty"));
    assert_eq!(
        (&answer["version"], &answer["fileCount"]),
        (&"v0".into(), &0.into())
    );
    run(&mut bench.get("v0", "out"));
    assert!(bench.path("out").is_dir());
}

#[test]
fn empty_folders_and_excluded_odd_files_leave_nothing_behind() {
    let bench = Bench::new();
    fs::write(bench.data("a"), "a").unwrap();
    fs::create_dir(bench.data("empty")).unwrap();
    symlink("nowhere", bench.data("broken")).unwrap();
    let answer = run(bench.put().args(["--exclude", "**/broken"]));
    assert_eq!(answer["fileCount"], 1);
}

#[test]
fn a_path_that_is_not_there_is_named() {
    let bench = Bench::new();
    let message = fail(&mut bench.command(&["artifact", "put", "nowhere", "--name", "data"]));
    assert!(message.contains("nowhere"), "{message}");
}

#[test]
fn a_device_is_named() {
    let bench = Bench::new();
    let message = fail(&mut bench.command(&["artifact", "put", "/dev/zero", "--name", "data"]));
    assert!(
        message.contains("/dev/zero") && message.contains("device"),
        "{message}"
    );
}
