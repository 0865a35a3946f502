//! Older versions of an object.

use super::bucket::Bucket;

/// Returns the newest version of `key` with this ETag; none where versions cannot be listed.
pub(super) async fn find(bucket: &Bucket, key: &str, etag: &str) -> Option<String> {
    let (mut after, mut version) = (None::<String>, None::<String>);
    loop {
        let listed = bucket.call(|client| {
            client
                .list_object_versions()
                .bucket(&bucket.name)
                .prefix(key)
                .max_keys(bucket.page_size())
                .set_key_marker(after.clone())
                .set_version_id_marker(version.clone())
                .send()
        });
        let listed = listed.await.ok()?;
        let mut versions = listed.versions().iter();
        let found = versions.find(|version| {
            version.key() == Some(key)
                && version.e_tag().map(|etag| etag.trim_matches('"')) == Some(etag)
        });
        if let Some(found) = found {
            return found.version_id().map(str::to_owned);
        }
        // Keys come in order: those of siblings follow.
        let last = listed.versions().last().and_then(|version| version.key());
        if last.is_some_and(|last| last != key) || listed.is_truncated() != Some(true) {
            return None;
        }
        (after, version) = (listed.next_key_marker, listed.next_version_id_marker);
    }
}
