//! All settings as texts, for those who wonder what they are.

use super::Settings;
use super::key::Key;
use super::source::Source;

/// A setting as a text.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListedSetting {
    /// Which one.
    pub key: Key,
    /// What it is; of a secret only that there is one. None where it is not set.
    pub value: Option<String>,
    /// Where it comes from.
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
