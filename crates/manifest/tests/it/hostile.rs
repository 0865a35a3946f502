//! Files that break the format, or try to take memory.

use std::io::Read;

use manifest::{Manifest, ReadError, ReadLimits};

fn refusal(json: &str) -> String {
    match Manifest::read(json.as_bytes(), &ReadLimits::default()) {
        Ok(manifest) => panic!("{json} was read as {manifest:?}"),
        Err(ReadError::Malformed { source }) => source.to_string(),
        Err(ReadError::Refused { path, source }) => format!("{path}: {source}"),
        Err(other) => panic!("{other}"),
    }
}

fn with_contents(contents: &str) -> String {
    format!(
        r#"{{"version":1,"storagePolicy":"wandb-storage-policy-v1","contents":{{{contents}}}}}"#
    )
}

const DIGEST: &str = r#"{"digest":"sZRqySSS0jR8YjW00mERhA==","size":6}"#;

#[test]
fn a_missing_or_unknown_field_is_named() {
    for (json, expected) in [
        ("", "EOF"),
        ("[]", "expected a manifest object"),
        ("{}", "missing field `version`"),
        (r#"{"version":1}"#, "missing field `storagePolicy`"),
        (
            r#"{"version":2,"storagePolicy":"wandb-storage-policy-v1","contents":{}}"#,
            "version 2",
        ),
        (
            r#"{"version":1,"storagePolicy":"other","contents":{}}"#,
            "\"other\"",
        ),
        (
            r#"{"version":1,"storagePolicy":"wandb-storage-policy-v1"}"#,
            "missing field `contents`",
        ),
        (
            r#"{"version":1,"storagePolicy":"wandb-storage-policy-v1","storagePolicyConfig":{"storageLayout":"V9"},"contents":{}}"#,
            "\"V9\"",
        ),
        (
            &with_contents(r#""a":{"size":6}"#),
            "missing field `digest`",
        ),
        (
            &with_contents(r#""a":{"digest":"short","size":6}"#),
            "entry a",
        ),
        (
            &with_contents(r#""a":{"digest":"sZRqySSS0jR8YjW00mERhA==","size":-1}"#),
            "invalid value",
        ),
        (
            &with_contents(r#""a":{"digest":"sZRqySSS0jR8YjW00mERhA==","extra":{"alg":"SHA1"}}"#),
            "SHA1",
        ),
        (
            &format!("{} trailing", with_contents("")),
            "trailing characters",
        ),
    ] {
        let reason = refusal(json);
        assert!(reason.contains(expected), "{json}: {reason}");
    }
}

#[test]
fn a_cut_off_file_is_never_a_manifest() {
    let whole = with_contents(&format!(r#""a":{DIGEST},"b/c":{DIGEST}"#));
    for end in 0..whole.len() {
        assert!(!refusal(&whole[..end]).is_empty(), "cut at {end}");
    }
}

#[test]
fn paths_that_leave_the_root_or_hide_another_are_refused() {
    for path in [
        "../a",
        "/a",
        "a/../../b",
        "C:x",
        "\\\\a",
        "",
        "./a",
        "a//b",
        "a/",
    ] {
        let path = serde_json::to_string(path).unwrap();
        assert!(!refusal(&with_contents(&format!("{path}:{DIGEST}"))).is_empty());
    }
}

#[test]
fn a_path_that_is_there_twice_is_refused() {
    assert!(refusal(&with_contents(&format!(r#""a":{DIGEST},"a":{DIGEST}"#))).contains("twice"));
    let two_contents =
        r#"{"version":1,"storagePolicy":"wandb-storage-policy-v1","contents":{},"contents":{}}"#;
    assert!(refusal(two_contents).contains("duplicate field"));
}

#[test]
fn nesting_is_bounded_wherever_it_is() {
    let deep = format!("{}{}", "[".repeat(40), "]".repeat(40));
    assert!(refusal(&format!(r#"{{"x":{deep}}}"#)).contains("32 levels"));
    assert!(
        refusal(&with_contents(&format!(
            r#""a":{{"digest":"d","extra":{{"k":{deep}}}}}"#
        )))
        .contains("32 levels")
    );
    // Brackets within a string are no nesting.
    let text = with_contents(&format!(r#""a\"{}":{DIGEST}"#, "[".repeat(40)));
    assert!(Manifest::read(text.as_bytes(), &ReadLimits::default()).is_ok());
}

#[test]
fn an_endless_string_stops_at_the_limit() {
    let endless = "{\"version".as_bytes().chain(std::io::repeat(b'x'));
    let error = Manifest::read(endless, &ReadLimits::default()).unwrap_err();
    assert!(
        matches!(error, ReadError::Malformed { source } if source.to_string().contains("262144 bytes"))
    );
}

#[test]
fn an_endless_file_stops_at_the_limit() {
    let limits = ReadLimits {
        total_bytes: 1 << 20,
        ..ReadLimits::default()
    };
    let endless = "{".as_bytes().chain(std::io::repeat(b' '));
    let error = Manifest::read(endless, &limits).unwrap_err();
    assert!(
        matches!(error, ReadError::Malformed { source } if source.to_string().contains("1048576 bytes"))
    );
}
