//! What kind of digest the entries of other artifacts have.

use std::borrow::Cow;

use artifact_core::ports::ReferenceObject;
use artifact_core::{EntryDigest, LogicalPath, ReferenceUri};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use manifest::{Manifest, ManifestEntry};

use crate::save::ResolverLookup;

/// How many entries are asked about at once.
const AT_ONCE: usize = 16;

/// Gives the entries at `paths` that refer to entries of other artifacts the kind of digest that those have: the same
/// text may be an MD5, a digest of another kind, or what a store gave in its place, and a manifest does not say which.
///
/// Where that cannot be found out, all stays as it is: whoever opens the content hears why.
pub(crate) async fn know_digests(
    manifest: &mut Manifest,
    paths: impl Fn(&LogicalPath) -> bool,
    resolvers: &ResolverLookup,
) {
    let asked: Vec<_> = manifest
        .iter()
        .filter(|(path, _)| paths(path))
        .filter_map(|(path, entry)| {
            let uri = entry
                .reference
                .clone()
                .filter(ReferenceUri::is_of_artifact)?;
            Some((path.clone(), uri, entry.digest.to_string()))
        })
        .collect();
    let mut answers = stream::iter(asked)
        .map(|(path, uri, recorded)| async move {
            let digest = digest(&uri, resolvers).await;
            (path, digest.filter(|digest| digest.to_string() == recorded))
        })
        .buffer_unordered(AT_ONCE);
    while let Some((path, digest)) = answers.next().await {
        if let (Some(entry), Some(digest)) = (manifest.get_mut(&path), digest) {
            entry.digest = digest;
        }
    }
}

/// Returns an entry with the kind of digest that it has, as [`know_digests`] finds it out.
pub(crate) async fn known<'a>(
    entry: &'a ManifestEntry,
    resolvers: &ResolverLookup,
) -> Cow<'a, ManifestEntry> {
    let uri = entry.reference.as_ref();
    let Some(uri) = uri.filter(|uri| uri.is_of_artifact()) else {
        return Cow::Borrowed(entry);
    };
    match digest(uri, resolvers).await {
        Some(digest) if digest.to_string() == entry.digest.to_string() => {
            let mut entry = entry.clone();
            entry.digest = digest;
            Cow::Owned(entry)
        }
        _ => Cow::Borrowed(entry),
    }
}

async fn digest(uri: &ReferenceUri, resolvers: &ResolverLookup) -> Option<EntryDigest> {
    let resolver = resolvers(uri).ok()?;
    let object: Option<ReferenceObject> = resolver.resolve(uri, true).try_next().await.ok()?;
    Some(object?.digest)
}
