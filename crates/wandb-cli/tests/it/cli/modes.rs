//! `online`, `offline`, `disabled`: the mode of a folder.

use std::fs;

use super::shell::Shell;

fn file(shell: &Shell) -> String {
    fs::read_to_string(shell.place.path("wandb/settings")).unwrap_or_default()
}

/// The files are what the official client 0.31.0 writes, but for an empty line at the end.
#[test]
fn the_mode_is_kept_in_the_folder() {
    let shell = Shell::bare();
    assert_eq!(shell.json("offline")["mode"], "offline");
    assert_eq!(file(&shell), "[default]\nmode = offline\n");
    assert_eq!(shell.json("status")["target"], "embedded");
    assert_eq!(shell.json("disabled")["mode"], "disabled");
    assert_eq!(file(&shell), "[default]\nmode = disabled\n");
    assert_eq!(shell.json("status")["target"], "disabled");
    for word in ["online", "enabled"] {
        assert_eq!(shell.json(word)["mode"], "online");
        assert_eq!(file(&shell), "[default]\n");
    }
}

#[test]
fn online_is_said_where_the_users_own_settings_say_otherwise() {
    let shell = Shell::bare();
    shell
        .place
        .write("home/.config/wandb/settings", "[default]\nmode = offline\n");
    assert_eq!(shell.json("online")["mode"], "online");
    assert_eq!(file(&shell), "[default]\nmode = online\n");
}

#[test]
fn a_variable_counts_more_and_is_named() {
    let shell = Shell::bare().env("WANDB_MODE", "offline");
    let output = shell.output(&["disabled"]);
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.contains("the mode is still offline") && error.contains("WANDB_MODE"),
        "{error}"
    );
}
