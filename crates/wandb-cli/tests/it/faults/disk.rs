//! A full disk: the error says so and where, nothing is committed by halves, and with more room the rerun succeeds.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::bench::{
    Bench, assert_done, assert_nothing_wrong, assert_same_tree, assert_store_is_clean, fail, run,
};
use super::random::Random;

/// A small disk that only the processes in its mount namespace see; gone with the shell that holds it.
struct SmallDisk {
    shell: Child,
    folder: PathBuf,
    /// Returns a command for a process that sees the disk.
    prefix: Vec<String>,
}

impl SmallDisk {
    /// Mounts a disk with 8 MiB of room at `folder`; `None` where this user may not mount anything.
    fn mount(folder: &Path) -> Option<Self> {
        fs::create_dir_all(folder).unwrap();
        // Room is made by taking the ballast away, because not everybody may change the size.
        let script = r#"mount -t tmpfs -o size=64m tmpfs "$0" || exit 1
            head -c 56m /dev/zero >"$0/ballast" && echo mounted
            while read -r line; do rm "$0/ballast"; echo "$line"; done"#;
        // As root, else as the root of a user namespace.
        for flags in [&["--mount"][..], &["--mount", "--user", "--map-root-user"]] {
            let mut command = Command::new("unshare");
            command.args(flags).args(["sh", "-c", script]).arg(folder);
            command
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::null());
            let Ok(mut shell) = command.spawn() else {
                return None;
            };
            if next_line(&mut shell) == "mounted" {
                let mut prefix = vec![
                    "nsenter".into(),
                    format!("--target={}", shell.id()),
                    "--mount".into(),
                ];
                if 1 < flags.len() {
                    prefix.extend(["--user".into(), "--preserve-credentials".into()]);
                }
                prefix.push("--".into());
                return Some(Self {
                    shell,
                    folder: folder.to_owned(),
                    prefix,
                });
            }
            shell.wait().unwrap();
        }
        None
    }

    /// Returns the disk as this process sees it.
    fn path_from_outside(&self) -> PathBuf {
        let folder = self.folder.strip_prefix("/").unwrap();
        PathBuf::from(format!("/proc/{}/root", self.shell.id())).join(folder)
    }

    /// Asserts that the store on the disk holds what its versions need, and nothing else.
    fn assert_clean(&self, bench: &Bench) {
        // A copy, because SQLite finds out that the way to the disk leads through a link.
        let copy = bench.path("copy");
        let copied = Command::new("cp")
            .arg("-r")
            .arg(self.path_from_outside().join("store"))
            .arg(&copy)
            .status();
        assert!(copied.unwrap().success());
        assert_store_is_clean(&copy);
        fs::remove_dir_all(copy).unwrap();
    }

    fn make_room(&mut self) {
        writeln!(self.shell.stdin.as_mut().unwrap(), "room").unwrap();
        assert_eq!(next_line(&mut self.shell), "room");
    }

    /// Returns the command as a process that sees the disk.
    fn command(&self, bench: &Bench, arguments: &[&str]) -> Command {
        let prefix: Vec<&str> = self.prefix.iter().map(String::as_str).collect();
        bench.command_by(&prefix, arguments)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        _ = self.shell.wait();
    }
}

/// Reads a line byte by byte, so that nothing behind it is lost.
fn next_line(shell: &mut Child) -> String {
    let mut line = String::new();
    BufReader::with_capacity(1, shell.stdout.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();
    line.trim_end().to_owned()
}

/// Returns a disk, or says that only the limit on file sizes is tested here.
fn small_disk(bench: &Bench) -> Option<SmallDisk> {
    let disk = SmallDisk::mount(&bench.path("disk"));
    if disk.is_none() {
        let line =
            "nothing can be mounted here: a full disk is only tested by a limit on file sizes\n";
        _ = std::io::stderr().write_all(line.as_bytes());
    }
    disk
}

fn assert_full(message: &str, folder: &Path) {
    assert!(
        message.contains("No space left") || message.contains("disk is full"),
        "{message}"
    );
    assert!(message.contains(&folder.display().to_string()), "{message}");
}

/// 20 MiB in one file, in some, or in many.
fn fill(bench: &Bench, random: &mut Random, files: u64) {
    for n in 0..files {
        fs::write(
            bench.data(&format!("f{n}")),
            random.bytes((20 << 20) / files),
        )
        .unwrap();
    }
}

#[test]
fn a_put_into_a_full_store_commits_nothing() {
    for files in [1, 20, 1000] {
        let bench = Bench::new();
        let Some(mut disk) = small_disk(&bench) else {
            return;
        };
        let store = disk.folder.join("store");
        let store_text = store.to_str().unwrap();
        let mut random = Random::new(files);
        let data = bench.path("data");
        let put = [
            "artifact",
            "put",
            data.to_str().unwrap(),
            "--name",
            "data",
            "--json",
            "--store",
            store_text,
        ];
        let ls = [
            "artifact",
            "ls",
            "team/vision/data",
            "--json",
            "--store",
            store_text,
        ];
        let verify = |disk: &SmallDisk, version: &str| {
            let address = format!("team/vision/data:{version}");
            run(&mut disk.command(
                &bench,
                &[
                    "artifact", "verify", &address, "--json", "--store", store_text,
                ],
            ));
        };

        fs::write(bench.data("small"), random.bytes(1 << 20)).unwrap();
        run(&mut disk.command(&bench, &put));
        fill(&bench, &mut random, files);
        let message = fail(&mut disk.command(&bench, &put));
        assert_full(&message, &store);
        let versions = run(&mut disk.command(&bench, &ls));
        assert_eq!(versions["versions"].as_array().unwrap().len(), 1);
        verify(&disk, "v0");

        // What fits is logged without anybody making room: the failed one has left nothing.
        let little = bench.path("little");
        fs::create_dir(&little).unwrap();
        fs::write(little.join("a"), random.bytes(2 << 20)).unwrap();
        let answer = run(&mut disk.command(
            &bench,
            &[
                "artifact",
                "put",
                little.to_str().unwrap(),
                "--name",
                "little",
                "--json",
                "--store",
                store_text,
            ],
        ));
        assert_eq!(answer["version"], "v0");
        disk.assert_clean(&bench);

        disk.make_room();
        let answer = run(&mut disk.command(&bench, &put));
        assert_eq!(answer["version"], "v1");
        verify(&disk, "v0");
        verify(&disk, "v1");
        disk.assert_clean(&bench);
    }
}

#[test]
fn a_get_onto_a_full_disk_leaves_no_wrong_file() {
    for files in [1, 20, 1000] {
        let bench = Bench::new();
        let Some(mut disk) = small_disk(&bench) else {
            return;
        };
        fill(&bench, &mut Random::new(files), files);
        run(&mut bench.put());
        let root = disk.folder.join("out");
        let get = [
            "artifact",
            "get",
            "team/vision/data:v0",
            "--json",
            "--root",
            root.to_str().unwrap(),
        ];
        let message = fail(&mut disk.command(&bench, &get));
        assert_full(&message, &root);
        let outside = disk.path_from_outside().join("out");
        assert_nothing_wrong(&outside, &bench.path("data"));
        assert!(!outside.join(".wandb-rs-tmp").exists());
        disk.make_room();
        run(&mut disk.command(&bench, &get));
        assert_same_tree(&bench.path("data"), &outside);
    }
}

/// Returns the command as a process that may write no file longer than 8 MiB.
fn limited(bench: &Bench, arguments: &[&str]) -> Command {
    let script = "trap '' XFSZ; ulimit -f 16384; exec \"$@\"";
    bench.command_by(&["sh", "-c", script, "sh"], arguments)
}

#[test]
fn a_write_that_fails_in_the_middle_commits_nothing() {
    let bench = Bench::new();
    let mut random = Random::new(9);
    fs::write(bench.data("small"), random.bytes(1 << 20)).unwrap();
    run(&mut bench.put());
    fs::write(bench.data("huge"), random.bytes(40 << 20)).unwrap();
    fs::write(bench.data("large"), random.bytes(20 << 20)).unwrap();
    let put = ["artifact", "put", "data", "--name", "data", "--json"];
    let message = fail(&mut limited(&bench, &put));
    assert!(message.contains("File too large"), "{message}");
    assert!(
        message.contains(&bench.store().display().to_string()),
        "{message}"
    );
    assert_eq!(bench.versions(), ["v0"]);
    bench.assert_verifies("v0");
    bench.assert_clean();
    assert_eq!(bench.assert_round_trip(), "v1");

    let get = [
        "artifact",
        "get",
        "team/vision/data:v1",
        "--json",
        "--root",
        "out",
    ];
    let message = fail(&mut limited(&bench, &get));
    assert!(
        message.contains("File too large") && message.contains("out/"),
        "{message}"
    );
    let out = bench.path("out");
    assert_nothing_wrong(&out, &bench.path("data"));
    assert!(!out.join(".wandb-rs-tmp").exists());
    assert_done(&bench.get("v1", "out").output().unwrap());
    assert_same_tree(&bench.path("data"), &out);
}
