//! Which resolver answers for a URI.

use std::collections::BTreeMap;
use std::fmt;
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

/// Resolvers by URI scheme, and by what else tells URIs of one scheme apart.
///
/// [`Default`] has the resolvers of the features that this crate was built with, each with the settings and credentials
/// of its own default.
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
    by_claim: Vec<(Claim, Arc<dyn ReferenceResolver>)>,
    by_scheme: BTreeMap<Scheme, Arc<dyn ReferenceResolver>>,
    tracking: Arc<dyn ReferenceResolver>,
}

/// Tells the URIs of a resolver from others of their scheme.
#[derive(Clone)]
struct Claim(Arc<dyn Fn(&ReferenceUri) -> bool + Send + Sync>);

impl fmt::Debug for Claim {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Claim(..)")
    }
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
            by_claim: Vec::new(),
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
        let scheme = uri.scheme();
        // Those that claimed some URIs of the scheme, as Azure's does, claim them no longer.
        for (claim, _) in &mut self.by_claim {
            let (earlier, scheme) = (Arc::clone(&claim.0), scheme.clone());
            *claim = Claim(Arc::new(move |uri| uri.scheme() != scheme && earlier(uri)));
        }
        self.by_scheme.insert(scheme, resolver);
        Ok(self)
    }

    /// Returns these resolvers, with `resolver` for every URI of which `claims` is true, whatever its scheme. The last claim
    /// that was added is asked first.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use storage_adapters::{Resolvers, TrackingResolver as MyResolver};
    /// let resolvers = Resolvers::default().with_claim(
    ///     |uri| uri.as_str().starts_with("https://data.example.com/"),
    ///     Arc::new(MyResolver),
    /// );
    /// # drop(resolvers);
    /// ```
    #[must_use]
    pub fn with_claim(
        mut self,
        claims: impl Fn(&ReferenceUri) -> bool + Send + Sync + 'static,
        resolver: Arc<dyn ReferenceResolver>,
    ) -> Self {
        self.by_claim.push((Claim(Arc::new(claims)), resolver));
        self
    }

    /// Returns these resolvers, each replaced by what `decorate` makes of it.
    #[must_use]
    pub fn map(
        mut self,
        mut decorate: impl FnMut(Arc<dyn ReferenceResolver>) -> Arc<dyn ReferenceResolver>,
    ) -> Self {
        let claimed = self.by_claim.iter_mut().map(|(_, resolver)| resolver);
        for resolver in claimed.chain(self.by_scheme.values_mut()) {
            *resolver = decorate(Arc::clone(resolver));
        }
        self
    }

    /// Returns the resolver for `uri`.
    ///
    /// # Errors
    /// [`ResolveError::Unsupported`] for a scheme that the official client reads and these resolvers do not.
    pub fn get(&self, uri: &ReferenceUri) -> Result<Lookup, ResolveError> {
        let mut claims = self.by_claim.iter().rev();
        if let Some((_, resolver)) = claims.find(|(claim, _)| (claim.0)(uri)) {
            return Ok(Lookup::Known(Arc::clone(resolver)));
        }
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
        #[cfg_attr(
            not(any(
                feature = "file",
                feature = "http",
                feature = "s3",
                feature = "gs",
                feature = "azure"
            )),
            expect(unused_mut, reason = "no feature adds any")
        )]
        let mut resolvers = Self::none();
        #[cfg(feature = "file")]
        resolvers.set("file", Arc::new(crate::FileResolver::new()));
        #[cfg(feature = "http")]
        {
            resolvers = resolvers.with_http(crate::HttpResolver::default());
        }
        #[cfg(feature = "s3")]
        resolvers.set(
            "s3",
            Arc::new(crate::S3Resolver::new(crate::S3Config::default())),
        );
        #[cfg(feature = "gs")]
        resolvers.set(
            "gs",
            Arc::new(crate::GsResolver::new(crate::GsConfig::default())),
        );
        #[cfg(feature = "azure")]
        {
            resolvers =
                resolvers.with_azure(crate::AzureResolver::new(crate::AzureConfig::default()));
        }
        resolvers
    }
}

impl Resolvers {
    /// Returns these resolvers, with `http` for all `http:` and `https:` URLs that no other resolver claims.
    #[cfg(feature = "http")]
    #[must_use]
    pub fn with_http(mut self, http: crate::HttpResolver) -> Self {
        let http = Arc::new(http);
        self.set("http", Arc::clone(&http) as _);
        self.set("https", http);
        self
    }

    /// Returns these resolvers, with `azure` for the URLs that it claims.
    #[cfg(feature = "azure")]
    #[must_use]
    pub fn with_azure(self, azure: crate::AzureResolver) -> Self {
        let claims = azure.clone();
        self.with_claim(move |uri| claims.claims(uri), Arc::new(azure))
    }

    /// Sets the resolver of a scheme that is one.
    #[cfg(any(feature = "file", feature = "http", feature = "s3", feature = "gs"))]
    fn set(&mut self, scheme: &str, resolver: Arc<dyn ReferenceResolver>) {
        let uri: ReferenceUri = format!("{scheme}:").parse().expect("it is a scheme");
        self.by_scheme.insert(uri.scheme(), resolver);
    }
}
