//! `embedding`: programs that use other libraries over SQLite resolve and build with ours.
//!
//! A program may have one version of `libsqlite3-sys` only, as two would link two copies of SQLite. So our range of
//! versions must meet that of each library which programs are likely to use.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use xtask::{process, workspace};

/// Dependencies of the programs, each with the name of the program. The first one builds, too: its library is the one
/// furthest from the version that our tests run on.
const PROGRAMS: &[(&str, &str)] = &[
    (
        "sqlx-0-8",
        r#"sqlx = { version = "0.8", default-features = false, features = ["runtime-tokio", "sqlite"] }"#,
    ),
    (
        "sqlx-0-9",
        r#"sqlx = { version = "0.9", default-features = false, features = ["runtime-tokio", "sqlite"] }"#,
    ),
    (
        "sea-orm-1",
        r#"sea-orm = { version = "1", features = ["runtime-tokio", "sqlx-sqlite"] }"#,
    ),
    (
        "sea-orm-2",
        r#"sea-orm = { version = "2", features = ["runtime-tokio", "sqlx-sqlite"] }"#,
    ),
    (
        "diesel-2",
        r#"diesel = { version = "2", features = ["sqlite"] }"#,
    ),
];

/// The features of our library that bring SQLite, and little else.
const FEATURES: &str = r#"["embedded", "file"]"#;

/// The packages whose versions the programs choose anew.
const CHOSEN: &[&str] = &["libsqlite3-sys", "rusqlite"];

pub(super) fn run() -> Result<()> {
    let (root, target) = (workspace::root()?, workspace::target()?);
    for (number, (name, dependency)) in (0..).zip(PROGRAMS) {
        let folder = target.join("embedding").join(name);
        write_program(&root, &folder, name, dependency)?;
        let manifest = folder.join("Cargo.toml");
        let (command, options) = match number {
            0 => ("check", ["--target-dir".as_ref(), target.as_os_str()]),
            _ => ("tree", ["--invert".as_ref(), "libsqlite3-sys".as_ref()]),
        };
        let mut cargo = process::cargo([command, "--quiet", "--manifest-path"]);
        process::run(cargo.arg(manifest).args(options))?;
        let lock = read(&folder.join("Cargo.lock"))?;
        ensure!(
            lock.contains("name = \"rusqlite\""),
            "{name} does not use our store: `FEATURES` in {} lacks one",
            file!()
        );
    }
    Ok(())
}

/// Writes a program that uses our library and another one, with the versions that our own builds use.
fn write_program(root: &Path, folder: &Path, name: &str, dependency: &str) -> Result<()> {
    let library = root.join("crates/wandb-rs");
    let library = library.to_str().context("the folder's name is no text")?;
    let manifest = format!(
        "[package]\nname = \"{name}\"\nedition = \"2024\"\n\n[dependencies]\n{dependency}\n\
         wandb-rs = {{ path = {library:?}, default-features = false, features = {FEATURES} }}\n\n[workspace]\n"
    );
    let lock = without_packages(&read(&root.join("Cargo.lock"))?, CHOSEN);
    let sources = folder.join("src");
    fs::create_dir_all(&sources).with_context(|| format!("cannot create {}", sources.display()))?;
    let main = "fn main() {\n    drop(wandb_rs::Client::builder());\n}\n";
    for (file, text) in [
        (folder.join("Cargo.toml"), manifest.as_str()),
        (folder.join("Cargo.lock"), lock.as_str()),
        (sources.join("main.rs"), main),
    ] {
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Returns a lock file without the entries of some packages.
fn without_packages(lock: &str, names: &[&str]) -> String {
    let is_kept = |entry: &&str| {
        let mut lines = entry.lines();
        !lines.any(|line| {
            let name = line.strip_prefix("name = \"");
            name.is_some_and(|name| names.contains(&name.trim_end_matches('"')))
        })
    };
    let entries: Vec<_> = lock.split("\n\n").filter(is_kept).collect();
    entries.join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_other_packages_stay() {
        let lock = "version = 4\n\n[[package]]\nname = \"a\"\ndependencies = [\n \"b\",\n]\n\n\
                    [[package]]\nname = \"b\"\n\n[[package]]\nname = \"bc\"\n";
        let left = without_packages(lock, &["b"]);
        assert!(left.contains("\"a\"") && left.contains("\"bc\""), "{left}");
        assert!(!left.contains("name = \"b\""), "{left}");
    }
}
