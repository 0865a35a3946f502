//! The official client's own answers: what it accepts and what it does not.

use std::collections::BTreeSet;

use artifact_core::{Alias, ArtifactName, ArtifactType, InvalidValue, LogicalPath, Metadata, Tag};
use serde::Deserialize;
use serde_json::{Map, Value};

const TABLES: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../manifest/tests/golden/rejected.json"
));

/// Differences from the official client, each with its reason.
const DIFFERENCES: &[(&str, &[&str], &str)] = &[
    (
        "artifact_name",
        &["a\n"],
        "the official check overlooks one trailing newline",
    ),
    (
        "artifact_name",
        &[".", ".."],
        "no download folder could have the name",
    ),
    ("artifact_type", &[""], "no listing could show it"),
    (
        "artifact_type",
        &["a\n", "nul\0"],
        "no listing could show control characters",
    ),
    ("entry_path", &["nul\0"], "no file name can hold NUL"),
    (
        "entry_path",
        &["line\nfeed", "end\n"],
        "the digest is over lines, so two artifacts could have the same",
    ),
    (
        "tag",
        &["a\n"],
        "the official check overlooks one trailing newline",
    ),
    ("alias", &[""], "it cannot be written in an address"),
    (
        "alias",
        &["v0", "v1", "v10", "v01", "v\u{661}"],
        "it would hide a version",
    ),
    (
        "alias",
        &["a\n", "a\tb", "a\0"],
        "no listing could show control characters",
    ),
    (
        "make_artifact_name_safe",
        &[""],
        "nothing near the empty text is a name",
    ),
];

/// Longer than the protocol allows; the official client leaves that to the server.
const TOO_LONG: &[&str] = &["tag", "alias"];

/// Metadata that is no JSON.
const NOT_JSON: &[&str] = &["{\"a\": NaN}", "{\"a\": [NaN, 1]}"];

#[derive(Debug, Deserialize)]
struct Row {
    #[serde(default)]
    input: Option<String>,
    /// The tables that only normalise do not say.
    #[serde(default = "yes")]
    accepted: bool,
    #[serde(default)]
    normalised: Value,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    top_level_keys: usize,
}

const fn yes() -> bool {
    true
}

fn table(tables: &Value, name: &str) -> Vec<Row> {
    serde_json::from_value(tables[name].clone()).unwrap()
}

/// Compares our answer to every row, and returns how many rows there were.
fn compare(
    tables: &Value,
    name: &str,
    ours: impl Fn(&str, &Row) -> Result<Value, InvalidValue>,
) -> usize {
    let rows = table(tables, name);
    let mut differing = BTreeSet::new();
    for row in &rows {
        // Ours take texts only; the compiler answers for `None`.
        let Some(input) = &row.input else {
            assert!(!row.accepted, "{name}");
            continue;
        };
        match ours(input, row) {
            Ok(value) => {
                assert!(row.accepted, "{name}: only ours accepts {input:?}");
                if !row.normalised.is_null() {
                    assert_eq!(value, row.normalised, "{name}: {input:?}");
                }
            }
            Err(error) => {
                assert_eq!(error.text(), input, "{name}");
                if row.accepted {
                    differing.insert(input.as_str());
                }
            }
        }
    }
    let listed = DIFFERENCES.iter().filter(|(of, ..)| *of == name);
    let mut expected: BTreeSet<&str> = listed.flat_map(|(_, inputs, _)| *inputs).copied().collect();
    let long = "t".repeat(300);
    let longer = "x".repeat(300);
    if TOO_LONG.contains(&name) {
        expected.insert(if name == "tag" { &long } else { &longer });
    }
    if name == "metadata_json_text" {
        expected.extend(NOT_JSON);
    }
    assert_eq!(differing, expected, "{name}: refused by ours alone");
    rows.len()
}

#[test]
fn every_answer_is_the_official_clients_or_a_listed_difference() {
    let tables: Value = serde_json::from_str(TABLES).unwrap();
    for (name, rows) in tables.as_object().unwrap() {
        let compared = match name.as_str() {
            // The prefix of a folder is a matter of the library, whose tests compare that table.
            "official" | "generator" | "add_dir_name" => continue,
            "artifact_name" => compare(&tables, name, |text, _| {
                text.parse::<ArtifactName>().map(|_| Value::Null)
            }),
            "artifact_type" => compare(&tables, name, |text, row| {
                let artifact_type: ArtifactType = text.parse()?;
                let name: ArtifactName = row.name.as_deref().unwrap_or("n").parse()?;
                let checked = artifact_type.check_name(&name);
                checked.map_err(|error| InvalidValue::new("type", text, error.reason()))?;
                Ok(Value::Null)
            }),
            "entry_path" => compare(&tables, name, |text, _| {
                text.parse::<LogicalPath>().map(|path| path.as_str().into())
            }),
            "tag" => compare(&tables, name, |text, _| {
                text.parse::<Tag>().map(|_| Value::Null)
            }),
            "alias" => compare(&tables, name, |text, _| {
                text.parse::<Alias>().map(|_| Value::Null)
            }),
            "metadata_json_text" => compare(&tables, name, |text, _| {
                let metadata = text.parse::<Metadata>();
                let metadata = metadata
                    .map_err(|error| InvalidValue::new("metadata", text, error.reason()))?;
                Ok(Value::Object(metadata.into()))
            }),
            "metadata_key_count" => key_counts(&tables),
            "make_artifact_name_safe" => compare(&tables, name, |text, _| {
                ArtifactName::sanitized(text).map(|name| name.as_str().into())
            }),
            other => panic!("nothing compares the table {other}"),
        };
        assert_eq!(compared, rows.as_array().unwrap().len(), "{name}");
    }
}

fn key_counts(tables: &Value) -> usize {
    let rows = table(tables, "metadata_key_count");
    for row in &rows {
        let keys = (0..row.top_level_keys).map(|n| (n.to_string(), Value::from(n)));
        let metadata = Metadata::try_from(keys.collect::<Map<_, _>>());
        assert_eq!(metadata.is_ok(), row.accepted, "{row:?}");
    }
    rows.len()
}
