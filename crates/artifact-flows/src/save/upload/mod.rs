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

use self::batches::{Batches, MAX_BYTES, SendWindow};
use self::sender::{Granted, PendingBody, Sender, SentBody};
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
    let bytes = contents.hashed.iter().map(|hashed| hashed.size).sum();
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
    let open = record_confirmed(&mut ledger, confirmed);
    let sender = Sender {
        flow: flow.clone(),
        contents: Arc::clone(contents),
        pending: pending.clone(),
    };
    let mut upload = Upload {
        sender: Arc::new(sender),
        batches: Batches::new(open),
        is_requesting: false,
        waiting: VecDeque::new(),
        waiting_bytes: 0,
        window: SendWindow::default(),
        tasks: JoinSet::new(),
    };
    upload.run(&mut ledger).await?;
    Ok(ledger.stats)
}

/// Notes what the registry has confirmed before, and returns the places of all other contents.
fn record_confirmed(ledger: &mut Ledger<'_>, confirmed: &ConfirmedFiles) -> Vec<usize> {
    let contents = ledger.contents;
    let mut open: Vec<usize> = (0..contents.list.len()).collect();
    if confirmed.is_empty() {
        return open;
    }
    open.retain(|index| {
        let found = confirmed.get(&contents.list[*index].path);
        let found = found.filter(|found| found.digest == contents.hashed[*index].digest);
        if let Some(found) = found {
            ledger.record(*index, &found.birth, 0);
        }
        found.is_none()
    });
    open
}

/// What one of the tasks has come to.
enum Event {
    Granted(Result<Granted, FlowError>),
    SentBody {
        size: u64,
        result: Result<SentBody, FlowError>,
    },
}

/// An upload under way. Dropping it cancels what is on its way.
struct Upload {
    sender: Arc<Sender>,
    batches: Batches,
    is_requesting: bool,
    /// What the registry wants, in the order in which it was asked.
    waiting: VecDeque<PendingBody>,
    waiting_bytes: u64,
    window: SendWindow,
    tasks: JoinSet<Event>,
}

impl Upload {
    async fn run(&mut self, ledger: &mut Ledger<'_>) -> Result<(), FlowError> {
        self.start_more();
        let mut outcome = Ok(());
        while let Some(event) = self.tasks.join_next().await {
            let event = unwrap_join(event);
            let held = match event {
                Event::Granted(requested) => {
                    self.is_requesting = false;
                    requested.map(|requested| self.queue_bodies(requested))
                }
                Event::SentBody { size, result } => {
                    self.window.leave(size);
                    result.map(|sent| {
                        if sent.has_expired {
                            self.batches.shrink();
                        }
                        vec![(sent.index, sent.birth, sent.reported)]
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
                    for (index, birth, reported) in held {
                        ledger.confirm(index, &birth, reported);
                    }
                }
                Err(error) => outcome = outcome.and(Err(error)),
            }
        }
        outcome
    }

    /// Lines up what the registry wants, and returns what it holds: places, the births, and no bytes that were told of.
    fn queue_bodies(&mut self, requested: Granted) -> Vec<(usize, String, u64)> {
        let Granted {
            indices,
            grants,
            mut required,
        } = requested;
        let mut held = Vec::with_capacity(indices.len());
        for (index, grant) in indices.into_iter().zip(grants) {
            if grant.ticket.is_none() {
                held.push((index, grant.birth_artifact.0, 0));
                continue;
            }
            self.waiting_bytes += self.size(index);
            self.waiting.push_back(PendingBody {
                index,
                grant,
                required: required.remove(&index).unwrap_or_default(),
            });
        }
        held
    }

    /// Starts whatever there is room for: bodies, and the question about the next ones when few are left to start.
    fn start_more(&mut self) {
        while let Some(wanted) = self.waiting.front() {
            let size = self.size(wanted.index);
            if !self.window.admits(size) {
                break;
            }
            self.window.enter(size);
            self.waiting_bytes -= size;
            let sender = Arc::clone(&self.sender);
            let wanted = self.waiting.pop_front().expect("there is a first one");
            self.tasks.spawn(async move {
                let result = sender.send(wanted).await;
                Event::SentBody { size, result }
            });
        }
        // No further ahead, because tickets expire.
        let is_enough =
            self.batches.size() <= self.waiting.len() || MAX_BYTES <= self.waiting_bytes;
        if self.is_requesting || is_enough {
            return;
        }
        let batch = self.batches.next(&self.sender.contents.hashed);
        if batch.is_empty() {
            return;
        }
        let (sender, indices) = (Arc::clone(&self.sender), batch.to_vec());
        self.is_requesting = true;
        self.tasks
            .spawn(async move { Event::Granted(sender.request_grants(indices).await) });
    }

    fn size(&self, index: usize) -> u64 {
        self.sender.contents.hashed[index].size
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
    /// Notes that the registry holds a content, which `birth` first stored; the watcher has heard of `reported` of its
    /// bytes.
    pub(super) fn confirm(&mut self, index: usize, birth: &str, reported: u64) {
        let (content, hashed) = (&self.contents.list[index], &self.contents.hashed[index]);
        if let Some(journal) = &mut self.journal {
            journal.confirm(&content.path, &hashed.digest, birth);
        }
        self.record(index, birth, reported);
    }

    /// As [`confirm`](Self::confirm), for what the journal holds already.
    pub(super) fn record(&mut self, index: usize, birth: &str, reported: u64) {
        let (content, hashed) = (&self.contents.list[index], &self.contents.hashed[index]);
        if birth == self.artifact.0 {
            self.stats.new_files += 1;
            self.stats.new_bytes += hashed.size;
        } else {
            self.stats.reused_files += 1;
            self.stats.reused_bytes += hashed.size;
        }
        let birth = self.shared(birth);
        if let Some(entry) = self.manifest.get_mut(&content.path) {
            entry.birth_artifact = Some(birth);
        }
        self.progress.advance(1, hashed.size - reported);
    }

    fn shared(&mut self, birth: &str) -> Arc<str> {
        if let Some(hashed) = self.births.get(birth) {
            return Arc::clone(hashed);
        }
        let birth: Arc<str> = birth.into();
        self.births.insert(Arc::clone(&birth));
        birth
    }
}
