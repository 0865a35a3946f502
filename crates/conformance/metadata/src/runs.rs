//! Rules of runs, their lines and their files.

use artifact_core::records::{LineBatch, LineCounts, RunChanges, RunLine, RunState, RunStream};
use artifact_store::StoreError;
use artifact_store::metadata::{MetadataStoreExt as _, RunKey, Transaction, run_storage_id};
use serde_json::{Map, Value, json};

use crate::fixture::{Fixture, Rule, Seed, address, at, content, md5, value, write};

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// Fields that changes do not give stay as they are.
pub fn changes_to_a_run_leave_the_rest(fixture: &impl Fixture) -> Rule {
    let store = fixture.store();
    let seed = Seed::new(&*store)?;
    let first = RunChanges {
        display_name: Some("name".to_owned()),
        tags: Some(vec!["b".to_owned(), "a".to_owned()]),
        config: Some(object(json!({"lr": {"value": 0.5}})).into()),
        summary: Some(object(json!({"nul": "\u{0}", "deep": {"x": [1, null]}}))),
        ..RunChanges::default()
    };
    let second = RunChanges {
        notes: Some("notes".to_owned()),
        ..RunChanges::default()
    };
    write(&*store, |tx| {
        tx.update_run(seed.run, &first)?;
        tx.update_run(seed.run, &second)
    })?;
    let run = store.reading(|rows| rows.run_record(seed.run))?;
    assert_eq!(run.id, run_storage_id(seed.run));
    assert_eq!(run.address.project, address("team", "vision"));
    assert_eq!(run.address.id, value("first"));
    assert_eq!(
        (run.display_name.as_str(), run.notes.as_deref()),
        ("name", Some("notes"))
    );
    assert_eq!(
        (Some(run.tags), Some(run.config)),
        (first.tags, first.config)
    );
    assert_eq!(Some(run.summary), first.summary);
    assert_eq!((run.state, run.exit_code), (RunState::Running, None));
    assert_eq!((run.group, run.created_by), (None, None));
    Ok(())
}

/// A deleted run is not found, but its id and its number stay taken.
pub fn a_deleted_run_is_not_found(fixture: &impl Fixture) -> Rule {
    let store = fixture.store();
    let seed = Seed::new(&*store)?;
    let id = value("first");
    write(&*store, |tx| tx.delete_run(seed.run, at(5)))?;
    store.reading(|rows| {
        assert_eq!(rows.run(seed.project, &id)?, None);
        assert!(rows.is_run_deleted(seed.project, &id)?);
        assert!(!rows.is_run_deleted(seed.project, &value("other"))?);
        assert_eq!(rows.project_of_run(seed.run)?, Some((seed.project, true)));
        assert_eq!(rows.count_runs_ever(seed.project)?, 1);
        assert!(rows.runs_of(seed.project, true)?.is_empty());
        assert_eq!(rows.run_record(seed.run)?.address.id, id);
        Ok(())
    })?;
    assert!(
        write(&*store, |tx| tx.insert_run(
            seed.project,
            &id,
            "again",
            None,
            at(6)
        ))
        .is_err()
    );
    let other = write(&*store, |tx| {
        tx.insert_run(seed.project, &value("other"), "other", None, at(6))
    })?;
    assert!(seed.run < other);
    Ok(())
}

/// A state that ends a run clears a request to stop; heartbeats never go back.
pub fn the_end_of_a_run_clears_a_request_to_stop(fixture: &impl Fixture) -> Rule {
    let store = fixture.store();
    let seed = Seed::new(&*store)?;
    let status = || store.reading(|rows| rows.run_status(seed.run));
    write(&*store, |tx| {
        tx.request_stop(seed.run)?;
        tx.set_run_state(seed.run, RunState::Preempting, None, at(5))?;
        tx.record_heartbeat(seed.run, at(9))?;
        tx.record_heartbeat(seed.run, at(8))
    })?;
    assert_eq!(status()?, (RunState::Preempting, true));
    write(&*store, |tx| {
        tx.set_run_state(seed.run, RunState::Failed, Some(3), at(10))
    })?;
    assert_eq!(status()?, (RunState::Failed, false));
    let run = store.reading(|rows| rows.run_record(seed.run))?;
    assert_eq!((run.exit_code, run.heartbeat_at), (Some(3), at(9)));
    Ok(())
}

/// Runs that are not listed in full come without configuration and summary; lines and files are counted apart.
pub fn runs_in_brief_lack_their_large_parts(fixture: &impl Fixture) -> Rule {
    let store = fixture.store();
    let seed = Seed::new(&*store)?;
    write(&*store, |tx| {
        let changes = RunChanges {
            config: Some(object(json!({"a": 1})).into()),
            ..RunChanges::default()
        };
        tx.update_run(seed.run, &changes)?;
        put_lines(tx, seed.run, RunStream::Console, 4, &["fifth"])?;
        put_file(tx, seed.run, "a.txt", 1)
    })?;
    store.reading(|rows| {
        let (full, brief) = (
            rows.runs_of(seed.project, true)?,
            rows.runs_of(seed.project, false)?,
        );
        assert_eq!((full[0].0, brief[0].0), (seed.run, seed.run));
        assert_eq!(full[0].1.config, object(json!({"a": 1})).into());
        assert!(brief[0].1.config.all_values().is_empty());
        assert_eq!(full[0].1.address, brief[0].1.address);
        let counts = LineCounts {
            console: 5,
            ..LineCounts::default()
        };
        assert_eq!(rows.line_counts(seed.run)?, counts);
        assert_eq!(rows.run_file_count(seed.run)?, 1);
        Ok(())
    })
}

fn put_lines(
    tx: &mut dyn Transaction,
    run: RunKey,
    stream: RunStream,
    offset: u64,
    lines: &[&str],
) -> Rule {
    let lines = lines.iter().map(ToString::to_string).collect();
    let batch = LineBatch {
        stream,
        offset,
        lines,
    };
    tx.put_lines(run, &batch)
}

fn numbers(lines: Result<Vec<RunLine>, StoreError>) -> Result<Vec<u64>, StoreError> {
    Ok(lines?.into_iter().map(|line| line.number).collect())
}

/// Lines replace those with the same numbers; streams are apart, and lines that were never written do not exist.
pub fn lines_are_replaced_by_number(fixture: &impl Fixture) -> Rule {
    let store = fixture.store();
    let run = Seed::new(&*store)?.run;
    let (history, console) = (RunStream::History, RunStream::Console);
    write(&*store, |tx| {
        put_lines(tx, run, console, 0, &["a", "b", "c"])?;
        put_lines(tx, run, console, 1, &["B"])?;
        put_lines(tx, run, console, 7, &["h", "i"])?;
        put_lines(tx, run, history, 0, &["{}"])
    })?;
    store.reading(|rows| {
        let second = RunLine {
            number: 1,
            text: "B".to_owned(),
        };
        assert_eq!(rows.lines(run, console, 1, 1)?, [second]);
        assert_eq!(numbers(rows.lines(run, console, 2, 2))?, [2, 7]);
        assert!(rows.lines(run, console, u64::MAX, 2)?.is_empty());
        assert_eq!(rows.line_numbers(run, console)?, [0, 1, 2, 7, 8]);
        assert_eq!(numbers(rows.last_lines(run, console, 3))?, [2, 7, 8]);
        assert_eq!(numbers(rows.lines_at(run, console, &[8, 5, 0]))?, [8, 0]);
        assert_eq!(rows.line_numbers(run, history)?, [0]);
        assert!(rows.line_numbers(run, RunStream::Events)?.is_empty());
        Ok(())
    })
}

/// Lines of the history are found by their step, which is the number of a line that has none.
pub fn lines_of_the_history_are_found_by_step(fixture: &impl Fixture) -> Rule {
    let store = fixture.store();
    let run = Seed::new(&*store)?.run;
    let lines = [
        r#"{"_step": 30}"#,
        r#"{"_step": 10}"#,
        "no JSON",
        r#"{"_step": "text"}"#,
        r#"{"_step": 10, "a": 1}"#,
    ];
    write(&*store, |tx| {
        put_lines(tx, run, RunStream::History, 0, &lines)?;
        put_lines(tx, run, RunStream::Events, 0, &lines)
    })?;
    store.reading(|rows| {
        assert_eq!(
            numbers(rows.lines_of_steps(run, 0, 31, 9))?,
            [2, 3, 1, 4, 0]
        );
        assert_eq!(numbers(rows.lines_of_steps(run, 3, 30, 2))?, [3, 1]);
        assert!(rows.lines_of_steps(run, 11, 30, 9)?.is_empty());
        Ok(())
    })
}

fn put_file(tx: &mut dyn Transaction, run: RunKey, name: &str, number: u8) -> Rule {
    let blob = tx.ensure_blobs(&[(content(number), number.into())])?[0].key;
    tx.put_run_file(run, &value(name), blob, &md5(number), at(number.into()))
}

/// A file of a run is replaced under the same number; the number of a deleted file is not used again.
pub fn a_file_of_a_run_is_replaced(fixture: &impl Fixture) -> Rule {
    let store = fixture.store();
    let run = Seed::new(&*store)?.run;
    let files = || store.reading(|rows| rows.run_files(run, None));
    write(&*store, |tx| put_file(tx, run, "a.txt", 1))?;
    let number = files()?[0].number;
    write(&*store, |tx| put_file(tx, run, "a.txt", 2))?;
    let replaced = files()?;
    assert_eq!(replaced.len(), 1);
    let file = &replaced[0];
    assert_eq!((file.number, file.size, file.md5), (number, 2, md5(2)));
    assert_eq!((file.content, file.updated_at), (content(2), at(2)));
    store.reading(|rows| {
        assert_eq!(rows.run_of_file(number)?, Some(run));
        assert_eq!(
            rows.run_file_content(run, &value("a.txt"))?,
            Some(content(2))
        );
        assert_eq!(rows.run_file_content(run, &value("b.txt"))?, None);
        Ok(())
    })?;
    assert_eq!(
        write(&*store, |tx| tx.delete_run_file(number))?,
        Some(content(2))
    );
    assert_eq!(write(&*store, |tx| tx.delete_run_file(number))?, None);
    write(&*store, |tx| put_file(tx, run, "b.txt", 1))?;
    assert!(number < files()?[0].number);
    Ok(())
}

/// In a pattern for names `%` stands for any text and `_` for a character, and ASCII letters match in either case.
pub fn files_of_runs_are_found_by_pattern(fixture: &impl Fixture) -> Rule {
    let store = fixture.store();
    let run = Seed::new(&*store)?.run;
    write(&*store, |tx| {
        ["media/a.PNG", "media/b.txt", "c.png"]
            .into_iter()
            .zip(1..)
            .try_for_each(|(name, number)| put_file(tx, run, name, number))
    })?;
    let matching = |pattern| {
        store.reading(|rows| {
            let files = rows.run_files(run, Some(pattern))?.into_iter();
            let mut names: Vec<_> = files.map(|file| file.name.to_string()).collect();
            names.sort();
            Ok(names)
        })
    };
    assert_eq!(matching("%.png")?, ["c.png", "media/a.PNG"]);
    assert_eq!(matching("media/_.%")?, ["media/a.PNG", "media/b.txt"]);
    assert_eq!(matching("png")?, [""; 0]);
    Ok(())
}
