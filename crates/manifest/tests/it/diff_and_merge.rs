//! Differences between manifests, and merging.

use artifact_core::{ContentDigest, DigestAlgorithm};
use manifest::{Change, Manifest, ManifestEntry};

fn entry(content: u8) -> ManifestEntry {
    ManifestEntry::file(
        ContentDigest::new(DigestAlgorithm::Md5, [content; 16]),
        content.into(),
    )
}

fn manifest(entries: &[(&str, u8)]) -> Manifest {
    entries
        .iter()
        .map(|(path, content)| (path.parse().unwrap(), entry(*content)))
        .collect()
}

#[test]
fn diff_tells_added_removed_and_changed_in_path_order() {
    let (old, new) = (
        manifest(&[("a", 1), ("b", 2), ("d", 4)]),
        manifest(&[("b", 3), ("c", 5), ("d", 4)]),
    );
    let diff = old.diff(&new);
    let changes: Vec<_> = diff
        .iter()
        .map(|(path, change)| (path.as_str(), change))
        .collect();
    assert_eq!(
        changes,
        [
            ("a", Change::Removed(&entry(1))),
            (
                "b",
                Change::Changed {
                    old: &entry(2),
                    new: &entry(3)
                }
            ),
            ("c", Change::Added(&entry(5))),
        ]
    );
    assert!(old.diff(&old).is_empty());
}

#[test]
fn merge_joins_disjoint_parts_in_any_order() {
    let parts = [
        manifest(&[("a", 1)]),
        manifest(&[("b", 2), ("c", 3)]),
        manifest(&[("a", 1), ("d", 4)]),
    ];
    let merged = |order: [usize; 3]| {
        let mut whole = Manifest::default();
        order
            .iter()
            .try_for_each(|part| whole.merge(parts[*part].clone()))
            .map(|()| whole)
    };
    assert_eq!(merged([0, 1, 2]), merged([2, 1, 0]));
    assert_eq!(merged([1, 0, 2]).map(|whole| whole.len()), Ok(4));
}

#[test]
fn merge_refuses_other_content_at_one_path_and_leaves_the_base_alone() {
    let mut base = manifest(&[("b", 1)]);
    let error = base.merge(manifest(&[("a", 9), ("b", 2)])).unwrap_err();
    assert_eq!(error.path.as_str(), "b");
    assert_eq!(base, manifest(&[("b", 1)]));
}
