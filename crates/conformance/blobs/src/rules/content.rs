//! Rules of stored content.

use std::fs::{self, OpenOptions};
use std::io::{Read as _, Write as _};
use std::thread;

use artifact_store::StoreError;
use artifact_store::blobs::Place;

use crate::Fixture;
use crate::fixture::{bytes, key_of, list, put, put_draft, read, read_all};

/// Longer than any buffer of an adapter.
const LARGE: usize = 3_000_001;

/// Content is what was put, byte for byte, however it was appended and whatever size was expected.
pub fn content_that_was_put_is_whole(fixture: &Fixture) {
    let (store, writer) = fixture.writer();
    for (seed, length, piece, size_hint) in [
        (1, 1, 1, None),
        (2, 70_000, 7, Some(70_000)),
        (3, LARGE, 4096, None),
        (4, LARGE, LARGE, Some(5)),
        (5, 1000, 333, Some(1 << 40)),
    ] {
        let content = bytes(seed, length);
        let place = put_draft(&*writer, &content, piece, size_hint);
        assert_eq!(store.size(&place).unwrap(), Some(length as u64));
        assert!(read_all(&*store, &place) == Some(content), "{length} bytes");
    }
    let content = bytes(6, LARGE);
    let place = put(&*writer, &content);
    assert!(read_all(&*store, &place) == Some(content));
}

/// Content put before a barrier is found when the store is opened again.
pub fn content_is_readable_after_a_barrier(fixture: &Fixture) {
    let (store, writer) = fixture.writer();
    store.barrier().unwrap();
    let content = [bytes(1, 1000), bytes(2, LARGE)];
    let places = [
        put(&*writer, &content[0]),
        put_draft(&*writer, &content[1], 100_000, None),
    ];
    store.barrier().unwrap();
    store.barrier().unwrap();
    drop((writer, store));
    let store = fixture.open();
    for (place, content) in places.iter().zip(content) {
        assert!(read_all(&*store, place) == Some(content));
    }
}

/// Nothing at all can be stored like anything else.
pub fn empty_content_is_content(fixture: &Fixture) {
    let (store, writer) = fixture.writer();
    for place in [put(&*writer, b""), put_draft(&*writer, b"", 1, Some(0))] {
        assert_eq!(store.size(&place).unwrap(), Some(0));
        assert_eq!(read_all(&*store, &place), Some(Vec::new()));
    }
}

/// A range yields its bytes and no others; what is behind the end does not count.
pub fn a_range_is_cut_off_at_the_end_of_the_content(fixture: &Fixture) {
    let (store, writer) = fixture.writer();
    let place = put(&*writer, b"0123456789");
    for (range, expected) in [
        (0..10, "0123456789"),
        (3..5, "34"),
        (9..10, "9"),
        (8..99, "89"),
        (4..4, ""),
        (10..20, ""),
        (u64::MAX - 1..u64::MAX, ""),
    ] {
        let found = read(&*store, &place, range.clone()).unwrap();
        assert_eq!(found, expected.as_bytes(), "{range:?}");
    }
}

/// Neither a place of content that was never put, nor a name that the store never chose, holds anything.
pub fn nothing_is_found_where_nothing_was_put(fixture: &Fixture) {
    let store = fixture.open();
    for place in [
        Place::of_content(&key_of(b"never put")),
        Place::new(""),
        Place::new("no/such/place"),
        Place::new("../../etc/passwd"),
    ] {
        assert_eq!(store.size(&place).unwrap(), None, "{place}");
        assert_eq!(read_all(&*store, &place), None, "{place}");
        if let Some(local) = store.local() {
            assert_eq!(local.path(&place).unwrap(), None, "{place}");
        }
    }
}

/// Putting content that is there changes nothing, for readers neither.
pub fn putting_stored_content_again_is_harmless(fixture: &Fixture) {
    let (store, writer) = fixture.writer();
    let content = bytes(1, LARGE);
    let place = put(&*writer, &content);
    let mut reader = store.get(&place, 0..u64::MAX).unwrap().unwrap();
    let mut begin = vec![0; 1000];
    reader.read_exact(&mut begin).unwrap();
    let again = [
        put(&*writer, &content),
        put_draft(&*writer, &content, 1_000_000, None),
    ];
    let mut rest = Vec::new();
    reader.read_to_end(&mut rest).unwrap();
    assert!([begin, rest].concat() == content);
    for place in again {
        assert!(read_all(&*store, &place).as_deref() == Some(&content[..]));
    }
}

/// Of writers that put the same content at once, each finds it where it put it.
pub fn writers_that_put_the_same_content_at_once_agree(fixture: &Fixture) {
    let content = bytes(1, 200_000);
    thread::scope(|scope| {
        for thread in 0..4 {
            let content = &content;
            scope.spawn(move || {
                let (store, writer) = fixture.writer();
                for round in 0..5 {
                    let place = if (thread + round) % 2 == 0 {
                        put(&*writer, content)
                    } else {
                        put_draft(&*writer, content, 10_000, None)
                    };
                    store.barrier().unwrap();
                    assert!(read_all(&*store, &place).as_deref() == Some(&content[..]));
                }
            });
        }
    });
}

/// Content that was damaged on the disk is right once it is put again. Only where it is in local files.
pub fn damaged_content_is_replaced(fixture: &Fixture) {
    let (store, writer) = fixture.writer();
    let Some(local) = store.local() else { return };
    let content = bytes(1, 1000);
    for (damage, by_draft) in [("other", false), ("", true), ("", false)] {
        let place = put(&*writer, &content);
        let path = local.path(&place).unwrap().unwrap();
        // Another file, as the one there may be read-only.
        fs::remove_file(&path).unwrap();
        fs::write(&path, damage).unwrap();
        let place = if by_draft {
            put_draft(&*writer, &content, 100, None)
        } else {
            put(&*writer, &content)
        };
        assert!(read_all(&*store, &place).as_deref() == Some(&content[..]));
    }
}

/// A draft that is dropped is nowhere.
pub fn a_dropped_draft_leaves_nothing_behind(fixture: &Fixture) {
    let (store, writer) = fixture.writer();
    let mut draft = writer.draft(Some(10)).unwrap();
    draft.append(b"half").unwrap();
    drop(draft);
    assert_eq!(list(&*store, ""), []);
    drop(writer);
    assert_eq!(fixture.possible_orphans(), []);
}

/// Deleting twice, or what was never there, is no error.
pub fn deleting_what_is_not_there_is_no_error(fixture: &Fixture) {
    let (store, writer) = fixture.writer();
    let places = [put(&*writer, b"one"), put(&*writer, b"two")];
    let kept = put(&*writer, b"kept");
    let never = [Place::of_content(&key_of(b"never")), Place::new("nowhere")];
    store.delete(&[]).unwrap();
    for _ in 0..2 {
        store.delete(&places).unwrap();
        store.delete(&never).unwrap();
    }
    for place in &places {
        assert_eq!(store.size(place).unwrap(), None);
        assert_eq!(read_all(&*store, place), None);
    }
    assert_eq!(read_all(&*store, &kept), Some(b"kept".to_vec()));
    let again = put(&*writer, b"one");
    assert_eq!(read_all(&*store, &again), Some(b"one".to_vec()));
}

/// A reader of content that is deleted meanwhile gets all of it, or an error.
pub fn content_that_is_deleted_while_it_is_read_is_never_wrong(fixture: &Fixture) {
    let (store, writer) = fixture.writer();
    let content = bytes(1, LARGE);
    let place = put(&*writer, &content);
    let mut reader = store.get(&place, 0..u64::MAX).unwrap().unwrap();
    store.delete(&[place]).unwrap();
    let mut found = Vec::new();
    if reader.read_to_end(&mut found).is_ok() {
        assert!(found == content);
    }
}

/// All content is listed, with its size, and nothing twice.
pub fn list_reports_each_place_once(fixture: &Fixture) {
    let (store, writer) = fixture.writer();
    assert_eq!(list(&*store, ""), []);
    let mut expected: Vec<_> = (0..50)
        .map(|n| {
            let content = bytes(n, usize::from(n));
            (put(&*writer, &content), u64::from(n))
        })
        .collect();
    put(&*writer, &bytes(7, 7));
    expected.sort();
    assert_eq!(list(&*store, ""), expected);
}

/// A prefix selects by the text of the name, not by its components.
pub fn list_reports_only_places_with_the_prefix(fixture: &Fixture) {
    let (store, writer) = fixture.writer();
    let places = [1, 2, 3].map(|n| put(&*writer, &bytes(n, 100)));
    for place in &places {
        let name = place.as_str();
        for length in [1, name.len() / 2, name.len()] {
            let prefix = &name[..length];
            let listed = list(&*store, prefix);
            assert!(listed.contains(&(place.clone(), 100)), "{prefix}");
            let mut listed = listed.iter();
            assert!(listed.all(|(place, _)| place.as_str().starts_with(prefix)));
        }
        assert_eq!(list(&*store, &format!("{name}x")), []);
    }
}

/// A draft that is still being written is not content yet.
pub fn drafts_and_parts_are_not_listed(fixture: &Fixture) {
    let (store, writer) = fixture.writer();
    let mut draft = writer.draft(None).unwrap();
    draft.append(b"draft").unwrap();
    let mut part = store.part_draft().unwrap();
    part.append(b"part").unwrap();
    part.keep(&artifact_store::blobs::PartId {
        group: 1,
        upload: 1,
        number: 1,
    })
    .unwrap();
    assert_eq!(list(&*store, ""), []);
}

/// The first error of the caller ends the listing, and is its result.
pub fn an_error_of_the_caller_ends_the_listing(fixture: &Fixture) {
    let (store, writer) = fixture.writer();
    for n in 0..3 {
        put(&*writer, &bytes(n, 10));
    }
    let mut calls = 0;
    let listed = store.list("", &mut |_| {
        calls += 1;
        Err(StoreError::Corrupt)
    });
    assert!(matches!(listed, Err(StoreError::Corrupt)), "{listed:?}");
    assert_eq!(calls, 1);
}

/// If there are local files, that of a place holds all of its content.
pub fn a_local_path_names_the_whole_content(fixture: &Fixture) {
    let (store, writer) = fixture.writer();
    let Some(local) = store.local() else { return };
    for content in [bytes(1, 0), bytes(2, LARGE)] {
        let place = put_draft(&*writer, &content, 100_000, None);
        let path = local.path(&place).unwrap().unwrap();
        assert!(fs::read(path).unwrap() == content);
    }
}

/// A clone keeps the content that its source had. Only where the file system can clone.
pub fn a_clone_does_not_change_with_its_source(fixture: &Fixture) {
    let (store, writer) = fixture.writer();
    let Some(drafts) = writer.local() else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("source");
    let content = bytes(1, LARGE);
    fs::write(&path, &content).unwrap();
    let source = fs::File::open(&path).unwrap();
    let Some(clone) = drafts.clone_of(&source).unwrap() else {
        assert_eq!(list(&*store, ""), []);
        return;
    };
    let mut file = OpenOptions::new().write(true).open(&path).unwrap();
    file.write_all(b"changed").unwrap();
    let mut cloned = Vec::new();
    clone.file().read_to_end(&mut cloned).unwrap();
    assert!(cloned == content);
    let place = clone.put(&key_of(&content)).unwrap();
    assert!(read_all(&*store, &place) == Some(content));

    drop(drafts.clone_of(&source).unwrap());
    assert_eq!(list(&*store, ""), [(place, LARGE as u64)]);
}
