//! Names, types, aliases, tags and ids: one door in, and what comes out goes in again.

use artifact_core::{
    Alias, ArtifactName, ArtifactType, EntityName, InvalidValue, Metadata, ProjectName,
    ReferenceUri, RunId, Tag, Ttl, VersionIndex,
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::hostile;

fn is_numbered(text: &str) -> bool {
    text.strip_prefix('v')
        .is_some_and(|rest| !rest.is_empty() && rest.chars().all(char::is_numeric))
}

fn is_trimmed(text: &str) -> bool {
    text.trim() == text
}

fn name() -> impl Strategy<Value = String> {
    "[A-Za-z0-9_.-]{1,128}".prop_filter("a folder could have this name", |text| {
        !matches!(text.as_str(), "." | "..")
    })
}

fn artifact_type() -> impl Strategy<Value = String> {
    "\\PC{1,40}"
}

fn alias() -> impl Strategy<Value = String> {
    "[^/:\\p{Cc}]{1,128}".prop_filter("it is no version", |text| !is_numbered(text))
}

fn tag() -> impl Strategy<Value = String> {
    "[A-Za-z0-9_é漢٣-]{1,20}( {1,3}[A-Za-z0-9_é漢٣-]{1,20}){0,4}"
}

fn project() -> impl Strategy<Value = String> {
    "[^/\\\\#?%:\\p{Cc}]{1,128}".prop_filter("it stands in a URL", |text| is_segment(text))
}

fn run_id() -> impl Strategy<Value = String> {
    "[^:;,#?/'\\p{Cc}]{1,128}".prop_filter("it stands in a URL", |text| is_segment(text))
}

fn is_segment(text: &str) -> bool {
    is_trimmed(text) && !matches!(text, "." | "..")
}

macro_rules! laws_of_texts {
    ($($module:ident: $type:ty, $valid:expr;)+) => {$(
        mod $module {
            use super::*;

            proptest! {
                #[test]
                fn a_valid_text_comes_out_as_it_went_in(text in $valid) {
                    let value: $type = text.parse().unwrap();
                    prop_assert_eq!(value.as_str(), &text);
                    prop_assert_eq!(value.to_string(), text.as_str());
                    prop_assert_eq!(String::from(value), text);
                }

                #[test]
                fn what_is_accepted_is_printed_and_accepted_again(text in hostile::text()) {
                    if let Ok(value) = text.parse::<$type>() {
                        prop_assert_eq!(value.to_string(), text.as_str());
                        prop_assert_eq!(value.to_string().parse(), Ok(value));
                    }
                }

                #[test]
                fn what_is_refused_is_named_with_its_reason(text in hostile::text()) {
                    if let Err(error) = text.parse::<$type>() {
                        prop_assert_eq!(error.text(), text);
                        prop_assert!(!error.reason().is_empty());
                        prop_assert!(!error.to_string().contains('\n'), "{}", error);
                    }
                }

                #[test]
                fn stored_data_passes_the_same_gate(text in prop_oneof![hostile::text(), $valid]) {
                    let parsed: Result<$type, InvalidValue> = text.parse();
                    let read: Result<$type, _> = serde_json::from_value(json!(text));
                    prop_assert_eq!(parsed.as_ref().ok(), read.as_ref().ok());
                    if let Ok(value) = read {
                        prop_assert_eq!(serde_json::to_value(value).unwrap(), json!(text));
                    }
                }
            }
        }
    )+};
}

laws_of_texts! {
    names: ArtifactName, name();
    types: ArtifactType, artifact_type();
    aliases: Alias, alias();
    tags: Tag, tag();
    entities: EntityName, project();
    projects: ProjectName, project();
    run_ids: RunId, run_id();
}

proptest! {
    #[test]
    fn a_sanitised_name_is_a_name_and_a_name_stays_as_it_is(text in hostile::text()) {
        match (ArtifactName::sanitized(&text), text.parse::<ArtifactName>()) {
            (Ok(sanitised), Ok(name)) => prop_assert_eq!(sanitised, name),
            (Ok(sanitised), Err(_)) => {
                prop_assert_eq!(ArtifactName::sanitized(sanitised.as_str()), Ok(sanitised));
            }
            (Err(_), parsed) => {
                prop_assert!(matches!(text.as_str(), "" | "." | ".."));
                prop_assert!(parsed.is_err());
            }
        }
    }

    #[test]
    fn a_text_is_a_version_or_an_alias_and_never_both(text in hostile::text()) {
        prop_assert!(text.parse::<VersionIndex>().is_err() || text.parse::<Alias>().is_err());
    }

    #[test]
    fn every_index_is_a_version(index in any::<u32>()) {
        let version = VersionIndex::from(index);
        prop_assert_eq!(version.to_string(), format!("v{index}"));
        prop_assert_eq!(version.to_string().parse(), Ok(version));
        prop_assert!(version.to_string().parse::<Alias>().is_err());
        let json = serde_json::to_value(version).unwrap();
        prop_assert_eq!(&json, &json!(format!("v{index}")));
        prop_assert_eq!(serde_json::from_value::<VersionIndex>(json).unwrap(), version);
    }

    #[test]
    fn what_is_accepted_as_a_version_has_one_spelling(text in hostile::text()) {
        if let Ok(version) = text.parse::<VersionIndex>() {
            prop_assert_eq!(version.to_string(), text);
        }
    }

    #[test]
    fn every_lifetime_survives_the_wire(seconds in 1..=i64::MAX.unsigned_abs()) {
        let ttl = Ttl::Seconds(seconds);
        prop_assert_eq!(Ttl::from_wire(ttl.to_wire()), Ok(ttl));
    }

    #[test]
    fn a_number_of_the_wire_is_refused_or_comes_back(number in any::<i64>()) {
        if let Ok(ttl) = Ttl::from_wire(number) {
            prop_assert_eq!(ttl.to_wire(), number);
        }
    }

    #[test]
    fn a_reference_stays_as_written_but_for_the_case_of_its_scheme(rest in hostile::text()) {
        for scheme in ["s3", "GS", "https", "File", "x-y.z+1"] {
            if let Ok(uri) = format!("{scheme}:{rest}").parse::<ReferenceUri>() {
                prop_assert_eq!(uri.as_str(), format!("{}:{rest}", scheme.to_ascii_lowercase()));
                prop_assert_eq!(uri.scheme().to_string(), scheme.to_ascii_lowercase());
                prop_assert_eq!(uri.as_str().parse(), Ok(uri));
            }
        }
    }

    #[test]
    fn no_text_of_a_reference_shows_its_secrets(path in "[a-z/]{0,10}", host in "[a-z.]{1,10}") {
        let uri = format!("https://user:SECRET@{host}/{path}?signature=SECRET");
        let parsed: ReferenceUri = uri.parse().unwrap();
        let shown = format!("{parsed} {parsed:?}");
        prop_assert!(!shown.contains("SECRET"), "{}", shown);
        let refused = format!("{uri}\n").parse::<ReferenceUri>().unwrap_err();
        let shown = format!("{refused} {refused:?}");
        prop_assert!(!shown.contains("SECRET"), "{}", shown);
    }

    #[test]
    fn metadata_comes_out_as_it_went_in(object in object()) {
        let metadata = Metadata::try_from(object.clone()).unwrap();
        prop_assert_eq!(metadata.to_string().parse(), Ok(metadata.clone()));
        let json = serde_json::to_value(&metadata).unwrap();
        prop_assert_eq!(&json, &Value::Object(object));
        prop_assert_eq!(serde_json::from_value::<Metadata>(json).unwrap(), metadata);
    }

    #[test]
    fn stored_metadata_has_the_same_limit(count in 95..110_usize) {
        let object: Map<String, Value> = (0..count).map(|n| (n.to_string(), json!(n))).collect();
        let read = serde_json::from_value::<Metadata>(Value::Object(object));
        prop_assert_eq!(read.is_ok(), count <= Metadata::MAX_KEYS);
    }
}

/// A JSON object a few levels deep; numbers are whole, so that they are equal after printing.
fn object() -> impl Strategy<Value = Map<String, Value>> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        hostile::text().prop_map(Value::from),
    ];
    let value = leaf.prop_recursive(3, 20, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::hash_map(hostile::text(), inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    });
    prop::collection::hash_map(hostile::text(), value, 0..8)
        .prop_map(|map| map.into_iter().collect())
}

#[test]
fn a_tag_may_hold_marks_that_the_official_client_refuses() {
    // Rust counts vowel signs as letters, which words of these scripts cannot do without; Python's `\w` does not.
    assert!("हि".parse::<Tag>().is_ok());
}
