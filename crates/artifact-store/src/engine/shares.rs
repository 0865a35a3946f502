//! What holds between the shares of a version, and between them and the version that they come on top of.

use artifact_core::ports::ManifestKind;
use artifact_core::{LogicalPath, RunId};

use super::writer::Writer;
use crate::StoreError;
use crate::metadata::{
    ManifestKey, ManifestRow, PartialConflict, Snapshot, Transaction, VersionKey, VersionRow,
};

/// Checks a share whose entries are all there, in the transaction that makes them count: of two that come at once, one is
/// the later. What the same run wrote before gives way to it.
pub(super) fn settle_share(
    tx: &mut dyn Transaction,
    writer: &Writer,
    share: &ManifestRow,
    version: &VersionRow,
) -> Result<(), StoreError> {
    // Other processes may have brought it, whose journals are gone.
    let given_up = tx.delete_own_conflicts(share.key)?;
    given_up
        .iter()
        .try_for_each(|key| writer.note_possible_orphan(key))?;
    if let Some(conflict) = tx.partial_conflict(share.key)? {
        return Err(disagreement(&name_of(&*tx, version)?, &conflict));
    }
    // Whoever writes it hears of it sooner than from the commit, which may be somebody else's.
    let base = base_version(&*tx, version, std::slice::from_ref(share))?;
    let base = base.map(|base| tx.manifest_of(base)).transpose()?.flatten();
    base.map_or(Ok(()), |base| {
        check_against_base(&*tx, version, share.key, &base)
    })
}

/// Checks that no entry of a manifest is a folder of one of the version that it comes on top of, nor the other way round.
pub(super) fn check_against_base(
    rows: &dyn Snapshot,
    version: &VersionRow,
    manifest: ManifestKey,
    base: &ManifestRow,
) -> Result<(), StoreError> {
    let Some(conflict) = rows.base_conflict(manifest, base.key)? else {
        return Ok(());
    };
    let name = name_of(rows, version)?;
    let index = rows
        .version_record(base.version)?
        .and_then(|base| base.index);
    let below = index.map_or_else(|| name.clone(), |index| format!("{name}:{index}"));
    let (path, base_path) = (&conflict.path, &conflict.base_path);
    Err(StoreError::rejected(format!(
        "{path} cannot come on top of {below}, which has {base_path}: {}; give it another path, or log a version without {base_path} first",
        file_and_folder(path, base_path)
    )))
}

/// Returns the version that increments come on top of: the newest there is now, which may be newer than the one that
/// the writer knew.
pub(super) fn base_version(
    rows: &dyn Snapshot,
    version: &VersionRow,
    shares: &[ManifestRow],
) -> Result<Option<VersionKey>, StoreError> {
    let is_increment = |share: &&ManifestRow| share.kind == ManifestKind::Incremental;
    let mut increments = shares.iter().filter(is_increment).peekable();
    if increments.peek().is_none() {
        return Ok(None);
    }
    let newest = rows.newest_version(version.collection)?;
    Ok(newest.or_else(|| increments.find_map(|share| share.base)))
}

fn disagreement(name: &str, conflict: &PartialConflict) -> StoreError {
    let writer = |run: &Option<RunId>| match run {
        Some(run) => format!("run {run}"),
        None => "a writer outside a run".to_owned(),
    };
    let (path, other_path) = (&conflict.path, &conflict.other_path);
    let (own, other) = (writer(&conflict.own), writer(&conflict.other));
    StoreError::rejected(if path == other_path {
        format!(
            "{path} of artifact {name} was written by {other}, and {own} has other content for it: all writers of one version must have the same at one path"
        )
    } else {
        format!(
            "{other_path} of artifact {name} was written by {other}, and {own} has {path}: {}; give one of them another path",
            file_and_folder(path, other_path)
        )
    })
}

/// Says which of two paths would be both.
fn file_and_folder(one: &LogicalPath, other: &LogicalPath) -> String {
    let outer = if one.is_at_or_below(other) {
        other
    } else {
        one
    };
    format!("{outer} would be a file and a folder at once")
}

fn name_of(rows: &dyn Snapshot, version: &VersionRow) -> Result<String, StoreError> {
    let found = rows.version_record(version.key)?;
    Ok(found.map_or_else(String::new, |found| found.sequence.name.to_string()))
}
