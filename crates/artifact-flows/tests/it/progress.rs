//! Progress reports in their promised order: a phase starts, advances and finishes before the next.

use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use artifact_core::{AddReference, RetryNotice};
use artifact_flows::{FetchOptions, Phase, Progress, verify_folder, verify_stored};

use crate::script::{Act, Call, Script};
use crate::workbench::{Workbench, bytes, log};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    Start(Phase, Option<u64>, Option<u64>),
    Advance(u64, u64),
    Retry(u32),
    Finish(Phase),
}

/// Records every event.
#[derive(Debug, Default)]
pub(crate) struct Recorder(Mutex<Vec<Event>>);

impl Progress for Recorder {
    fn start(&self, phase: Phase, files: Option<u64>, bytes: Option<u64>) {
        self.0
            .lock()
            .unwrap()
            .push(Event::Start(phase, files, bytes));
    }

    fn advance(&self, files: u64, bytes: u64) {
        self.0.lock().unwrap().push(Event::Advance(files, bytes));
    }

    fn retrying(&self, notice: &RetryNotice) {
        self.0.lock().unwrap().push(Event::Retry(notice.failures));
    }

    fn finish(&self, phase: Phase) {
        self.0.lock().unwrap().push(Event::Finish(phase));
    }
}

/// Totals of a phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Total {
    announced: (Option<u64>, Option<u64>),
    advanced: (u64, u64),
}

impl Recorder {
    pub(crate) fn shared() -> Arc<Self> {
        Arc::new(Self::default())
    }

    /// Returns the failures in a row that each report of a retry counted.
    pub(crate) fn retries(&self) -> Vec<u32> {
        let events = self.0.lock().unwrap();
        let retries = events.iter().filter_map(|event| match event {
            Event::Retry(failures) => Some(*failures),
            _ => None,
        });
        retries.collect()
    }

    pub(crate) fn bytes_read(&self) -> u64 {
        let events = self.0.lock().unwrap();
        let bytes = events.iter().map(|event| match event {
            Event::Advance(_, bytes) => *bytes,
            _ => 0,
        });
        bytes.sum()
    }

    /// Returns the files and bytes that a download advanced by, and in how many steps.
    pub(crate) fn download(&self) -> (u64, u64, usize) {
        let events = self.0.lock().unwrap();
        let advances = events.iter().filter_map(|event| match event {
            Event::Advance(files, bytes) => Some((*files, *bytes)),
            _ => None,
        });
        let steps = advances.clone().count();
        let (files, bytes) = advances.fold((0, 0), |sum, next| (sum.0 + next.0, sum.1 + next.1));
        (files, bytes, steps)
    }

    /// Checks the order of the events since the last call, and returns the totals per phase.
    fn phases(&self) -> BTreeMap<String, Total> {
        let mut phases = BTreeMap::new();
        let mut current: Option<(Phase, Total)> = None;
        for event in self.0.lock().unwrap().drain(..) {
            match (event, &mut current) {
                (Event::Start(phase, files, bytes), None) => {
                    let total = Total {
                        announced: (files, bytes),
                        advanced: (0, 0),
                    };
                    current = Some((phase, total));
                }
                (Event::Advance(files, bytes), Some((_, total))) => {
                    total.advanced.0 += files;
                    total.advanced.1 += bytes;
                }
                (Event::Finish(phase), Some((started, total))) if phase == *started => {
                    let before = phases.insert(format!("{phase:?}"), *total);
                    assert_eq!(before, None, "{phase:?} came twice");
                    current = None;
                }
                (event, current) => panic!("{event:?} during {current:?}"),
            }
        }
        assert_eq!(current, None, "a phase was not finished");
        phases
    }
}

fn exactly(files: u64, bytes: u64) -> Total {
    Total {
        announced: (Some(files), Some(bytes)),
        advanced: (files, bytes),
    }
}

fn bench() -> Workbench {
    Workbench::with(&[
        ("a", b"12345"),
        ("same", b"12345"),
        ("empty", b""),
        ("large", &bytes(1, 200_000)),
        ("huge", &bytes(2, 33 << 20)),
    ])
}

const FILES: u64 = 5;
const BYTES: u64 = 10 + 200_000 + (33 << 20);

#[tokio::test]
async fn every_phase_advances_by_what_it_announced() {
    let bench = bench();
    let seen = Recorder::shared();
    let flow = bench.watched(&seen);
    let record = log(&flow, bench.draft()).await.unwrap().record;
    let all = exactly(FILES, BYTES);
    assert_eq!(
        seen.phases(),
        BTreeMap::from([("Hash".into(), all), ("Upload".into(), all)])
    );

    let options = FetchOptions::default();
    bench.get_over(&flow, &record, &options).await.unwrap();
    assert_eq!(seen.phases(), BTreeMap::from([("Download".into(), all)]));

    // Without the cache all is compared; one file is another.
    fs::write(bench.out("a"), "abcde").unwrap();
    let forgetful = artifact_flows::Flow {
        stat_cache: bench.forgetful().stat_cache,
        ..flow.clone()
    };
    bench.get_over(&forgetful, &record, &options).await.unwrap();
    assert_eq!(
        seen.phases(),
        BTreeMap::from([("Compare".into(), all), ("Download".into(), exactly(1, 5))])
    );

    verify_stored(&flow, &record).await.unwrap();
    assert_eq!(seen.phases(), BTreeMap::from([("Verify".into(), all)]));
    verify_folder(&flow, &record, &bench.path("out"))
        .await
        .unwrap();
    assert_eq!(seen.phases(), BTreeMap::from([("Verify".into(), all)]));
}

#[tokio::test]
async fn bytes_are_told_of_while_they_are_sent_and_each_only_once() {
    let bench = Workbench::with(&[("a", b"12345"), ("large", &bytes(1, 200_000))]);
    let is_halfway = AtomicBool::new(false);
    let (flow, _) = Script::new(move |call, _| match call {
        Call::Upload(name) if name == "large" && !is_halfway.swap(true, Ordering::SeqCst) => {
            Act::ExpireHalfway
        }
        _ => Act::Pass,
    })
    .play(&bench);
    let seen = Recorder::shared();
    let flow = artifact_flows::Flow {
        progress: Arc::clone(&seen) as Arc<dyn Progress>,
        ..flow
    };
    log(&flow, bench.draft()).await.unwrap();
    let events = seen.0.lock().unwrap().clone();
    let halves = events
        .iter()
        .filter(|event| **event == Event::Advance(0, 100_000));
    assert_eq!(halves.count(), 2, "of the first and of the second try");
    assert_eq!(seen.phases()["Upload"], exactly(2, 200_005));
}

#[tokio::test]
async fn what_was_sent_before_an_interruption_advances_at_once() {
    let bench = Workbench::with(&[("a", b"12345"), ("b", b"1234567")]);
    let (flow, _) = Script::new(|call, _| match call {
        Call::Upload(name) if name == "b" => Act::Fail,
        _ => Act::Pass,
    })
    .play(&bench);
    log(&flow, bench.draft()).await.unwrap_err();
    let (flow, _) = Script::plain().play(&bench);
    let seen = Recorder::shared();
    let flow = artifact_flows::Flow {
        progress: Arc::clone(&seen) as Arc<dyn Progress>,
        ..flow
    };
    log(&flow, bench.draft()).await.unwrap();
    let phases = seen.phases();
    assert_eq!(phases["Upload"], exactly(2, 12));
}

#[tokio::test]
async fn references_are_resolved_but_not_sent() {
    let bench = Workbench::with(&[("a", b"12345")]);
    fs::create_dir(bench.path("referenced")).unwrap();
    for name in ["x", "y"] {
        fs::write(bench.path("referenced").join(name), "1234567890").unwrap();
    }
    let mut draft = bench.draft();
    let uri = format!("file://{}", bench.path("referenced").display());
    draft.add_reference(AddReference::new(uri.parse().unwrap()));
    let seen = Recorder::shared();
    let flow = bench.watched(&seen);
    let record = log(&flow, draft).await.unwrap().record;
    let phases = seen.phases();
    assert_eq!(phases["Resolve"].advanced.0, 2);
    assert_eq!(phases["Hash"], exactly(1, 5));
    assert_eq!(phases["Upload"], exactly(1, 5));
    let options = FetchOptions::default();
    bench.get_over(&flow, &record, &options).await.unwrap();
    assert_eq!(seen.phases()["Download"], exactly(3, 25));
}

#[tokio::test]
async fn a_phase_that_fails_is_finished_too() {
    let bench = Workbench::with(&[("a", b"12345"), ("b", &bytes(1, 100_000))]);
    let record = bench.log().await;
    let seen = Recorder::shared();
    let flow = bench.watched(&seen);

    let mut draft = bench.draft();
    draft.add_reference(AddReference::new("file:///nowhere/at/all".parse().unwrap()));
    log(&flow, draft).await.unwrap_err();
    seen.phases();

    fs::write(bench.blob_of(b"12345"), "54321").unwrap();
    let options = FetchOptions::default();
    bench.get_over(&flow, &record, &options).await.unwrap_err();
    seen.phases();

    fs::remove_file(bench.blob_of(b"54321")).unwrap();
    bench.get_over(&flow, &record, &options).await.unwrap_err();
    seen.phases();
}
