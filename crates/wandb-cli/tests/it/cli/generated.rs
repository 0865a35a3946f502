//! Help, completions and manual pages.

use insta::assert_snapshot;

use super::shell::Shell;

#[test]
fn help_says_what_can_be_said() {
    let mut shell = Shell::bare();
    for line in [
        "--help",
        "artifact --help",
        "artifact put -h",
        "artifact get -h",
    ] {
        shell.run(line);
    }
    for line in [
        "artifact ls -h",
        "artifact info -h",
        "artifact verify -h",
        "artifact diff -h",
        "artifact update -h",
        "artifact rm -h",
        "artifact link -h",
        "artifact unlink -h",
        "artifact cp -h",
        "artifact collection -h",
        "run ls -h",
        "run files -h",
        "lineage -h",
        "why -h",
        "store gc -h",
        "store fsck -h",
        "artifact refs check -h",
        "artifact refs freeze -h",
        "artifact cat -h",
        "artifact cache cleanup -h",
        "cache -h",
        "cache clean -h",
        "artifact table show -h",
        "push -h",
        "pull -h",
        "login -h",
        "status -h",
        "doctor -h",
        "--version",
    ] {
        shell.run(line);
    }
    assert_snapshot!(shell.transcript());
}

#[test]
fn completions_are_there_for_every_shell() {
    let shell = Shell::bare();
    for (name, part) in [
        ("bash", "complete -F"),
        ("zsh", "#compdef wandb-rs"),
        ("fish", "complete -c wandb-rs"),
        ("elvish", "edit:completion"),
        ("powershell", "Register-ArgumentCompleter"),
    ] {
        let output = shell.output(&["completions", name]);
        assert!(
            output.status.success() && output.stderr.is_empty(),
            "{name}"
        );
        let script = String::from_utf8(output.stdout).unwrap();
        assert!(script.contains(part), "{name}: {script}");
        assert!(script.contains("path-prefix"), "{name}");
    }
    assert!(!shell.is_there("home"));
}

#[test]
fn every_command_has_a_manual_page() {
    let shell = Shell::bare();
    let output = shell.output(&["man", "pages/man1"]);
    assert!(output.status.success(), "{output:?}");
    assert!(output.stdout.is_empty() && output.stderr.is_empty());
    let pages = crate::tree::files_in(&shell.place.path("pages/man1"));
    for command in [
        "",
        "-artifact",
        "-artifact-put",
        "-artifact-get",
        "-artifact-ls",
        "-artifact-info",
        "-artifact-verify",
        "-artifact-table",
        "-artifact-table-show",
        "-push",
        "-pull",
        "-doctor",
        "-login",
        "-status",
        "-offline",
    ] {
        let page = &pages[&format!("wandb-rs{command}.1")];
        let text = std::str::from_utf8(page).unwrap();
        assert!(
            text.contains(".SH NAME") && text.contains(".SH SYNOPSIS"),
            "{command}"
        );
    }
    let output = shell.output(&["man", "pages/man1/wandb-rs.1"]);
    assert_eq!(output.status.code(), Some(1));
}
