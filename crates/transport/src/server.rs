//! A W&B server, and what it says of itself and of whoever asks.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex};

use artifact_core::ports::RegistryError;
use artifact_core::records::ArtifactId;
use artifact_core::{ProjectAddress, RetryPolicy};
use cynic::QueryBuilder as _;

use super::graphql::{Graph, ServerFeaturesQuery, Unanswered, Viewer};
use super::http::{Http, HttpFailure};
use super::options::WandbOptions;
use super::registry::organizations::Organizations;
use super::registry::quota::Quota;
use super::transfer::rate_limit::RateLimit;

/// A W&B server: the registry, and the way of its bytes.
#[derive(Clone)]
pub struct Wandb {
    pub(crate) graph: Graph,
    pub(crate) http: Http,
    pub(crate) location: Arc<str>,
    pub(crate) transfer_retries: RetryPolicy,
    pub(crate) rate: Arc<RateLimit>,
    /// What the server leaves for file streams.
    pub(crate) quota: Arc<Quota>,
    features: Arc<Mutex<Option<Features>>>,
    pub(crate) organizations: Organizations,
    /// The projects of pending versions, which further calls about them have to repeat.
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

/// What a server can do, by the names of the protocol.
#[derive(Debug, Clone, Default)]
pub(crate) struct Features(Arc<HashSet<String>>);

impl Features {
    /// Versions say which hash function their digests are of, and may have another than MD5.
    pub(crate) const DIGEST_ALGORITHM: &'static str = "ARTIFACT_DIGEST_ALGORITHM";
    /// The URL that needs credentials names the version beside the one that first stored the content.
    pub(crate) const ARTIFACT_IN_DOWNLOAD_PATH: &'static str =
        "ARTIFACT_V2_DOWNLOAD_HANDLER_SUPPORTS_ARTIFACT_ID";
    /// A run may say of which project the version is that it uses.
    pub(crate) const USE_WITH_PROJECT: &'static str =
        "USE_ARTIFACT_WITH_ENTITY_AND_PROJECT_INFORMATION";

    pub(crate) fn have(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// Returns the names of all, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = self.0.iter().cloned().collect();
        names.sort_unstable();
        names
    }
}

/// Whom the credentials belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The entity that is meant where none is named.
    pub entity: Option<String>,
    /// The user's name.
    pub username: Option<String>,
    /// The user's e-mail address.
    pub email: Option<String>,
    /// The entities that the user may log to, the default one first.
    pub entities: Vec<String>,
}

impl Wandb {
    /// Returns the server; nothing is asked yet.
    ///
    /// # Errors
    /// [`HttpFailure`] when the options cannot be used: a header that is none, a certificate that is none.
    pub fn new(options: &WandbOptions) -> Result<Self, HttpFailure> {
        let http = Http::new(options)?;
        Ok(Self {
            graph: Graph::new(http.clone(), options),
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

    /// Returns whom the credentials belong to.
    ///
    /// # Errors
    /// [`RegistryError::Unauthorized`] when the server does not know them, and [`RegistryError::Backend`] when it cannot be
    /// reached.
    pub async fn viewer(&self) -> Result<Account, RegistryError> {
        let answer = self.graph.ask_leniently(Viewer::build(())).await;
        let viewer = answer.map_err(|error| self.failed("asking who this is", error))?;
        let viewer = viewer.and_then(|answer| answer.viewer);
        let user = viewer.ok_or_else(|| RegistryError::Unauthorized {
            location: self.location.to_string(),
            what: "no account has this key".to_owned(),
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

    /// Returns what the server can do. Asked once; where it does not say, asked again the next time.
    pub(crate) async fn features(&self) -> Features {
        if let Some(known) = &*self.known_features() {
            return known.clone();
        }
        let answer = self.graph.ask(ServerFeaturesQuery::build(())).await;
        let Some(info) = answer.ok().and_then(|answer| answer.server_info) else {
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
            .expect("nobody panics while holding the features")
    }

    pub(crate) fn remember_pending(&self, id: ArtifactId, project: ProjectAddress) {
        self.lock_pending().insert(id, project);
    }

    pub(crate) fn known_pending(&self, id: &ArtifactId) -> Option<ProjectAddress> {
        self.lock_pending().get(id).cloned()
    }

    pub(crate) fn forget_pending(&self, id: &ArtifactId) {
        self.lock_pending().remove(id);
    }

    fn lock_pending(&self) -> std::sync::MutexGuard<'_, HashMap<ArtifactId, ProjectAddress>> {
        self.pending
            .lock()
            .expect("nobody panics while holding the pending versions")
    }

    /// Returns why a question failed, in the registry's words.
    pub(crate) fn failed(&self, operation: &'static str, error: Unanswered) -> RegistryError {
        match error {
            Unanswered::Failed(failure) => self.http_failed(operation, failure),
            Unanswered::Refused(what) => RegistryError::Rejected { what },
        }
    }

    /// Returns why a request failed, in the registry's words.
    pub(crate) fn http_failed(
        &self,
        operation: &'static str,
        failure: HttpFailure,
    ) -> RegistryError {
        if failure.is_offline() {
            return RegistryError::Offline {
                location: self.location.to_string(),
            };
        }
        if failure.is_unauthorized() {
            return RegistryError::Unauthorized {
                location: self.location.to_string(),
                what: failure.message,
            };
        }
        if failure.is_refusal() {
            return RegistryError::Rejected {
                what: failure.message,
            };
        }
        RegistryError::Backend {
            operation,
            location: self.location.to_string(),
            source: failure.into(),
        }
    }

    /// Returns the error for an answer that breaks the protocol.
    pub(crate) fn nonsense(
        &self,
        operation: &'static str,
        what: impl Into<String>,
    ) -> RegistryError {
        RegistryError::Backend {
            operation,
            location: self.location.to_string(),
            source: HttpFailure::unreadable(what).into(),
        }
    }
}
