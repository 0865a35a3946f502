//! Where a client goes.

use super::*;

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
