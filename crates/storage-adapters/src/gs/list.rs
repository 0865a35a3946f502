//! The objects below a prefix.

use std::sync::Arc;

use artifact_core::ReferenceUri;
use artifact_core::ports::{ReferenceObject, ResolveError};
use futures::TryStreamExt as _;
use futures::stream::BoxStream;

use super::client::{Api, At, Metadata};
use super::resolver;
use super::uri::{GsUri, uri_of};
use crate::net::ranges::{self, Listed};
use crate::net::{folder_with_content, objects_of};

pub(super) fn list(
    api: Arc<Api>,
    at: GsUri,
    uri: ReferenceUri,
) -> BoxStream<'static, Result<ReferenceObject, ResolveError>> {
    let listing = Listing {
        prefix: at.as_prefix(),
        api,
        at,
        uri: uri.clone(),
    };
    let of = listing.clone();
    let pages = ranges::pages(listing).map_ok(move |page| {
        page.into_iter()
            .filter_map(|(_, found)| object_of(found, &of.prefix, &of.at, &of.uri))
            .collect()
    });
    objects_of(uri, pages)
}

/// A listing of the objects below a prefix.
#[derive(Debug, Clone)]
struct Listing {
    api: Arc<Api>,
    at: GsUri,
    prefix: String,
    uri: ReferenceUri,
}

impl ranges::Listing for Listing {
    type Found = Metadata;
    type At = At;

    fn uri(&self) -> &ReferenceUri {
        &self.uri
    }

    fn prefix(&self) -> &str {
        &self.prefix
    }

    fn start() -> At {
        At::default()
    }

    fn after(name: String) -> At {
        At {
            from: Some(name),
            token: None,
        }
    }

    async fn page(&self, at: At) -> Result<Listed<Metadata, At>, ResolveError> {
        let listed = self
            .api
            .list(&self.at.bucket, &self.prefix, &at, &self.uri)
            .await;
        let listed = listed.map_err(|error| of_bucket(error, &self.at))?;
        let last = listed.items.last().map(|found| found.name.clone());
        // The service starts at the name itself, an emulator possibly at the first of all.
        let is_after = |found: &Metadata| at.from.as_ref().is_none_or(|from| *from < found.name);
        let found = listed.items.into_iter().filter(is_after);
        let token = listed.next_page_token.filter(|token| !token.is_empty());
        Ok(Listed {
            found: found.map(|found| (found.name.clone(), found)).collect(),
            last,
            next: token.map(|token| At {
                token: Some(token),
                from: at.from,
            }),
        })
    }

    async fn folders(&self, folder: &str, after: &str) -> Vec<String> {
        let found = self
            .api
            .folders(&self.at.bucket, folder, after, &self.uri)
            .await;
        // They only speed the listing up: without them it continues page by page, and meets the same error.
        let mut folders = found.unwrap_or_default();
        folders.retain(|found| after < found.as_str());
        folders
    }
}

/// Returns "not found" of a listing as that of the bucket.
fn of_bucket(error: ResolveError, at: &GsUri) -> ResolveError {
    match (error, format!("gs://{}", at.bucket).parse()) {
        (ResolveError::NotFound { .. }, Ok(uri)) => ResolveError::NotFound { uri },
        (error, _) => error,
    }
}

/// Returns the record of a listed object; `None` for a folder marker.
fn object_of(
    found: Metadata,
    prefix: &str,
    at: &GsUri,
    asked: &ReferenceUri,
) -> Option<Result<ReferenceObject, ResolveError>> {
    // Names outside the prefix would be recorded under a wrong one.
    let relative = found.name.strip_prefix(prefix)?.to_owned();
    if !found.name.ends_with('/') {
        return Some(resolver::object(found, at, relative, asked));
    }
    if found.size.unwrap_or(0) == 0 {
        return None;
    }
    Some(Err(folder_with_content(uri_of(
        &at.bucket,
        &found.name,
        asked,
    ))))
}
