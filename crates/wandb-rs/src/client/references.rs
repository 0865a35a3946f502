//! The resolvers of references, configured by the environment.

use std::sync::Arc;

use artifact_core::ports::ReferenceResolver;
use artifact_core::{InvalidValue, ReferenceUri, RetryObserver};
use artifact_flows::ResolverLookup;
use settings::CloudEnvironment;
use storage_adapters::{
    ArtifactResolver, Cache, CachedResolver, Lookup, OfflineResolver, Resolvers,
};
#[cfg(feature = "azure")]
use storage_adapters::{AzureConfig, AzureCredential, AzureResolver};
#[cfg(feature = "gs")]
use storage_adapters::{GsConfig, GsCredentials, GsResolver};
#[cfg(feature = "http")]
use storage_adapters::{HttpConfig, HttpResolver};
#[cfg(feature = "s3")]
use storage_adapters::{S3Config, S3Resolver};

use super::connection::Connection;

/// The resolvers of references.
pub(super) struct References {
    resolvers: Resolvers,
    /// For what the user adds, and for versions of those whom the user trusts.
    pub(super) trusting: ResolverLookup,
    /// For versions of others, which may name any file of this machine.
    pub(super) wary: ResolverLookup,
}

impl References {
    /// Returns the `built_in` resolvers, with the caller's `own` in place of any other. Offline, none of them asks
    /// anybody for what the cache does not have.
    pub(super) fn new(
        built_in: Resolvers,
        cache: Option<&Cache>,
        own: &[(String, Arc<dyn ReferenceResolver>)],
        connection: &Connection,
        is_offline: bool,
    ) -> Result<Self, InvalidValue> {
        let reached = |resolver: Arc<dyn ReferenceResolver>| {
            if is_offline {
                Arc::new(OfflineResolver::new(resolver))
            } else {
                resolver
            }
        };
        let built_in = built_in.map(|resolver| match cache {
            Some(cache) => Arc::new(CachedResolver::new(reached(resolver), cache.clone())),
            None => reached(resolver),
        });
        let with_own = |resolvers: Resolvers| {
            let mut own = own.iter();
            own.try_fold(resolvers, |all, (scheme, resolver)| {
                all.with(scheme, reached(Arc::clone(resolver)))
            })
        };
        let artifacts = ArtifactResolver::new(
            Arc::clone(&connection.catalog) as _,
            Arc::clone(&connection.transfer),
            with_own(built_in.clone())?,
        );
        let with_artifacts = |artifacts| {
            with_own(
                built_in
                    .clone()
                    .with("wandb-artifact", Arc::new(artifacts))?,
            )
        };
        let wary = match connection.server {
            Some(_) => with_artifacts(artifacts.clone().without_files())?,
            // A store of one's own.
            None => with_artifacts(artifacts.clone())?,
        };
        let trusting = with_artifacts(artifacts)?;
        Ok(Self {
            trusting: lookup(trusting.clone()),
            wary: lookup(wary),
            resolvers: trusting,
        })
    }

    /// Returns the resolvers for a version, whose author may be untrusted.
    pub(super) const fn of_version(&self, is_trusted: bool) -> &ResolverLookup {
        if is_trusted {
            &self.trusting
        } else {
            &self.wary
        }
    }

    /// Returns whether the content of `uri` is read, rather than only recorded.
    pub(super) fn can_resolve(&self, uri: &ReferenceUri) -> bool {
        !matches!(self.resolvers.get(uri), Ok(Lookup::Unknown(_)))
    }
}

fn lookup(resolvers: Resolvers) -> ResolverLookup {
    Arc::new(move |uri| resolvers.get(uri).map(|found| Arc::clone(found.resolver())))
}

/// Returns a resolver for every scheme that this build knows.
pub(super) fn resolvers(
    clouds: &CloudEnvironment,
    retry_observer: Option<&Arc<dyn RetryObserver>>,
) -> Resolvers {
    let resolvers = Resolvers::default();
    #[cfg(feature = "http")]
    let resolvers = match retry_observer {
        Some(observer) => {
            let config = HttpConfig::default().with_retry_observer(Arc::clone(observer));
            resolvers.with_http(HttpResolver::new(config))
        }
        None => resolvers,
    };
    #[cfg(feature = "s3")]
    let resolvers = {
        let mut config = s3(clouds);
        config.retry_observer = retry_observer.cloned();
        resolvers
            .with("s3", Arc::new(S3Resolver::new(config)))
            .expect("it is a scheme")
    };
    #[cfg(feature = "gs")]
    let resolvers = {
        let mut config = gs(clouds);
        config.retry_observer = retry_observer.cloned();
        resolvers
            .with("gs", Arc::new(GsResolver::new(config)))
            .expect("it is a scheme")
    };
    #[cfg(feature = "azure")]
    let resolvers = {
        let mut config = azure(clouds);
        config.retry_observer = retry_observer.cloned();
        resolvers.with_azure(AzureResolver::new(config))
    };
    #[cfg(not(any(feature = "azure", feature = "gs", feature = "http", feature = "s3")))]
    let _ = (clouds, retry_observer);
    resolvers
}

/// The first variable is the official client's, the others are the AWS tools'.
#[cfg(feature = "s3")]
fn s3(clouds: &CloudEnvironment) -> S3Config {
    let endpoints = [
        "AWS_S3_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_S3",
        "AWS_ENDPOINT_URL",
    ];
    let mut config = S3Config::default();
    config.endpoint = endpoints
        .iter()
        .find_map(|name| clouds.get(name))
        .map(ToOwned::to_owned);
    config.region = clouds.get("AWS_REGION").map(ToOwned::to_owned);
    config
}

/// An emulator takes no credentials. Source: Google's own libraries.
#[cfg(feature = "gs")]
fn gs(clouds: &CloudEnvironment) -> GsConfig {
    let mut config = GsConfig::default();
    if let Some(host) = clouds.get("STORAGE_EMULATOR_HOST") {
        config.endpoint = if host.contains("://") {
            host.to_owned()
        } else {
            format!("http://{host}")
        };
        config.credentials = GsCredentials::Anonymous;
    }
    config
}

/// The account's key or signature where one is named, else the application.
#[cfg(feature = "azure")]
fn azure(clouds: &CloudEnvironment) -> AzureConfig {
    let mut config = AzureConfig::default();
    let text = |name: &str| clouds.get(name).map(ToOwned::to_owned);
    let of_account = text("AZURE_STORAGE_KEY")
        .map(AzureCredential::AccessKey)
        .or_else(|| text("AZURE_STORAGE_SAS_TOKEN").map(AzureCredential::SharedAccess));
    if let (Some(account), Some(credential)) = (text("AZURE_STORAGE_ACCOUNT"), of_account) {
        let url = format!("https://{account}.blob.core.windows.net");
        config.accounts.push((url, credential));
    }
    if let (Some(tenant_id), Some(client_id), Some(client_secret)) = (
        text("AZURE_TENANT_ID"),
        text("AZURE_CLIENT_ID"),
        text("AZURE_CLIENT_SECRET"),
    ) {
        config.credential = AzureCredential::ClientSecret {
            tenant_id,
            client_id,
            client_secret,
        };
    }
    config
}
