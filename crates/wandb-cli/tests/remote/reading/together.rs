//! Commands that read while others do, that are stopped, or that have no room.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::bytes;
use super::command::shell;
use crate::command::Shell;
use crate::server::TestServer;

/// Logs three short files and one long one.
fn logged(server: &TestServer, length: usize) -> Shell {
    let shell = shell(server).env("WANDB_CACHE_DIR", "cache");
    fs::create_dir(shell.folder.path().join("data")).unwrap();
    for number in 0..200_u8 {
        let name = format!("data/{number}");
        fs::write(shell.folder.path().join(name), bytes(number, 3_000)).unwrap();
    }
    fs::write(shell.folder.path().join("data/long"), bytes(250, length)).unwrap();
    let (code, _) = shell.json(&["artifact", "put", "data", "--name", "data"]);
    assert_eq!(code, 0);
    shell
}

fn start(shell: &Shell, words: &[&str]) -> Child {
    let mut command = shell.command(words);
    command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Checks that every file is right, and returns how many there are.
fn check(root: &Path, data: &Path) -> usize {
    let mut count = 0;
    for entry in fs::read_dir(root).into_iter().flatten() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap();
        if name == ".wandb-rs-tmp" {
            continue;
        }
        assert!(
            fs::read(&path).unwrap() == fs::read(data.join(name)).unwrap(),
            "{}",
            path.display()
        );
        count += 1;
    }
    count
}

#[test]
fn many_processes_get_into_one_folder_over_one_cache() {
    let server = TestServer::start();
    let shell = logged(&server, 3 << 20);
    let get = ["artifact", "get", "data:v0", "--root", "got"];
    let processes: Vec<_> = (0..4).map(|_| start(&shell, &get)).collect();
    for mut process in processes {
        assert!(process.wait().unwrap().success());
    }
    let path = |path: &str| shell.folder.path().join(path);
    assert_eq!(check(&path("got"), &path("data")), 201);
    assert!(!path("got/.wandb-rs-tmp").exists());
    let (code, verified) = shell.json(&["cache", "verify"]);
    // All contents, and the manifest.
    assert_eq!((code, &verified["ok"]), (0, &202.into()));
    let (_, info) = shell.json(&["cache", "info"]);
    assert_eq!(info["temporaryFiles"], 0);
}

#[test]
fn a_get_that_is_interrupted_leaves_no_wrong_file_and_goes_on() {
    let server = TestServer::start();
    let length = 70 << 20;
    let shell = logged(&server, length);
    let path = |path: &str| shell.folder.path().join(path);
    let get = ["artifact", "get", "data:v0", "--root", "got"];
    let mut slow = start(&shell, &[&get[..], &["--limit-rate", "40MB"]].concat());
    let begun = Instant::now();
    let half = path("got/.wandb-rs-tmp/partial");
    let has_pieces = || {
        let entries = fs::read_dir(&half).into_iter().flatten().flatten();
        let mut records =
            entries.filter(|it| it.path().extension().is_some_and(|it| it == "pieces"));
        records.any(|it| it.metadata().is_ok_and(|it| 64 < it.len()))
    };
    while !has_pieces() && begun.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(20));
    }
    let pid = slow.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .unwrap()
            .success()
    );
    assert!(!slow.wait().unwrap().success());
    assert!(check(&path("got"), &path("data")) < 201);
    assert!(!path("got/long").exists());
    let (code, answer) = shell.json(&get);
    assert_eq!(code, 0, "{answer}");
    assert_eq!(check(&path("got"), &path("data")), 201);
    assert!(!path("got/.wandb-rs-tmp").exists());
}

#[test]
fn a_disk_that_fills_up_leaves_no_wrong_file_and_no_wrong_entry() {
    let server = TestServer::start();
    let shell = logged(&server, 20 << 20);
    let path = |path: &str| shell.folder.path().join(path);
    // No file may be longer than 8 MiB.
    let limited = "trap '' XFSZ; ulimit -f 16384; exec \"$@\"";
    let get = ["artifact", "get", "data:v0", "--root", "got"];
    let output = shell
        .command_by(&["sh", "-c", limited, "sh"], &get)
        .output()
        .unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("got/long cannot be written"), "{told}");
    check(&path("got"), &path("data"));
    assert!(!path("got/long").exists());
    let (code, _) = shell.json(&["cache", "verify"]);
    assert_eq!(code, 0);
    let (code, _) = shell.json(&get);
    assert_eq!((code, check(&path("got"), &path("data"))), (0, 201));
}

#[test]
fn a_cache_that_nobody_can_write_to_is_no_harm() {
    let server = TestServer::start();
    let shell = logged(&server, 9 << 20);
    let path = |path: &str| shell.folder.path().join(path);
    // Not even root makes a folder in a file.
    _ = fs::remove_dir_all(path("cache"));
    fs::write(path("cache"), "in the way").unwrap();
    let (code, _) = shell.json(&["artifact", "get", "data:v0", "--root", "got"]);
    assert_eq!((code, check(&path("got"), &path("data"))), (0, 201));
    let cat = shell.run(&["artifact", "cat", "data", "7"]);
    assert_eq!(cat.stdout, bytes(7, 3_000));
    let long = shell.run(&["artifact", "cat", "data", "long"]);
    assert!(long.stdout == bytes(250, 9 << 20));
    assert_eq!(
        shell
            .run(&["artifact", "get", "data:v0", "--offline"])
            .status
            .code(),
        Some(1)
    );
}
