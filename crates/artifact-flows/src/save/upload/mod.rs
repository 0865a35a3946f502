//! Lets the registry have the content that it does not hold.
//!
//! One task asks about the next contents while others send the bodies that were asked for before. All of them report
//! to one place, which notes what the registry holds in the manifest and in the journal.

mod batches;
mod required_digests;
mod sender;

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use artifact_core::ports::ArtifactId;
use manifest::Manifest;
use tokio::task::JoinSet;

use self::batches::{Batches, MOST_BYTES, Window};
use self::sender::{Asked, Sender, Sent, Wanted};
use super::SavedStats;
use super::build_manifest::Contents;
use super::journal::{ConfirmedFiles, OpenJournal};
use super::pending::Pending;
use crate::blocking::unwrap_join;
use crate::progress::Running;
use crate::{Flow, FlowError, Phase, Progress};

/// Asks the registry about every content that is not among `confirmed`, sends what it does not hold, and notes in the
/// manifest which version first held each.
///
/// # Errors
/// The first error. What is on its way then is sent to its end, so that the journal knows of it.
pub(super) async fn contents(
    flow: &Flow,
    contents: &Arc<Contents>,
    pending: &Pending,
    confirmed: &ConfirmedFiles,
    manifest: &mut Manifest,
    journal: Option<&mut OpenJournal>,
) -> Result<SavedStats, FlowError> {
    // Not the size of the manifest, which counts references too.
    let bytes = contents.known.iter().map(|known| known.size).sum();
    let files = contents.list.len() as u64;
    let _running = Running::start(&*flow.progress, Phase::Upload, Some(files), Some(bytes));
    let mut ledger = Ledger {
        contents,
        artifact: &pending.artifact,
        manifest,
        journal,
        progress: &*flow.progress,
        births: HashSet::new(),
        stats: SavedStats::default(),
    };
    let open = note_confirmed(&mut ledger, confirmed);
    let sender = Sender {
        flow: flow.clone(),
        contents: Arc::clone(contents),
        pending: pending.clone(),
    };
    let mut upload = Upload {
        sender: Arc::new(sender),
        batches: Batches::new(open),
        is_asking: false,
        waiting: VecDeque::new(),
        waiting_bytes: 0,
        window: Window::default(),
        tasks: JoinSet::new(),
    };
    upload.run(&mut ledger).await?;
    Ok(ledger.stats)
}

/// Notes what the registry has confirmed before, and returns the places of all other contents.
fn note_confirmed(ledger: &mut Ledger<'_>, confirmed: &ConfirmedFiles) -> Vec<usize> {
    let contents = ledger.contents;
    let mut open: Vec<usize> = (0..contents.list.len()).collect();
    if confirmed.is_empty() {
        return open;
    }
    open.retain(|place| {
        let found = confirmed.get(&contents.list[*place].path);
        let found = found.filter(|found| found.digest == contents.known[*place].digest);
        if let Some(found) = found {
            ledger.note(*place, &found.birth, 0);
        }
        found.is_none()
    });
    open
}

/// What one of the tasks has come to.
enum Event {
    Asked(Result<Asked, FlowError>),
    Sent {
        size: u64,
        result: Result<Sent, FlowError>,
    },
}

/// An upload under way. Dropping it cancels what is on its way.
struct Upload {
    sender: Arc<Sender>,
    batches: Batches,
    is_asking: bool,
    /// What the registry wants, in the order in which it was asked.
    waiting: VecDeque<Wanted>,
    waiting_bytes: u64,
    window: Window,
    tasks: JoinSet<Event>,
}

impl Upload {
    async fn run(&mut self, ledger: &mut Ledger<'_>) -> Result<(), FlowError> {
        self.start_more();
        let mut outcome = Ok(());
        while let Some(event) = self.tasks.join_next().await {
            let event = unwrap_join(event);
            let held = match event {
                Event::Asked(asked) => {
                    self.is_asking = false;
                    asked.map(|asked| self.take_grants(asked))
                }
                Event::Sent { size, result } => {
                    self.window.leave(size);
                    result.map(|sent| {
                        if sent.has_expired {
                            self.batches.shrink();
                        }
                        vec![(sent.place, sent.birth, sent.told)]
                    })
                }
            };
            // Before the notes are made, so that nobody waits for them.
            match &held {
                Ok(_) if outcome.is_ok() => self.start_more(),
                _ => {}
            }
            match held {
                Ok(held) => {
                    for (place, birth, told) in held {
                        ledger.settle(place, &birth, told);
                    }
                }
                Err(error) => outcome = outcome.and(Err(error)),
            }
        }
        outcome
    }

    /// Lines up what the registry wants, and returns what it holds: places, the births, and no bytes that were told of.
    fn take_grants(&mut self, asked: Asked) -> Vec<(usize, String, u64)> {
        let Asked {
            places,
            grants,
            mut hashes,
        } = asked;
        let mut held = Vec::with_capacity(places.len());
        for (place, grant) in places.into_iter().zip(grants) {
            if grant.ticket.is_none() {
                held.push((place, grant.birth_artifact.0, 0));
                continue;
            }
            self.waiting_bytes += self.size(place);
            self.waiting.push_back(Wanted {
                place,
                grant,
                hashes: hashes.remove(&place).unwrap_or_default(),
            });
        }
        held
    }

    /// Starts whatever there is room for: bodies, and the question about the next ones when few are left to start.
    fn start_more(&mut self) {
        while let Some(wanted) = self.waiting.front() {
            let size = self.size(wanted.place);
            if !self.window.admits(size) {
                break;
            }
            self.window.enter(size);
            self.waiting_bytes -= size;
            let sender = Arc::clone(&self.sender);
            let wanted = self.waiting.pop_front().expect("there is a first one");
            self.tasks.spawn(async move {
                let result = sender.send(wanted).await;
                Event::Sent { size, result }
            });
        }
        // No further ahead, because tickets expire.
        let is_enough =
            self.batches.size() <= self.waiting.len() || MOST_BYTES <= self.waiting_bytes;
        if self.is_asking || is_enough {
            return;
        }
        let batch = self.batches.next(&self.sender.contents.known);
        if batch.is_empty() {
            return;
        }
        let (sender, places) = (Arc::clone(&self.sender), batch.to_vec());
        self.is_asking = true;
        self.tasks
            .spawn(async move { Event::Asked(sender.ask(places).await) });
    }

    fn size(&self, place: usize) -> u64 {
        self.sender.contents.known[place].size
    }
}

/// What becomes of contents that the registry holds.
pub(super) struct Ledger<'a> {
    pub(super) contents: &'a Contents,
    pub(super) artifact: &'a ArtifactId,
    pub(super) manifest: &'a mut Manifest,
    pub(super) journal: Option<&'a mut OpenJournal>,
    pub(super) progress: &'a dyn Progress,
    /// The few versions that first held the many contents.
    pub(super) births: HashSet<Arc<str>>,
    pub(super) stats: SavedStats,
}

impl Ledger<'_> {
    /// Notes that the registry holds a content, which `birth` first stored; the watcher has heard of `told` of its
    /// bytes.
    pub(super) fn settle(&mut self, place: usize, birth: &str, told: u64) {
        let (content, known) = (&self.contents.list[place], &self.contents.known[place]);
        if let Some(journal) = &mut self.journal {
            journal.confirm(&content.path, &known.digest, birth);
        }
        self.note(place, birth, told);
    }

    /// As [`settle`](Self::settle), for what the journal holds already.
    pub(super) fn note(&mut self, place: usize, birth: &str, told: u64) {
        let (content, known) = (&self.contents.list[place], &self.contents.known[place]);
        if birth == self.artifact.0 {
            self.stats.new_files += 1;
            self.stats.new_bytes += known.size;
        } else {
            self.stats.reused_files += 1;
            self.stats.reused_bytes += known.size;
        }
        let birth = self.shared(birth);
        if let Some(entry) = self.manifest.get_mut(&content.path) {
            entry.birth_artifact = Some(birth);
        }
        self.progress.advance(1, known.size - told);
    }

    fn shared(&mut self, birth: &str) -> Arc<str> {
        if let Some(known) = self.births.get(birth) {
            return Arc::clone(known);
        }
        let birth: Arc<str> = birth.into();
        self.births.insert(Arc::clone(&birth));
        birth
    }
}
