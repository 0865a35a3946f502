//! Resolution: the layers that set a value, and the one that counts.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use artifact_core::ProjectName;

use crate::credentials::{self, FiledKey};
use crate::environment::CloudEnvironment;
use crate::environment::Environment;
use crate::environment::ProxyVariable;
use crate::error::SettingsWarning;
use crate::error::{SettingsError, Unusable};
use crate::files::Files;
use crate::key::Source;
use crate::key::{self, Key};
use crate::{Settings, base_url, files, ini, values};

/// The number of files in one request for download URLs; as in the official client.
const FILE_URL_BATCH_SIZE: u32 = 5000;

pub(crate) fn resolve(environment: &Environment) -> Result<Settings, SettingsError> {
    let files = Files::of(environment);
    let mut all = Layers::read(environment, &files);
    // Before variables and warnings are mixed with it.
    let filed_keys = FiledKey::all(&all);
    let data_dir = folder(&mut all, environment, Key::DataDir)?;
    let store = store(&mut all, environment, data_dir.as_deref())?;
    let in_config = |name: &str| files.config_dir.as_ref().map(|dir| dir.join(name));
    let in_user_data = || environment.data().map(|data| data.join("wandb"));
    let in_user_cache = || environment.cache().map(|cache| cache.join("wandb"));
    let credentials_file = folder(&mut all, environment, Key::CredentialsFile)?;
    let cache_dir = folder(&mut all, environment, Key::CacheDir)?;
    folder(&mut all, environment, Key::ConfigDir)?;
    let key = all.pick_text(Key::ApiKey, credentials::api_key)?;
    let is_key_stated = matches!(all.sources.get(&Key::ApiKey), Some(Source::Variable(_)));
    let mut settings = Settings {
        base_url: all.pick_text(Key::BaseUrl, parsed)?.unwrap_or_default(),
        stated_app_url: all.pick_text(Key::AppUrl, |text| Ok(base_url::web_address(text)?.0))?,
        entity: all
            .pick_text(Key::Entity, parsed)?
            .unwrap_or_else(default_entity),
        project: all
            .pick_text(Key::Project, parsed)?
            .unwrap_or_else(ProjectName::uncategorized),
        organization: text(&mut all, Key::Organization)?,
        mode: all.pick_text(Key::Mode, str::parse)?.unwrap_or_default(),
        store,
        identity_token_file: folder(&mut all, environment, Key::IdentityTokenFile)?,
        credentials_file: credentials_file.or_else(|| in_config("credentials.json")),
        run_id: all.pick_text(Key::RunId, parsed)?,
        run_name: text(&mut all, Key::RunName)?,
        run_notes: text(&mut all, Key::RunNotes)?,
        run_tags: all
            .pick_text(Key::RunTags, |text| Ok(values::words(text)))?
            .unwrap_or_default(),
        run_group: text(&mut all, Key::RunGroup)?,
        job_type: text(&mut all, Key::JobType)?,
        resume: all.pick_text(Key::Resume, str::parse)?,
        root_dir: folder(&mut all, environment, Key::RootDir)?
            .unwrap_or_else(|| environment.working_folder().to_owned()),
        artifact_dir: folder(&mut all, environment, Key::ArtifactDir)?
            .unwrap_or_else(|| "artifacts".into()),
        cache_dir: cache_dir.or_else(in_user_cache),
        cache_quota: all.pick_text(Key::CacheQuota, values::bytes)?,
        data_dir: data_dir.or_else(in_user_data),
        username: text(&mut all, Key::Username)?,
        email: text(&mut all, Key::Email)?,
        http_timeout: all.pick_text(Key::HttpTimeout, values::seconds)?,
        transfer_timeout: all.pick_text(Key::TransferTimeout, values::seconds)?,
        extra_http_headers: all
            .pick_text(Key::ExtraHttpHeaders, str::parse)?
            .unwrap_or_default(),
        file_url_batch_size: all
            .pick_text(Key::FileUrlBatchSize, values::count)?
            .unwrap_or(FILE_URL_BATCH_SIZE),
        ca_bundle: folder(&mut all, environment, Key::CaBundle)?,
        cert_file: folder(&mut all, environment, Key::CertFile)?,
        is_quiet: all
            .pick_text(Key::Quiet, values::yes_or_no)?
            .unwrap_or_default(),
        is_silent: all
            .pick_text(Key::Silent, values::yes_or_no)?
            .unwrap_or_default(),
        stated_key: key.filter(|_| is_key_stated),
        filed_keys,
        clouds: CloudEnvironment::of(environment),
        proxies: ProxyVariable::all(environment),
        files,
        sources: all.sources,
        warnings: all.warnings,
    };
    // As people read the files.
    let workspace = settings.files.workspace.clone();
    let place = |warning: &SettingsWarning| (warning.path == workspace, warning.line);
    settings.warnings.sort_by_key(place);
    Ok(settings)
}

/// Returns the folder of the embedded store, and remembers what named it.
fn store(
    all: &mut Layers,
    environment: &Environment,
    data_dir: Option<&std::path::Path>,
) -> Result<PathBuf, SettingsError> {
    if let Some(store) = folder(all, environment, Key::Store)? {
        return Ok(store);
    }
    if let Some(data_dir) = data_dir {
        let source = all.sources.get(&Key::DataDir).cloned();
        all.sources
            .extend(source.map(|source| (Key::Store, source)));
        return Ok(data_dir.join("store"));
    }
    let data = environment.data();
    let data = data.ok_or(SettingsError::NoHome { what: "store" })?;
    Ok(data.join("wandb").join("store"))
}

fn folder(
    all: &mut Layers,
    environment: &Environment,
    key: Key,
) -> Result<Option<PathBuf>, SettingsError> {
    all.pick(key, |path| Ok(environment.expand(path)))
}

fn text(all: &mut Layers, key: Key) -> Result<Option<String>, SettingsError> {
    all.pick_text(key, |text| Ok(text.to_owned()))
}

/// Returns the entity of a local store.
fn default_entity() -> artifact_core::EntityName {
    "local".parse().expect("it is a valid name")
}

fn parsed<T: FromStr<Err: fmt::Display>>(text: &str) -> Result<T, Unusable> {
    text.parse().map_err(|error: T::Err| Unusable::new(error))
}

/// The layers of settings, from lowest to highest precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Layer {
    Global,
    Workspace,
    Variables,
}

/// The value that one layer has for a setting.
#[derive(Clone)]
pub(crate) struct LayerValue {
    pub(super) layer: Layer,
    pub(super) text: OsString,
    pub(super) source: Source,
}

/// The values of all layers. They include secrets, so it cannot be printed.
#[derive(Default)]
pub(crate) struct Layers {
    values: BTreeMap<Key, Vec<LayerValue>>,
    /// The sources of the picked values.
    pub(super) sources: BTreeMap<Key, Source>,
    pub(super) warnings: Vec<SettingsWarning>,
}

impl Layers {
    pub(super) fn read(environment: &Environment, files: &Files) -> Self {
        let mut layers = Self::default();
        if let Some(global) = files.global() {
            layers.read_file(Layer::Global, &global);
        }
        layers.read_file(Layer::Workspace, &files.workspace);
        for &key in Key::ALL {
            if let Some(text) = environment.variable(key.variable()) {
                layers.values.entry(key).or_default().push(LayerValue {
                    layer: Layer::Variables,
                    text: text.to_owned(),
                    source: Source::Variable(key.variable()),
                });
            }
        }
        layers
    }

    fn read_file(&mut self, layer: Layer, path: &Path) {
        let text = match files::read(path) {
            Ok(text) => text.unwrap_or_default(),
            Err(error) => {
                let reason =
                    std::error::Error::source(&error).map_or_else(String::new, ToString::to_string);
                return self.warn(path, None, None, format!("it cannot be read: {reason}"));
            }
        };
        let (pairs, odd) = ini::read(&text);
        for line in odd {
            let reason = "it is no `key = value` under `[default]`".to_owned();
            self.warn(path, Some(line), None, reason);
        }
        for pair in pairs {
            let Some(key) = Key::in_files(&pair.key) else {
                if !key::is_official(&pair.key) {
                    let reason = unknown(&pair.key);
                    self.warn(path, Some(pair.line), Some(pair.key), reason);
                }
                continue;
            };
            let values = self.values.entry(key).or_default();
            if let Some(before) = values.pop_if(|value| value.layer == layer)
                && let Source::File { line, .. } = before.source
            {
                let reason = "the file has it again further down".to_owned();
                self.warn(path, Some(line), Some(pair.key.clone()), reason);
            }
            // An empty value counts as unset.
            if !pair.value.is_empty() {
                self.values.entry(key).or_default().push(LayerValue {
                    layer,
                    text: pair.value.into(),
                    source: Source::File {
                        path: path.to_owned(),
                        line: pair.line,
                    },
                });
            }
        }
    }

    fn warn(&mut self, path: &Path, line: Option<usize>, key: Option<String>, reason: String) {
        self.warnings.push(SettingsWarning {
            path: path.to_owned(),
            line,
            key,
            reason,
        });
    }

    /// Returns the values of a setting, the lowest layer first.
    pub(super) fn values(&self, key: Key) -> &[LayerValue] {
        self.values.get(&key).map_or(&[], Vec::as_slice)
    }

    /// Returns the value of the highest layer with a valid one. An invalid value in a file is ignored with a warning; in a
    /// variable it is an error.
    pub(super) fn pick<T>(
        &mut self,
        key: Key,
        parse: impl Fn(&OsStr) -> Result<T, Unusable>,
    ) -> Result<Option<T>, SettingsError> {
        let mut picked = None;
        for value in self.values(key).to_vec() {
            match (parse(&value.text), value.source) {
                (Ok(value), source) => {
                    picked = Some(value);
                    self.sources.insert(key, source);
                }
                (Err(error), Source::File { path, line }) => {
                    self.warn(
                        &path,
                        Some(line),
                        Some(key.name().to_owned()),
                        error.to_string(),
                    );
                }
                (Err(source), _) => {
                    let variable = key.variable();
                    return Err(SettingsError::Variable { variable, source });
                }
            }
        }
        Ok(picked)
    }

    /// The same for texts.
    pub(super) fn pick_text<T>(
        &mut self,
        key: Key,
        parse: impl Fn(&str) -> Result<T, Unusable>,
    ) -> Result<Option<T>, SettingsError> {
        self.pick(key, |text| match text.to_str() {
            Some(text) => parse(text),
            None => Err(Unusable::new("it is not UTF-8")),
        })
    }
}

/// Says that there is no such setting, and what may have been meant.
fn unknown(name: &str) -> String {
    // What follows `WANDB_` in the variable is the most likely mistake.
    let variable = format!("WANDB_{}", name.to_ascii_uppercase());
    let is_meant = |key: &&Key| key.name() == name || key.variable() == variable;
    let meant = Key::ALL.iter().find(is_meant);
    match meant {
        Some(key) if key.is_in_files() => {
            format!("there is no such setting; it is called `{}`", key.name())
        }
        Some(key) => format!("no file can hold it, only the variable {}", key.variable()),
        None => "there is no such setting".to_owned(),
    }
}
