//! The settings, their names, and the source of each value.

use std::fmt;
use std::path::PathBuf;

use crate::Settings;

/// Defines the keys: name in files, environment variable, and whether a settings file may hold it.
macro_rules! keys {
    ($($(#[doc = $doc:literal])+ $key:ident: $name:literal, $variable:literal, $place:ident;)+) => {
        /// A setting.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Key {
            $($(#[doc = $doc])+ $key,)+
        }

        impl Key {
            /// Every setting, in the order in which they are listed.
            pub const ALL: &'static [Self] = &[$(Self::$key,)+];

            /// Returns the name, as in a settings file.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$key => $name,)+ }
            }

            /// Returns the environment variable.
            #[must_use]
            pub const fn variable(self) -> &'static str {
                match self { $(Self::$key => $variable,)+ }
            }

            /// Returns whether a settings file may hold it.
            #[must_use]
            pub const fn is_in_files(self) -> bool {
                match self { $(Self::$key => keys!(@ $place),)+ }
            }
        }
    };
    (@ files) => { true };
    // The official client drops a whole file because of one key that it does not know, so no key of ours may be in one.
    (@ variable_only) => { false };
}

keys! {
    /// The server.
    BaseUrl: "base_url", "WANDB_BASE_URL", files;
    /// The URL of the web app.
    AppUrl: "app_url_override", "WANDB_APP_URL", files;
    /// The entity of addresses that name none.
    Entity: "entity", "WANDB_ENTITY", files;
    /// The project of addresses that name none.
    Project: "project", "WANDB_PROJECT", files;
    /// The organization whose registry is meant.
    Organization: "organization", "WANDB_ORGANIZATION", files;
    /// Whether a server is used at all.
    Mode: "mode", "WANDB_MODE", files;
    /// The folder of the embedded store.
    Store: "store", "WANDB_RS_STORE", variable_only;
    /// The key that a server knows the user by.
    ApiKey: "api_key", "WANDB_API_KEY", files;
    /// The file with an identity token, which a server exchanges for access.
    IdentityTokenFile: "identity_token_file", "WANDB_IDENTITY_TOKEN_FILE", files;
    /// The file that caches the access token until it expires.
    CredentialsFile: "credentials_file", "WANDB_CREDENTIALS_FILE", files;
    /// The id of a run that is given none.
    RunId: "run_id", "WANDB_RUN_ID", files;
    /// The name of a run that is given none.
    RunName: "run_name", "WANDB_NAME", files;
    /// The notes of a run that is given none.
    RunNotes: "run_notes", "WANDB_NOTES", files;
    /// The tags of a run that is given none.
    RunTags: "run_tags", "WANDB_TAGS", files;
    /// The group of a run that is given none.
    RunGroup: "run_group", "WANDB_RUN_GROUP", files;
    /// The job type of a run that is given none.
    JobType: "run_job_type", "WANDB_JOB_TYPE", files;
    /// The treatment of a run whose id is taken.
    Resume: "resume", "WANDB_RESUME", files;
    /// The folder that contains `wandb`.
    RootDir: "root_dir", "WANDB_DIR", files;
    /// The folder of downloads that name none.
    ArtifactDir: "artifact_dir", "WANDB_ARTIFACT_DIR", variable_only;
    /// The folder for data that can be fetched again.
    CacheDir: "cache_dir", "WANDB_CACHE_DIR", variable_only;
    /// The quota of the cache.
    CacheQuota: "cache_quota", "WANDB_RS_CACHE_QUOTA", variable_only;
    /// The folder for data that exists nowhere else.
    DataDir: "data_dir", "WANDB_DATA_DIR", variable_only;
    /// The folder of the global settings file.
    ConfigDir: "config_dir", "WANDB_CONFIG_DIR", variable_only;
    /// The user, for the server's log.
    Username: "username", "WANDB_USERNAME", files;
    /// The user's address, for the server's log.
    Email: "email", "WANDB_USER_EMAIL", files;
    /// The timeout of a request.
    HttpTimeout: "x_graphql_timeout_seconds", "WANDB_HTTP_TIMEOUT", files;
    /// The timeout of one file.
    TransferTimeout: "x_file_transfer_timeout_seconds", "WANDB_FILE_PUSHER_TIMEOUT", files;
    /// Headers that go with every request.
    ExtraHttpHeaders: "x_extra_http_headers", "WANDB_X_EXTRA_HTTP_HEADERS", files;
    /// The number of files in one request for download URLs.
    FileUrlBatchSize: "artifact_fetch_file_url_batch_size", "WANDB_ARTIFACT_FETCH_FILE_URL_BATCH_SIZE", variable_only;
    /// Certificates that are trusted beside the system's.
    CaBundle: "ca_bundle", "REQUESTS_CA_BUNDLE", variable_only;
    /// The same, by the name that OpenSSL knows.
    CertFile: "ssl_cert_file", "SSL_CERT_FILE", variable_only;
    /// Whether output is limited to the essential.
    Quiet: "quiet", "WANDB_QUIET", files;
    /// Whether there is no output at all.
    Silent: "silent", "WANDB_SILENT", files;
}

impl Key {
    /// Returns the setting that a settings file calls `name`.
    pub(super) fn in_files(name: &str) -> Option<Self> {
        let is_it = |key: &&Self| key.is_in_files() && key.name() == name;
        Self::ALL.iter().find(is_it).copied()
    }

    /// Returns whether the value must never be shown.
    #[must_use]
    pub const fn is_secret(self) -> bool {
        // Headers are what a proxy asks its users' passwords in.
        matches!(self, Self::ApiKey | Self::ExtraHttpHeaders)
    }
}

/// Returns whether the official client knows a setting of this name. What it does with most of them has no meaning here,
/// but a file that it reads must not be full of unknown settings.
pub(crate) fn is_official(name: &str) -> bool {
    OTHERS.binary_search(&name).is_ok()
        || OTHER_FAMILIES.iter().any(|family| name.starts_with(family))
}

/// Prefixes of settings that come in families, and of the official client's internal ones.
const OTHER_FAMILIES: &[&str] = &["console", "disable_", "git_", "show_", "x_"];

/// Names of the official client's other settings, sorted.
const OTHERS: &[&str] = &[
    "allow_media_symlink",
    "allow_offline_artifacts",
    "allow_val_change",
    "anonymous",
    "azure_account_url_to_access_key",
    "capture_loggers",
    "code_dir",
    "config_paths",
    "docker",
    "finish_timeout",
    "finish_timeout_raises",
    "force",
    "fork_from",
    "heartbeat_seconds",
    "host",
    "http_proxy",
    "https_proxy",
    "ignore_globs",
    "init_timeout",
    "insecure_disable_ssl",
    "job_name",
    "job_source",
    "label_disable",
    "launch",
    "launch_config_path",
    "login_timeout",
    "max_end_of_run_history_metrics",
    "max_end_of_run_summary_metrics",
    "notebook_name",
    "program",
    "program_abspath",
    "program_relpath",
    "reinit",
    "relogin",
    "resume_from",
    "resumed",
    "sagemaker_disable",
    "save_code",
    "settings_system",
    "stop_fn",
    "stop_on_fatal_error",
    "strict",
    "summary_timeout",
    "summary_warnings",
    "sweep_id",
    "sweep_param_path",
    "symlink",
    "sync_tensorboard",
    "table_raise_on_max_row_limit_exceeded",
    "use_dot_wandb",
];

/// The source of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// The built-in default.
    Default,
    /// A line of a file.
    File {
        /// The file.
        path: PathBuf,
        /// The line, from 1 on.
        line: usize,
    },
    /// An environment variable.
    Variable(&'static str),
    /// A flag, or a call of the library.
    Explicit,
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::File { path, line } => write!(formatter, "{}, line {line}", path.display()),
            Self::Variable(variable) => formatter.write_str(variable),
            Self::Explicit => formatter.write_str("command line or program"),
        }
    }
}

/// A setting as a text.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListedSetting {
    /// Which one.
    pub key: Key,
    /// The value; a secret is replaced by a note that one is set. `None` where it is not set.
    pub value: Option<String>,
    /// The source of the value.
    pub source: Source,
}

impl Settings {
    /// Returns every setting, what it is and where it comes from; no secrets.
    #[must_use]
    pub fn list(&self) -> Vec<ListedSetting> {
        let list = |&key| ListedSetting {
            key,
            value: self.shown(key),
            source: self.source(key).clone(),
        };
        Key::ALL.iter().map(list).collect()
    }

    fn shown(&self, key: Key) -> Option<String> {
        let path = |path: &std::path::Path| path.display().to_string();
        let hidden = || "(not shown)".to_owned();
        match key {
            Key::BaseUrl => Some(self.base_url.to_string()),
            Key::AppUrl => Some(self.app_url()),
            Key::Entity => Some(self.entity.to_string()),
            Key::Project => Some(self.project.to_string()),
            Key::Organization => self.organization.clone(),
            Key::Mode => Some(self.mode.to_string()),
            Key::Store => Some(path(&self.store)),
            Key::ApiKey | Key::ExtraHttpHeaders => {
                (*self.source(key) != Source::Default).then(hidden)
            }
            Key::IdentityTokenFile => self.identity_token_file.as_deref().map(path),
            Key::CredentialsFile => self.credentials_file.as_deref().map(path),
            Key::RunId => self.run_id.as_ref().map(ToString::to_string),
            Key::RunName => self.run_name.clone(),
            Key::RunNotes => self.run_notes.clone(),
            Key::RunTags => (!self.run_tags.is_empty()).then(|| self.run_tags.join(",")),
            Key::RunGroup => self.run_group.clone(),
            Key::JobType => self.job_type.clone(),
            Key::Resume => self.resume.map(|resume| resume.as_str().to_owned()),
            Key::RootDir => Some(path(&self.root_dir)),
            Key::ArtifactDir => Some(path(&self.artifact_dir)),
            Key::CacheDir => self.cache_dir.as_deref().map(path),
            Key::CacheQuota => self.cache_quota.map(|bytes| bytes.to_string()),
            Key::DataDir => self.data_dir.as_deref().map(path),
            Key::ConfigDir => self.files.config_dir.as_deref().map(path),
            Key::Username => self.username.clone(),
            Key::Email => self.email.clone(),
            Key::HttpTimeout => self.http_timeout.map(|time| time.as_secs_f64().to_string()),
            Key::TransferTimeout => self
                .transfer_timeout
                .map(|time| time.as_secs_f64().to_string()),
            Key::FileUrlBatchSize => Some(self.file_url_batch_size.to_string()),
            Key::CaBundle => self.ca_bundle.as_deref().map(path),
            Key::CertFile => self.cert_file.as_deref().map(path),
            Key::Quiet => Some(self.is_quiet.to_string()),
            Key::Silent => Some(self.is_silent.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_one_settings() {
        let mut names: Vec<_> = Key::ALL.iter().map(|key| key.name()).collect();
        let mut variables: Vec<_> = Key::ALL.iter().map(|key| key.variable()).collect();
        for list in [&mut names, &mut variables] {
            list.sort_unstable();
            let before = list.len();
            list.dedup();
            assert_eq!(list.len(), before);
        }
    }

    #[test]
    fn what_is_ours_is_not_in_files() {
        assert_eq!(Key::in_files("base_url"), Some(Key::BaseUrl));
        assert_eq!(Key::in_files("store"), None);
        assert_eq!(Key::in_files("BASE_URL"), None);
    }

    #[test]
    fn the_official_clients_other_settings_are_known() {
        assert!(OTHERS.is_sorted());
        for name in ["anonymous", "use_dot_wandb", "git_remote", "x_stats_pid"] {
            assert!(is_official(name), "{name}");
        }
        assert!(!is_official("bas_url") && !is_official("store"));
    }
}
