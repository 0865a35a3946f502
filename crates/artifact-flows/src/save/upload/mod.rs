//! Uploads the content that the registry does not have.
//!
//! One task requests tickets for the next contents while others send bodies. All report to one [`Ledger`], which
//! records stored content in the manifest and in the journal.

mod batches;
mod required_digests;
mod sender;

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use artifact_core::records::ArtifactId;
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

/// Requests tickets for every content that is not among `confirmed`, sends what the registry does not have, and sets
/// the birth artifact of each in the manifest.
///
/// # Errors
/// Returns the first error, after the transfers in flight have ended, so that the journal records them.
pub(super) async fn contents(
    flow: &Flow,
    contents: &Arc<Contents>,
    pending: &Pending,
    confirmed: &ConfirmedFiles,
    manifest: &mut Manifest,
    journal: Option<&mut OpenJournal>,
) -> Result<SavedStats, FlowError> {
    // Excludes references, which the size of the manifest includes.
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

/// Records what the registry confirmed earlier, and returns the indices of all other contents.
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

/// Result of one task.
enum Event {
    Granted(Result<Granted, FlowError>),
    SentBody {
        size: u64,
        result: Result<SentBody, FlowError>,
    },
}

/// An upload in progress. Dropping it cancels its transfers.
struct Upload {
    sender: Arc<Sender>,
    batches: Batches,
    is_requesting: bool,
    /// Bodies to send, in the order of the requests.
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
            // New transfers start before the results are recorded.
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

    /// Queues the bodies to send, and returns contents that the registry has: index, birth artifact, and no reported
    /// bytes.
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

    /// Starts all transfers that there is room for, and the next ticket request when few bodies are queued.
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
        // Not further ahead, because tickets expire.
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

/// Records stored content in the manifest, the journal and the totals.
pub(super) struct Ledger<'a> {
    pub(super) contents: &'a Contents,
    pub(super) artifact: &'a ArtifactId,
    pub(super) manifest: &'a mut Manifest,
    pub(super) journal: Option<&'a mut OpenJournal>,
    pub(super) progress: &'a dyn Progress,
    /// Interned birth artifacts: few versions store many contents.
    pub(super) births: HashSet<Arc<str>>,
    pub(super) stats: SavedStats,
}

impl Ledger<'_> {
    /// Records that the registry stores a content, first stored by `birth`; `reported` of its bytes were reported as
    /// progress.
    pub(super) fn confirm(&mut self, index: usize, birth: &str, reported: u64) {
        let (content, hashed) = (&self.contents.list[index], &self.contents.hashed[index]);
        if let Some(journal) = &mut self.journal {
            journal.confirm(&content.path, &hashed.digest, birth);
        }
        self.record(index, birth, reported);
    }

    /// As [`confirm`](Self::confirm), for content that the journal has already.
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
