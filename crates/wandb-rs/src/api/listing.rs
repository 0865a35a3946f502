//! Listings: page by page, item by item, or all at once.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

use artifact_core::ports::{ListRequest, Page};
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream, StreamExt as _, TryStreamExt as _};

use crate::Error;

/// The default size of a page.
const PER_PAGE: u32 = 50;

/// A listing that can neither be filtered nor be ordered.
#[derive(Debug, Clone, Copy)]
pub enum Plain {}

/// A listing that can be filtered and ordered.
#[derive(Debug, Clone, Copy)]
pub enum Searchable {}

type Ask<T> = dyn Fn(ListRequest) -> BoxFuture<'static, Result<Page<T>, Error>> + Send + Sync;

/// A listing that asks for nothing until it is read: as a [`stream`](Self::stream), [`page`](Self::page) by page, or
/// [`all`](Self::all) of it.
///
/// A page has the cursor of the next one; [`after`](Self::after) continues there, in another process too.
#[must_use = "a listing asks for nothing until it is read"]
pub struct Listing<T, K = Plain> {
    ask: Arc<Ask<T>>,
    request: ListRequest,
    kind: PhantomData<fn() -> K>,
}

impl<T, K> Listing<T, K> {
    pub(crate) fn new<F>(ask: impl Fn(ListRequest) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Page<T>, Error>> + Send + 'static,
    {
        Self {
            ask: Arc::new(move |request| Box::pin(ask(request))),
            request: ListRequest::first(PER_PAGE),
            kind: PhantomData,
        }
    }

    /// Sets the size of a page, at least one; 50 by default.
    pub fn per_page(mut self, count: u32) -> Self {
        self.request.page.limit = count.max(1);
        self
    }

    /// Goes on behind a page, from what it gave as `next`.
    pub fn after(mut self, cursor: impl Into<Arc<str>>) -> Self {
        self.request.page.after = Some(cursor.into());
        self
    }

    /// Returns the first page, or the one behind the cursor.
    ///
    /// # Errors
    /// [`Error::Registry`] when the listed thing does not exist, when filter or order cannot be read, and when the registry
    /// fails.
    pub async fn page(&self) -> Result<Page<T>, Error> {
        (self.ask)(self.request.clone()).await
    }
}

impl<T: Send + 'static, K> Listing<T, K> {
    /// Returns the items as they are asked for, page by page; it ends after the first error.
    #[must_use]
    pub fn stream(&self) -> BoxStream<'static, Result<T, Error>> {
        let ask = Arc::clone(&self.ask);
        let pages = stream::try_unfold(Some(self.request.clone()), move |request| {
            let page = request.map(|request| (ask(request.clone()), request));
            async move {
                let Some((page, mut request)) = page else {
                    return Ok(None);
                };
                let page = page.await?;
                let rest = page.next.map(|next| {
                    request.page.after = Some(next);
                    request
                });
                let items = page.items.into_iter().map(Ok);
                Ok::<_, Error>(Some((stream::iter(items), rest)))
            }
        });
        pages.try_flatten().boxed()
    }

    /// Returns all items.
    ///
    /// # Errors
    /// As [`page`](Self::page).
    pub async fn all(&self) -> Result<Vec<T>, Error> {
        self.stream().try_collect().await
    }
}

impl<T> Listing<T, Searchable> {
    /// Lists only what this lets through, JSON text in the manner of `MongoDB`: `{"state": "finished"}`,
    /// `{"config.lr": {"$lt": 0.1}}`.
    pub fn filter(mut self, filter: impl Into<String>) -> Self {
        self.request.filter = Some(filter.into());
        self
    }

    /// Lists in this order: a field after `+` or `-`, as `-created_at`.
    pub fn order(mut self, order: impl Into<String>) -> Self {
        self.request.order = Some(order.into());
        self
    }
}

impl<T, K> Clone for Listing<T, K> {
    fn clone(&self) -> Self {
        Self {
            ask: Arc::clone(&self.ask),
            request: self.request.clone(),
            kind: PhantomData,
        }
    }
}

impl<T, K> fmt::Debug for Listing<T, K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("Listing")
            .field(&self.request)
            .finish()
    }
}
