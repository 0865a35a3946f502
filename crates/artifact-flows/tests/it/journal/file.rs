//! The journal's file: torn, expired, unreadable, and its permissions.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use artifact_flows::{Flow, FlowError, UploadJournal};

use super::{NAMES, assert_one_version, bench, interrupted, journals, without_c};
use crate::script::{Act, Call, Script};
use crate::workbench::{bytes, log};

#[tokio::test]
async fn a_torn_journal_counts_up_to_where_it_was_torn() {
    for cut in [1, 60, 100] {
        let bench = bench();
        let confirmed = without_c(&bench).await;
        assert_eq!(confirmed.len(), 4);
        let journal = journals(&bench).pop().unwrap();
        let mut bytes = fs::read(&journal).unwrap();
        bytes.truncate(bytes.len() - cut);
        fs::write(&journal, bytes).unwrap();

        // Whatever is added to it comes behind what is whole.
        let more = interrupted(
            &bench,
            Script::new(|call, _| match call {
                Call::Announce => Act::Fail,
                _ => Act::Pass,
            }),
        )
        .await;
        assert!((2..=4).contains(&more.len()), "{cut}: {more:?}");
        let (flow, script) = Script::plain().play(&bench);
        let saved = log(&flow, bench.draft()).await.unwrap();
        assert_eq!(script.sent(), Vec::<String>::new());
        assert_one_version(&bench, &saved).await;
    }
}

#[tokio::test]
async fn a_journal_of_garbage_is_begun_anew() {
    let bench = bench();
    without_c(&bench).await;
    let journal = journals(&bench).pop().unwrap();
    fs::write(&journal, bytes(1, 10_000)).unwrap();
    let (flow, script) = Script::plain().play(&bench);
    let saved = log(&flow, bench.draft()).await.unwrap();
    assert_eq!(script.sent(), NAMES);
    assert_one_version(&bench, &saved).await;
}

#[tokio::test]
async fn an_old_journal_is_removed() {
    let bench = bench();
    without_c(&bench).await;
    let journal = journals(&bench).pop().unwrap();
    let old = SystemTime::now() - Duration::from_hours(8 * 24);
    let file = fs::OpenOptions::new().append(true).open(&journal).unwrap();
    file.set_modified(old).unwrap();
    // Another save removes it.
    let mut draft = bench.draft();
    draft.description = Some("another".to_owned());
    let (flow, _) = Script::new(|call, _| match call {
        Call::Create => Act::Fail,
        _ => Act::Pass,
    })
    .play(&bench);
    log(&flow, draft).await.unwrap_err();
    assert_eq!(journals(&bench), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn a_journal_is_its_owners_and_holds_no_ticket() {
    let bench = bench();
    without_c(&bench).await;
    let journal = journals(&bench).pop().unwrap();
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(journal.clone()), 0o600);
    assert_eq!(mode(bench.path("journals")), 0o700);
    let content = String::from_utf8_lossy(&fs::read(journal).unwrap()).into_owned();
    for secret in ["team", "vision", "dataset", "upload", "://"] {
        assert!(!content.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn a_journal_that_cannot_be_kept_is_done_without() {
    let bench = bench();
    fs::write(bench.path("journals"), "a file where the folder would be").unwrap();
    without_c(&bench).await;
    let (flow, script) = Script::plain().play(&bench);
    let saved = log(&flow, bench.draft()).await.unwrap();
    assert_eq!(script.sent(), NAMES);
    assert_eq!(bench.versions().await.len(), 1);
    bench.get(&saved.record).await.unwrap();
}

#[tokio::test]
async fn a_save_that_is_refused_at_once_leaves_no_journal() {
    let bench = bench();
    let (flow, _) = Script::new(|call, _| match call {
        Call::Create => Act::Fail,
        _ => Act::Pass,
    })
    .play(&bench);
    let error = log(&flow, bench.draft()).await.unwrap_err();
    assert!(matches!(error, FlowError::Registry(_)), "{error:?}");
    assert_eq!(journals(&bench), Vec::<PathBuf>::new());

    // One that was logged before needs none either.
    let record = bench.log().await;
    let flow = Flow {
        journal: Some(UploadJournal::new(bench.path("journals"))),
        ..bench.flow.clone()
    };
    let saved = log(&flow, bench.draft()).await.unwrap();
    assert!(saved.is_deduplicated);
    assert_eq!(saved.record.id, record.id);
    assert_eq!(journals(&bench), Vec::<PathBuf>::new());
}
