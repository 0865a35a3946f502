//! Aliases and tags of a version that comes into view.

use artifact_core::{Alias, Tag, Timestamp};

use crate::StoreError;
use crate::metadata::{CollectionKey, Transaction, VersionKey};
use artifact_core::records::CollectionChanges;

/// Moves `aliases` and `latest` to a version, and adds `tags` to it.
pub(super) fn label(
    tx: &mut dyn Transaction,
    collection: CollectionKey,
    version: VersionKey,
    aliases: &[Alias],
    tags: &[Tag],
    now: Timestamp,
) -> Result<(), StoreError> {
    let latest = Alias::latest();
    for alias in aliases.iter().chain([&latest]) {
        tx.move_alias(collection, alias, version)?;
    }
    for tag in tags {
        tx.put_tag(version, tag)?;
    }
    tx.update_collection(collection, &CollectionChanges::default(), now)?;
    tx.update_version(version, None, None, None, now)
}
