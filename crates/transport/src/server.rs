//! A W&B server, its features, and the account of the credentials.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex};

use artifact_core::ports::RegistryError;
use artifact_core::records::ArtifactId;
use artifact_core::{ProjectAddress, RetryPolicy};
use cynic::QueryBuilder as _;

use super::graphql::{GraphQlClient, GraphQlError, ServerFeaturesQuery, Viewer};
use super::http::{Http, HttpError};
use super::options::WandbOptions;
use super::registry::organizations::Organizations;
use super::registry::quota::Quota;
use super::transfer::rate_limit::RateLimit;

/// A client for a W&B server. Implements the registry, the catalog and the transfer.
#[derive(Clone)]
pub struct Wandb {
    pub(crate) graphql: GraphQlClient,
    pub(crate) http: Http,
    pub(crate) location: Arc<str>,
    pub(crate) transfer_retries: RetryPolicy,
    pub(crate) rate: Arc<RateLimit>,
    /// The quota of file streams.
    pub(crate) quota: Arc<Quota>,
    features: Arc<Mutex<Option<Features>>>,
    pub(crate) organizations: Organizations,
    /// The projects of pending versions, which later calls about them have to repeat.
    pending: Arc<Mutex<HashMap<ArtifactId, ProjectAddress>>>,
}

impl fmt::Debug for Wandb {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("Wandb")
            .field(&self.location)
            .finish()
    }
}

/// The features of a server, by their names in the protocol.
#[derive(Debug, Clone, Default)]
pub(crate) struct Features(Arc<HashSet<String>>);

impl Features {
    /// Versions have a digest algorithm, MD5 or another.
    pub(crate) const DIGEST_ALGORITHM: &'static str = "ARTIFACT_DIGEST_ALGORITHM";
    /// Download paths with credentials name the version, beside the version that first stored the content.
    pub(crate) const ARTIFACT_IN_DOWNLOAD_PATH: &'static str =
        "ARTIFACT_V2_DOWNLOAD_HANDLER_SUPPORTS_ARTIFACT_ID";
    /// The use of a version may name the version's project.
    pub(crate) const USE_WITH_PROJECT: &'static str =
        "USE_ARTIFACT_WITH_ENTITY_AND_PROJECT_INFORMATION";

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// Returns the names of all features, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = self.0.iter().cloned().collect();
        names.sort_unstable();
        names
    }
}

/// The account that credentials belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The default entity.
    pub entity: Option<String>,
    /// The user's name.
    pub username: Option<String>,
    /// The user's e-mail address.
    pub email: Option<String>,
    /// The entities that the user can log to, the default one first.
    pub entities: Vec<String>,
}

impl Wandb {
    /// Returns the client; no request is sent yet.
    ///
    /// # Errors
    /// [`HttpError`] when an option is invalid: a malformed header or certificate.
    pub fn new(options: &WandbOptions) -> Result<Self, HttpError> {
        let http = Http::new(options)?;
        Ok(Self {
            graphql: GraphQlClient::new(http.clone(), options),
            location: options.base_url.as_str().trim_end_matches('/').into(),
            transfer_retries: options.transfer_retries,
            rate: Arc::new(RateLimit::new(options.bytes_per_second)),
            quota: Arc::new(Quota::new()),
            http,
            features: Arc::default(),
            organizations: Organizations::default(),
            pending: Arc::default(),
        })
    }

    /// Returns the account that the credentials belong to.
    ///
    /// # Errors
    /// [`RegistryError::Unauthorized`] when the server rejects them, [`RegistryError::Backend`] when it cannot be
    /// reached.
    pub async fn viewer(&self) -> Result<Account, RegistryError> {
        let response = self.graphql.execute_lenient(Viewer::build(())).await;
        let viewer = response.map_err(|error| self.failed("reading the account", error))?;
        let viewer = viewer.and_then(|response| response.viewer);
        let user = viewer.ok_or_else(|| RegistryError::Unauthorized {
            location: self.location.to_string(),
            what: "no account has these credentials".to_owned(),
        })?;
        let teams = user.teams.into_iter().flat_map(|teams| teams.edges);
        let teams = teams.filter_map(|edge| Some(edge.node?.name));
        let mut entities: Vec<String> = user.entity.iter().cloned().collect();
        for team in teams {
            if !entities.contains(&team) {
                entities.push(team);
            }
        }
        Ok(Account {
            entity: user.entity,
            username: user.username,
            email: user.email,
            entities,
        })
    }

    /// Returns the features of the server: queried once, or again next time if the query fails.
    pub(crate) async fn features(&self) -> Features {
        if let Some(known) = &*self.known_features() {
            return known.clone();
        }
        let response = self.graphql.execute(ServerFeaturesQuery::build(())).await;
        let Some(info) = response.ok().and_then(|response| response.server_info) else {
            return Features::default();
        };
        let enabled = info.features.into_iter().flatten();
        let enabled = enabled.filter(|feature| feature.is_enabled);
        let features = Features(Arc::new(enabled.map(|feature| feature.name).collect()));
        *self.known_features() = Some(features.clone());
        features
    }

    fn known_features(&self) -> std::sync::MutexGuard<'_, Option<Features>> {
        self.features
            .lock()
            .expect("no thread panics while it holds the features")
    }

    pub(crate) fn remember_pending(&self, id: ArtifactId, project: ProjectAddress) {
        self.pending().insert(id, project);
    }

    pub(crate) fn known_pending(&self, id: &ArtifactId) -> Option<ProjectAddress> {
        self.pending().get(id).cloned()
    }

    pub(crate) fn forget_pending(&self, id: &ArtifactId) {
        self.pending().remove(id);
    }

    fn pending(&self) -> std::sync::MutexGuard<'_, HashMap<ArtifactId, ProjectAddress>> {
        self.pending
            .lock()
            .expect("no thread panics while it holds the pending versions")
    }

    /// Returns a failed GraphQL operation as an error of the registry port.
    pub(crate) fn failed(&self, operation: &'static str, error: GraphQlError) -> RegistryError {
        match error {
            GraphQlError::Http(error) => self.http_error(operation, error),
            GraphQlError::Rejected(what) => RegistryError::Rejected { what },
        }
    }

    /// Returns a failed request as an error of the registry port.
    pub(crate) fn http_error(&self, operation: &'static str, error: HttpError) -> RegistryError {
        if error.is_offline() {
            return RegistryError::Offline {
                location: self.location.to_string(),
            };
        }
        if error.is_unauthorized() {
            return RegistryError::Unauthorized {
                location: self.location.to_string(),
                what: error.message,
            };
        }
        if error.is_rejection() {
            return RegistryError::Rejected {
                what: error.message,
            };
        }
        RegistryError::Backend {
            operation,
            location: self.location.to_string(),
            source: error.into(),
        }
    }

    /// Returns the error for a response that breaks the protocol.
    pub(crate) fn protocol_error(
        &self,
        operation: &'static str,
        what: impl Into<String>,
    ) -> RegistryError {
        RegistryError::Backend {
            operation,
            location: self.location.to_string(),
            source: HttpError::new(what).into(),
        }
    }
}
