//! Which resolver answers for a URI.

use std::collections::BTreeMap;
use std::sync::Arc;

use artifact_core::ports::{ReferenceResolver, ResolveError};
use artifact_core::{InvalidValue, ReferenceUri, Scheme};

use crate::TrackingResolver;

/// Schemes that the official client reads. One without a resolver is an error: recorded unread, its entries would
/// lack the digests that any other client gives them.
const OFFICIAL: &[&str] = &[
    "file",
    "gs",
    "http",
    "https",
    "s3",
    "wandb-artifact",
    "wandb-client-artifact",
];

/// Resolvers by URI scheme.
///
/// [`Default`] has the resolvers of the features that this crate was built with.
///
/// ```
/// # use std::sync::Arc;
/// # use storage_adapters::{Lookup, Resolvers, TrackingResolver as MyResolver};
/// let resolvers = Resolvers::default().with("s3", Arc::new(MyResolver))?;
/// assert!(matches!(resolvers.get(&"S3://bucket/key".parse()?)?, Lookup::Known(_)));
/// assert!(matches!(resolvers.get(&"nfs://host/file".parse()?)?, Lookup::Unknown(_)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Resolvers {
    by_scheme: BTreeMap<Scheme, Arc<dyn ReferenceResolver>>,
    tracking: Arc<dyn ReferenceResolver>,
}

/// The resolver for a URI.
#[derive(Debug, Clone)]
pub enum Lookup {
    /// The one that was registered for the scheme.
    Known(Arc<dyn ReferenceResolver>),
    /// [`TrackingResolver`], because nobody knows the scheme: the entry must be given a name, and whoever adds it
    /// should hear that its content is not checked now and cannot be fetched later.
    Unknown(Arc<dyn ReferenceResolver>),
}

impl Lookup {
    /// Returns the resolver, known or not.
    #[must_use]
    pub fn resolver(&self) -> &Arc<dyn ReferenceResolver> {
        match self {
            Self::Known(resolver) | Self::Unknown(resolver) => resolver,
        }
    }
}

impl Resolvers {
    /// Returns resolvers for no scheme at all.
    #[must_use]
    pub fn none() -> Self {
        Self {
            by_scheme: BTreeMap::new(),
            tracking: Arc::new(TrackingResolver),
        }
    }

    /// Returns these resolvers, with `resolver` in place of any other for `scheme`.
    ///
    /// # Errors
    /// When `scheme` is not a URI scheme.
    pub fn with(
        mut self,
        scheme: &str,
        resolver: Arc<dyn ReferenceResolver>,
    ) -> Result<Self, InvalidValue> {
        let refuse = || InvalidValue::new("URI scheme", scheme, "no URI can start with it");
        let uri: ReferenceUri = format!("{scheme}:").parse().map_err(|_| refuse())?;
        if uri.as_str().len() != scheme.len() + 1 || scheme.contains(':') {
            return Err(refuse());
        }
        self.by_scheme.insert(uri.scheme(), resolver);
        Ok(self)
    }

    /// Returns these resolvers, each replaced by what `decorate` makes of it.
    #[must_use]
    pub fn map(
        mut self,
        mut decorate: impl FnMut(Arc<dyn ReferenceResolver>) -> Arc<dyn ReferenceResolver>,
    ) -> Self {
        for resolver in self.by_scheme.values_mut() {
            *resolver = decorate(Arc::clone(resolver));
        }
        self
    }

    /// Returns the resolver for `uri`.
    ///
    /// # Errors
    /// [`ResolveError::Unsupported`] for a scheme that the official client reads and these resolvers do not.
    pub fn get(&self, uri: &ReferenceUri) -> Result<Lookup, ResolveError> {
        let scheme = uri.scheme();
        if let Some(resolver) = self.by_scheme.get(&scheme) {
            return Ok(Lookup::Known(Arc::clone(resolver)));
        }
        if OFFICIAL.contains(&scheme.as_str()) {
            return Err(ResolveError::Unsupported {
                uri: uri.clone(),
                reason: format!("no resolver for `{scheme}` URIs is part of this build"),
            });
        }
        Ok(Lookup::Unknown(Arc::clone(&self.tracking)))
    }
}

impl Default for Resolvers {
    fn default() -> Self {
        let resolvers = Self::none();
        #[cfg(feature = "file")]
        let resolvers = resolvers
            .with("file", Arc::new(crate::FileResolver::new()))
            .expect("`file` is a URI scheme");
        resolvers
    }
}
