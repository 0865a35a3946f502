//! `artifact table show`.

use insta::assert_snapshot;
use serde_json::json;

use super::shell::Shell;

/// A shell with a version that holds tables.
fn shell() -> Shell {
    let shell = Shell::bare().env("WANDB_RS_STORE", "store");
    let types =
        r#"{"wb_type": "typedDict", "params": {"type_map": {"when": {"wb_type": "timestamp"}}}}"#;
    let table = |rows: &str| {
        format!(
            r#"{{"_type": "table", "column_types": {types}, "columns": ["id", "when", "text", "list"], "data": [{rows}]}}"#
        )
    };
    let long = "a long text that does not fit into the terminal, since nobody has one that wide, and so it is cut";
    let first = format!(
        r#"[1, 1577836800000, "{long}", [1, null]], [2, null, "\u001b[2Jline\nfeed, \"quoted\"", null]"#
    );
    let second: Vec<_> = (3..30)
        .map(|id| format!(r#"[{id}, 0, "", [Infinity]]"#))
        .collect();
    shell.place.write("data/parts/0.table.json", table(&first));
    shell
        .place
        .write("data/parts/1.table.json", table(&second.join(", ")));
    shell.place.write(
        "data/all.partitioned-table.json",
        r#"{"_type": "partitioned-table", "parts_path": "parts"}"#,
    );
    shell.place.write(
        "data/both.joined-table.json",
        r#"{"_type": "joined-table", "join_key": "id", "table1": "parts/0.table.json", "table2": "all.partitioned-table.json"}"#,
    );
    shell.place.write(
        "data/cut.table.json",
        r#"{"_type": "table", "columns": ["a"], "data": [[1"#,
    );
    assert!(
        shell
            .output(&["artifact", "put", "data", "--name", "demo"])
            .status
            .success()
    );
    shell
}

#[test]
fn people_see_the_first_rows() {
    let mut shell = shell();
    shell
        .run("artifact table show demo parts/0")
        .run("artifact table show demo all --limit 3")
        .run("artifact table show demo both")
        .run("artifact table show demo cut")
        .run("artifact table show demo nothing");
    assert_snapshot!(shell.transcript());
}

#[test]
fn other_programs_get_all_rows() {
    let shell = shell();
    let all = shell.json("artifact table show demo all");
    assert_eq!(all["nrows"], 29);
    assert_eq!(all["rows"].as_array().unwrap().len(), 29);
    assert_eq!(all["rows"][0][1], 1_577_836_800_000_u64);
    assert_eq!(all["rows"][2], json!([3, 0, "", ["Infinity"]]));
    assert_eq!(
        all["columns"][1],
        json!({"name": "when", "type": "timestamp"})
    );
    assert_eq!(all["kind"], "partitioned-table");
    let some = shell.json("artifact table show demo all --limit 1");
    assert_eq!(
        (some["rows"].as_array().unwrap().len(), &some["nrows"]),
        (1, &json!(29))
    );

    let csv = shell.output(&[
        "artifact", "table", "show", "demo", "all", "--csv", "--limit", "3",
    ]);
    let csv = String::from_utf8(csv.stdout).unwrap();
    let expected =
        "2,,\"\u{1b}[2Jline\nfeed, \"\"quoted\"\"\",\n3,1970-01-01T00:00:00Z,,[Infinity]\n";
    assert!(
        csv.starts_with("id,when,text,list\n1,2020-01-01T00:00:00Z,\"a long"),
        "{csv}"
    );
    assert!(csv.ends_with(expected), "{csv}");
}

#[test]
fn what_no_text_can_hold_is_shown_replaced_and_counted() {
    let mut shell = Shell::bare().env("WANDB_RS_STORE", "store");
    for (part, name) in [("a", r"caf\udce9"), ("b", "plain")] {
        shell.place.write(
            &format!("data/parts/{part}.table.json"),
            format!(r#"{{"_type": "table", "columns": ["name"], "data": [["{name}"]]}}"#),
        );
    }
    shell.place.write(
        "data/all.partitioned-table.json",
        r#"{"_type": "partitioned-table", "parts_path": "parts"}"#,
    );
    let put = shell.output(&["artifact", "put", "data", "--name", "demo"]);
    assert!(put.status.success());
    for path in ["parts/a", "all"] {
        let shown = shell.json(&format!("artifact table show demo {path}"));
        assert_eq!(shown["rows"][0], json!(["caf\u{fffd}"]), "{path}");
        assert_eq!(shown["replacedSurrogates"], 1, "{path}");
    }
    shell
        .run("artifact table show demo parts/a")
        .run("artifact table show demo parts/b --csv");
    assert_snapshot!(shell.transcript());
}
