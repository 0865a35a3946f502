//! The W&B server of a client, over the adapter of `transport`.

use std::sync::Arc;

use artifact_core::ports::{ArtifactCatalog, ArtifactRegistry as _, BlobTransfer, RegistryError};
use artifact_core::{EntityName, RetryObserver};
use settings::Credentials;
use transport::{Identity, Secret, Wandb, WandbOptions};

use super::certificates;
use crate::{BaseUrl, Error, Settings};

/// A W&B server.
#[derive(Debug, Clone)]
pub(crate) struct Server(Wandb);

impl Server {
    /// Returns the server at `base_url`, with the connection options of the settings; nothing is sent yet.
    pub(crate) fn open(
        settings: &Settings,
        base_url: &BaseUrl,
        credentials: Credentials,
        bytes_per_second: Option<u64>,
        retry_observer: Option<Arc<dyn RetryObserver>>,
    ) -> Result<Self, Error> {
        adapter(
            settings,
            base_url,
            credentials,
            bytes_per_second,
            retry_observer,
        )
        .map(Self)
    }

    /// Returns the server of the settings as one that is sent nothing.
    pub(crate) fn offline(settings: &Settings) -> Result<Self, Error> {
        let base_url = &settings.base_url;
        let url = base_url.as_str().parse().expect("a base URL is a URL");
        connected(base_url, &WandbOptions::offline(url)).map(Self)
    }

    pub(crate) fn catalog(&self) -> Arc<dyn ArtifactCatalog> {
        Arc::new(self.0.clone())
    }

    pub(crate) fn transfer(&self) -> Arc<dyn BlobTransfer> {
        Arc::new(self.0.clone())
    }

    pub(crate) fn location(&self) -> String {
        self.0.location()
    }

    /// Returns the default entity of the account.
    pub(crate) async fn default_entity(&self) -> Result<Option<String>, RegistryError> {
        Ok(self.0.viewer().await?.entity)
    }

    /// Returns the entity that owns the registries of an organization.
    pub(crate) async fn registry_entity(
        &self,
        member: &EntityName,
        organization: Option<&str>,
    ) -> Result<EntityName, RegistryError> {
        self.0.registry_entity(member, organization).await
    }
}

/// Returns the adapter for the server at `base_url`, with the connection options of the settings.
pub(crate) fn adapter(
    settings: &Settings,
    base_url: &BaseUrl,
    credentials: Credentials,
    bytes_per_second: Option<u64>,
    retry_observer: Option<Arc<dyn RetryObserver>>,
) -> Result<Wandb, Error> {
    let credentials = match credentials {
        Credentials::ApiKey(key) => transport::Credentials::ApiKey(Secret::new(key.expose())),
        Credentials::IdentityToken {
            token_file,
            access_file,
        } => transport::Credentials::IdentityToken {
            token_file,
            access_file,
        },
    };
    let url = base_url.as_str().parse().expect("a base URL is a URL");
    let mut options = WandbOptions::new(url, credentials);
    options.bytes_per_second = bytes_per_second;
    options.retry_observer = retry_observer;
    options.extra_certificates = certificates::trusted(settings, base_url)?;
    let headers = settings.extra_http_headers.iter();
    options.extra_headers = headers
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    options.identity = Identity {
        username: settings.username.clone().unwrap_or_default(),
        email: settings.email.clone().unwrap_or_default(),
    };
    if let Some(timeout) = settings.http_timeout {
        options.graphql_timeout = timeout;
    }
    connected(base_url, &options)
}

fn connected(base_url: &BaseUrl, options: &WandbOptions) -> Result<Wandb, Error> {
    Wandb::new(options).map_err(|source| Error::Connection {
        base_url: base_url.to_string(),
        source: Box::new(source),
    })
}
