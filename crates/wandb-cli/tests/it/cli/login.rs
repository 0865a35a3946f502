//! `login`: which key is kept, where, and what is told.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Output;

use insta::assert_snapshot;
use serde_json::json;

use super::shell::Shell;

const KEY: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const OTHER_KEY: &str = "local-bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const NETRC: &str = "home/.netrc";
const SETTINGS: &str = "home/.config/wandb/settings";

/// The netrc file that `wandb login --host http://localhost:9999/` 0.31.0 writes.
const SECTION: &str = "machine localhost:9999
  login user
  password aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
";

fn read(shell: &Shell, path: &str) -> String {
    fs::read_to_string(shell.place.path(path)).unwrap()
}

fn error_of(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn a_key_from_standard_input_is_kept_as_the_official_client_keeps_it() {
    let shell = Shell::bare();
    let output = shell.output_with(
        &[
            "login",
            "--no-verify",
            "--host",
            "http://localhost:9999/",
            "--json",
        ],
        &format!("{KEY}\n"),
    );
    let (code, answer) = Shell::json_of(&output);
    assert_eq!(code, 0);
    let netrc = shell.place.path(NETRC);
    assert_eq!(
        answer,
        json!({
            "baseUrl": "http://localhost:9999",
            "keySource": netrc.to_str().unwrap(),
            "wasLoggedIn": false,
            "isVerified": false,
            "username": null,
            "entity": null,
        })
    );
    assert_eq!(read(&shell, NETRC), SECTION);
    let mode = fs::metadata(netrc).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(
        read(&shell, SETTINGS),
        "[default]\nbase_url = http://localhost:9999\n"
    );
}

#[test]
fn what_other_programs_keep_stays_theirs() {
    let shell = Shell::bare();
    let others =
        "# mine\nmachine github.com\n\tlogin me\n  password \"p w\"\n\nmacdef init\ncd /x\n\n";
    let old = "machine localhost:9999 login x password y\n";
    let netrc = shell.place.write(NETRC, format!("{old}{others}"));
    fs::set_permissions(&netrc, fs::Permissions::from_mode(0o644)).unwrap();
    shell.place.write(
        SETTINGS,
        "# c\n[default]\nentity = me\n; x\nbase_url = http://foo:1\n[other]\nz = 1\n",
    );
    let line = [
        "login",
        "--no-verify",
        KEY,
        "--base-url",
        "http://localhost:9999",
    ];
    assert!(shell.output(&line).status.success());
    assert_eq!(read(&shell, NETRC), format!("{SECTION}{others}"));
    assert_eq!(
        fs::metadata(&netrc).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(
        read(&shell, SETTINGS),
        "# c\n[default]\nentity = me\n; x\nbase_url = http://localhost:9999\n[other]\nz = 1\n"
    );
}

#[test]
fn the_public_server_needs_no_setting() {
    let shell = Shell::bare();
    for line in [
        [
            "login",
            "--no-verify",
            KEY,
            "--host",
            "http://localhost:9999",
        ]
        .as_slice(),
        &["login", "--no-verify", KEY, "--cloud"],
    ] {
        assert!(shell.output(line).status.success());
    }
    assert_eq!(read(&shell, SETTINGS), "[default]\n");
    assert!(read(&shell, NETRC).ends_with(
        "machine api.forge.coreweave.com\n  login user\n  password aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
    ));
}

#[test]
fn netrc_and_settings_may_be_elsewhere() {
    let shell = Shell::bare()
        .env("NETRC", "keys/netrc")
        .env("WANDB_CONFIG_DIR", "config");
    let output = shell.output(&[
        "login",
        "--no-verify",
        KEY,
        "--host",
        "http://localhost:9999",
    ]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(read(&shell, "keys/netrc"), SECTION);
    assert!(shell.is_there("config/settings") && !shell.is_there("home"));
}

#[test]
fn people_are_told_what_is_kept_and_what_counts() {
    let mut shell = Shell::bare();
    shell
        .run("login")
        .run_words(&[
            "login",
            "--no-verify",
            KEY,
            "--host",
            "http://localhost:9999",
        ])
        .run("login --no-verify")
        .run_words(&["login", "--no-verify", OTHER_KEY, "--quiet"])
        .run("login --relogin")
        .run("login --cloud --host http://localhost:9999");
    let mut shell = shell.env("WANDB_API_KEY", KEY).env("WANDB_MODE", "offline");
    shell.run_words(&["login", "--no-verify", OTHER_KEY]);
    let mut shell = shell.env("WANDB_BASE_URL", "http://localhost:7777");
    shell.run_words(&["login", "--no-verify", OTHER_KEY, "--cloud"]);
    assert_snapshot!(shell.transcript());
}

#[test]
fn what_is_no_key_is_not_kept_and_not_shown() {
    let shell = Shell::bare();
    for text in ["secret", "secret secret", "\u{ff}secret!"] {
        let error = error_of(&shell.output_with(&["login"], text));
        assert!(!error.contains("secret"), "{error}");
        assert!(
            error.contains("https://forge.coreweave.com/wandb/authorize"),
            "{error}"
        );
    }
    let error = error_of(&shell.output_with(&["login"], " \n"));
    assert!(error.contains("hint: give it on standard input"), "{error}");
    let error = error_of(&shell.output(&["login", KEY, "--host", "https://ann:secret@h"]));
    assert!(
        error.contains("`--host` cannot be used") && !error.contains("secret"),
        "{error}"
    );
    assert!(!shell.is_there("home"));
}

#[test]
fn a_netrc_file_that_cannot_be_understood_is_left_alone() {
    let shell = Shell::bare();
    let before = "machine h login a\nsecret b";
    shell.place.write(NETRC, before);
    let error = error_of(&shell.output(&["login", "--no-verify", KEY]));
    assert!(
        error.contains("home/.netrc") && error.contains("line 2"),
        "{error}"
    );
    assert!(!error.contains("secret"), "{error}");
    assert_eq!(read(&shell, NETRC), before);
    assert!(!shell.is_there(SETTINGS));
}
