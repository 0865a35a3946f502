//! Rules of transactions.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Barrier;
use std::sync::mpsc;
use std::time::Duration;

use artifact_core::EntityName;
use artifact_store::StoreError;
use artifact_store::metadata::{
    Freshness, MetadataStore, MetadataStoreExt as _, Scope, Transaction,
};

use crate::fixture::{Fixture, Rule, Seed, address, at, value, write};

fn has_setting(store: &dyn MetadataStore, name: &str) -> Result<bool, StoreError> {
    store.reading(|rows| Ok(rows.setting(name)?.is_some()))
}

/// A read that begins after a write has returned sees it, in every scope.
pub fn a_write_is_seen_by_later_reads(fixture: &impl Fixture) -> Rule {
    let store = fixture.store();
    let scopes = [
        Scope::Whole,
        Scope::Accounts,
        Scope::Project(address("team", "vision")),
    ];
    for scope in scopes {
        let name = format!("{scope:?}");
        store.writing(&scope, |tx| tx.insert_setting(&name, b"value"))?;
        let seen = store.reading(|rows| rows.setting(&name))?;
        assert_eq!(seen.as_deref(), Some(&b"value"[..]), "{name}");
        store.reading_at(Freshness::MayLag, |rows| rows.setting(&name).map(drop))?;
    }
    Ok(())
}

/// A write sees what it has changed itself.
pub fn a_write_sees_its_own_changes(fixture: &impl Fixture) -> Rule {
    write(&*fixture.store(), |tx| {
        let project = tx.ensure_project(&address("team", "vision"), at(1))?;
        assert_eq!(tx.project(&address("team", "vision"))?, Some(project));
        let run = tx.insert_run(project, &value("r"), "r", None, at(1))?;
        assert_eq!(tx.run(project, &value("r"))?, Some(run));
        tx.delete_run(run, at(2))?;
        assert_eq!(tx.run(project, &value("r"))?, None);
        Ok(())
    })
}

/// The error of the work is returned as it is, and nothing of the write is stored.
pub fn a_failed_write_leaves_nothing(fixture: &impl Fixture) -> Rule {
    let store = fixture.store();
    let failed: Result<(), _> = write(&*store, |tx| {
        tx.insert_setting("name", b"value")?;
        Err(StoreError::rejected("on purpose"))
    });
    let error = failed.expect_err("the work failed");
    assert!(matches!(error, StoreError::Refused(_)), "{error:?}");
    assert!(!has_setting(&*store, "name")?);

    let failed: Result<(), _> = store.reading(|_| Err(StoreError::Corrupt));
    assert!(matches!(failed, Err(StoreError::Corrupt)));
    write(&*store, |tx| tx.insert_setting("name", b"value"))
}

/// A panic of the work undoes the write, and the store can be used afterwards.
pub fn a_panic_leaves_nothing(fixture: &impl Fixture) -> Rule {
    let store = fixture.store();
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        write(&*store, |tx| {
            tx.insert_setting("name", b"value")?;
            panic!("on purpose")
        })
    }));
    let panicked: std::thread::Result<Result<(), StoreError>> = panicked;
    assert!(panicked.is_err());
    assert!(!has_setting(&*store, "name")?);
    write(&*store, |tx| tx.insert_setting("name", b"value"))
}

/// A violated constraint is an error that undoes the whole write.
pub fn a_violated_constraint_undoes_the_write(fixture: &impl Fixture) -> Rule {
    let store = fixture.store();
    write(&*store, |tx| tx.insert_setting("taken", b"value"))?;
    let failed = write(&*store, |tx| {
        tx.insert_setting("other", b"value")?;
        tx.insert_setting("taken", b"another")
    });
    let error = failed.expect_err("the name is in use");
    assert!(matches!(error, StoreError::Database { .. }), "{error:?}");
    assert!(!has_setting(&*store, "other")?);
    Ok(())
}

/// A read that begins while a write is under way sees all of it or nothing.
pub fn a_read_sees_one_state(fixture: &impl Fixture) -> Rule {
    let store = fixture.store();
    let (begun, begins) = mpsc::channel();
    let (read, is_read) = mpsc::channel();
    std::thread::scope(|scope| {
        let store = &store;
        let reader = scope.spawn(move || {
            begins.recv().expect("the write begins");
            let seen = store.reading(|rows| {
                let first = rows.setting("first")?.is_some();
                // Time for the write to end between the two.
                std::thread::sleep(Duration::from_millis(50));
                Ok((first, rows.setting("second")?.is_some()))
            });
            // The write has ended if the read had to wait for it.
            _ = read.send(());
            seen
        });
        write(&**store, |tx| {
            tx.insert_setting("first", b"value")?;
            _ = begun.send(());
            // An adapter may make the read wait for the write.
            _ = is_read.recv_timeout(Duration::from_millis(20));
            tx.insert_setting("second", b"value")
        })?;
        let (first, second) = reader.join().expect("the reader does not panic")?;
        assert_eq!(first, second, "half a write was seen");
        Ok(())
    })
}

/// Writes whose scopes overlap run one after another: none is based on what another one is about to change.
pub fn overlapping_writes_run_one_after_another(fixture: &impl Fixture) -> Rule {
    const WRITERS: u8 = 4;
    const WRITES: u8 = 5;

    let store = fixture.store();
    let other = fixture.reopened().unwrap_or_else(|| fixture.store());
    let seed = Seed::new(&*store)?;
    let name: EntityName = value("counter");
    // Without the store's care, two writers that read the same number would make one of two steps.
    let step = |tx: &mut dyn Transaction| {
        let count = tx.account(&name)?.map_or(0, |account| account.keys.len());
        tx.ensure_account(&name, at(1))?;
        let hash = [u8::try_from(count).expect("there are few"); 32];
        tx.insert_key(&name, &hash, "prefix", at(1))
    };
    let start = Barrier::new(WRITERS.into());
    std::thread::scope(|scope| {
        let writers = (0..WRITERS).map(|writer| {
            let store = if writer % 2 == 0 { &store } else { &other };
            let start = &start;
            scope.spawn(move || {
                start.wait();
                (0..WRITES).try_for_each(|round| {
                    let whole = (writer + round) % 2 == 0;
                    let scope = if whole { Scope::Whole } else { Scope::Accounts };
                    store.writing(&scope, step)?;
                    let indexes = Scope::Collections(vec![seed.sequence]);
                    let allocated =
                        store.writing(&indexes, |tx| tx.allocate_index(seed.sequence, at(1)));
                    allocated.map(drop)
                })
            })
        });
        let writers: Vec<_> = writers.collect();
        for writer in writers {
            writer.join().expect("the writer does not panic")?;
        }
        Ok::<_, StoreError>(())
    })?;
    let steps = usize::from(WRITERS * WRITES);
    let account = store.reading(|rows| rows.account(&name))?;
    assert_eq!(account.map(|account| account.keys.len()), Some(steps));
    let next = write(&*store, |tx| tx.allocate_index(seed.sequence, at(1)))?;
    assert_eq!(next.get() as usize, steps, "each number was given once");
    Ok(())
}

/// Another process sees what was written, and the other way round.
pub fn processes_see_each_others_writes(fixture: &impl Fixture) -> Rule {
    let store = fixture.store();
    write(&*store, |tx| tx.insert_setting("ours", b"value"))?;
    let Some(other) = fixture.reopened() else {
        return Ok(());
    };
    assert!(has_setting(&*other, "ours")?);
    write(&*other, |tx| tx.insert_setting("theirs", b"value"))?;
    assert!(has_setting(&*store, "theirs")?);
    Ok(())
}
