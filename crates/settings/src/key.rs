//! Which settings there are, and what they are called.

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
            /// Every setting, in the order in which they are told.
            pub const ALL: &'static [Self] = &[$(Self::$key,)+];

            /// Returns the name, which is the one in a settings file where it may stand in one.
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
    /// Where people see what is on the server.
    AppUrl: "app_url_override", "WANDB_APP_URL", files;
    /// The entity of addresses that name none.
    Entity: "entity", "WANDB_ENTITY", files;
    /// The project of addresses that name none.
    Project: "project", "WANDB_PROJECT", files;
    /// The organization whose registry is meant.
    Organization: "organization", "WANDB_ORGANIZATION", files;
    /// Whether there is a server at all.
    Mode: "mode", "WANDB_MODE", files;
    /// The folder of the embedded store.
    Store: "store", "WANDB_RS_STORE", variable_only;
    /// The key that a server knows the user by.
    ApiKey: "api_key", "WANDB_API_KEY", files;
    /// The file with a token that a server gives access for.
    IdentityTokenFile: "identity_token_file", "WANDB_IDENTITY_TOKEN_FILE", files;
    /// The file that keeps such access until it ends.
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
    /// What becomes of a run whose id is taken.
    Resume: "resume", "WANDB_RESUME", files;
    /// The folder that `wandb` lies in.
    RootDir: "root_dir", "WANDB_DIR", files;
    /// Where downloads go that name no folder.
    ArtifactDir: "artifact_dir", "WANDB_ARTIFACT_DIR", variable_only;
    /// What can be had again.
    CacheDir: "cache_dir", "WANDB_CACHE_DIR", variable_only;
    /// How much the cache may hold.
    CacheQuota: "cache_quota", "WANDB_RS_CACHE_QUOTA", variable_only;
    /// What cannot.
    DataDir: "data_dir", "WANDB_DATA_DIR", variable_only;
    /// The folder of the global settings file.
    ConfigDir: "config_dir", "WANDB_CONFIG_DIR", variable_only;
    /// The user, for the server's log.
    Username: "username", "WANDB_USERNAME", files;
    /// The user's address, for the server's log.
    Email: "email", "WANDB_USER_EMAIL", files;
    /// How long one request may take.
    HttpTimeout: "x_graphql_timeout_seconds", "WANDB_HTTP_TIMEOUT", files;
    /// How long one file may take.
    TransferTimeout: "x_file_transfer_timeout_seconds", "WANDB_FILE_PUSHER_TIMEOUT", files;
    /// Headers that go with every request.
    ExtraHttpHeaders: "x_extra_http_headers", "WANDB_X_EXTRA_HTTP_HEADERS", files;
    /// For how many files at once a server is asked where they are.
    FileUrlBatchSize: "artifact_fetch_file_url_batch_size", "WANDB_ARTIFACT_FETCH_FILE_URL_BATCH_SIZE", variable_only;
    /// Certificates that are trusted beside the system's.
    CaBundle: "ca_bundle", "REQUESTS_CA_BUNDLE", variable_only;
    /// The same, by the name that OpenSSL knows.
    CertFile: "ssl_cert_file", "SSL_CERT_FILE", variable_only;
    /// Whether only what must be said is said.
    Quiet: "quiet", "WANDB_QUIET", files;
    /// Whether nothing is said.
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
pub(super) fn is_official(name: &str) -> bool {
    OTHERS.binary_search(&name).is_ok()
        || OTHER_FAMILIES.iter().any(|family| name.starts_with(family))
}

/// What begins the names of settings that come in families, or that are the official client's inner ones.
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
