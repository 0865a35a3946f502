//! The choice of the store, and defaults for parts that addresses leave out.

use super::shell::Shell;

/// Returns the store that a command used.
fn store(shell: &Shell, words: &str) -> String {
    let object = shell.json(&format!("{words} artifact put f --name demo"));
    object["store"].as_str().unwrap().to_owned()
}

#[test]
fn the_store_is_the_one_that_is_named_last_and_nearest() {
    let base = || {
        let shell = Shell::bare();
        shell.place.write("f", "x");
        shell
    };
    let shell = base();
    let home = shell.place.path("home/.local/share/wandb/store");
    assert_eq!(store(&shell, ""), home.to_str().unwrap());

    let shell = base()
        .env("XDG_DATA_HOME", "/nowhere")
        .env("WANDB_DATA_DIR", "data");
    assert!(store(&shell, "").ends_with("data/store"));

    let shell = shell.env("WANDB_RS_STORE", "from-environment");
    assert!(store(&shell, "").ends_with("from-environment"));
    assert!(store(&shell, "--store from-flag").ends_with("from-flag"));
    assert!(shell.is_there("from-environment") && shell.is_there("from-flag"));

    let shell = base().env("WANDB_RS_STORE", "");
    assert_eq!(
        store(&shell, ""),
        shell
            .place
            .path("home/.local/share/wandb/store")
            .to_str()
            .unwrap()
    );
}

#[test]
fn flags_may_stand_before_and_after_the_verb() {
    let shell = Shell::bare();
    shell.place.write("f", "x");
    for line in [
        "--store s --entity team --project p artifact put f --name demo",
        "artifact --store s --entity team --project p put f --name demo",
        "artifact put f --name demo --store s --entity team --project p",
        "artifact put --store=s f -p p -n demo --entity=team",
    ] {
        assert_eq!(shell.json(line)["address"], "team/p/demo:v0", "{line}");
    }
    let output = shell.output(&["--json", "--store", "s", "artifact", "ls"]);
    let (code, object) = Shell::json_of(&output);
    assert_eq!(
        (code, object["artifacts"].as_array().unwrap().len()),
        (0, 1)
    );
}

#[test]
fn the_environment_fills_in_what_addresses_leave_open() {
    let shell = Shell::bare()
        .env("WANDB_RS_STORE", "s")
        .env("WANDB_ENTITY", "team")
        .env("WANDB_PROJECT", "vision")
        .env("WANDB_ARTIFACT_DIR", "downloads")
        .env("WANDB_RUN_ID", "run7")
        .env("WANDB_JOB_TYPE", "ignored");
    shell.place.write("f", "x");
    assert_eq!(
        shell.json("artifact put f --name a")["address"],
        "team/vision/a:v0"
    );
    assert_eq!(
        shell.json("artifact put f --name b/a")["address"],
        "team/b/a:v0"
    );
    assert_eq!(
        shell.json("artifact put f --name a --project c")["address"],
        "team/c/a:v0"
    );
    // What is listed is everything, until a flag says otherwise.
    let listed = |line: &str| shell.json(line)["artifacts"].as_array().unwrap().len();
    assert_eq!((listed("artifact ls"), listed("artifact ls -p b")), (3, 1));
    let info = shell.json("artifact info a");
    assert_eq!(info["loggedBy"], "team/vision/run7");
    let got = shell.json("artifact get a");
    assert_eq!(
        got["root"],
        shell.place.path("downloads/a:v0").to_str().unwrap()
    );
    assert!(shell.is_there("downloads/a:v0/f"));
}

#[test]
fn a_setting_that_cannot_be_used_is_named() {
    let shell = Shell::bare()
        .env("WANDB_RUN_ID", "a/b")
        .env("WANDB_RS_STORE", "s");
    shell.place.write("f", "x");
    let output = shell.output(&["artifact", "put", "f", "--name", "a"]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(
        text.contains("WANDB_RUN_ID") && text.contains("\"a/b\""),
        "{text}"
    );
}
