//! What counts when files, variables and the program say something.

use std::fs;
use std::path::Path;

use super::*;

const KEY: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const OTHER_KEY: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const GLOBAL: &str = "home/.config/wandb/settings";
const WORKSPACE: &str = "work/wandb/settings";

/// A folder with a home and a working folder in it.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        fs::create_dir(place.path("home")).unwrap();
        fs::create_dir(place.path("work")).unwrap();
        place
    }

    fn path(&self, relative: &str) -> PathBuf {
        self.0.path().join(relative)
    }

    fn write(&self, relative: &str, text: impl AsRef<[u8]>) -> &Self {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    fn try_settings(&self, variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        resolve::resolve(&Environment::in_folder(self.0.path(), variables))
    }

    fn settings(&self, variables: &[(&str, &str)]) -> Settings {
        self.try_settings(variables).unwrap()
    }

    /// Returns the reason why nothing can be resolved.
    fn refusal(&self, variable: &str, value: &str) -> String {
        let error = self.try_settings(&[(variable, value)]).unwrap_err();
        assert!(error.to_string().contains(variable), "{error}");
        assert!(error.hint().unwrap().contains(variable));
        std::error::Error::source(&error).unwrap().to_string()
    }

    fn warnings(&self) -> Vec<String> {
        let settings = self.settings(&[]);
        let root = format!("{}/", self.0.path().display());
        let warnings = settings.warnings().iter();
        warnings
            .map(|warning| warning.to_string().replace(&root, ""))
            .collect()
    }

    fn file_source(&self, relative: &str, line: usize) -> Source {
        let path = self.path(relative);
        Source::File { path, line }
    }
}

/// Returns the key that is found, and where.
fn found_key(settings: &Settings) -> Option<(String, Source)> {
    let found = settings.credentials().unwrap()?;
    match found.credentials {
        Credentials::ApiKey(key) => Some((key.expose().to_owned(), found.source)),
        other @ Credentials::IdentityToken { .. } => panic!("{other:?}"),
    }
}

#[test]
fn without_files_and_variables_there_are_defaults() {
    let place = Place::new();
    let settings = place.settings(&[("WANDB_ENTITY", "")]);
    assert_eq!(settings.base_url, BaseUrl::default());
    assert_eq!(settings.app_url(), "https://forge.coreweave.com/wandb");
    assert_eq!(
        (settings.entity.as_str(), settings.named_entity()),
        ("local", None)
    );
    assert_eq!(
        (settings.project.as_str(), settings.named_project()),
        ("uncategorized", None)
    );
    assert_eq!(settings.mode, Mode::Online);
    assert_eq!(settings.store, place.path("home/.local/share/wandb/store"));
    assert_eq!(settings.artifact_dir, Path::new("artifacts"));
    assert_eq!(settings.root_dir, place.path("work"));
    assert_eq!(settings.cache_dir, Some(place.path("home/.cache/wandb")));
    assert_eq!(
        settings.credentials_file,
        Some(place.path("home/.config/wandb/credentials.json"))
    );
    assert_eq!(settings.file_url_batch_size, 5000);
    assert_eq!(settings.http_timeout, None);
    assert!(settings.warnings().is_empty());
    assert!(
        settings
            .list()
            .iter()
            .all(|listed| listed.source == Source::Default)
    );
}

#[test]
fn the_nearer_source_counts_and_is_remembered() {
    let place = Place::new();
    assert_eq!(place.settings(&[]).source(Key::Entity), &Source::Default);
    place.write(GLOBAL, "[default]\nentity = global\nproject = global\n");
    let settings = place.settings(&[]);
    assert_eq!(settings.entity.as_str(), "global");
    assert_eq!(settings.source(Key::Entity), &place.file_source(GLOBAL, 2));
    place.write(WORKSPACE, "\n[default]\n\nentity = workspace\n");
    let settings = place.settings(&[]);
    assert_eq!(settings.entity.as_str(), "workspace");
    assert_eq!(
        settings.source(Key::Entity),
        &place.file_source(WORKSPACE, 4)
    );
    assert_eq!(settings.project.as_str(), "global");
    let settings = place.settings(&[("WANDB_ENTITY", "variable")]);
    assert_eq!(settings.named_entity().unwrap().as_str(), "variable");
    assert_eq!(
        settings.source(Key::Entity),
        &Source::Variable("WANDB_ENTITY")
    );
    let settings = settings.with_entity("program".parse().unwrap());
    assert_eq!(settings.entity.as_str(), "program");
    assert_eq!(settings.source(Key::Entity), &Source::Explicit);
}

#[test]
fn files_are_where_the_official_client_has_them() {
    let place = Place::new();
    place.write("work/wandb/settings", "[default]\nproject = plain\n");
    place.write("conf/settings", "[default]\nentity = conf\n");
    let settings = place.settings(&[]);
    assert_eq!(
        (settings.entity.as_str(), settings.project.as_str()),
        ("local", "plain")
    );
    // A folder `.wandb` is the workspace's, even before it has settings.
    fs::create_dir(place.path("work/.wandb")).unwrap();
    assert_eq!(place.settings(&[]).project.as_str(), "uncategorized");
    place.write("work/.wandb/settings", "[default]\nproject = hidden\n");
    let conf = place.path("conf");
    let settings = place.settings(&[
        ("WANDB_CONFIG_DIR", conf.to_str().unwrap()),
        ("WANDB_DIR", "/x"),
    ]);
    assert_eq!(
        (settings.entity.as_str(), settings.project.as_str()),
        ("conf", "hidden")
    );
    assert_eq!(
        settings.credentials_file,
        Some(place.path("conf/credentials.json"))
    );
}

#[test]
fn every_setting_can_be_said_in_the_environment() {
    let place = Place::new();
    let settings = place.settings(&[
        ("WANDB_BASE_URL", "http://localhost:8080/"),
        ("WANDB_APP_URL", "https://forge.coreweave.com/wandb"),
        ("WANDB_ORGANIZATION", "org"),
        ("WANDB_MODE", "dryrun"),
        ("WANDB_DATA_DIR", "~/data"),
        ("WANDB_CREDENTIALS_FILE", "c.json"),
        ("WANDB_RUN_ID", "run7"),
        ("WANDB_NAME", "name"),
        ("WANDB_NOTES", "notes"),
        ("WANDB_TAGS", "a, b"),
        ("WANDB_RUN_GROUP", "group"),
        ("WANDB_JOB_TYPE", "job"),
        ("WANDB_RESUME", "must"),
        ("WANDB_DIR", "/root"),
        ("WANDB_ARTIFACT_DIR", "got"),
        ("WANDB_CACHE_DIR", "/cache"),
        ("WANDB_USERNAME", "ann"),
        ("WANDB_USER_EMAIL", "ann@example.com"),
        ("WANDB_HTTP_TIMEOUT", "20"),
        ("WANDB_FILE_PUSHER_TIMEOUT", "1.5"),
        ("WANDB_X_EXTRA_HTTP_HEADERS", r#"{"X-A": "secret"}"#),
        ("WANDB_ARTIFACT_FETCH_FILE_URL_BATCH_SIZE", "7"),
        ("WANDB_QUIET", "yes"),
        ("WANDB_SILENT", "1"),
    ]);
    assert_eq!(settings.base_url.as_str(), "http://localhost:8080");
    assert_eq!(settings.app_url(), "https://forge.coreweave.com/wandb");
    assert_eq!(settings.mode, Mode::Offline);
    assert_eq!(settings.data_dir, Some(place.path("home/data")));
    assert_eq!(settings.store, place.path("home/data/store"));
    assert_eq!(
        settings.source(Key::Store),
        &Source::Variable("WANDB_DATA_DIR")
    );
    assert_eq!(settings.run_tags, ["a", "b"]);
    assert_eq!(settings.http_timeout, Some(Duration::from_secs(20)));
    assert_eq!(settings.transfer_timeout, Some(Duration::from_millis(1500)));
    assert_eq!(
        settings.extra_http_headers.iter().next(),
        Some(("X-A", "secret"))
    );
    assert_eq!(settings.file_url_batch_size, 7);
    assert!(settings.is_quiet && settings.is_silent);
    let texts: Vec<_> = settings
        .list()
        .into_iter()
        .filter_map(|listed| listed.value)
        .collect();
    for text in [
        "org", "run7", "name", "notes", "a,b", "group", "job", "must", "/root", "got", "/cache",
        "ann", "1.5",
    ] {
        assert!(texts.iter().any(|found| found == text), "{text}");
    }
    assert!(!format!("{settings:?} {texts:?}").contains("secret"));
}

#[test]
fn a_variable_that_cannot_be_used_is_an_error() {
    let place = Place::new();
    for (variable, value, accepted) in [
        (
            "WANDB_MODE",
            "of\"f",
            "online, offline, disabled and shared",
        ),
        ("WANDB_BASE_URL", "localhost", "https://"),
        ("WANDB_APP_URL", "app", "https://"),
        ("WANDB_RUN_ID", "a/b", "'/'"),
        ("WANDB_ENTITY", "a/b", "'/'"),
        ("WANDB_PROJECT", "a:b", "':'"),
        ("WANDB_RESUME", "perhaps", "allow, must, never and auto"),
        ("WANDB_HTTP_TIMEOUT", "soon", "seconds"),
        ("WANDB_FILE_PUSHER_TIMEOUT", "-1", "seconds"),
        (
            "WANDB_ARTIFACT_FETCH_FILE_URL_BATCH_SIZE",
            "0",
            "whole number",
        ),
        ("WANDB_QUIET", "maybe", "true, yes"),
    ] {
        let reason = place.refusal(variable, value);
        assert!(
            reason.contains(accepted) && reason.contains(&format!("{value:?}")),
            "{reason}"
        );
    }
    assert!(!place.refusal("WANDB_API_KEY", "secret").contains("secret"));
    assert!(
        !place
            .refusal("WANDB_X_EXTRA_HTTP_HEADERS", "secret")
            .contains("secret")
    );
    assert!(
        !place
            .refusal("WANDB_BASE_URL", "https://ann:secret@h")
            .contains("secret")
    );
}

#[test]
fn a_bad_line_in_a_file_spoils_no_other() {
    let place = Place::new();
    place.write(GLOBAL, "mode = offline\n[default]\nmode = of\nentitty = a\njob_type = b\nstore = c\napi_key = secret\nx_stats_pid = 1\nproject = p\nproject = q\n");
    place.write(WORKSPACE, "[default]\nhm\nrun_tags =\nentity = team\n");
    let settings = place.settings(&[]);
    assert_eq!(
        (settings.entity.as_str(), settings.project.as_str()),
        ("team", "q")
    );
    assert_eq!(settings.mode, Mode::Online);
    assert_eq!(settings.source(Key::Mode), &Source::Default);
    assert_eq!(
        place.warnings(),
        [
            "home/.config/wandb/settings, line 1 is ignored: it is no `key = value` under `[default]`",
            "home/.config/wandb/settings, line 3: `mode` is ignored: \"of\" is none of online, offline, disabled and shared",
            "home/.config/wandb/settings, line 4: `entitty` is ignored: there is no such setting",
            "home/.config/wandb/settings, line 5: `job_type` is ignored: there is no such setting; it is called `run_job_type`",
            "home/.config/wandb/settings, line 6: `store` is ignored: no file can hold it, only the variable WANDB_RS_STORE",
            "home/.config/wandb/settings, line 7: `api_key` is ignored: an API key has at least 40 characters, not 6",
            "home/.config/wandb/settings, line 9: `project` is ignored: the file has it again further down",
            "work/wandb/settings, line 2 is ignored: it is no `key = value` under `[default]`",
        ]
    );
}

#[test]
fn a_bad_value_in_a_file_leaves_the_one_below() {
    let place = Place::new();
    place.write(GLOBAL, "[default]\nmode = offline\n");
    place.write(WORKSPACE, "[default]\nmode = of\n");
    let settings = place.settings(&[]);
    assert_eq!(
        (settings.mode, settings.warnings().len()),
        (Mode::Offline, 1)
    );
    assert_eq!(settings.source(Key::Mode), &place.file_source(GLOBAL, 2));
}

#[test]
fn a_file_that_cannot_be_read_is_ignored() {
    let place = Place::new();
    place.write(GLOBAL, b"[default]\nentity = \xff\n");
    fs::create_dir_all(place.path(WORKSPACE)).unwrap();
    let warnings = place.warnings();
    assert_eq!(warnings.len(), 2);
    assert!(
        warnings
            .iter()
            .all(|warning| warning.contains("it cannot be read: ")),
        "{warnings:?}"
    );
}

#[test]
fn credentials_are_looked_for_from_the_nearest_on() {
    let place = Place::new();
    let local = ("WANDB_BASE_URL", "http://localhost:8888");
    assert_eq!(found_key(&place.settings(&[local])), None);
    place.write(
        GLOBAL,
        format!("[default]\nbase_url = http://localhost:8888\napi_key = {KEY}\n"),
    );
    let filed = Some((KEY.to_owned(), place.file_source(GLOBAL, 3)));
    assert_eq!(found_key(&place.settings(&[])), filed);
    assert_eq!(found_key(&place.settings(&[local])), filed);
    place.write(
        "home/_netrc",
        format!("machine localhost:8888 password {OTHER_KEY}"),
    );
    let netrc = Some((OTHER_KEY.to_owned(), place.file_source("home/_netrc", 1)));
    assert_eq!(found_key(&place.settings(&[])), netrc);
    place.write("home/.netrc", "machine other login a password b\n");
    assert_eq!(found_key(&place.settings(&[])), filed);
    assert_eq!(found_key(&place.settings(&[("NETRC", "~/_netrc")])), netrc);
    let in_variable = ("WANDB_API_KEY", "cccccccccccccccccccccccccccccccccccccccc");
    let (key, source) = found_key(&place.settings(&[in_variable])).unwrap();
    assert_eq!(
        (&*key, source),
        (in_variable.1, Source::Variable("WANDB_API_KEY"))
    );
    let given = place
        .settings(&[in_variable])
        .with_api_key(KEY.parse().unwrap());
    assert_eq!(found_key(&given), Some((KEY.to_owned(), Source::Explicit)));
}

#[test]
fn a_filed_key_is_for_the_server_of_its_file() {
    let place = Place::new();
    place.write(GLOBAL, format!("[default]\napi_key = {KEY}\n"));
    assert!(found_key(&place.settings(&[])).is_some());
    assert_eq!(
        found_key(&place.settings(&[("WANDB_BASE_URL", "http://h")])),
        None
    );
    let elsewhere = place
        .settings(&[])
        .with_base_url("http://h".parse().unwrap());
    assert_eq!(found_key(&elsewhere), None);
    // A folder from somebody else names its own server.
    place.write(WORKSPACE, "[default]\nbase_url = https://evil.example\n");
    assert_eq!(found_key(&place.settings(&[])), None);
    place.write(
        WORKSPACE,
        format!("[default]\nbase_url = https://h\napi_key = {OTHER_KEY}\n"),
    );
    assert_eq!(found_key(&place.settings(&[])).unwrap().0, OTHER_KEY);
    // Another scheme is another server: the key would travel in the clear.
    assert_eq!(
        found_key(&place.settings(&[("WANDB_BASE_URL", "http://h")])),
        None
    );
}

#[test]
fn an_identity_token_stands_before_the_netrc_file() {
    let place = Place::new();
    place.write(
        "home/.netrc",
        format!("machine api.forge.coreweave.com password {KEY}"),
    );
    let token = ("WANDB_IDENTITY_TOKEN_FILE", "token.jwt");
    let found = place.settings(&[token]).credentials().unwrap().unwrap();
    let access_file = Some(place.path("home/.config/wandb/credentials.json"));
    let token_file = "token.jwt".into();
    assert_eq!(
        found.credentials,
        Credentials::IdentityToken {
            token_file,
            access_file
        }
    );
    assert_eq!(found.source, Source::Variable("WANDB_IDENTITY_TOKEN_FILE"));
    let both = place.settings(&[token, ("WANDB_API_KEY", KEY)]);
    assert!(matches!(
        both.credentials(),
        Err(SettingsError::TwoCredentials)
    ));
    assert!(found_key(&both.with_api_key(KEY.parse().unwrap())).is_some());
}

#[test]
fn a_netrc_file_that_cannot_be_used_is_named_without_what_is_in_it() {
    let place = Place::new();
    place.write("home/.netrc", "machine h\nsecret\n");
    let error = place.settings(&[]).credentials().unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    let shown = format!("{error} {source} {error:?}");
    assert!(
        shown.contains("home/.netrc") && shown.contains("line 2"),
        "{shown}"
    );
    assert!(!shown.contains("secret"), "{shown}");
    place.write(
        "home/.netrc",
        "\nmachine api.forge.coreweave.com password secret",
    );
    let error = place.settings(&[]).credentials().unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(
        shown.contains("line 2") && !shown.contains("secret"),
        "{shown}"
    );
}

#[test]
fn a_key_that_is_kept_is_found_again() {
    let place = Place::new();
    let settings = place.settings(&[("WANDB_BASE_URL", "http://localhost:8888")]);
    let path = settings.keep_api_key(&KEY.parse().unwrap()).unwrap();
    assert_eq!(path, place.path("home/.netrc"));
    assert_eq!(found_key(&settings).unwrap().0, KEY);
    assert_eq!(found_key(&place.settings(&[])), None);
}

#[test]
fn a_server_that_is_kept_is_used_until_it_is_the_public_one() {
    let place = Place::new();
    let local = place
        .settings(&[])
        .with_base_url("http://localhost:8888".parse().unwrap());
    assert_eq!(local.keep_base_url().unwrap(), Some(place.path(GLOBAL)));
    assert_eq!(local.keep_base_url().unwrap(), None);
    assert_eq!(place.settings(&[]).base_url, local.base_url);
    let public = local.with_base_url(BaseUrl::default());
    assert_eq!(public.keep_base_url().unwrap(), Some(place.path(GLOBAL)));
    assert_eq!(
        fs::read_to_string(place.path(GLOBAL)).unwrap(),
        "[default]\n"
    );
    assert_eq!(public.keep_base_url().unwrap(), None);
}

#[test]
fn where_a_client_goes_follows_mode_store_and_credentials() {
    let place = Place::new();
    let go = |settings: &Settings| {
        let destination = settings.destination().unwrap();
        let target = match destination.target {
            Target::Server { base_url, .. } => base_url.to_string(),
            Target::Embedded { store } => store.display().to_string(),
            Target::Disabled => "nowhere".to_owned(),
        };
        (target, destination.reason.to_string())
    };
    let store = ("WANDB_RS_STORE", "/s");
    let key = ("WANDB_API_KEY", KEY);
    let owned = |target: &str, reason: &str| (target.to_owned(), reason.to_owned());
    let no_key = "there are no credentials for https://api.forge.coreweave.com";
    assert_eq!(go(&place.settings(&[store])), owned("/s", no_key));
    let with_key = place.settings(&[store, key]);
    let has_key = "there are credentials (WANDB_API_KEY)";
    assert_eq!(go(&with_key), owned(BaseUrl::DEFAULT, has_key));
    assert_eq!(
        go(&with_key.clone().with_mode(Mode::Shared)),
        owned(BaseUrl::DEFAULT, has_key)
    );
    assert_eq!(
        go(&with_key.with_store("/t")),
        owned("/t", "a store was named")
    );
    let offline = place.settings(&[store, key, ("WANDB_MODE", "offline")]);
    assert_eq!(
        go(&offline),
        owned("/s", "the mode is offline (WANDB_MODE)")
    );
    place.write(WORKSPACE, "[default]\nmode = disabled\n");
    let (target, reason) = go(&place.settings(&[store, key]));
    assert_eq!(target, "nowhere");
    assert!(reason.ends_with("work/wandb/settings, line 2)"), "{reason}");
}

#[test]
fn a_netrc_file_is_not_read_where_no_server_is_meant() {
    let place = Place::new();
    place.write("home/.netrc", "no netrc file");
    assert!(place.settings(&[]).destination().is_err());
    assert!(
        place
            .settings(&[("WANDB_MODE", "offline")])
            .destination()
            .is_ok()
    );
    assert!(place.settings(&[]).with_store("s").destination().is_ok());
}

#[test]
fn no_secret_is_printed() {
    let place = Place::new();
    place.write(GLOBAL, format!("[default]\napi_key = {KEY}\n"));
    let settings = place.settings(&[("WANDB_API_KEY", OTHER_KEY)]);
    let shown = format!(
        "{settings:?} {:?} {:?} {:?}",
        settings.list(),
        settings.credentials(),
        settings.destination()
    );
    assert!(
        !shown.contains(KEY) && !shown.contains(OTHER_KEY),
        "{shown}"
    );
}
