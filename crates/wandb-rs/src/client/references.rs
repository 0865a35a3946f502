//! The resolvers of references, set up as the environment says.

#[cfg(any(feature = "azure", feature = "gs", feature = "s3"))]
use std::sync::Arc;
use storage_adapters::Resolvers;
#[cfg(feature = "azure")]
use storage_adapters::{AzureConfig, AzureCredential, AzureResolver};
#[cfg(feature = "gs")]
use storage_adapters::{GsConfig, GsCredentials, GsResolver};
#[cfg(feature = "s3")]
use storage_adapters::{S3Config, S3Resolver};

use crate::settings::Clouds;

/// Returns a resolver for every scheme that this build knows.
pub(super) fn resolvers(clouds: &Clouds) -> Resolvers {
    let resolvers = Resolvers::default();
    #[cfg(feature = "s3")]
    let resolvers = resolvers
        .with("s3", Arc::new(S3Resolver::new(s3(clouds))))
        .expect("it is a scheme");
    #[cfg(feature = "gs")]
    let resolvers = resolvers
        .with("gs", Arc::new(GsResolver::new(gs(clouds))))
        .expect("it is a scheme");
    #[cfg(feature = "azure")]
    let resolvers = resolvers.with_azure(AzureResolver::new(azure(clouds)));
    #[cfg(not(any(feature = "azure", feature = "gs", feature = "s3")))]
    let _ = clouds;
    resolvers
}

/// The first variable is the official client's, the others are the AWS tools'.
#[cfg(feature = "s3")]
fn s3(clouds: &Clouds) -> S3Config {
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

/// An emulator knows nobody. Source: Google's own libraries.
#[cfg(feature = "gs")]
fn gs(clouds: &Clouds) -> GsConfig {
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
fn azure(clouds: &Clouds) -> AzureConfig {
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
