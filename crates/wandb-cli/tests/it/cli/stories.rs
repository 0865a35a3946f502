//! Stories of people who log and get folders.

use std::fs;

use insta::assert_snapshot;

use super::shell::Shell;
use crate::tree::{TREE, files_in};

#[test]
fn a_folder_goes_in_and_comes_back() {
    let mut shell = Shell::with_tree();
    shell
        .run("artifact put tree --name demo --id run1")
        .run("artifact put tree --name demo --id run2")
        .note("write to tree/hello.txt");
    shell.place.write("tree/hello.txt", "hello again\n");
    shell
        .run("artifact put tree --name demo --id run3")
        .run("artifact get demo")
        .run("artifact get demo")
        .run("artifact get demo:v0 --root first")
        .run("artifact ls")
        .run("artifact ls demo")
        .run("artifact ls demo:v0")
        .run("artifact info demo:v0 --manifest")
        .run("artifact verify demo")
        .run("artifact verify demo --root tree");
    assert_snapshot!(shell.transcript());
    assert_eq!(
        files_in(&shell.place.path("artifacts/demo:v1")),
        files_in(&shell.place.path("tree"))
    );
    let first = TREE
        .iter()
        .map(|(path, content)| ((*path).into(), (*content).into()));
    assert_eq!(files_in(&shell.place.path("first")), first.collect());
}

#[test]
fn everything_can_be_said_about_a_version() {
    let mut shell = Shell::with_tree();
    shell
        .place
        .write("meta.json", r#"{"accuracy": 0.5, "é": [null]}"#);
    shell.run_words(&[
        "artifact",
        "put",
        "tree/images",
        "--name",
        "team/vision/pets",
        "--type",
        "my type",
        "--description",
        "cats and dogs",
        "--alias",
        "best",
        "-a",
        "two words",
        "--tag",
        "green",
        "--tag",
        "red blue",
        "--metadata",
        "@meta.json",
        "--id",
        "run1",
        "--policy",
        "immutable",
    ]);
    shell
        .run("artifact info team/vision/pets:best")
        .run("-p vision artifact --entity team info pets:latest")
        .run_words(&[
            "artifact",
            "put",
            "tree/images",
            "tree/hello.txt",
            "--name",
            "team/vision/pets",
            "--type",
            "my type",
            "--metadata",
            r#"{"n": 1}"#,
            "--alias",
            "best",
            "--id",
            "run2",
        ])
        .run("artifact ls team/vision")
        .run("artifact ls team/vision/pets")
        .run("artifact ls --entity team --project vision pets")
        .run_words(&["artifact", "ls", "--type", "my type"])
        .run("artifact ls --type other")
        .run_words(&[
            "artifact",
            "get",
            "team/vision/pets:two words",
            "--root",
            "copy",
        ]);
    assert_snapshot!(shell.transcript());
}

#[test]
fn names_come_from_paths_and_projects_from_names() {
    let mut shell = Shell::with_tree();
    shell
        .run("artifact put tree/hello.txt --id run1")
        .run("artifact put tree/images/ --id run2")
        .run("artifact put tree/hello.txt tree/model.h5 --name pair --id run3")
        .run("artifact put tree/images --name other/images --id run4")
        .run("artifact put tree/images --name team/other/images --id run5")
        .run("artifact put tree/images --name images --project third --id run6")
        .run("artifact ls")
        .run("artifact ls other")
        .run("artifact ls team/other")
        .run("artifact ls --project third");
    assert_snapshot!(shell.transcript());
}

#[test]
fn some_of_a_folder() {
    let mut shell = Shell::with_tree();
    shell
        .run("artifact put tree --name some --exclude *.h5 --exclude .hidden --id run1")
        .run("artifact put tree --name some --exclude * --id run2")
        .run("artifact put tree --name none --exclude * --allow-empty --id run3")
        .run("artifact get none --root none")
        .run("artifact put tree --name all --id run4")
        .run("artifact get all --root a --path-prefix im")
        .run("artifact get all --root b --path-prefix model")
        .run("artifact get all --root c --include *.txt --include models/*")
        .run("artifact get all --root d --include **/*.h5")
        .run("artifact get all --root e --path-prefix nothing");
    assert_snapshot!(shell.transcript());
    let names = |root: &str| {
        files_in(&shell.place.path(root))
            .into_keys()
            .collect::<Vec<_>>()
    };
    assert_eq!(names("a"), ["images/cat.png", "images/dog.png"]);
    assert_eq!(names("b"), ["model.h5", "models/model.h5"]);
    assert_eq!(names("c"), ["hello.txt", "models/model.h5"]);
    assert_eq!(
        names("d"),
        ["checkpoints/model.h5", "model.h5", "models/model.h5"]
    );
    assert!(names("e").is_empty());
}

#[test]
fn a_folder_is_made_exactly_the_version() {
    let mut shell = Shell::with_tree();
    shell
        .run("artifact put tree --name demo --id run1")
        .note("write copy/extra.txt and copy/old/x");
    shell.place.write("copy/extra.txt", "extra");
    shell.place.write("copy/old/x", "extra");
    shell
        .run("artifact get demo --root copy")
        .run("artifact verify demo --root copy")
        .run("artifact get demo --root copy --exact")
        .run("artifact verify demo --root copy");
    assert_snapshot!(shell.transcript());
    assert_eq!(
        files_in(&shell.place.path("copy")),
        files_in(&shell.place.path("tree"))
    );
    assert!(!shell.is_there("copy/old"));
}

#[test]
fn verify_tells_what_is_missing_changed_and_extra() {
    let mut shell = Shell::with_tree();
    shell
        .run("artifact put tree --name demo --id run1")
        .note("remove tree/model.h5, write to tree/hello.txt, add tree/images/new.png");
    fs::remove_file(shell.place.path("tree/model.h5")).unwrap();
    shell.place.write("tree/hello.txt", "HELLO\n");
    shell.place.write("tree/images/new.png", "new\n");
    shell
        .run("artifact verify demo --root tree")
        .run("artifact verify demo --root tree --json")
        .run("artifact verify demo --root tree --quiet")
        .run("artifact verify demo --root nowhere");
    assert_snapshot!(shell.transcript());
}

#[test]
fn a_dry_run_tells_and_stores_nothing() {
    let mut shell = Shell::with_tree();
    shell.run("artifact put tree --name demo --dry-run");
    assert!(!shell.is_there("store"));
    shell
        .run("artifact put tree --name demo --id run1")
        .run("artifact put tree --name demo --dry-run")
        .run("artifact put tree/images --name demo --dry-run")
        .run("artifact ls demo");
    assert_snapshot!(shell.transcript());
}

#[test]
fn references_stay_where_they_are() {
    let mut shell = Shell::with_tree();
    let uri = format!("file://{}", shell.place.path("tree/images").display());
    let output = shell.output(&["artifact", "put", &uri, "--name", "refs", "--id", "run1"]);
    assert!(output.status.success(), "{output:?}");
    shell
        .run("artifact info refs --manifest")
        .run("artifact verify refs")
        .run("artifact refs check refs")
        .run("artifact get refs --root copy")
        .run("artifact verify refs --root copy");
    assert_snapshot!(shell.transcript());
    assert_eq!(
        files_in(&shell.place.path("copy")),
        files_in(&shell.place.path("tree/images"))
    );
}

#[test]
fn a_file_name_cannot_steer_the_terminal() {
    let mut shell = Shell::with_tree();
    shell.place.write("odd/\u{1b}[31mred", "x");
    shell.place.write("odd/back\rto the start", "y");
    shell.place.write("other/x", "z");
    shell
        .run("artifact put odd --name demo --id run1")
        .run("artifact info demo --manifest")
        .run("artifact verify demo --root other")
        .run_words(&["artifact", "put", "no\u{1b}[31m\nfile", "--name", "demo"]);
    assert_snapshot!(shell.transcript());
}

#[test]
fn quiet_is_quieter() {
    let mut shell = Shell::with_tree();
    shell
        .run("--quiet artifact put tree --name demo --id run1")
        .run("artifact ls -q")
        .run("artifact ls");
    assert_snapshot!(shell.transcript());
}
