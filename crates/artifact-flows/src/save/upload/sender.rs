//! Asks the registry about contents, and sends each where its ticket says.

use std::collections::HashMap;
use std::fs::{self, File, Metadata};
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use artifact_core::ports::{TransferError, UploadBody, UploadGrant, UploadNeeds, UploadSpec};
use artifact_core::{DigestAlgorithm, Source};

use super::required_digests::{self, Hashes};
use crate::blocking;
use crate::save::build_manifest::Contents;
use crate::save::pending::{Pending, damaged};
use crate::{Flow, FlowError, Progress, stamp};

/// How many tickets a body is tried with before it is given up because they all expire.
const TICKETS: u32 = 5;

/// What all tasks of an upload work with.
#[derive(Debug)]
pub(super) struct Sender {
    pub(super) flow: Flow,
    pub(super) contents: Arc<Contents>,
    pub(super) pending: Pending,
}

/// What the registry said of some contents.
#[derive(Debug)]
pub(super) struct Asked {
    /// Whose.
    pub(super) places: Vec<usize>,
    /// In the same order.
    pub(super) grants: Vec<UploadGrant>,
    /// What was computed of some of them in order to ask.
    pub(super) hashes: HashMap<usize, Hashes>,
}

/// A content that the registry wants, and what is to be told when it is asked again.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) place: usize,
    pub(super) grant: UploadGrant,
    pub(super) hashes: Hashes,
}

/// A content that was sent.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) place: usize,
    /// The version that first stored it.
    pub(super) birth: String,
    /// How many of its bytes the watcher has heard of.
    pub(super) told: u64,
    /// Whether a ticket had expired before it could be used.
    pub(super) has_expired: bool,
}

impl Sender {
    /// Asks the registry about the contents at these places.
    pub(super) async fn ask(self: &Arc<Self>, places: Vec<usize>) -> Result<Asked, FlowError> {
        let hashes = self.needed_hashes(&places).await?;
        let none = Hashes::default();
        let specs = places
            .iter()
            .map(|place| self.spec(*place, hashes.get(place).unwrap_or(&none)));
        let grants = self.request(specs.collect()).await?;
        Ok(Asked {
            places,
            grants,
            hashes,
        })
    }

    /// Sends one content, with new tickets where those before have expired.
    pub(super) async fn send(self: &Arc<Self>, wanted: Wanted) -> Result<Sent, FlowError> {
        let Wanted {
            place,
            mut grant,
            hashes,
        } = wanted;
        let mut body = Body::new(&self.contents, place);
        let meter = Meter::new(&*self.flow.progress, self.contents.known[place].size);
        let mut tickets = 0;
        while let Some(ticket) = &grant.ticket {
            tickets += 1;
            body.open().await?;
            meter.restart();
            let on_sent = |more| meter.count(more);
            let upload = self.flow.transfer.upload(ticket, body.bytes(), &on_sent);
            let uploaded = upload.await;
            // What was sent may be half of the one and half of the other; and a registry that refuses that says less.
            body.check().await?;
            match uploaded {
                Ok(()) => break,
                Err(TransferError::Expired { .. }) if tickets < TICKETS => {
                    let again = self.request(vec![self.spec(place, &hashes)]).await?;
                    let again = again.into_iter().next();
                    grant = again.expect("as many grants as were asked for, which is one");
                }
                Err(source) => {
                    return Err(FlowError::Transfer {
                        path: self.contents.list[place].path.to_string(),
                        source,
                    });
                }
            }
        }
        Ok(Sent {
            place,
            birth: grant.birth_artifact.0,
            told: meter.told(),
            has_expired: 1 < tickets,
        })
    }

    /// Returns a grant for each of these files, in their order.
    async fn request(&self, specs: Vec<UploadSpec>) -> Result<Vec<UploadGrant>, FlowError> {
        let Pending {
            artifact, manifest, ..
        } = &self.pending;
        let asked = specs.len();
        let registry = &self.flow.registry;
        let grants = registry.request_uploads(artifact, manifest, specs).await?;
        if grants.len() == asked {
            return Ok(grants);
        }
        let what = format!(
            "asked for {asked} upload tickets, the registry gave {}",
            grants.len()
        );
        Err(damaged(artifact, what.into()))
    }

    fn spec(&self, place: usize, hashes: &Hashes) -> UploadSpec {
        let (content, known) = (&self.contents.list[place], &self.contents.known[place]);
        UploadSpec {
            path: content.path.clone(),
            digest: known.digest,
            size: Some(known.size),
            md5: hashes.md5,
            part_md5s: hashes.parts.clone(),
            stored_as: known.key,
        }
    }

    /// Computes what the registry must know of some of these contents.
    async fn needed_hashes(
        self: &Arc<Self>,
        places: &[usize],
    ) -> Result<HashMap<usize, Hashes>, FlowError> {
        let needed = places.iter().filter_map(|place| {
            let known = &self.contents.known[*place];
            if known.key.is_some() {
                return None;
            }
            let mut needs = self.flow.registry.upload_needs(known.size);
            needs.md5 = needs.md5 && known.digest.algorithm() != DigestAlgorithm::Md5;
            (needs != UploadNeeds::default()).then_some((*place, needs))
        });
        let needed: Vec<_> = needed.collect();
        if needed.is_empty() {
            return Ok(HashMap::new());
        }
        let sender = Arc::clone(self);
        blocking::run(move || required_digests::compute(&sender.contents, &needed)).await
    }
}

/// Counts the bytes of one body for the watcher, each once, however often it is sent.
struct Meter<'a> {
    progress: &'a dyn Progress,
    size: u64,
    /// Sent with this ticket.
    sent: AtomicU64,
    told: AtomicU64,
}

impl<'a> Meter<'a> {
    const fn new(progress: &'a dyn Progress, size: u64) -> Self {
        Self {
            progress,
            size,
            sent: AtomicU64::new(0),
            told: AtomicU64::new(0),
        }
    }

    fn restart(&self) {
        self.sent.store(0, Ordering::Relaxed);
    }

    fn count(&self, more: u64) {
        let sent = self.sent.fetch_add(more, Ordering::Relaxed) + more;
        let reached = sent.min(self.size);
        let told = self.told.fetch_max(reached, Ordering::Relaxed);
        if told < reached {
            self.progress.advance(0, reached - told);
        }
    }

    fn told(&self) -> u64 {
        self.told.load(Ordering::Relaxed)
    }
}

/// The largest file that is held, in bytes. Looking at a file, opening and reading it are hops to other threads, which
/// cost more than a small file's bytes do.
const HELD: u64 = 64 << 10;

/// What is sent of one content.
#[derive(Debug)]
pub(super) struct Body {
    contents: Arc<Contents>,
    place: usize,
    /// All of a small file.
    held: Option<Vec<u8>>,
}

impl Body {
    pub(super) fn new(contents: &Arc<Contents>, place: usize) -> Self {
        Self {
            contents: Arc::clone(contents),
            place,
            held: None,
        }
    }

    /// Reads a small file, unless it was; makes sure that a larger one has not changed.
    pub(super) async fn open(&mut self) -> Result<(), FlowError> {
        let size = self.contents.known[self.place].size;
        match self.contents.list[self.place].source {
            Source::File { .. } if HELD < size => self.check().await,
            Source::File { .. } if self.held.is_none() => {
                self.held = Some(self.look(move |path| read_file(path, size)).await?);
                Ok(())
            }
            Source::File { .. } | Source::Bytes(_) => Ok(()),
        }
    }

    pub(super) fn bytes(&self) -> UploadBody<'_> {
        match &self.held {
            Some(bytes) => UploadBody::Bytes(bytes),
            None => self.contents.list[self.place].body(),
        }
    }

    /// Makes sure that a file that was read as it was sent has not changed.
    pub(super) async fn check(&self) -> Result<(), FlowError> {
        match self.bytes() {
            UploadBody::File(_) => self.look(|path| Ok((fs::metadata(path)?, ()))).await,
            UploadBody::Bytes(_) => Ok(()),
        }
    }

    /// Looks at the file, which has to be as it was when it was added.
    async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Path) -> io::Result<(Metadata, T)> + Send + 'static,
    ) -> Result<T, FlowError> {
        let Source::File { path, stamp } = self.contents.list[self.place].source.clone() else {
            unreachable!("bytes in memory are not looked at");
        };
        blocking::run(move || match look(&path) {
            Ok((metadata, seen)) if stamp::of(&metadata) == stamp => Ok(seen),
            Ok(_) => Err(FlowError::Changed { path }),
            Err(source) => Err(FlowError::Read { path, source }),
        })
        .await
    }
}

/// Reads a file of `size` bytes, and then asks what it is.
fn read_file(path: &Path, size: u64) -> io::Result<(Metadata, Vec<u8>)> {
    let mut file = File::open(path)?;
    let mut bytes = vec![0; usize::try_from(size).map_err(io::Error::other)?];
    let read = file.read_exact(&mut bytes);
    let metadata = file.metadata()?;
    match read {
        // It has become shorter, which its size tells.
        Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => Err(error),
        _ => Ok((metadata, bytes)),
    }
}
