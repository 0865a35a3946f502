//! Lets the registry have the content that it does not hold.

use std::collections::HashSet;
use std::sync::Arc;

use artifact_core::ports::{
    ArtifactId, ManifestId, UploadBody, UploadGrant, UploadSpec, UploadTicket,
};

use super::claims::{Content, Contents};
use super::local::Known;
use super::prepare::Prepared;
use super::{SavedStats, damaged};
use crate::progress::Running;
use crate::{Flow, FlowError, Phase};

/// How many files a registry is asked about at a time.
const BATCH: usize = 5_000;

/// Asks the registry about every content, sends what it does not hold, and notes in the manifest which version first
/// held each.
pub(super) async fn contents(
    flow: &Flow,
    prepared: &mut Prepared,
    artifact: &ArtifactId,
    manifest: &ManifestId,
) -> Result<SavedStats, FlowError> {
    let contents = std::mem::take(&mut prepared.contents);
    let mut notes = Notes {
        artifact,
        births: HashSet::new(),
        stats: SavedStats::default(),
    };
    let Contents { list, known } = contents;
    // Not the size of the manifest, which counts references too.
    let bytes = known.iter().map(|known| known.size).sum();
    let running = Running::start(
        &*flow.progress,
        Phase::Upload,
        Some(list.len() as u64),
        Some(bytes),
    );
    for (batch, known) in list.chunks(BATCH).zip(known.chunks(BATCH)) {
        let specs = batch.iter().zip(known).map(spec).collect();
        let grants = flow
            .registry
            .request_uploads(artifact, manifest, specs)
            .await?;
        if grants.len() != batch.len() {
            let what = format!(
                "asked for {} upload tickets, the registry gave {}",
                batch.len(),
                grants.len()
            );
            return Err(damaged(artifact, what.into()));
        }
        for ((content, known), grant) in batch.iter().zip(known).zip(grants) {
            if let Some(ticket) = &grant.ticket {
                send(flow, ticket, content.body(), content.path.as_str()).await?;
            }
            if let Some(entry) = prepared.manifest.get_mut(&content.path) {
                entry.birth_artifact = Some(notes.take(grant, known.size));
            }
            flow.progress.advance(1, known.size);
        }
    }
    drop(running);
    Ok(notes.stats)
}

/// Sends one content where its ticket says.
pub(super) async fn send(
    flow: &Flow,
    ticket: &UploadTicket,
    body: UploadBody<'_>,
    path: &str,
) -> Result<(), FlowError> {
    let sent = flow.transfer.upload(ticket, body, &|_| ()).await;
    sent.map_err(|source| FlowError::Transfer {
        path: path.to_owned(),
        source,
    })
}

fn spec((content, known): (&Content, &Known)) -> UploadSpec {
    UploadSpec {
        path: content.path.clone(),
        digest: known.digest,
        size: Some(known.size),
        md5: None,
        part_md5s: Vec::new(),
        stored_as: known.key,
    }
}

/// What the grants say.
struct Notes<'a> {
    artifact: &'a ArtifactId,
    /// The few versions that first held the many contents.
    births: HashSet<Arc<str>>,
    stats: SavedStats,
}

impl Notes<'_> {
    /// Counts a grant, and returns the version that first held its content.
    fn take(&mut self, grant: UploadGrant, size: u64) -> Arc<str> {
        if grant.birth_artifact == *self.artifact {
            self.stats.new_files += 1;
            self.stats.new_bytes += size;
        } else {
            self.stats.reused_files += 1;
            self.stats.reused_bytes += size;
        }
        let birth = grant.birth_artifact.0;
        if let Some(known) = self.births.get(birth.as_str()) {
            return Arc::clone(known);
        }
        let birth: Arc<str> = birth.into();
        self.births.insert(Arc::clone(&birth));
        birth
    }
}
