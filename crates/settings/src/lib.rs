//! Settings of a client and the source of each value. The only crate that reads the environment.
//!
//! | file | holds |
//! |---|---|
//! | `key` | the settings, their names and sources |
//! | `environment`, `files` | variables and the two settings files |
//! | `resolve` | precedence and parsing |
//! | `values`, `base_url` | types of values |
//! | `credentials`, `netrc` | API keys and other credentials |
//! | `destination` | the registry that a client uses, and why |
//! | `ini` | the format of settings files |

mod base_url;
mod credentials;
mod destination;
mod environment;
mod error;
mod files;
mod ini;
mod key;
mod netrc;
mod resolve;
#[cfg(test)]
mod tests;
mod values;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use artifact_core::{EntityName, ProjectAddress, ProjectName, RunId};

pub use base_url::BaseUrl;
pub use credentials::{ApiKey, Credentials, FoundCredentials, InvalidApiKey};
pub use destination::{Destination, Target, TargetReason};
pub use environment::{CloudEnvironment, ProxyVariable, host_name};
pub use error::{SettingsError, SettingsWarning, Unusable};
pub use key::{Key, ListedSetting, Source};
pub use netrc::NetrcError;
pub use values::{ExtraHeaders, Mode, Resume, bytes};

use credentials::FiledKey;
use environment::Environment;
use files::Files;

/// The settings of a client.
///
/// The last of these that sets a value counts, and is remembered as its [`source`](Self::source):
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
    /// Whether a server is used at all.
    pub mode: Mode,
    /// The folder of the embedded store.
    pub store: PathBuf,
    /// The file with an identity token, which a server exchanges for access.
    pub identity_token_file: Option<PathBuf>,
    /// The file that caches the access token until it expires.
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
    /// The treatment of a run whose id is taken.
    pub resume: Option<Resume>,
    /// The folder that contains `wandb`; the working folder by default.
    pub root_dir: PathBuf,
    /// The folder of downloads that name none; `artifacts` in the working folder by default.
    pub artifact_dir: PathBuf,
    /// The folder for data that can be fetched again; `None` without a home folder.
    pub cache_dir: Option<PathBuf>,
    /// The most bytes that the cache may hold; what was not used for longest goes first. `None` is no limit.
    pub cache_quota: Option<u64>,
    /// The folder for data that exists nowhere else; `None` without a home folder.
    pub data_dir: Option<PathBuf>,
    /// The user's name, for the server's log.
    pub username: Option<String>,
    /// The user's address, for the server's log.
    pub email: Option<String>,
    /// The timeout of a request.
    pub http_timeout: Option<Duration>,
    /// The timeout of one file.
    pub transfer_timeout: Option<Duration>,
    /// Headers that go with every request.
    pub extra_http_headers: ExtraHeaders,
    /// The number of files in one request for download URLs.
    pub file_url_batch_size: u32,
    /// A PEM file, or a folder of such, with certificates that are trusted beside the system's.
    pub ca_bundle: Option<PathBuf>,
    /// A PEM file with more of them.
    pub cert_file: Option<PathBuf>,
    /// Whether output is limited to the essential.
    pub is_quiet: bool,
    /// Whether there is no output at all.
    pub is_silent: bool,
    stated_app_url: Option<String>,
    /// The key that the program or the environment gives, which is for whatever server is asked.
    stated_key: Option<ApiKey>,
    filed_keys: Vec<FiledKey>,
    clouds: CloudEnvironment,
    proxies: Vec<ProxyVariable>,
    files: Files,
    sources: BTreeMap<Key, Source>,
    warnings: Vec<SettingsWarning>,
}

impl Settings {
    /// Reads the environment, and the settings files of the user and of the working folder.
    ///
    /// # Errors
    /// [`SettingsError::Variable`] names the variable whose value cannot be used; [`SettingsError::NoHome`] when the store
    /// has no location.
    pub fn from_env() -> Result<Self, SettingsError> {
        resolve::resolve(&Environment::of_process())
    }

    /// Returns the variables that configure the cloud storage of references.
    #[must_use]
    pub const fn clouds(&self) -> &CloudEnvironment {
        &self.clouds
    }

    /// Returns the source of a value.
    #[must_use]
    pub fn source(&self, key: Key) -> &Source {
        self.sources.get(&key).unwrap_or(&Source::Default)
    }

    /// Returns the lines of settings files that are ignored.
    #[must_use]
    pub fn warnings(&self) -> &[SettingsWarning] {
        &self.warnings
    }

    /// Returns the URL of the web app of the server.
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

    /// Returns the entity, unless it is the default.
    #[must_use]
    pub fn named_entity(&self) -> Option<&EntityName> {
        (*self.source(Key::Entity) != Source::Default).then_some(&self.entity)
    }

    /// Returns the project, unless it is the default.
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

    /// Uses this key, whatever the environment and files contain.
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

    /// Returns the variables that send requests to a proxy, or exempt hosts from it; without passwords.
    #[must_use]
    pub fn proxies(&self) -> &[ProxyVariable] {
        &self.proxies
    }

    fn stated(mut self, key: Key) -> Self {
        self.sources.insert(key, Source::Explicit);
        self
    }

    /// Returns the global settings file, whether it is there or not; `None` without a home folder.
    #[must_use]
    pub fn global_file(&self) -> Option<PathBuf> {
        self.files.global()
    }

    /// Returns the settings file of the working folder, whether it is there or not.
    #[must_use]
    pub fn workspace_file(&self) -> &Path {
        &self.files.workspace
    }

    /// Returns the netrc file, whether it is there or not; `None` without a home folder.
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
