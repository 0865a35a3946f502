//! Rules of writers, orphans and recovery.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use artifact_store::StoreError;
use artifact_store::blobs::{BlobRef, Place};

use crate::Fixture;
use crate::fixture::{key_of, list, no_recovery, put, put_draft, read_all};

fn set(blobs: impl IntoIterator<Item = BlobRef>) -> HashSet<BlobRef> {
    blobs.into_iter().collect()
}

fn blob(content: &[u8], place: &Place) -> BlobRef {
    BlobRef {
        key: key_of(content),
        place: place.clone(),
    }
}

/// Recovery needs the store for itself.
pub fn recovery_runs_only_while_no_writer_is_registered(fixture: &Fixture) {
    let mut recoveries = 0;
    let store = fixture.open();
    let mut register = || {
        store.register_writer(&mut |_| {
            recoveries += 1;
            Ok(())
        })
    };
    let first = register().unwrap();
    let second = register().unwrap();
    assert!(!fixture.open().recover_if_unused(&mut no_recovery).unwrap());
    first.leave(true, &mut no_recovery).unwrap();
    assert!(!store.recover_if_unused(&mut no_recovery).unwrap());
    drop(second);
    assert!(store.recover_if_unused(&mut no_recovery).unwrap());
    let third = store.register_writer(&mut |_| {
        recoveries += 1;
        Ok(())
    });
    assert_eq!(recoveries, 2, "not for the second, which was not alone");
    drop(third);
}

/// A writer that comes during a recovery waits for its end.
pub fn no_writer_registers_during_a_recovery(fixture: &Fixture) {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let recovered = fixture.open().recover_if_unused(&mut |_| {
            scope.spawn(|| {
                let writer = fixture.open().register_writer(&mut no_recovery);
                assert!(is_over.load(Ordering::SeqCst), "it did not wait");
                drop(writer.unwrap());
            });
            thread::sleep(Duration::from_millis(50));
            is_over.store(true, Ordering::SeqCst);
            Ok(())
        });
        assert!(recovered.unwrap());
    });
}

/// Content that a writer put before it died is reported, with its place.
pub fn content_of_a_dead_writer_is_a_possible_orphan(fixture: &Fixture) {
    let (store, writer) = fixture.writer();
    let one = put(&*writer, b"one");
    let two = put_draft(&*writer, b"two", 1, None);
    drop((writer, store));
    let expected = set([blob(b"one", &one), blob(b"two", &two)]);
    assert_eq!(set(fixture.possible_orphans()), expected);
}

/// Recovery deletes the places that the engine says are unused, and no others.
pub fn orphans_are_deleted_and_other_content_stays(fixture: &Fixture) {
    let (store, writer) = fixture.writer();
    let unused = put(&*writer, b"unused");
    let used = put(&*writer, b"used");
    drop(writer);
    let recovered = store.recover_if_unused(&mut |store| {
        store.delete_drafts()?;
        let freed = store.free_orphans(&mut |blobs| {
            let mut places: Vec<_> = blobs.iter().map(|blob| blob.place.clone()).collect();
            places.retain(|place| *place == unused);
            Ok(places)
        })?;
        assert_eq!(freed, 1);
        Ok(())
    });
    assert!(recovered.unwrap());
    assert_eq!(list(&*store, ""), [(used.clone(), 4)]);
    assert_eq!(read_all(&*store, &used), Some(b"used".to_vec()));
}

/// A recovery that has succeeded leaves nothing to do.
pub fn freed_orphans_are_not_reported_again(fixture: &Fixture) {
    let (_, writer) = fixture.writer();
    put(&*writer, b"one");
    drop(writer);
    assert_eq!(fixture.possible_orphans().len(), 1);
    assert_eq!(fixture.possible_orphans(), []);
}

/// The next recovery hears of what a failed one did not finish.
pub fn a_failed_recovery_keeps_its_records(fixture: &Fixture) {
    let (store, writer) = fixture.writer();
    let place = put(&*writer, b"one");
    drop(writer);
    let mut fail = |store: &dyn artifact_store::blobs::Recovery| {
        let freed = store.free_orphans(&mut |_| Err(StoreError::Corrupt));
        freed.map(drop)
    };
    let failed = store.recover_if_unused(&mut fail);
    assert!(matches!(failed, Err(StoreError::Corrupt)), "{failed:?}");
    let failed = fixture.open().register_writer(&mut fail).map(drop);
    assert!(matches!(failed, Err(StoreError::Corrupt)), "{failed:?}");
    assert_eq!(fixture.possible_orphans(), [blob(b"one", &place)]);
}

/// A writer all of whose content is in use leaves nothing to recover.
pub fn a_settled_writer_leaves_no_records(fixture: &Fixture) {
    let (store, writer) = fixture.writer();
    let place = put(&*writer, b"one");
    let mut never = |_: &dyn artifact_store::blobs::Recovery| panic!("it was settled");
    writer.leave(true, &mut never).unwrap();
    assert_eq!(fixture.possible_orphans(), []);
    assert_eq!(read_all(&*store, &place), Some(b"one".to_vec()));
}

/// The last writer to leave recovers what it left unsettled; one that is not the last leaves it to others.
pub fn an_unsettled_writer_recovers_when_it_leaves_last(fixture: &Fixture) {
    let (_, first) = fixture.writer();
    let (store, last) = fixture.writer();
    let (one, two) = (put(&*first, b"one"), put(&*last, b"two"));
    let mut never = |_: &dyn artifact_store::blobs::Recovery| panic!("another writer is there");
    first.leave(false, &mut never).unwrap();
    let mut reported = HashSet::new();
    last.leave(false, &mut |store| {
        store.free_orphans(&mut |blobs| {
            reported.extend(blobs.iter().cloned());
            Ok(blobs.iter().map(|blob| blob.place.clone()).collect())
        })?;
        Ok(())
    })
    .unwrap();
    assert_eq!(reported, set([blob(b"one", &one), blob(b"two", &two)]));
    assert_eq!(list(&*store, ""), []);
}

/// Content that something stopped referring to is reported, whoever put it.
pub fn recorded_orphans_are_reported(fixture: &Fixture) {
    let (store, writer) = fixture.writer();
    let contents: [&[u8]; 3] = [b"one", b"two", b"three"];
    let [one, two, three] = contents.map(|content| blob(content, &put(&*writer, content)));
    writer.leave(true, &mut no_recovery).unwrap();
    // By something that is no writer, and then by a writer.
    store.record_orphans(&[one.clone(), two.clone()]).unwrap();
    let (_, writer) = fixture.writer();
    writer.record_orphan(&three).unwrap();
    drop(writer);
    assert_eq!(set(fixture.possible_orphans()), set([one, two, three]));
}

/// However often records are compacted, those of unsettled content stay, also of what is put meanwhile.
pub fn compaction_keeps_the_records_of_unsettled_content(fixture: &Fixture) {
    let (_, writer) = fixture.writer();
    let unsettled = put(&*writer, b"unsettled");
    for n in 0..200 {
        put(&*writer, format!("settled {n}").as_bytes());
        writer.compact(&mut || vec![key_of(b"unsettled")]).unwrap();
    }
    let later = put(&*writer, b"later");
    drop(writer);
    let reported = set(fixture.possible_orphans());
    assert!(reported.contains(&blob(b"unsettled", &unsettled)));
    assert!(reported.contains(&blob(b"later", &later)));
}
