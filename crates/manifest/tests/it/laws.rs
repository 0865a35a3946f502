//! Property tests of manifests.

use std::collections::BTreeMap;

use artifact_core::{ContentDigest, DigestAlgorithm, LogicalPath};
use manifest::{Manifest, ManifestEntry, ReadLimits};
use proptest::prelude::*;

fn path() -> impl Strategy<Value = LogicalPath> {
    "[^\\\\/\n\0]{1,8}(/[^\\\\/\n\0]{1,8}){0,3}"
        .prop_filter_map("a valid path", |text| text.parse().ok())
}

fn entries() -> impl Strategy<Value = BTreeMap<LogicalPath, (bool, [u8; 16], u64)>> {
    prop::collection::btree_map(
        path(),
        (any::<bool>(), any::<[u8; 16]>(), any::<u64>()),
        0..20,
    )
}

fn entry((is_md5, digest, size): (bool, [u8; 16], u64)) -> ManifestEntry {
    let algorithm = if is_md5 {
        DigestAlgorithm::Md5
    } else {
        DigestAlgorithm::Xxh128
    };
    ManifestEntry::file(ContentDigest::new(algorithm, digest), size)
}

proptest! {
    #[test]
    fn writing_then_reading_is_the_identity(entries in entries()) {
        let manifest: Manifest = entries.into_iter().map(|(path, parts)| (path, entry(parts))).collect();
        let bytes = manifest.write(Vec::new()).unwrap();
        prop_assert_eq!(Manifest::read(bytes.as_slice(), &ReadLimits::default()).unwrap(), manifest);
    }

    #[test]
    fn the_digest_does_not_depend_on_the_order_of_insertion(entries in entries(), seed in any::<usize>()) {
        let in_order: Vec<_> = entries.into_iter().map(|(path, parts)| (path, entry(parts))).collect();
        let mut shuffled = in_order.clone();
        let middle = seed % shuffled.len().max(1);
        shuffled.rotate_left(middle);
        shuffled.reverse();
        let digest = |entries: Vec<_>| entries.into_iter().collect::<Manifest>().digest(DigestAlgorithm::Md5);
        prop_assert_eq!(digest(in_order), digest(shuffled));
    }

    #[test]
    fn a_manifest_is_a_map(added in prop::collection::vec((path(), any::<(bool, [u8; 16], u64)>()), 0..20)) {
        let added: Vec<_> = added.into_iter().map(|(path, parts)| (path, entry(parts))).collect();
        let mut map = BTreeMap::new();
        let mut one_by_one = Manifest::default();
        for (path, entry) in added.clone() {
            prop_assert_eq!(one_by_one.insert(path.clone(), entry.clone()), map.insert(path, entry));
        }
        prop_assert!(one_by_one.iter().eq(&map));
        for (path, entry) in &mut map {
            prop_assert_eq!(one_by_one.get(path), Some(&*entry));
            prop_assert_eq!(one_by_one.get_mut(path), Some(entry));
        }
        prop_assert_eq!(&added.into_iter().collect::<Manifest>(), &one_by_one);
        prop_assert!(one_by_one.into_iter().eq(map));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        _ = Manifest::read(bytes.as_slice(), &ReadLimits::default());
    }
}
