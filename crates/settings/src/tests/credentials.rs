//! Which key is found, where, and for which server.

use super::*;

/// Returns the key that is found, and where.
fn found_key(settings: &Settings) -> Option<(String, Source)> {
    let found = settings.credentials().unwrap()?;
    match found.credentials {
        Credentials::ApiKey(key) => Some((key.expose().to_owned(), found.source)),
        other @ Credentials::IdentityToken { .. } => panic!("{other:?}"),
    }
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
