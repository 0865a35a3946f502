//! What a client works with, and where that comes from; the only place that reads the environment.
//!
//! | file | holds |
//! |---|---|
//! | `key` | which settings there are, and their names |
//! | `environment`, `files`, `layers` | who says something: variables, and two files |
//! | `resolve` | which of them counts, and as what it is read |
//! | `mode`, `base_url`, `api_key`, `headers`, `values` | the types of values |
//! | `source`, `warning`, `error`, `listing` | what is told about them |
//! | `credentials`, `destination` | what follows from them: who the user is, and where a client goes |
//! | `proxies` | the variables that lead requests elsewhere |
//! | `ini`, `netrc`, `replace` | how the files are read and written |

mod api_key;
mod base_url;
mod clouds;
mod credentials;
mod destination;
mod environment;
mod error;
mod files;
mod headers;
mod ini;
mod key;
mod layers;
mod listing;
mod mode;
mod netrc;
mod proxies;
mod replace;
mod resolve;
mod source;
#[cfg(test)]
mod tests;
mod values;
mod warning;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use artifact_core::{EntityName, ProjectAddress, ProjectName, RunId};

pub use api_key::{ApiKey, InvalidApiKey};
pub use base_url::BaseUrl;
pub use credentials::{Credentials, FoundCredentials};
pub use destination::{Destination, Target, TargetReason};
use environment::Environment;
pub use error::{SettingsError, Unusable};
use files::Files;
pub use headers::ExtraHeaders;
pub use key::Key;
pub use listing::ListedSetting;
pub use mode::{Mode, Resume};
pub use netrc::NetrcError;
pub use proxies::ProxyVariable;
pub use source::Source;
pub use warning::SettingsWarning;

pub use clouds::Clouds;
use credentials::FiledKey;
pub use values::bytes;

/// What a client works with unless it is told otherwise.
///
/// Each value is what the last of these says, and remembers who said it ([`source`](Self::source)):
///
/// 1. the defaults,
/// 2. the global settings file, `settings` in `WANDB_CONFIG_DIR` or `~/.config/wandb`,
/// 3. the settings file of the working folder, `.wandb/settings` where there is a folder `.wandb`, or else
///    `wandb/settings`,
/// 4. the environment,
/// 5. the program: flags, and methods of builders.
///
/// In a file, a line that cannot be used is ignored with a [warning](Self::warnings); in the environment, it is an error.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// The server.
    pub base_url: BaseUrl,
    /// The entity of addresses that name none; `local` by default.
    pub entity: EntityName,
    /// The project of addresses that name none; `uncategorized` by default.
    pub project: ProjectName,
    /// The organization whose registry is meant.
    pub organization: Option<String>,
    /// Whether there is a server at all.
    pub mode: Mode,
    /// The folder of the embedded store.
    pub store: PathBuf,
    /// The file with a token that a server gives access for.
    pub identity_token_file: Option<PathBuf>,
    /// The file that keeps such access until it ends.
    pub credentials_file: Option<PathBuf>,
    /// The id of a run that is given none.
    pub run_id: Option<RunId>,
    /// The name of a run that is given none.
    pub run_name: Option<String>,
    /// The notes of a run that is given none.
    pub run_notes: Option<String>,
    /// The tags of a run that is given none.
    pub run_tags: Vec<String>,
    /// The group of a run that is given none.
    pub run_group: Option<String>,
    /// The job type of a run that is given none.
    pub job_type: Option<String>,
    /// What becomes of a run whose id is taken.
    pub resume: Option<Resume>,
    /// The folder that `wandb` lies in; the working folder by default.
    pub root_dir: PathBuf,
    /// Where downloads go that name no folder; `artifacts` in the working folder by default.
    pub artifact_dir: PathBuf,
    /// The folder of what can be had again; none where nobody has a home.
    pub cache_dir: Option<PathBuf>,
    /// The most bytes that the cache may hold; what was not used for longest goes first. `None` is no limit.
    pub cache_quota: Option<u64>,
    /// The folder of what cannot; none where nobody has a home.
    pub data_dir: Option<PathBuf>,
    /// The user's name, for the server's log.
    pub username: Option<String>,
    /// The user's address, for the server's log.
    pub email: Option<String>,
    /// How long one request may take.
    pub http_timeout: Option<Duration>,
    /// How long one file may take.
    pub transfer_timeout: Option<Duration>,
    /// Headers that go with every request.
    pub extra_http_headers: ExtraHeaders,
    /// For how many files at once a server is asked where they are.
    pub file_url_batch_size: u32,
    /// A PEM file, or a folder of such, with certificates that are trusted beside the system's.
    pub ca_bundle: Option<PathBuf>,
    /// A PEM file with more of them.
    pub cert_file: Option<PathBuf>,
    /// Whether only what must be said is said.
    pub is_quiet: bool,
    /// Whether nothing is said.
    pub is_silent: bool,
    stated_app_url: Option<String>,
    /// The key that the program or the environment gives, which is for whatever server is asked.
    stated_key: Option<ApiKey>,
    filed_keys: Vec<FiledKey>,
    clouds: Clouds,
    proxies: Vec<ProxyVariable>,
    files: Files,
    sources: BTreeMap<Key, Source>,
    warnings: Vec<SettingsWarning>,
}

impl Settings {
    /// Reads the environment, and the settings files of the user and of the working folder.
    ///
    /// # Errors
    /// [`SettingsError::Variable`] naming the variable whose value cannot be used; [`SettingsError::NoHome`] when nothing
    /// says where the store is to be.
    pub fn from_env() -> Result<Self, SettingsError> {
        resolve::resolve(&Environment::of_process())
    }

    /// Returns what the environment says of clouds that references lead to.
    #[must_use]
    pub const fn clouds(&self) -> &Clouds {
        &self.clouds
    }

    /// Returns where a value comes from.
    #[must_use]
    pub fn source(&self, key: Key) -> &Source {
        self.sources.get(&key).unwrap_or(&Source::Default)
    }

    /// Returns what of the settings files is ignored.
    #[must_use]
    pub fn warnings(&self) -> &[SettingsWarning] {
        &self.warnings
    }

    /// Returns where people see what is on the server.
    #[must_use]
    pub fn app_url(&self) -> String {
        let stated = self.stated_app_url.clone();
        stated.unwrap_or_else(|| self.base_url.app_url())
    }

    /// Returns the project that addresses without one mean.
    #[must_use]
    pub fn default_project(&self) -> ProjectAddress {
        ProjectAddress {
            entity: self.entity.clone(),
            project: self.project.clone(),
        }
    }

    /// Returns the entity that somebody named, if it was not left to the default.
    #[must_use]
    pub fn named_entity(&self) -> Option<&EntityName> {
        (*self.source(Key::Entity) != Source::Default).then_some(&self.entity)
    }

    /// Returns the project that somebody named, if it was not left to the default.
    #[must_use]
    pub fn named_project(&self) -> Option<&ProjectName> {
        (*self.source(Key::Project) != Source::Default).then_some(&self.project)
    }

    /// Uses this server.
    #[must_use]
    pub fn with_base_url(mut self, base_url: BaseUrl) -> Self {
        self.base_url = base_url;
        self.stated(Key::BaseUrl)
    }

    /// Uses this key, whatever the environment and files say.
    #[must_use]
    pub fn with_api_key(mut self, key: ApiKey) -> Self {
        self.stated_key = Some(key);
        self.stated(Key::ApiKey)
    }

    /// Uses this mode.
    #[must_use]
    pub fn with_mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self.stated(Key::Mode)
    }

    /// Uses the embedded store in this folder; no server is asked then.
    #[must_use]
    pub fn with_store(mut self, store: impl Into<PathBuf>) -> Self {
        self.store = store.into();
        self.stated(Key::Store)
    }

    /// Uses this entity for addresses that name none.
    #[must_use]
    pub fn with_entity(mut self, entity: EntityName) -> Self {
        self.entity = entity;
        self.stated(Key::Entity)
    }

    /// Uses this project for addresses that name none.
    #[must_use]
    pub fn with_project(mut self, project: ProjectName) -> Self {
        self.project = project;
        self.stated(Key::Project)
    }

    /// Returns the variables that lead requests to a proxy, or keep them from it; without passwords.
    #[must_use]
    pub fn proxies(&self) -> &[ProxyVariable] {
        &self.proxies
    }

    fn stated(mut self, key: Key) -> Self {
        self.sources.insert(key, Source::Explicit);
        self
    }

    /// Returns the global settings file, whether it is there or not; none where nobody has a home.
    #[must_use]
    pub fn global_file(&self) -> Option<PathBuf> {
        self.files.global()
    }

    /// Returns the settings file of the working folder, whether it is there or not.
    #[must_use]
    pub fn workspace_file(&self) -> &Path {
        &self.files.workspace
    }

    /// Returns the netrc file, whether it is there or not; none where nobody has a home.
    #[must_use]
    pub fn netrc_file(&self) -> Option<&Path> {
        self.files.netrc.as_deref()
    }

    /// Makes the server the one that is used from now on: it is written to the global settings file, or removed from it
    /// where it is the public one. Returns the file, if something changed in it.
    ///
    /// # Errors
    /// [`SettingsError::Read`] and [`SettingsError::Write`] when the system refuses, [`SettingsError::NoHome`] when there
    /// is no place for it.
    pub fn keep_base_url(&self) -> Result<Option<PathBuf>, SettingsError> {
        let global = self.files.global();
        let path = global.ok_or(SettingsError::NoHome { what: "settings" })?;
        let url = (self.base_url != BaseUrl::default()).then(|| self.base_url.as_str());
        let has_changed = files::store(&path, Key::BaseUrl.name(), url)?;
        Ok(has_changed.then_some(path))
    }

    /// Writes a mode to the settings file of the working folder, or removes it; returns the file, if something changed
    /// in it.
    ///
    /// # Errors
    /// [`SettingsError::Read`] and [`SettingsError::Write`] when the system refuses.
    pub fn keep_mode(&self, mode: Option<Mode>) -> Result<Option<&Path>, SettingsError> {
        let path = self.workspace_file();
        let has_changed = files::store(path, Key::Mode.name(), mode.map(Mode::as_str))?;
        Ok(has_changed.then_some(path))
    }
}
