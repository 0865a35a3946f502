//! Reading a part of stored content. Nothing of it is verified: it is told, and never kept.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::ops::Range;

use artifact_core::LogicalPath;
use artifact_core::ports::{
    ArtifactRecord, DownloadRequest, DownloadSpec, DownloadTicket, Fetched,
};
use futures::TryStreamExt as _;
use manifest::ManifestEntry;

use crate::Flow;

/// Why a file was not looked into.
#[derive(Debug)]
pub(super) struct Unread(pub(super) String);

impl Unread {
    pub(super) fn because(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

/// Stored content that parts are read of.
pub(super) struct Peek<'a> {
    flow: &'a Flow,
    ticket: DownloadTicket,
    pub(super) size: u64,
}

impl<'a> Peek<'a> {
    pub(super) async fn open(
        flow: &'a Flow,
        record: &ArtifactRecord,
        path: &LogicalPath,
        entry: &ManifestEntry,
    ) -> Result<Self, Unread> {
        if entry.reference.is_some() {
            return Err(Unread("it is a reference".to_owned()));
        }
        let digest = entry.digest.content().copied();
        let (Some(digest), Some(size)) = (digest, entry.size) else {
            return Err(Unread("the manifest does not tell its length".to_owned()));
        };
        let request = DownloadRequest {
            artifact: record.id.clone(),
            project: record.project.clone(),
            name: record.name.clone(),
            entries: vec![DownloadSpec {
                path: path.clone(),
                digest,
                size: Some(size),
                birth_artifact: entry.birth_artifact.clone(),
            }],
        };
        let tickets = flow.registry.downloads(&request).await;
        let ticket = tickets.map_err(Unread::because)?.into_iter().next();
        let ticket = ticket.ok_or_else(|| Unread("the registry does not have it".to_owned()))?;
        Ok(Self { flow, ticket, size })
    }

    /// Reads the bytes of `range`.
    pub(super) async fn read(&self, range: Range<u64>) -> Result<Vec<u8>, Unread> {
        let wanted = usize::try_from(range.end - range.start).map_err(Unread::because)?;
        let opened = self
            .flow
            .transfer
            .download(&self.ticket, Some(range.clone()));
        let bytes = match opened.await.map_err(Unread::because)? {
            Fetched::File(path) => {
                let read = move || {
                    let mut file = File::open(path)?;
                    file.seek(SeekFrom::Start(range.start))?;
                    let mut bytes = Vec::new();
                    file.take(wanted as u64).read_to_end(&mut bytes)?;
                    Ok::<_, std::io::Error>(bytes)
                };
                let read = tokio::task::spawn_blocking(read).await;
                read.map_err(Unread::because)?.map_err(Unread::because)?
            }
            Fetched::Stream(chunks) => {
                let collected = chunks.try_fold(Vec::new(), async |mut bytes, chunk| {
                    bytes.extend_from_slice(&chunk);
                    Ok(bytes)
                });
                collected.await.map_err(Unread::because)?
            }
            _ => return Err(Unread("the registry gives it in an unknown way".to_owned())),
        };
        if bytes.len() == wanted {
            Ok(bytes)
        } else {
            Err(Unread("its stored content is too short".to_owned()))
        }
    }
}
