//! Finds a local file for the content of every stored entry, for those who only read it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use artifact_core::LogicalPath;
use artifact_core::ports::ArtifactRecord;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use manifest::ManifestEntry;

use super::context::Line;
use super::download::{Failure, Item};
use super::resumable_stream::{Feed, Opened};
use super::{FetchLimits, How, absolute, bring, local_path};
use crate::{Flow, FlowError};

/// Returns a local file for each of these stored entries, in their order.
///
/// Where the registry's content is in local files, it is those, and nothing of them is verified yet. The rest is
/// fetched into the folder `staging`, which a later call goes on with.
///
/// # Errors
/// When content is gone, or what was fetched is damaged.
pub(crate) async fn gather(
    flow: &Flow,
    record: &ArtifactRecord,
    stored: &[(&LogicalPath, &ManifestEntry)],
    staging: &Path,
) -> Result<Vec<PathBuf>, FlowError> {
    let limits = FetchLimits::default();
    let mut files = find_local(flow, record, stored, limits).await?;
    let far: Vec<_> = stored
        .iter()
        .zip(&files)
        .filter(|(_, file)| file.is_none())
        .map(|(entry, _)| *entry)
        .collect();
    let root = absolute(staging)?;
    if !far.is_empty() {
        let how = How::simply(None, false).unkept();
        Box::pin(bring(flow, record, &root, &far, how)).await?;
    }
    Ok(stored
        .iter()
        .zip(&mut files)
        .map(|((path, _), file)| file.take().unwrap_or_else(|| local_path(&root, path)))
        .collect())
}

/// Returns the registry's own local file for each entry, where it has one.
async fn find_local(
    flow: &Flow,
    record: &ArtifactRecord,
    stored: &[(&LogicalPath, &ManifestEntry)],
    limits: FetchLimits,
) -> Result<Vec<Option<PathBuf>>, FlowError> {
    let line = Arc::new(Line::new(flow, record, limits, None));
    let mut files = Vec::with_capacity(stored.len());
    // The first one says of what kind the registry is, so that not everything is opened twice.
    let mut batch = 1;
    while files.len() < stored.len() {
        let rest = &stored[files.len()..];
        let items = rest[..batch.min(rest.len())]
            .iter()
            .map(|(path, entry)| Item::new(record, path, entry))
            .collect::<Result<Vec<_>, _>>()?;
        line.fill(&items).await?;
        let opening = items.into_iter().map(|item| {
            let line = Arc::clone(&line);
            async move { open(&line, &item).await }
        });
        let opened: Vec<_> = stream::iter(opening)
            .buffered(limits.streams)
            .try_collect()
            .await?;
        let is_far = opened.iter().all(Option::is_none);
        files.extend(opened);
        if is_far {
            files.resize(stored.len(), None);
        }
        batch = limits.batch;
    }
    Ok(files)
}

async fn open(line: &Arc<Line>, item: &Item) -> Result<Option<PathBuf>, FlowError> {
    match Feed::open(line, item, None).await {
        Ok(Opened::File(file)) => Ok(Some(file)),
        // Dropped, and so not read.
        Ok(Opened::Feed(_)) => Ok(None),
        Err(Failure::Wrong(error) | Failure::Final(error)) => Err(error),
    }
}
