//! `layers`: a crate depends only on what its layer may name.

use anyhow::{Result, bail};
use cargo_metadata::{DependencyKind, Package};

use xtask::workspace;

/// What one crate may name.
struct Row {
    name: &'static str,
    /// The crate's tests may use crates of this layer and below.
    layer: u8,
    /// The crates of ours that its code may use.
    may_use: &'static [&'static str],
}

const fn row(name: &'static str, layer: u8, may_use: &'static [&'static str]) -> Row {
    Row {
        name,
        layer,
        may_use,
    }
}

/// One row per crate; a crate without one fails the check.
const MAY_USE: &[Row] = &[
    row("artifact-core", 1, &[]),
    row("md5-lanes", 1, &[]),
    row("settings", 2, &["artifact-core"]),
    row("tables", 2, &["artifact-core"]),
    row("manifest", 2, &["artifact-core", "md5-lanes"]),
    row(
        "artifact-flows",
        3,
        &["artifact-core", "manifest", "md5-lanes"],
    ),
    row(
        "storage-adapters",
        3,
        &["artifact-core", "manifest", "md5-lanes"],
    ),
    row("transport", 3, &["artifact-core", "manifest", "md5-lanes"]),
    row(
        "artifact-store",
        3,
        &["artifact-core", "manifest", "md5-lanes"],
    ),
    row(
        "metadata-sql",
        4,
        &["artifact-core", "artifact-store", "md5-lanes"],
    ),
    row(
        "artifact-server",
        4,
        &["artifact-core", "artifact-store", "manifest", "md5-lanes"],
    ),
    row(
        "wandb-rs",
        5,
        &[
            "artifact-core",
            "artifact-flows",
            "artifact-store",
            "manifest",
            "md5-lanes",
            "metadata-sql",
            "settings",
            "storage-adapters",
            "tables",
            "transport",
        ],
    ),
    row(
        "wandb-cli",
        6,
        &[
            "artifact-server",
            "artifact-store",
            "metadata-sql",
            "settings",
            "wandb-rs",
        ],
    ),
    row(
        "metadata-conformance",
        TOOLS,
        &["artifact-core", "artifact-store"],
    ),
    row(
        "registry-conformance",
        TOOLS,
        &["artifact-core", "manifest"],
    ),
    row("resolver-conformance", TOOLS, &["artifact-core"]),
    row("mapped-model", TOOLS, &["wandb-rs"]),
    row("xtask", TOOLS, &[]),
    row("benchmarks", BENCHMARKS, &["md5-lanes", "xtask"]),
];

/// What the packages of the workspace's crates begin with in the registry; the table has their folders.
const PREFIX: &str = "wandb-rs-";

/// Above every library crate: none of them is part of what users get.
const TOOLS: u8 = 9;

/// Above the tools: the benchmarks run programs as `xtask` does.
const BENCHMARKS: u8 = 10;

/// Rule lists that any crate may run in its tests.
const CONFORMANCE: &[&str] = &[
    "metadata-conformance",
    "registry-conformance",
    "resolver-conformance",
];

/// Drivers of the store's ports, which any crate may hand to an engine in its tests.
const DRIVERS: &[&str] = &["metadata-sql"];

pub(super) fn run() -> Result<()> {
    let metadata = workspace::metadata()?;
    let wrong: Vec<_> = metadata
        .workspace_packages()
        .into_iter()
        .flat_map(violations)
        .collect();
    if !wrong.is_empty() {
        bail!("{}", wrong.join("\n"));
    }
    Ok(())
}

/// Returns a sentence for each dependency that `package` must not have.
fn violations(package: &Package) -> Vec<String> {
    let name = crate_name(&package.name);
    let Some(row) = find(name) else {
        return vec![format!("{name} is missing from MAY_USE in {}", file!())];
    };
    package
        .dependencies
        .iter()
        .filter(|dependency| dependency.path.is_some())
        .filter(|dependency| !allowed(row, crate_name(&dependency.name), dependency.kind))
        .map(|dependency| match dependency.kind {
            DependencyKind::Development => {
                format!(
                    "tests of {name} must not use {}, a layer above",
                    dependency.name
                )
            }
            _ => format!("{name} must not depend on {}", dependency.name),
        })
        .collect()
}

fn allowed(row: &Row, dependency: &str, kind: DependencyKind) -> bool {
    if kind != DependencyKind::Development {
        return row.may_use.contains(&dependency);
    }
    CONFORMANCE.contains(&dependency)
        || DRIVERS.contains(&dependency)
        || find(dependency).is_some_and(|used| used.layer <= row.layer)
}

/// Returns the name of the crate in a package.
fn crate_name(package: &str) -> &str {
    match package.strip_prefix(PREFIX) {
        Some("cli") => "wandb-cli",
        Some(folder) => folder,
        None => package,
    }
}

fn find(name: &str) -> Option<&'static Row> {
    MAY_USE.iter().find(|row| row.name == name)
}

#[cfg(test)]
mod tests {
    use DependencyKind::{Build, Development, Normal};

    use super::*;

    fn may(name: &str, dependency: &str, kind: DependencyKind) -> bool {
        allowed(find(name).unwrap(), dependency, kind)
    }

    #[test]
    fn rows_name_rows_of_lower_layers() {
        for row in MAY_USE {
            for used in row.may_use {
                let used = find(used).unwrap();
                assert!(used.layer < row.layer, "{} uses {}", row.name, used.name);
            }
        }
    }

    #[test]
    fn siblings_never_name_each_other() {
        let siblings = [
            "artifact-flows",
            "storage-adapters",
            "tables",
            "transport",
            "artifact-store",
        ];
        for (name, other) in siblings.iter().flat_map(|a| siblings.map(|b| (a, b))) {
            assert!(!may(name, other, Normal));
            assert!(!may(name, other, Build));
        }
    }

    #[test]
    fn tests_look_down_or_sideways() {
        assert!(may("transport", "artifact-store", Development));
        assert!(may("manifest", "artifact-core", Development));
        assert!(!may("manifest", "transport", Development));
        assert!(!may("wandb-rs", "xtask", Development));
    }

    #[test]
    fn conformance_crates_are_for_tests_only() {
        assert!(may("artifact-core", "registry-conformance", Development));
        assert!(may("artifact-store", "metadata-sql", Development));
        assert!(!may("artifact-store", "metadata-sql", Normal));
        assert!(!may("wandb-rs", "registry-conformance", Normal));
    }
}
