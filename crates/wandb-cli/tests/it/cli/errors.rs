//! Error messages of the command.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;

use insta::assert_snapshot;
use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::shell::Shell;

#[test]
fn what_is_not_there_is_named_with_the_next_step() {
    let mut shell = Shell::with_tree();
    shell
        .run("artifact ls")
        .run("artifact get demo")
        .run("artifact put nowhere --name demo")
        .run("artifact put tree --name demo --id run1 --quiet")
        .run("artifact get dmeo")
        .run("artifact get demo:lates")
        .run("artifact get demo:v7")
        .run("artifact info other/demo")
        .run("artifact verify somebody/else/demo")
        .run("artifact ls nothing")
        .run("artifact get demo --type model");
    assert_snapshot!(shell.transcript());
}

#[test]
fn a_reader_makes_no_store() {
    let shell = Shell::with_tree();
    for verb in ["ls", "get demo", "info demo", "verify demo"] {
        let line = format!("artifact {verb}");
        let output = shell.output(&line.split(' ').collect::<Vec<_>>());
        assert_eq!(output.status.code(), Some(1), "{verb}");
        assert!(!shell.is_there("store"), "{verb}");
    }
}

#[test]
fn names_that_break_a_rule_are_bad_usage() {
    let mut shell = Shell::with_tree();
    shell
        .run_words(&["artifact", "put", "tree", "--name", "a b"])
        .run("artifact put tree --name a/b/c/d")
        .run("artifact put tree --name ..")
        .run("artifact put tree --name demo --type job")
        .run("artifact put tree --name demo --alias v3")
        .run("artifact put tree --name demo --alias a/b")
        .run("artifact put tree --name demo --tag a.b")
        .run("artifact put tree --name demo --id a/b")
        .run("artifact get e/p/demo:with/slash")
        .run("artifact get demo: --root copy")
        .run("artifact get demo:v01")
        .run("artifact ls a/b/c/d")
        .run("--entity a:b artifact ls");
    assert_snapshot!(shell.transcript());
    assert!(!shell.is_there("store"));
}

#[test]
fn versions_are_numbered_by_the_store() {
    let mut shell = Shell::with_tree();
    shell
        .run("artifact put tree --name demo:v3")
        .run("artifact put tree --name team/p/demo:best");
    assert_snapshot!(shell.transcript());
}

#[test]
fn several_paths_need_a_name() {
    let mut shell = Shell::with_tree();
    fs::create_dir(shell.place.path("two words")).unwrap();
    shell
        .run("artifact put tree/hello.txt tree/model.h5")
        .run_words(&["artifact", "put", "two words"])
        .run("artifact put /");
    assert_snapshot!(shell.transcript());
}

#[test]
fn metadata_must_be_an_object() {
    let mut shell = Shell::with_tree();
    shell.place.write("list.json", "[1]");
    for metadata in ["{", "[1]", "1", "@list.json", "@missing.json"] {
        shell.run_words(&[
            "artifact",
            "put",
            "tree",
            "--name",
            "demo",
            "--metadata",
            metadata,
        ]);
    }
    assert_snapshot!(shell.transcript());
}

#[test]
fn a_name_belongs_to_one_type() {
    let mut shell = Shell::with_tree();
    shell
        .run("artifact put tree --name demo --id run1 --quiet")
        .run("artifact put tree/images --name demo --type model --id run2")
        .run("artifact ls demo --quiet");
    assert_snapshot!(shell.transcript());
}

#[test]
fn one_path_cannot_have_two_contents() {
    let mut shell = Shell::with_tree();
    shell
        .run("artifact put tree/model.h5 tree/models --name demo --id run1")
        .run("artifact ls");
    assert_snapshot!(shell.transcript());
}

#[test]
fn flags_that_exclude_each_other_are_bad_usage() {
    let mut shell = Shell::with_tree();
    shell
        .run("artifact get demo --exact --include *.txt")
        .run("artifact get demo --exact --path-prefix images/")
        .run("artifact put")
        .run("artifact put tree --policy sometimes")
        .run("artifact frobnicate")
        .run("completions tcsh");
    assert_snapshot!(shell.transcript());
}

#[test]
fn patterns_that_cannot_be_read_are_named() {
    let mut shell = Shell::with_tree();
    shell
        .run("artifact put tree --name demo --exclude [a")
        .run("artifact put tree --name demo --id run1 --quiet")
        .run("artifact get demo --include [a --root copy");
    assert_snapshot!(shell.transcript());
}

/// Logs a folder in which something is wrong, then with it left out; nothing may be committed before.
fn wrong_in_a_folder(make: impl FnOnce(&std::path::Path)) -> String {
    let mut shell = Shell::with_tree();
    make(&shell.place.path("tree/wrong"));
    shell
        .run("artifact put tree --name demo --id run1")
        .run("artifact ls --quiet");
    shell.run("artifact put tree --name demo --id run2 --exclude wrong*");
    shell.transcript().to_owned()
}

#[test]
fn a_fifo_in_a_folder_is_named() {
    let transcript = wrong_in_a_folder(|path| {
        mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    });
    assert_snapshot!(transcript);
}

#[test]
fn a_socket_in_a_folder_is_named() {
    let transcript = wrong_in_a_folder(|path| drop(UnixListener::bind(path).unwrap()));
    assert_snapshot!(transcript);
}

#[test]
fn a_broken_link_in_a_folder_is_named() {
    let transcript = wrong_in_a_folder(|path| symlink("nowhere", path).unwrap());
    assert_snapshot!(transcript);
}

#[test]
fn a_link_that_leads_back_is_named() {
    let transcript = wrong_in_a_folder(|path| symlink("..", path).unwrap());
    assert_snapshot!(transcript);
}

#[test]
fn a_link_to_itself_is_named() {
    let transcript = wrong_in_a_folder(|path| symlink("wrong", path).unwrap());
    assert_snapshot!(transcript);
}

#[test]
fn a_name_with_a_line_feed_is_named() {
    let transcript = wrong_in_a_folder(|path| {
        fs::write(path.with_file_name("wrong\nname"), "x").unwrap();
    });
    assert_snapshot!(transcript);
}

#[test]
fn a_name_that_is_not_utf_8_is_named() {
    let transcript = wrong_in_a_folder(|path| {
        let name = OsStr::from_bytes(b"wrong-\xff-name");
        fs::write(path.with_file_name(name), "x").unwrap();
    });
    assert_snapshot!(transcript);
}

#[test]
fn a_path_that_is_not_a_file_is_named() {
    let mut shell = Shell::with_tree();
    mknodat(
        CWD,
        shell.place.path("fifo"),
        FileType::Fifo,
        Mode::RUSR | Mode::WUSR,
        0,
    )
    .unwrap();
    symlink("nowhere", shell.place.path("link")).unwrap();
    shell
        .run("artifact put fifo --name demo")
        .run("artifact put link --name demo")
        .run("artifact put /dev/null --name demo")
        .run("artifact put wandb-artifact://41/f --name demo")
        .run("artifact put file:///nowhere/at/all --name demo")
        .run("artifact put tree/hello.txt/ --name demo");
    assert_snapshot!(shell.transcript());
}

#[test]
fn what_is_in_the_way_of_a_download_is_named() {
    let mut shell = Shell::with_tree();
    shell.run("artifact put tree --name demo --id run1 --quiet");
    shell.place.write("file", "x");
    fs::create_dir_all(shell.place.path("linked")).unwrap();
    symlink("../tree", shell.place.path("linked/images")).unwrap();
    shell.place.write("clash/images", "a file");
    shell
        .run("artifact get demo --root file")
        .run("artifact get demo --root linked")
        .run("artifact get demo --root clash");
    assert_snapshot!(shell.transcript());
    assert!(!shell.is_there("tree/cat.png"));
}
