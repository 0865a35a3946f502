//! Stores that cannot be used: clear errors, and nothing of them is changed.

use std::fs;
use std::path::Path;

use super::bench::{Bench, as_ordinary_user, fail, run, set_mode, tree};

/// Asserts that no command works on the store, and that each says why; returns one of the messages.
fn assert_unusable(bench: &Bench, parts: &[&str]) {
    let before = fs::read(bench.store().join("store.db")).ok();
    let get = ["artifact", "get", "team/vision/data:v0", "--root", "out"];
    let commands: [&[&str]; 5] = [
        &["artifact", "put", "data", "--name", "data"],
        &get,
        &["artifact", "ls"],
        &["artifact", "info", "team/vision/data:v0"],
        &["artifact", "verify", "team/vision/data:v0"],
    ];
    for command in commands {
        let message = fail(&mut bench.command(command));
        for part in parts {
            assert!(
                message.contains(part),
                "{command:?}: {part:?} is not in {message}"
            );
        }
    }
    assert!(!bench.path("out").exists());
    assert!(fs::read(bench.store().join("store.db")).ok() == before);
}

fn logged() -> Bench {
    let bench = Bench::new();
    fs::write(bench.data("a"), "a").unwrap();
    fs::write(bench.data("b"), "b").unwrap();
    run(&mut bench.put());
    bench
}

fn database(bench: &Bench) -> std::path::PathBuf {
    bench.store().join("store.db")
}

#[test]
fn a_database_of_garbage_is_named() {
    let bench = logged();
    for garbage in [vec![b'x'; 10_000], b"garbage".to_vec()] {
        fs::write(database(&bench), garbage).unwrap();
        assert_unusable(&bench, &["store/store.db"]);
    }
}

#[test]
fn a_database_of_something_else_is_named() {
    let bench = logged();
    fs::remove_file(database(&bench)).unwrap();
    let other = rusqlite::Connection::open(database(&bench)).unwrap();
    other.execute_batch("CREATE TABLE t (a)").unwrap();
    drop(other);
    assert_unusable(
        &bench,
        &["store/store.db", "not the database of an artifact store"],
    );
}

#[test]
fn an_empty_database_file_is_named() {
    let bench = logged();
    fs::write(database(&bench), "").unwrap();
    assert_unusable(&bench, &["store/store.db"]);
}

#[test]
fn a_damaged_database_is_never_believed() {
    let bench = logged();
    let whole = fs::read(database(&bench)).unwrap();
    for length in [50, 100, 4096, whole.len() / 2, whole.len() - 1] {
        fs::write(database(&bench), &whole[..length]).unwrap();
        let output = bench.get("v0", "out").output().unwrap();
        // Pages that this version does not need may be gone; otherwise it is an error.
        if output.status.success() {
            super::bench::assert_same_tree(&bench.path("data"), &bench.path("out"));
            fs::remove_dir_all(bench.path("out")).unwrap();
        } else {
            let message = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{message}");
            assert!(message.contains("store"), "{message}");
        }
    }
}

#[test]
fn a_newer_store_says_so() {
    let bench = logged();
    let connection = rusqlite::Connection::open(database(&bench)).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    assert_unusable(&bench, &["schema 99", "newer version"]);
}

#[test]
fn a_folder_in_the_place_of_the_database_is_named() {
    let bench = logged();
    fs::remove_file(database(&bench)).unwrap();
    fs::create_dir(database(&bench)).unwrap();
    assert_unusable(&bench, &["store/store.db"]);
}

#[test]
fn a_file_in_the_place_of_the_store_is_named() {
    let bench = Bench::new();
    fs::write(bench.data("a"), "a").unwrap();
    fs::write(bench.store(), "a file").unwrap();
    assert_unusable(&bench, &["store"]);
    assert_eq!(fs::read(bench.store()).unwrap(), b"a file");
}

#[test]
fn reading_makes_no_store() {
    let bench = Bench::new();
    let message = fail(&mut bench.command(&["artifact", "ls"]));
    assert!(
        message.contains("there is no artifact store in"),
        "{message}"
    );
    assert!(message.contains("hint: "), "{message}");
    assert!(!bench.store().exists());
}

/// Sets the modes of a folder's files and folders, itself included.
fn set_modes(root: &Path, folders: u32, files: u32) {
    set_mode(root, 0o700);
    for entry in fs::read_dir(root).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            set_modes(&entry.path(), folders, files);
        } else {
            set_mode(&entry.path(), files);
        }
    }
    set_mode(root, folders);
}

#[test]
fn nothing_is_put_into_a_read_only_store() {
    let bench = logged();
    let prefix = as_ordinary_user(&bench.path("probe"));
    let before: Vec<_> = tree(&bench.store()).into_keys().collect();
    fs::write(bench.data("c"), "c").unwrap();
    set_modes(&bench.store(), 0o555, 0o444);
    let put = ["artifact", "put", "data", "--name", "data", "--json"];
    let message = fail(&mut bench.command_by(&prefix, &put));
    let is_told = ["ermission denied", "readonly", "read-only"]
        .iter()
        .any(|text| message.contains(text));
    assert!(is_told && message.contains("store"), "{message}");
    assert!(
        message.contains(&bench.store().display().to_string()),
        "{message}"
    );
    set_modes(&bench.store(), 0o755, 0o644);
    let after: Vec<_> = tree(&bench.store()).into_keys().collect();
    assert_eq!(before, after);
    assert_eq!(bench.versions(), ["v0"]);
    assert_eq!(bench.assert_round_trip(), "v1");
}

#[test]
fn a_read_only_store_is_read_or_says_that_it_cannot_be() {
    let bench = logged();
    let prefix = as_ordinary_user(&bench.path("probe"));
    set_modes(&bench.store(), 0o555, 0o444);
    let root = bench.path("out");
    let get = [
        "artifact",
        "get",
        "team/vision/data:v0",
        "--json",
        "--root",
        root.to_str().unwrap(),
    ];
    let output = bench.command_by(&prefix, &get).output().unwrap();
    set_modes(&bench.store(), 0o755, 0o644);
    if output.status.success() {
        super::bench::assert_same_tree(&bench.path("data"), &root);
    } else {
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(
            message.contains(&bench.store().display().to_string()),
            "{message}"
        );
    }
}

#[test]
fn a_folder_that_cannot_be_written_to_gets_no_store() {
    let bench = Bench::new();
    let prefix = as_ordinary_user(&bench.path("probe"));
    fs::write(bench.data("a"), "a").unwrap();
    fs::create_dir(bench.path("closed")).unwrap();
    set_mode(&bench.path("closed"), 0o555);
    let store = bench.path("closed/store");
    let put = [
        "artifact",
        "put",
        "data",
        "--name",
        "data",
        "--store",
        store.to_str().unwrap(),
    ];
    let message = fail(&mut bench.command_by(&prefix, &put));
    set_mode(&bench.path("closed"), 0o755);
    assert!(
        message.contains("closed/store") && message.contains("ermission denied"),
        "{message}"
    );
}
