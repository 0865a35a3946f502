//! Stories of people who look around, and keep order among what is there.

use std::fs;

use insta::assert_snapshot;
use serde_json::json;

use super::shell::Shell;
use crate::tree::files_in;

/// Two versions of `data`: the second has one file more, one less and one changed.
fn shell() -> Shell {
    let shell = Shell::with_tree().env("WANDB_PROJECT", "demo");
    let place = &shell.place;
    place.write("data/same.txt", "same");
    place.write("data/changed.txt", "1");
    place.write("data/old.txt", "old");
    shell.json("artifact put data --name data --id prep1");
    place.write("data/changed.txt", "12");
    place.write("data/new.txt", "newer");
    fs::remove_file(place.path("data/old.txt")).unwrap();
    shell.json("artifact put data --name data --id prep2 --alias best");
    shell
}

#[test]
fn what_differs_between_versions_is_told() {
    let mut shell = shell();
    shell
        .run("artifact diff data:v0 data:v1")
        .run("artifact diff data:v1 data:best")
        .run("artifact diff data:v0 nothing");
    assert_snapshot!(shell.transcript());
}

#[test]
fn order_is_kept_among_versions() {
    let mut shell = shell();
    shell
        .run("artifact update data:v0")
        .run("artifact update data:v0 --add-alias latest")
        .run("artifact update data:v0 --ttl soon")
        .run_words(&[
            "artifact",
            "update",
            "data:v0",
            "--add-alias",
            "old",
            "--add-tag",
            "gold",
            "--ttl",
            "30d",
            "-d",
            "the first",
            "--metadata",
            r#"{"n": 1}"#,
        ])
        .run("artifact update data:v0 --remove-tag gold --ttl never")
        .run("artifact link data:v0 hall/best --alias prod")
        .run("artifact ls hall/best")
        .run("artifact collection ls hall")
        .run("artifact cp data:v1 other/copy")
        .run("artifact cp data:v1 other/copy")
        .run("artifact rm data")
        .run("artifact rm data:v0")
        .run("artifact rm hall/best:prod")
        .run("artifact unlink data:v0")
        .run("artifact rm data:v0 --delete-aliases")
        .run("artifact ls data")
        .run("artifact collection update data --name numbers --add-tag gold")
        .run("artifact collection rm numbers")
        .run("artifact collection rm numbers --delete-versions")
        .run("artifact ls demo");
    assert_snapshot!(shell.transcript());
}

/// Lets runs use versions and log others, which the command cannot.
fn trained(shell: &Shell) {
    let builder = wandb_rs::Client::builder()
        .store(shell.place.path("store"))
        .project("demo".parse().unwrap());
    let client = wandb_rs::blocking::Client::open(builder).unwrap();
    let run = |id: &str, uses: &[&str], logs: &[&str]| {
        let run = client
            .init()
            .job_type("job")
            .with(|run| run.id(id.parse().unwrap()));
        let run = run.start().unwrap();
        for used in uses {
            run.use_artifact(*used).unwrap();
        }
        for name in logs {
            let mut artifact = wandb_rs::Artifact::new(*name, "model").unwrap();
            artifact.add_file(shell.place.write("file", name)).unwrap();
            run.log_artifact(artifact).wait().unwrap();
        }
        run.finish().unwrap();
    };
    run("train", &["data:v0", "data:v1"], &["model", "log"]);
    run("eval", &["model:v0", "data:v0"], &["report"]);
}

#[test]
fn lineage_is_drawn_and_told() {
    let mut shell = shell();
    trained(&shell);
    shell
        .run("lineage report")
        .run("lineage data:v0")
        .run("lineage model --format dot")
        .run("lineage model --format mermaid --depth 1 --up")
        .run("lineage report --up --depth 1")
        .run("lineage report --down")
        .run("lineage report --up --down")
        .run("why report")
        .run("why report --depth 1");
    assert_snapshot!(shell.transcript());
    let drawn = shell.json("lineage data:v0 --up");
    assert_eq!(
        drawn["edges"],
        json!([{"from": "local/demo/prep1", "to": "local/demo/data:v0"}])
    );
    let output = shell.output(&["lineage", "data:v0", "--up", "--format", "json"]);
    assert_eq!(Shell::json_of(&output), (0, drawn));
    let told = shell.json("why data:v0");
    assert_eq!(told["steps"][0]["run"]["address"], "local/demo/prep1");
}

#[test]
fn runs_are_listed_page_by_page() {
    let shell = shell();
    let first = shell.json("run ls --limit 1 --order -created_at");
    assert_eq!(first["runs"][0]["address"], "local/demo/prep2");
    let cursor = first["next"].as_str().unwrap();
    let words = [
        "run",
        "ls",
        "demo",
        "--order",
        "-created_at",
        "--after",
        cursor,
        "--json",
    ];
    let (code, rest) = Shell::json_of(&shell.output(&words));
    assert_eq!(code, 0);
    assert_eq!(rest["runs"].as_array().unwrap().len(), 1);
    assert_eq!(rest["runs"][0]["address"], "local/demo/prep1");
    assert!(rest["next"].is_null());
    let files = shell.json("run files prep1 --urls");
    assert_eq!(files["run"], "local/demo/prep1");
}

#[test]
fn garbage_is_told_before_it_is_freed() {
    let shell = shell();
    shell.json("artifact rm data:v0");
    let told = shell.json("store gc --dry-run");
    assert_eq!(
        told["files"], 3,
        "two files that only v0 had, and its manifest"
    );
    assert_eq!(
        (&told["dryRun"], &told["freed"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(shell.json("store gc --dry-run"), told);
    let freed = shell.json("store gc");
    assert_eq!(
        (&freed["files"], &freed["bytes"]),
        (&told["files"], &told["bytes"])
    );
    assert_eq!(
        (&freed["dryRun"], &freed["freed"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(shell.json("store gc --dry-run")["files"], 0);
    let whole = shell.json("store fsck");
    assert_eq!((&whole["ok"], &whole["damaged"]), (&json!(4), &json!([])));
    shell.json("artifact verify data");
}

#[test]
fn a_damaged_manifest_is_told_and_then_written_anew() {
    let shell = shell();
    let place = shell.place.path("");
    let mut files = files_in(&place).into_iter();
    let manifest =
        files.find(|(path, content)| path.contains("blobs/") && content.starts_with(b"{"));
    fs::remove_file(place.join(manifest.unwrap().0)).unwrap();
    let fsck = ["store", "fsck"];
    let told = shell.output(&fsck);
    assert_eq!(told.status.code(), Some(3));
    let remarks = String::from_utf8(told.stderr).unwrap();
    assert!(
        remarks.contains("`--repair`") && remarks.contains("`--repair-from URL`"),
        "{remarks}"
    );
    let repaired = shell.json("store fsck --repair");
    let damaged = repaired["damaged"].as_array().unwrap();
    assert_eq!(damaged.len(), 1);
    assert_eq!(damaged[0]["state"], "missing");
    assert_eq!(damaged[0]["repairedFrom"], "the store itself");
    assert_eq!(shell.json("store fsck")["damaged"], json!([]));
    shell.json("artifact verify data");
}
