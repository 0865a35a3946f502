//! A store, files to log, and the command to run on them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};
use serde_json::Value;
use tempfile::TempDir;

use super::random::Random;

const PROGRAM: &str = env!("CARGO_BIN_EXE_wandb-rs");

/// The address of the collection that tests log to.
pub(super) const ADDRESS: &str = "team/vision/data";

/// A folder with a store, `data` to log and `out` to get it back to.
pub(super) struct Bench {
    folder: TempDir,
}

impl Bench {
    pub(super) fn new() -> Self {
        let bench = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        fs::create_dir(bench.path("data")).unwrap();
        bench
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn data(&self, name: &str) -> PathBuf {
        self.path("data").join(name)
    }

    pub(super) fn store(&self) -> PathBuf {
        self.path("store")
    }

    /// Fills `data` with `count` files of up to `longest` bytes, in a few folders.
    pub(super) fn fill(&self, random: &mut Random, count: u64, longest: u64) {
        for n in 0..count {
            let path = self.data(&format!("d{}/f{n}", n % 7));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let length = random.below(longest);
            fs::write(path, random.bytes(length)).unwrap();
        }
    }

    /// Rewrites a few files of `data`, and adds one.
    pub(super) fn change(&self, random: &mut Random) {
        let files: Vec<_> = tree(&self.path("data")).into_keys().collect();
        for _ in 0..3 {
            let path =
                self.data(&files[usize::try_from(random.below(files.len() as u64)).unwrap()]);
            let length = fs::metadata(&path).unwrap().len();
            fs::write(path, random.bytes(length)).unwrap();
        }
        let length = random.below(10_000);
        fs::write(
            self.data(&format!("n{}", random.next())),
            random.bytes(length),
        )
        .unwrap();
    }

    /// Returns the command with these arguments, over the store of this bench, free of the caller's settings.
    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        self.prepare(&mut command);
        command.args(arguments);
        command
    }

    /// Returns the command, started by `prefix`.
    pub(super) fn command_by(&self, prefix: &[&str], arguments: &[&str]) -> Command {
        let mut command = Command::new(prefix[0]);
        command.args(&prefix[1..]).arg(PROGRAM);
        self.prepare(&mut command);
        command.args(arguments);
        command
    }

    fn prepare(&self, command: &mut Command) {
        let path = std::env::var_os("PATH").unwrap_or_default();
        command
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.folder.path())
            .env("WANDB_RS_STORE", self.store())
            .env("WANDB_ENTITY", "team")
            .env("WANDB_PROJECT", "vision")
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
    }

    pub(super) fn put(&self) -> Command {
        self.command(&["artifact", "put", "data", "--name", "data", "--json"])
    }

    pub(super) fn get(&self, version: &str, root: &str) -> Command {
        let address = format!("{ADDRESS}:{version}");
        self.command(&["artifact", "get", &address, "--root", root, "--json"])
    }

    /// Returns the versions that are listed, the oldest first; each follows the one before.
    pub(super) fn versions(&self) -> Vec<String> {
        self.versions_of("data")
    }

    pub(super) fn versions_of(&self, name: &str) -> Vec<String> {
        let address = format!("team/vision/{name}");
        let output = self
            .command(&["artifact", "ls", &address, "--json"])
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        if output.status.code() == Some(1) {
            assert!(errors.contains("there is no "), "{errors}");
            return Vec::new();
        }
        assert!(output.status.success(), "{errors}");
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        let mut versions: Vec<_> = answer["versions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|version| version["version"].as_str().unwrap().to_owned())
            .collect();
        versions.reverse();
        let expected: Vec<_> = (0..versions.len()).map(|n| format!("v{n}")).collect();
        assert_eq!(versions, expected, "versions have gaps");
        versions
    }

    /// Asserts that the store's copy of a version is whole.
    pub(super) fn assert_verifies(&self, version: &str) {
        let address = format!("{ADDRESS}:{version}");
        run(&mut self.command(&["artifact", "verify", &address, "--json"]));
    }

    /// Returns the digest that logging `data` must give, found out without the store.
    pub(super) fn expected_digest(&self) -> String {
        let mut command = self.put();
        command
            .arg("--dry-run")
            .env("WANDB_RS_STORE", self.path("no-store"));
        run(&mut command)["digest"].as_str().unwrap().to_owned()
    }

    /// Logs `data`, gets it back, and asserts that both went right; returns the version.
    pub(super) fn assert_round_trip(&self) -> String {
        let answer = run(&mut self.put());
        assert_eq!(answer["digest"].as_str().unwrap(), self.expected_digest());
        let version = answer["version"].as_str().unwrap().to_owned();
        let root = format!("round-trip-{version}");
        run(&mut self.get(&version, &root));
        assert_same_tree(&self.path("data"), &self.path(&root));
        fs::remove_dir_all(self.path(&root)).unwrap();
        version
    }

    /// Asserts that the store holds what its versions need, and nothing else.
    pub(super) fn assert_clean(&self) {
        assert_store_is_clean(&self.store());
    }
}

/// Asserts that a store holds what its versions need, and nothing else.
pub(super) fn assert_store_is_clean(store: &Path) {
    for folder in ["tmp", "sessions", "parts"] {
        let left: Vec<_> = tree(&store.join(folder)).into_keys().collect();
        assert!(left.is_empty(), "left in {folder}: {left:?}");
    }
    let known = [
        "blobs",
        "lock",
        "parts",
        "sessions",
        "stat-cache",
        "store.db",
        "store.db-shm",
        "store.db-wal",
        "tmp",
    ];
    for entry in fs::read_dir(store).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(known.contains(&name.as_str()), "left in the store: {name}");
    }
    for name in tree(&store.join("stat-cache")).into_keys() {
        assert!(!name.contains("tmp"), "left in the stat cache: {name}");
    }

    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let database = Connection::open_with_flags(store.join("store.db"), flags).unwrap();
    database.pragma_update(None, "query_only", true).unwrap();
    let text = |query: &str| -> String { database.query_row(query, [], |row| row.get(0)).unwrap() };
    let count = |query: &str| -> u64 {
        database
            .query_row(query, [], |row| row.get::<_, i64>(0))
            .unwrap()
            .try_into()
            .unwrap()
    };
    assert_eq!(text("PRAGMA integrity_check"), "ok");
    assert_eq!(count("SELECT count(*) FROM pragma_foreign_key_check"), 0);
    assert_eq!(
        count("SELECT count(*) FROM version WHERE state = 'PENDING'"),
        0
    );
    let unused = "SELECT count(*) FROM blob
        WHERE NOT EXISTS (SELECT 1 FROM entry WHERE entry.blob_id = blob.id)
        AND NOT EXISTS (SELECT 1 FROM manifest WHERE manifest.blob_id = blob.id)";
    assert_eq!(count(unused), 0, "blobs that no version needs");

    let mut rows = database
        .prepare("SELECT lower(hex(key)), size FROM blob")
        .unwrap();
    let rows: BTreeMap<String, u64> = rows
        .query_map([], |row| {
            Ok((row.get(0)?, row.get::<_, i64>(1)?.try_into().unwrap()))
        })
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let root = store.join("blobs/sha256");
    let files: BTreeMap<String, u64> = tree(&root)
        .into_keys()
        .map(|name| {
            (
                name.replace('/', ""),
                fs::metadata(root.join(name)).unwrap().len(),
            )
        })
        .collect();
    let lost: BTreeSet<_> = rows
        .keys()
        .filter(|key| files.get(*key) != rows.get(*key))
        .collect();
    let left: BTreeSet<_> = files
        .keys()
        .filter(|key| !rows.contains_key(*key))
        .collect();
    assert!(lost.is_empty(), "rows without their file: {lost:?}");
    assert!(left.is_empty(), "files without a row: {left:?}");
}

/// Returns every file below `root` by its path from there. Links are not followed.
pub(super) fn tree(root: &Path) -> BTreeMap<String, PathBuf> {
    let mut files = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries.map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                let name = entry.path().strip_prefix(root).unwrap().to_owned();
                files.insert(name.to_string_lossy().into_owned(), entry.path());
            }
        }
    }
    files
}

/// Asserts that two folders hold the same files.
pub(super) fn assert_same_tree(left: &Path, right: &Path) {
    let (left, right) = (tree(left), tree(right));
    assert!(
        left.keys().eq(right.keys()),
        "{:?} and {:?}",
        left.keys(),
        right.keys()
    );
    for (name, path) in &left {
        assert!(
            fs::read(path).unwrap() == fs::read(&right[name]).unwrap(),
            "{name} differs"
        );
    }
}

/// Asserts that every file of `root` but the unfinished ones is the file of the same name in `original`.
pub(super) fn assert_nothing_wrong(root: &Path, original: &Path) {
    for (name, path) in tree(root) {
        if !name.starts_with(".wandb-rs-tmp") {
            let expected = fs::read(original.join(&name)).unwrap();
            assert!(fs::read(path).unwrap() == expected, "{name} is wrong");
        }
    }
}

/// Runs a command that must succeed, and returns the object that it prints.
pub(super) fn run(command: &mut Command) -> Value {
    let output = command.output().unwrap();
    assert_done(&output);
    serde_json::from_slice(&output.stdout).unwrap()
}

pub(super) fn assert_done(output: &Output) {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{:?}: {errors}", output.status);
}

/// Runs a command that must fail with exit code 1, and returns its message.
pub(super) fn fail(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(errors.starts_with("error: "), "{errors}");
    assert!(!errors.contains("panicked"), "{errors}");
    assert!(output.stdout.is_empty());
    errors
}

/// Starts a command whose output nobody wants.
pub(super) fn start(mut command: Command) -> Child {
    command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Waits until a process ends; one that takes longer than any sane one is killed.
pub(super) fn wait(child: &mut Child) -> ExitStatus {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if Duration::from_mins(2) < started.elapsed() {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("the process does not end");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Returns how the command has to be started so that it may only do what file permissions let it do.
pub(super) fn as_ordinary_user(probe: &Path) -> Vec<&'static str> {
    fs::write(probe, "probe").unwrap();
    set_mode(probe, 0o000);
    if fs::read(probe).is_err() {
        return vec!["env"];
    }
    // Root may read everything, unless it gives that up.
    let prefix = vec![
        "setpriv",
        "--bounding-set=-dac_override,-dac_read_search",
        "--inh-caps=-dac_override,-dac_read_search",
    ];
    let read = Command::new(prefix[0])
        .args(&prefix[1..])
        .arg("cat")
        .arg(probe)
        .output();
    let read = read.expect("setpriv, of util-linux, is needed to run these tests as root");
    assert!(
        !read.status.success(),
        "setpriv did not take root's rights away"
    );
    prefix
}

pub(super) fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}
