//! Listings in several concurrent ranges, in the order of one.
//!
//! A page names where the next one starts, so pages of one listing come one after the other. The folders below a prefix
//! tell keys in the middle of it, and a listing may start at any key.

use artifact_core::ReferenceUri;
use artifact_core::ports::ResolveError;
use futures::stream::{self, BoxStream, Stream, StreamExt as _, TryStreamExt as _};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Maximum ranges of a listing.
const RANGES: usize = 64;
/// Number of ranges that are listed ahead of the one that is read.
const AHEAD: usize = 7;
/// Number of pages of a range that wait to be read.
const WAITING: usize = 4;

/// Objects by name.
pub(crate) type Page<F> = Vec<(String, F)>;

/// A page.
#[derive(Debug)]
pub(crate) struct Listed<F, A> {
    /// The objects to keep.
    pub(crate) found: Page<F>,
    /// The last name of the page.
    pub(crate) last: Option<String>,
    /// The start of the next page.
    pub(crate) next: Option<A>,
}

/// A listing of the objects below a prefix, in the order of the names' bytes, from any start.
pub(crate) trait Listing: Clone + Send + Sync + 'static {
    /// An object.
    type Found: Send + 'static;
    /// The start of a page.
    type At: Send + 'static;

    /// Returns the URI for errors.
    fn uri(&self) -> &ReferenceUri;

    fn prefix(&self) -> &str;

    fn start() -> Self::At;

    /// Returns the start of the page whose first name is the first one after `name`.
    fn after(name: String) -> Self::At;

    fn page(
        &self,
        at: Self::At,
    ) -> impl Future<Output = Result<Listed<Self::Found, Self::At>, ResolveError>> + Send;

    /// Returns some of the folders in `folder` after a name, in order; none if the listing cannot start at them.
    fn folders(&self, folder: &str, after: &str) -> impl Future<Output = Vec<String>> + Send;
}

type Pages<F> = BoxStream<'static, Result<Page<F>, ResolveError>>;

/// Returns the pages of a listing, in order.
pub(crate) fn pages<L: Listing>(
    listing: L,
) -> impl Stream<Item = Result<Page<L::Found>, ResolveError>> + Send {
    stream::once(start(listing)).try_flatten()
}

async fn start<L: Listing>(listing: L) -> Result<Pages<L::Found>, ResolveError> {
    let first = listing.page(L::start()).await?;
    let bounds = match (&first.next, first.found.first(), &first.last) {
        (Some(_), Some((start, _)), Some(last)) => {
            let folder = common_folder(start, last, listing.prefix());
            chosen(listing.folders(folder, last).await)
        }
        _ => Vec::new(),
    };
    let page = stream::once(std::future::ready(Ok(first.found)));
    let Some(next) = first.next else {
        return Ok(page.boxed());
    };
    if bounds.is_empty() {
        return Ok(page.chain(range(listing, next, None)).boxed());
    }
    let ends = bounds.iter().cloned().map(Some).chain([None]);
    let starts = std::iter::once(next).chain(bounds.iter().cloned().map(L::after));
    let ranges: Vec<_> = starts.zip(ends).collect();
    let rest = stream::iter(ranges)
        .map(move |(start, end)| std::future::ready(ahead(listing.clone(), start, end)))
        .buffered(AHEAD)
        .flatten();
    Ok(page.chain(rest).boxed())
}

/// Returns the innermost folder, at least `prefix`, in which both keys are.
fn common_folder<'a>(one: &'a str, other: &str, prefix: &'a str) -> &'a str {
    let common = one
        .bytes()
        .zip(other.bytes())
        .take_while(|(a, b)| a == b)
        .count();
    let end = one.as_bytes()[..common]
        .iter()
        .rposition(|byte| *byte == b'/');
    let folder = end.map_or("", |end| &one[..=end]);
    if folder.len() < prefix.len() {
        prefix
    } else {
        folder
    }
}

/// Returns an even selection of `folders`, at most one less than the maximum of ranges.
fn chosen(folders: Vec<String>) -> Vec<String> {
    let step = folders.len().div_ceil(RANGES - 1).max(1);
    folders.into_iter().step_by(step).collect()
}

/// Returns the pages from `start` to the key `end` inclusive, which is a folder marker at most.
fn range<L: Listing>(
    listing: L,
    start: L::At,
    end: Option<String>,
) -> impl Stream<Item = Result<Page<L::Found>, ResolveError>> + Send {
    stream::try_unfold(Some((listing, start, end)), async |state| {
        let Some((listing, at, end)) = state else {
            return Ok(None);
        };
        let mut listed = listing.page(at).await?;
        let is_past = |key: &String| end.as_ref().is_some_and(|end| end < key);
        listed.found.retain(|(key, _)| !is_past(key));
        let next = listed
            .next
            .filter(|_| !listed.last.as_ref().is_some_and(is_past));
        Ok(Some((listed.found, next.map(|at| (listing, at, end)))))
    })
}

/// Aborts a task on drop.
struct Ahead(JoinHandle<()>);

impl Drop for Ahead {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Starts to list a range; returns its pages.
fn ahead<L: Listing>(
    listing: L,
    start: L::At,
    end: Option<String>,
) -> impl Stream<Item = Result<Page<L::Found>, ResolveError>> + Send {
    let uri = listing.uri().clone();
    let (sender, receiver) = mpsc::channel(WAITING);
    let task = tokio::spawn(async move {
        let mut pages = Box::pin(range(listing, start, end));
        while let Some(page) = pages.next().await {
            if sender.send(page).await.is_err() {
                return;
            }
        }
    });
    let state = Some((receiver, Ahead(task), uri));
    stream::unfold(state, async |state| {
        let (mut receiver, mut task, uri) = state?;
        if let Some(page) = receiver.recv().await {
            return Some((page, Some((receiver, task, uri))));
        }
        // A closed channel is the end of the range only if the task succeeded.
        match (&mut task.0).await {
            Ok(()) => None,
            Err(error) => {
                let source = Box::new(error);
                Some((Err(ResolveError::Backend { uri, source }), None))
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_common_folder_is_the_innermost_of_both_keys_within_the_prefix() {
        for (one, other, prefix, folder) in [
            ("d/a/1", "d/a/9", "", "d/a/"),
            ("d/a/1", "d/b/1", "", "d/"),
            ("a", "b", "", ""),
            ("d/a", "d/b", "d/", "d/"),
            ("d/é/1", "d/è/1", "d/", "d/"),
        ] {
            assert_eq!(common_folder(one, other, prefix), folder, "{one} {other}");
        }
    }

    #[test]
    fn bounds_are_few_and_in_order() {
        let folders = |count: usize| (0..count).map(|n| format!("{n:04}/")).collect::<Vec<_>>();
        for count in [0, 1, 5, 63, 64, 1_000] {
            let bounds = chosen(folders(count));
            assert!(bounds.len() < RANGES, "{count}: {}", bounds.len());
            assert_eq!(bounds.is_empty(), count == 0);
            assert!(bounds.is_sorted());
        }
    }
}
