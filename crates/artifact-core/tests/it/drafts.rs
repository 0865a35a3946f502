//! Drafts: what is in them does not depend on how it got there.

use std::collections::{BTreeMap, BTreeSet};

use artifact_core::{
    AddReference, ArtifactDraft, DraftContents, DraftError, FileStamp, InvalidValue, LogicalPath,
    Source,
};
use bytes::Bytes;
use proptest::prelude::*;

fn draft() -> ArtifactDraft {
    ArtifactDraft::new("n".parse().unwrap(), "dataset".parse().unwrap()).unwrap()
}

fn add_each(draft: &mut ArtifactDraft, added: &[(LogicalPath, Source)]) {
    for (path, source) in added {
        draft.add(path.clone(), source.clone());
    }
}

/// Few letters, so that paths meet; and dots, which sort before slashes.
fn path() -> impl Strategy<Value = LogicalPath> {
    "[ab]\\.?(/[ab]\\.?){0,3}".prop_filter_map("a path", |text| text.parse().ok())
}

fn source() -> impl Strategy<Value = Source> {
    prop_oneof![
        ("[fg]", 0..2_u64).prop_map(|(path, size)| {
            let (modified, changed, inode, device) = (0, 0, 0, 0);
            let stamp = FileStamp {
                size,
                modified,
                changed,
                inode,
                device,
            };
            let path = path.into();
            Source::File { path, stamp }
        }),
        "[xy]".prop_map(|text| Source::Bytes(Bytes::from(text))),
    ]
}

/// Paths and their claims, without the order of the claims.
fn contents(draft: &ArtifactDraft) -> BTreeMap<LogicalPath, BTreeSet<String>> {
    let DraftContents { files, repeats, .. } = draft.clone().into_contents();
    let mut contents = BTreeMap::<_, BTreeSet<_>>::new();
    for (path, source) in files.into_iter().chain(repeats) {
        contents
            .entry(path)
            .or_default()
            .insert(format!("{source:?}"));
    }
    contents
}

proptest! {
    #[test]
    fn the_order_of_adding_does_not_matter(
        (added, shuffled) in prop::collection::vec((path(), source()), 0..12)
            .prop_flat_map(|added| (Just(added.clone()), Just(added).prop_shuffle()))
    ) {
        let [one, other] = [added, shuffled].map(|added| {
            let mut draft = draft();
            add_each(&mut draft, &added);
            draft
        });
        prop_assert_eq!(contents(&one), contents(&other));
        prop_assert!(one.paths().is_sorted());
        prop_assert!(one.paths().all(|path| one.has_file(path)));
    }

    #[test]
    fn adding_twice_is_adding_once(added in prop::collection::vec((path(), source()), 0..12)) {
        let mut once = draft();
        add_each(&mut once, &added);
        let mut twice = once.clone();
        add_each(&mut twice, &added);
        prop_assert_eq!(contents(&once), contents(&twice));
    }

    #[test]
    fn adding_many_is_adding_each(first in prop::collection::vec((path(), source()), 0..3), many in prop::collection::vec((path(), source()), 0..12)) {
        let [mut each, mut at_once] = [draft(), draft()];
        add_each(&mut each, &first);
        add_each(&mut each, &many);
        add_each(&mut at_once, &first);
        at_once.add_all(many);
        prop_assert_eq!(contents(&each), contents(&at_once));
    }

    #[test]
    fn a_folder_is_its_files(
        first in prop::collection::btree_map(path(), source(), 0..3),
        second in prop::collection::btree_map(path(), source(), 0..12),
        then in prop::collection::vec((path(), source()), 0..3),
    ) {
        let [mut each, mut at_once] = [draft(), draft()];
        for folder in [first, second] {
            // Backwards, so that nothing comes in order.
            for (path, source) in folder.iter().rev() {
                each.add(path.clone(), source.clone());
            }
            at_once.add_all(folder);
        }
        add_each(&mut each, &then);
        add_each(&mut at_once, &then);
        prop_assert_eq!(contents(&each), contents(&at_once));
        prop_assert!(at_once.paths().eq(each.paths()));
        for path in each.clone().paths() {
            prop_assert_eq!(each.remove(path), at_once.remove(path));
            prop_assert_eq!(contents(&each), contents(&at_once));
        }
    }

    #[test]
    fn replacing_leaves_one_claim(added in prop::collection::vec((path(), source()), 0..12), path in path(), source in source()) {
        let mut draft = draft();
        add_each(&mut draft, &added);
        draft.replace(path.clone(), source.clone());
        let expected = BTreeSet::from([format!("{source:?}")]);
        prop_assert_eq!(contents(&draft).remove(&path), Some(expected));
    }

    #[test]
    fn removing_takes_the_entry_or_all_below_it(added in prop::collection::btree_set(path(), 0..8), removed in path()) {
        let mut draft = draft();
        let source = Source::Bytes(Bytes::new());
        for path in &added {
            draft.add(path.clone(), source.clone());
        }
        let is_gone = |path: &LogicalPath| {
            if added.contains(&removed) { *path == removed } else { path.is_at_or_below(&removed) }
        };
        let left: Vec<_> = added.iter().filter(|path| !is_gone(path)).collect();
        let result = draft.remove(&removed);
        prop_assert_eq!(result.is_ok(), left.len() != added.len());
        prop_assert_eq!(draft.paths().collect::<Vec<_>>(), left);
    }

    #[test]
    fn a_file_is_never_a_folder_too(paths in prop::collection::btree_set(path(), 0..8)) {
        let clash = paths.iter().any(|outer| paths.iter().any(|inner| inner != outer && inner.is_at_or_below(outer)));
        match ArtifactDraft::check_folders(&paths) {
            Ok(()) => prop_assert!(!clash),
            Err(DraftError::FileAndFolder { path, inner }) => {
                prop_assert!(clash && paths.contains(&path) && paths.contains(&inner));
                prop_assert!(inner != path && inner.is_at_or_below(&path));
            }
            Err(other) => prop_assert!(false, "{}", other),
        }
    }
}

#[test]
fn a_reference_is_removed_by_the_name_it_was_given() -> Result<(), InvalidValue> {
    let mut draft = draft();
    for name in ["data", "other/x"] {
        draft.add_reference(AddReference {
            name: Some(name.parse()?),
            ..AddReference::new("nfs://h/f".parse()?)
        });
    }
    draft.add_reference(AddReference::new("nfs://h/f".parse()?));
    draft.remove(&"other".parse()?).unwrap();
    let names: Vec<_> = draft.references().iter().map(|r| r.name.clone()).collect();
    assert_eq!(names, [Some("data".parse()?), None]);
    Ok(())
}

#[test]
fn the_same_reference_is_added_once() -> Result<(), InvalidValue> {
    let mut draft = draft();
    for _ in 0..2 {
        draft.add_reference(AddReference::new("nfs://h/f".parse()?));
    }
    assert_eq!(draft.references().len(), 1);
    Ok(())
}
