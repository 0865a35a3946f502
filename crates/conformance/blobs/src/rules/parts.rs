//! Rules of parts.

use std::io::Read as _;

use artifact_store::blobs::{BlobStore, PartId};

use crate::Fixture;
use crate::fixture::bytes;

const fn part(group: i64, upload: i64, number: u32) -> PartId {
    PartId {
        group,
        upload,
        number,
    }
}

fn keep(store: &dyn BlobStore, part: &PartId, content: &[u8]) {
    let mut draft = store.part_draft().unwrap();
    for piece in content.chunks(10_007) {
        draft.append(piece).unwrap();
    }
    draft.keep(part).unwrap();
}

fn read(store: &dyn BlobStore, part: &PartId) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut reader = store.open_part(part).unwrap()?;
    reader.read_to_end(&mut bytes).unwrap();
    Some(bytes)
}

/// Parts are found by their number, in whatever order they came.
pub fn parts_arrive_in_any_order(fixture: &Fixture) {
    let (store, _writer) = fixture.writer();
    for number in [3, 1, 10_000, 2] {
        keep(
            &*store,
            &part(7, 1, number),
            &bytes(1, number as usize * 10),
        );
    }
    for number in [1, 2, 3, 10_000] {
        let content = bytes(1, number as usize * 10);
        assert!(read(&*store, &part(7, 1, number)) == Some(content));
    }
    for missing in [part(7, 1, 4), part(7, 2, 1), part(8, 1, 1)] {
        assert_eq!(read(&*store, &missing), None, "{missing:?}");
    }
}

/// A client that sends a part again means the later one.
pub fn a_part_that_is_kept_again_replaces_the_earlier_one(fixture: &Fixture) {
    let (store, _writer) = fixture.writer();
    keep(&*store, &part(1, 1, 1), b"a longer one before");
    keep(&*store, &part(1, 1, 1), b"after");
    assert_eq!(read(&*store, &part(1, 1, 1)), Some(b"after".to_vec()));
}

/// Parts of one upload may reach different processes.
pub fn parts_are_seen_by_other_writers(fixture: &Fixture) {
    let (store, _writer) = fixture.writer();
    let (other, _other_writer) = fixture.writer();
    keep(&*store, &part(1, 1, 1), b"one");
    keep(&*other, &part(1, 1, 2), b"two");
    assert_eq!(read(&*other, &part(1, 1, 1)), Some(b"one".to_vec()));
    assert_eq!(read(&*store, &part(1, 1, 2)), Some(b"two".to_vec()));
}

/// A part that is not kept is nowhere.
pub fn a_dropped_draft_of_a_part_leaves_nothing_behind(fixture: &Fixture) {
    let (store, _writer) = fixture.writer();
    let mut draft = store.part_draft().unwrap();
    draft.append(b"half").unwrap();
    drop(draft);
    assert_eq!(store.part_groups().unwrap(), [0_i64; 0]);
}

/// Deleting one part leaves the others; deleting it again is no error.
pub fn a_part_is_deleted_alone(fixture: &Fixture) {
    let (store, _writer) = fixture.writer();
    for number in [1, 2, 3] {
        keep(&*store, &part(1, 1, number), b"x");
    }
    for _ in 0..2 {
        store.delete_part(&part(1, 1, 2)).unwrap();
    }
    store.delete_part(&part(5, 5, 5)).unwrap();
    let found = [1, 2, 3].map(|number| read(&*store, &part(1, 1, number)).is_some());
    assert_eq!(found, [true, false, true]);
}

/// Deleting a group deletes its uploads, and no others.
pub fn parts_of_a_group_are_deleted_together(fixture: &Fixture) {
    let (store, _writer) = fixture.writer();
    for part in [part(1, 1, 1), part(1, 2, 1), part(2, 3, 1)] {
        keep(&*store, &part, b"x");
    }
    let mut groups = store.part_groups().unwrap();
    groups.sort_unstable();
    assert_eq!(groups, [1, 2]);
    for _ in 0..2 {
        store.delete_part_group(1).unwrap();
    }
    assert_eq!(store.part_groups().unwrap(), [2]);
    assert_eq!(read(&*store, &part(1, 2, 1)), None);
    assert_eq!(read(&*store, &part(2, 3, 1)), Some(b"x".to_vec()));
}
