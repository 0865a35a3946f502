//! The W&B server of a client in a build without the feature `remote`: there is none.

use std::sync::Arc;

use artifact_core::ports::{ArtifactCatalog, BlobTransfer, RegistryError};
use artifact_core::{EntityName, RetryObserver};
use settings::Credentials;

use crate::{BaseUrl, Error, Settings};

/// A W&B server, which has no values in this build.
#[derive(Debug, Clone)]
pub(crate) enum Server {}

impl Server {
    pub(crate) fn open(
        _: &Settings,
        base_url: &BaseUrl,
        _: Credentials,
        _: Option<u64>,
        _: Option<Arc<dyn RetryObserver>>,
    ) -> Result<Self, Error> {
        Err(off(base_url))
    }

    pub(crate) fn offline(settings: &Settings) -> Result<Self, Error> {
        Err(off(&settings.base_url))
    }

    pub(crate) fn catalog(&self) -> Arc<dyn ArtifactCatalog> {
        match *self {}
    }

    pub(crate) fn transfer(&self) -> Arc<dyn BlobTransfer> {
        match *self {}
    }

    pub(crate) fn location(&self) -> String {
        match *self {}
    }

    pub(crate) async fn default_entity(&self) -> Result<Option<String>, RegistryError> {
        match *self {}
    }

    pub(crate) async fn registry_entity(
        &self,
        _: &EntityName,
        _: Option<&str>,
    ) -> Result<EntityName, RegistryError> {
        match *self {}
    }
}

fn off(base_url: &BaseUrl) -> Error {
    Error::FeatureOff {
        target: base_url.to_string(),
        feature: "remote",
    }
}
