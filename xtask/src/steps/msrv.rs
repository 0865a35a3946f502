//! `msrv`: the minimum Rust version is stated once, and the toolchain reaches it.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use cargo_metadata::semver::Version;

use xtask::{process, workspace};

/// Files that would choose a toolchain or state a version a second time.
const MUST_NOT_EXIST: &[&str] = &["rust-toolchain", "rust-toolchain.toml"];

pub(super) fn run() -> Result<()> {
    for name in MUST_NOT_EXIST {
        ensure!(
            !Path::new(name).exists(),
            "{name} must not exist: any toolchain from the minimum on will do"
        );
    }
    let root = read("Cargo.toml")?;
    let minimum =
        stated(&root).context("Cargo.toml: [workspace.package] does not state rust-version")?;
    for package in workspace::metadata()?.workspace_packages() {
        let path = package.manifest_path.as_str();
        ensure!(
            inherits(&read(path)?),
            "{path}: write `rust-version.workspace = true`, and nothing else about it"
        );
        for name in ["clippy.toml", ".clippy.toml"] {
            refuse_msrv(
                &package
                    .manifest_path
                    .with_file_name(name)
                    .into_std_path_buf(),
            )?;
        }
    }
    refuse_msrv(Path::new("clippy.toml"))?;
    toolchain_reaches(&minimum)
}

fn read(path: &str) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {path}"))
}

/// Returns the one version that the root manifest states, in `[workspace.package]`.
fn stated(manifest: &str) -> Option<Version> {
    let mut section = "";
    let mut found = Vec::new();
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            section = line;
        } else if let Some(value) = line.strip_prefix("rust-version") {
            found.push((
                section,
                value
                    .trim_start()
                    .strip_prefix('=')?
                    .trim()
                    .trim_matches('"'),
            ));
        }
    }
    match found[..] {
        [("[workspace.package]", text)] => {
            let zeros = ".0".repeat(2usize.saturating_sub(text.matches('.').count()));
            Version::parse(&format!("{text}{zeros}")).ok()
        }
        _ => None,
    }
}

fn inherits(manifest: &str) -> bool {
    let lines: Vec<_> = manifest
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with("rust-version"))
        .collect();
    lines == ["rust-version.workspace = true"]
}

/// Clippy reads `rust-version`; an `msrv` of its own would be a second statement.
fn refuse_msrv(config: &Path) -> Result<()> {
    if config.exists() {
        let text = read(&config.to_string_lossy())?;
        let states = text
            .lines()
            .any(|line| line.trim_start().starts_with("msrv"));
        ensure!(
            !states,
            "{}: leave msrv to rust-version in Cargo.toml",
            config.display()
        );
    }
    Ok(())
}

fn toolchain_reaches(minimum: &Version) -> Result<()> {
    let text = process::output(Command::new("rustc").arg("--version"))?;
    let version = text
        .split_whitespace()
        .nth(1)
        .context("`rustc --version` names no version")?;
    let version =
        Version::parse(version).with_context(|| format!("rustc has the version {version:?}"))?;
    if version < *minimum {
        bail!("rustc {version} is older than {minimum}, the minimum in Cargo.toml");
    }
    eprintln!("minimum {minimum}, toolchain {version}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_is_read_from_the_workspace_section() {
        let manifest = "[workspace.package]\nversion = \"0.1.0\"\nrust-version = \"1.95\"\n";
        assert_eq!(stated(manifest), Some(Version::new(1, 95, 0)));
    }

    #[test]
    fn version_stated_twice_or_elsewhere_is_refused() {
        assert_eq!(stated("[package]\nrust-version = \"1.95\""), None);
        let twice =
            "[workspace.package]\nrust-version = \"1.95\"\n[package]\nrust-version = \"1.95\"";
        assert_eq!(stated(twice), None);
    }

    #[test]
    fn members_inherit() {
        assert!(inherits("[package]\nrust-version.workspace = true"));
        assert!(!inherits("[package]\nrust-version = \"1.95\""));
        assert!(!inherits("[package]"));
    }
}
