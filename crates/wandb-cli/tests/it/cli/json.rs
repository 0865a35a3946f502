//! Output of `--json`: one object with documented keys.

use serde_json::{Value, json};

use super::shell::Shell;

/// Returns the keys of an object and the types of their values.
fn shape(object: &Value) -> Vec<(&str, &'static str)> {
    let object = object.as_object().unwrap();
    let mut shape: Vec<_> = object
        .iter()
        .map(|(key, value)| (key.as_str(), kind(value)))
        .collect();
    shape.sort_unstable();
    shape
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_u64() => "count",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

const PUT: [(&str, &str); 15] = [
    ("address", "text"),
    ("aliases", "list"),
    ("deduplicated", "bool"),
    ("digest", "text"),
    ("dryRun", "bool"),
    ("fileCount", "count"),
    ("newBytes", "count"),
    ("newFiles", "count"),
    ("recordedOnly", "list"),
    ("reusedBytes", "count"),
    ("reusedFiles", "count"),
    ("size", "count"),
    ("store", "text"),
    ("type", "text"),
    ("version", "text"),
];

#[test]
fn put_tells_what_was_logged() {
    let shell = Shell::with_tree();
    let first = shell.json("artifact put tree --name demo --alias best");
    assert_eq!(shape(&first), PUT);
    let picked = |object: &Value| {
        [
            "address",
            "version",
            "deduplicated",
            "dryRun",
            "fileCount",
            "size",
            "newFiles",
            "reusedFiles",
        ]
        .map(|key| object[key].clone())
    };
    let expected = [
        json!("local/uncategorized/demo:v0"),
        json!("v0"),
        json!(false),
        json!(false),
    ];
    let counts = [json!(8), json!(54), json!(8), json!(0)];
    assert_eq!(picked(&first).as_slice(), [expected, counts].concat());
    assert_eq!(first["aliases"], json!(["best", "latest"]));
    assert_eq!(first["digest"].as_str().map(str::len), Some(32));

    let again = shell.json("artifact put tree --name demo");
    let expected = [
        json!("local/uncategorized/demo:v0"),
        json!("v0"),
        json!(true),
        json!(false),
    ];
    let counts = [json!(8), json!(54), json!(0), json!(8)];
    assert_eq!(picked(&again).as_slice(), [expected, counts].concat());
    assert_eq!(again["digest"], first["digest"]);

    let dry = shell.json("artifact put tree/images --name demo --dry-run");
    assert_eq!(
        (&dry["version"], &dry["dryRun"]),
        (&Value::Null, &json!(true))
    );
    assert_eq!(dry["address"], "local/uncategorized/demo");
    assert_eq!(dry["digest"], "46d299e47bec3bccdb9960efd2b19c43");
}

#[test]
fn get_tells_what_was_placed() {
    let shell = Shell::with_tree();
    shell.json("artifact put tree --name demo");
    let first = shell.json("artifact get demo --root copy");
    let expected = [
        ("address", "text"),
        ("digest", "text"),
        ("keptBytes", "count"),
        ("keptFiles", "count"),
        ("placedBytes", "count"),
        ("placedFiles", "count"),
        ("removed", "list"),
        ("root", "text"),
        ("store", "text"),
        ("version", "text"),
    ];
    assert_eq!(shape(&first), expected);
    assert_eq!(
        (&first["placedFiles"], &first["placedBytes"]),
        (&json!(8), &json!(54))
    );
    shell.place.write("copy/extra", "x");
    let again = shell.json("artifact get demo --root copy --exact");
    assert_eq!(
        (&again["placedFiles"], &again["keptFiles"]),
        (&json!(0), &json!(8))
    );
    assert_eq!(again["removed"], json!(["extra"]));
    assert_eq!(again["root"], shell.place.path("copy").to_str().unwrap());
}

#[test]
fn ls_tells_artifacts_or_versions() {
    let shell = Shell::with_tree();
    shell.json("artifact put tree --name demo --alias best --tag green");
    shell.json("artifact put tree/images --name demo");
    let artifacts = shell.json("artifact ls");
    assert_eq!(shape(&artifacts), [("artifacts", "list")]);
    let expected = [
        ("address", "text"),
        ("latest", "text"),
        ("size", "count"),
        ("type", "text"),
        ("updatedAt", "text"),
        ("versions", "count"),
    ];
    assert_eq!(shape(&artifacts["artifacts"][0]), expected);
    assert_eq!(artifacts["artifacts"][0]["versions"], 2);
    let versions = shell.json("artifact ls demo");
    assert_eq!(shape(&versions), [("versions", "list")]);
    let expected = [
        ("address", "text"),
        ("aliases", "list"),
        ("createdAt", "text"),
        ("digest", "text"),
        ("fileCount", "count"),
        ("size", "count"),
        ("tags", "list"),
        ("version", "text"),
    ];
    assert_eq!(shape(&versions["versions"][0]), expected);
    let numbers = versions["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v["version"].clone());
    assert_eq!(numbers.collect::<Vec<_>>(), ["v1", "v0"]);
    assert_eq!(versions["versions"][1]["tags"], json!(["green"]));
    let one = shell.json("artifact ls demo:best");
    assert_eq!(one["versions"].as_array().unwrap().len(), 1);
    assert_eq!(
        shell.json("artifact ls --type model"),
        json!({"artifacts": []})
    );
}

#[test]
fn info_tells_everything() {
    let shell = Shell::with_tree();
    let put = shell.json("artifact put tree --name demo --description words --id run1");
    let info = shell.json("artifact info demo");
    let expected = [
        ("address", "text"),
        ("aliases", "list"),
        ("createdAt", "text"),
        ("description", "text"),
        ("digest", "text"),
        ("digestAlgorithm", "text"),
        ("fileCount", "count"),
        ("loggedBy", "text"),
        ("metadata", "object"),
        ("size", "count"),
        ("store", "text"),
        ("tags", "list"),
        ("ttl", "text"),
        ("type", "text"),
        ("updatedAt", "text"),
        ("uri", "text"),
        ("usedBy", "list"),
        ("version", "text"),
    ];
    assert_eq!(shape(&info), expected);
    assert_eq!(info["digest"], put["digest"]);
    assert_eq!(info["loggedBy"], "local/uncategorized/run1");
    let other = shell.json("artifact put tree/images --name plain");
    assert_eq!(
        shell.json("artifact info plain")["description"],
        Value::Null
    );
    assert_eq!(other["version"], "v0");
}

/// Returns every file of the store that is a manifest.
fn manifest_files(shell: &Shell) -> Vec<Value> {
    let files = crate::tree::files_in(&shell.place.path("store")).into_values();
    files
        .filter(|bytes| bytes.starts_with(b"{\"version\":1,\"storagePolicy\""))
        .map(|bytes| serde_json::from_slice(&bytes).unwrap())
        .collect()
}

#[test]
fn info_shows_the_manifest_as_its_file_has_it() {
    let shell = Shell::with_tree();
    shell.json("artifact put tree --name demo");
    let info = shell.json("artifact info demo --manifest");
    let manifest = &info["manifest"];
    let expected = [
        ("contents", "object"),
        ("storagePolicy", "text"),
        ("storagePolicyConfig", "object"),
        ("version", "count"),
    ];
    assert_eq!(shape(manifest), expected);
    let entry = &manifest["contents"]["images/cat.png"];
    assert_eq!(
        (&entry["digest"], &entry["size"]),
        (&json!("VLhhfsoOVMfTyOZzLGtoeg=="), &json!(4))
    );
    let files = manifest_files(&shell);
    assert_eq!(files.len(), 1);
    assert_eq!(files[0]["contents"], manifest["contents"]);
}

#[test]
fn verify_tells_what_is_wrong_and_ends_with_3() {
    let shell = Shell::with_tree();
    shell.json("artifact put tree --name demo");
    let fine = shell.json("artifact verify demo");
    let expected = [
        ("address", "text"),
        ("changed", "list"),
        ("extra", "list"),
        ("missing", "list"),
        ("ok", "count"),
        ("references", "count"),
        ("uncheckedReferences", "list"),
        ("verified", "text"),
    ];
    assert_eq!(shape(&fine), expected);
    shell.place.write("tree/hello.txt", "HELLO\n");
    shell.place.write("tree/extra", "x");
    std::fs::remove_file(shell.place.path("tree/model.h5")).unwrap();
    let output = shell.output(&["artifact", "verify", "demo", "--root", "tree", "--json"]);
    let (code, report) = Shell::json_of(&output);
    assert_eq!(code, 3);
    assert_eq!(report["ok"], 6);
    for (key, path) in [
        ("missing", "model.h5"),
        ("changed", "hello.txt"),
        ("extra", "extra"),
    ] {
        assert_eq!(report[key], json!([path]), "{key}");
    }
}

#[test]
fn a_failure_leaves_standard_output_empty() {
    let shell = Shell::with_tree();
    for line in [
        "artifact get nothing --json",
        "artifact put nothing --name a --json",
    ] {
        let output = shell.output(&line.split(' ').collect::<Vec<_>>());
        assert_eq!(output.status.code(), Some(1), "{line}");
        assert!(output.stdout.is_empty(), "{line}");
        assert!(
            String::from_utf8(output.stderr)
                .unwrap()
                .starts_with("error: "),
            "{line}"
        );
    }
}
