//! Precedence of files, variables and the program.

use super::*;

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
        ("REQUESTS_CA_BUNDLE", "/ca.pem"),
        ("SSL_CERT_FILE", "~/cert.pem"),
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
