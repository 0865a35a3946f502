//! Which of those who say something counts, and as what it is read.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use artifact_core::ProjectName;

use super::clouds::Clouds;
use super::credentials::{self, FiledKey};
use super::environment::Environment;
use super::error::{SettingsError, Unusable};
use super::files::Files;
use super::key::Key;
use super::layers::Layers;
use super::proxies::ProxyVariable;
use super::source::Source;
use super::warning::SettingsWarning;
use super::{Settings, base_url, values};

/// How many files a server is asked about at once; as the official client does.
const FILE_URL_BATCH_SIZE: u32 = 5000;

pub(super) fn resolve(environment: &Environment) -> Result<Settings, SettingsError> {
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
        clouds: Clouds::of(environment),
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

/// Returns the entity of a store that nobody shares.
fn default_entity() -> artifact_core::EntityName {
    "local".parse().expect("it is a valid name")
}

fn parsed<T: FromStr<Err: fmt::Display>>(text: &str) -> Result<T, Unusable> {
    text.parse().map_err(|error: T::Err| Unusable::new(error))
}
