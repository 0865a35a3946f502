//! `status`: what is set, from where, and where artifacts go.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::shell::Shell;

const KEY: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// Returns what is said of a setting.
fn setting<'a>(status: &'a Value, key: &str) -> &'a Value {
    let settings = status["settings"].as_array().unwrap();
    settings
        .iter()
        .find(|setting| setting["key"] == key)
        .unwrap()
}

#[test]
fn the_official_clients_keys_are_there() {
    let shell = Shell::bare();
    let status = shell.json("status");
    let place = shell.place.path("");
    let expected = json!({
        "base_url": "https://api.forge.coreweave.com",
        "entity": null,
        "git_remote": "origin",
        "ignore_globs": [],
        "organization": null,
        "project": null,
        "root_dir": place.to_str().unwrap().trim_end_matches('/'),
    });
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(&status[key], value, "{key}");
    }
    assert!(!shell.is_there("home"));
}

#[test]
fn every_value_tells_where_it_comes_from() {
    let shell = Shell::bare().env("WANDB_PROJECT", "vision");
    shell.place.write(
        "home/.config/wandb/settings",
        "[default]\nentity = team\nbase_url = http://localhost:1\n",
    );
    shell.place.write(
        "wandb/settings",
        "[default]\nbase_url = http://localhost:2/\n",
    );
    let status = shell.json("--store s status");
    let of = |key| {
        let setting = setting(&status, key);
        let place = format!("{}", shell.place.path("").display());
        let source = setting["source"].as_str().unwrap().replace(&place, "");
        (setting["value"].as_str().unwrap().to_owned(), source)
    };
    let both = |value: &str, source: &str| (value.to_owned(), source.to_owned());
    assert_eq!(
        of("entity"),
        both("team", "home/.config/wandb/settings, line 2")
    );
    assert_eq!(
        of("base_url"),
        both("http://localhost:2", "wandb/settings, line 2")
    );
    assert_eq!(of("project"), both("vision", "WANDB_PROJECT"));
    assert_eq!(of("store"), both("s", "command line or program"));
    assert_eq!(of("mode"), both("online", "default"));
}

#[test]
fn people_see_where_artifacts_go_and_why() {
    let mut shell = Shell::bare();
    shell.run("status").run("status --store s");
    shell.place.write(
        "home/.netrc",
        format!("machine localhost:8080\n  login user\n  password {KEY}\n"),
    );
    shell.place.write(
        "wandb/settings",
        "[default]\nbase_url = http://localhost:8080\nentitty = x\nmode = of\n",
    );
    shell.run("status").run("status --quiet");
    let mut shell = shell.env("WANDB_MODE", "offline");
    shell.run("status");
    shell.place.write("home/.netrc", "\nsecret");
    shell.run("status");
    let mut shell = shell.env("WANDB_MODE", "online");
    shell.run("status");
    let mut shell = shell
        .env("WANDB_API_KEY", KEY)
        .env("WANDB_IDENTITY_TOKEN_FILE", "token");
    shell.run("status");
    let mut shell = shell.env("WANDB_MODE", "sometimes");
    shell.run("status");
    let transcript = shell.transcript();
    assert!(
        !transcript.contains(KEY) && !transcript.contains("secret"),
        "{transcript}"
    );
    assert_snapshot!(transcript);
}

#[test]
fn warnings_are_for_machines_too() {
    let shell = Shell::bare();
    shell
        .place
        .write("wandb/settings", "[default]\nentitty = x\n");
    let status = shell.json("status");
    let warnings = status["warnings"].as_array().unwrap();
    assert_eq!(warnings.len(), 1);
    let warning = warnings[0].as_str().unwrap();
    assert!(
        warning.contains("wandb/settings, line 2: `entitty`"),
        "{warning}"
    );
}

#[test]
fn a_command_that_needs_no_settings_does_not_read_them() {
    let shell = Shell::bare().env("WANDB_MODE", "sometimes");
    assert!(shell.output(&["completions", "bash"]).status.success());
    assert!(!shell.output(&["status"]).status.success());
}

#[test]
fn quiet_can_be_set() {
    let shell = Shell::bare().env("WANDB_SILENT", "true");
    shell
        .place
        .write("wandb/settings", "[default]\nentitty = x\n");
    let output = shell.output(&["status"]);
    assert!(
        output.stderr.is_empty() && !output.stdout.is_empty(),
        "{output:?}"
    );
}
