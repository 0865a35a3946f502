//! Requests upload tickets, and sends bodies. A small file is read at once, a larger one while it is sent; either way
//! the bytes are the ones that were hashed.

use std::collections::HashMap;
use std::fs::{self, File, Metadata};
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use artifact_core::ports::{TransferError, UploadBody, UploadGrant, UploadNeeds, UploadSpec};
use artifact_core::{DigestAlgorithm, Source};

use super::required_digests::{self, RequiredDigests};
use crate::blocking;
use crate::save::build_manifest::Contents;
use crate::save::pending::{Pending, damaged};
use crate::{Flow, FlowError, Progress, stamp};

/// Tickets tried for a body before giving up because all expire.
const MAX_TICKETS: u32 = 5;

/// State shared by the tasks of an upload.
#[derive(Debug)]
pub(super) struct Sender {
    pub(super) flow: Flow,
    pub(super) contents: Arc<Contents>,
    pub(super) pending: Pending,
}

/// Grants for some contents.
#[derive(Debug)]
pub(super) struct Granted {
    /// Indices of the contents.
    pub(super) indices: Vec<usize>,
    /// In the same order.
    pub(super) grants: Vec<UploadGrant>,
    /// Digests that the request required, by index.
    pub(super) required: HashMap<usize, RequiredDigests>,
}

/// A content to send, its grant, and the digests for further requests.
#[derive(Debug)]
pub(super) struct PendingBody {
    pub(super) index: usize,
    pub(super) grant: UploadGrant,
    pub(super) required: RequiredDigests,
}

/// A content that was sent.
#[derive(Debug)]
pub(super) struct SentBody {
    pub(super) index: usize,
    /// The version that first stored it.
    pub(super) birth: String,
    /// Bytes of it that were reported as progress.
    pub(super) reported: u64,
    /// Whether a ticket expired before it was used.
    pub(super) has_expired: bool,
}

impl Sender {
    /// Requests grants for the contents at these indices.
    pub(super) async fn request_grants(
        self: &Arc<Self>,
        indices: Vec<usize>,
    ) -> Result<Granted, FlowError> {
        let required = self.required_of(&indices).await?;
        let none = RequiredDigests::default();
        let specs = indices
            .iter()
            .map(|index| self.spec(*index, required.get(index).unwrap_or(&none)));
        let grants = self.request(specs.collect()).await?;
        Ok(Granted {
            indices,
            grants,
            required,
        })
    }

    /// Sends one content, with a new ticket whenever one has expired.
    pub(super) async fn send(self: &Arc<Self>, wanted: PendingBody) -> Result<SentBody, FlowError> {
        let PendingBody {
            index,
            mut grant,
            required,
        } = wanted;
        let mut body = Body::new(&self.contents, index);
        let meter = ProgressMeter::new(&*self.flow.progress, self.contents.hashed[index].size);
        let mut tickets = 0;
        while let Some(ticket) = &grant.ticket {
            tickets += 1;
            body.open().await?;
            meter.restart();
            let on_sent = |more| meter.count(more);
            let upload = self.flow.transfer.upload(ticket, body.bytes(), &on_sent);
            let uploaded = upload.await;
            // A file that changed meanwhile may have been sent half old, half new, and `Changed` says more than the
            // registry's rejection.
            body.check().await?;
            match uploaded {
                Ok(()) => break,
                Err(TransferError::Expired { .. }) if tickets < MAX_TICKETS => {
                    let again = self.request(vec![self.spec(index, &required)]).await?;
                    let again = again.into_iter().next();
                    grant = again.expect("as many grants as were asked for, which is one");
                }
                Err(source) => {
                    return Err(FlowError::Transfer {
                        path: self.contents.list[index].path.to_string(),
                        source,
                    });
                }
            }
        }
        Ok(SentBody {
            index,
            birth: grant.birth_artifact.0,
            reported: meter.reported(),
            has_expired: 1 < tickets,
        })
    }

    /// Returns a grant for each of these files, in their order.
    async fn request(&self, specs: Vec<UploadSpec>) -> Result<Vec<UploadGrant>, FlowError> {
        let Pending {
            artifact, manifest, ..
        } = &self.pending;
        let requested = specs.len();
        let registry = &self.flow.registry;
        let grants = registry.request_uploads(artifact, manifest, specs).await?;
        if grants.len() == requested {
            return Ok(grants);
        }
        let what = format!(
            "asked for {requested} upload tickets, the registry gave {}",
            grants.len()
        );
        Err(damaged(artifact, what.into()))
    }

    fn spec(&self, index: usize, required: &RequiredDigests) -> UploadSpec {
        let (content, hashed) = (&self.contents.list[index], &self.contents.hashed[index]);
        UploadSpec {
            path: content.path.clone(),
            digest: hashed.digest,
            size: Some(hashed.size),
            md5: required.md5,
            part_md5s: required.parts.clone(),
            stored_as: hashed.key,
        }
    }

    /// Computes the digests that the registry requires of these contents.
    async fn required_of(
        self: &Arc<Self>,
        indices: &[usize],
    ) -> Result<HashMap<usize, RequiredDigests>, FlowError> {
        let wanted = indices.iter().filter_map(|index| {
            let hashed = &self.contents.hashed[*index];
            if hashed.key.is_some() {
                return None;
            }
            let mut needs = self.flow.registry.upload_needs(hashed.size);
            needs.md5 = needs.md5 && hashed.digest.algorithm() != DigestAlgorithm::Md5;
            (needs != UploadNeeds::default()).then_some((*index, needs))
        });
        let wanted: Vec<_> = wanted.collect();
        if wanted.is_empty() {
            return Ok(HashMap::new());
        }
        let sender = Arc::clone(self);
        blocking::run(move || required_digests::compute(&sender.contents, &wanted)).await
    }
}

/// Reports the bytes of one body, each once, however often it is sent.
struct ProgressMeter<'a> {
    progress: &'a dyn Progress,
    size: u64,
    /// Bytes sent with the current ticket.
    sent: AtomicU64,
    reported: AtomicU64,
}

impl<'a> ProgressMeter<'a> {
    const fn new(progress: &'a dyn Progress, size: u64) -> Self {
        Self {
            progress,
            size,
            sent: AtomicU64::new(0),
            reported: AtomicU64::new(0),
        }
    }

    fn restart(&self) {
        self.sent.store(0, Ordering::Relaxed);
    }

    fn count(&self, more: u64) {
        let sent = self.sent.fetch_add(more, Ordering::Relaxed) + more;
        let reached = sent.min(self.size);
        let reported = self.reported.fetch_max(reached, Ordering::Relaxed);
        if reported < reached {
            self.progress.advance(0, reached - reported);
        }
    }

    fn reported(&self) -> u64 {
        self.reported.load(Ordering::Relaxed)
    }
}

/// Largest file that is read into memory at once. Stat, open and read are hops to other threads, which cost more than a
/// small file's bytes.
const MAX_BUFFERED: u64 = 64 << 10;

/// The body of one content.
#[derive(Debug)]
pub(super) struct Body {
    contents: Arc<Contents>,
    index: usize,
    /// The bytes of a small file.
    held: Option<Vec<u8>>,
}

impl Body {
    pub(super) fn new(contents: &Arc<Contents>, index: usize) -> Self {
        Self {
            contents: Arc::clone(contents),
            index,
            held: None,
        }
    }

    /// Reads a small file, unless it was read before; fails if a larger one changed.
    pub(super) async fn open(&mut self) -> Result<(), FlowError> {
        let size = self.contents.hashed[self.index].size;
        match self.contents.list[self.index].source {
            Source::File { .. } if MAX_BUFFERED < size => self.check().await,
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
            None => self.contents.list[self.index].body(),
        }
    }

    /// Fails if a file that was read while it was sent has changed.
    pub(super) async fn check(&self) -> Result<(), FlowError> {
        match self.bytes() {
            UploadBody::File(_) => self.look(|path| Ok((fs::metadata(path)?, ()))).await,
            UploadBody::Bytes(_) => Ok(()),
        }
    }

    /// Accesses the file, and fails if it changed since it was added.
    async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Path) -> io::Result<(Metadata, T)> + Send + 'static,
    ) -> Result<T, FlowError> {
        let Source::File { path, stamp } = self.contents.list[self.index].source.clone() else {
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

/// Reads a file of `size` bytes, and its metadata afterwards.
fn read_file(path: &Path, size: u64) -> io::Result<(Metadata, Vec<u8>)> {
    let mut file = File::open(path)?;
    let mut bytes = vec![0; usize::try_from(size).map_err(io::Error::other)?];
    let read = file.read_exact(&mut bytes);
    let metadata = file.metadata()?;
    match read {
        // A file that became shorter is detected by its metadata.
        Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => Err(error),
        _ => Ok((metadata, bytes)),
    }
}
