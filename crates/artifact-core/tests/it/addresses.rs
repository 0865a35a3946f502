//! Addresses: printed and parsed again they mean the same.

use artifact_core::{
    Alias, ArtifactAddress, EntityName, EntryUri, LogicalPath, ProjectAddress, VersionIndex,
    VersionSelector,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use proptest::prelude::*;

use crate::hostile;

/// The four parts of an address, each as it is written.
type Parts = (Option<String>, Option<String>, String, Option<String>);

fn parts() -> impl Strategy<Value = Parts> {
    let name = "[a-z0-9é._-]{1,6}( [a-z]{1,3})?";
    let is_name = |text: &String| !matches!(text.as_str(), "." | "..");
    let scope = || prop::option::of(name.prop_filter("no dots alone", is_name));
    let selector = prop_oneof!["v(0|[1-9][0-9]{0,5})", "[a-uw-z][a-z0-9 .-]{0,8}"];
    (
        scope(),
        scope(),
        "[A-Za-z0-9_-]{1,8}",
        prop::option::of(selector),
    )
}

fn written((entity, project, name, selector): &Parts) -> String {
    let scope = match (entity, project) {
        (None, None) => String::new(),
        (None, Some(project)) => format!("{project}/"),
        (Some(entity), project) => format!("{entity}/{}/", project.as_deref().unwrap_or_default()),
    };
    let selector = selector.as_ref().map(|text| format!(":{text}"));
    format!("{scope}{name}{}", selector.unwrap_or_default())
}

fn defaults() -> ProjectAddress {
    ProjectAddress {
        entity: "somebody".parse().unwrap(),
        project: "something".parse().unwrap(),
    }
}

proptest! {
    #[test]
    fn the_parts_of_an_address_are_those_it_was_written_with(parts in parts()) {
        let text = written(&parts);
        let address: ArtifactAddress = text.parse().unwrap();
        let (entity, project, name, selector) = parts;
        prop_assert_eq!(address.entity().map(ToString::to_string), entity);
        prop_assert_eq!(address.project().map(ToString::to_string), project);
        prop_assert_eq!(address.name().to_string(), name);
        prop_assert_eq!(address.selector().map(ToString::to_string), selector);
        prop_assert_eq!(address.to_string(), text);
    }

    #[test]
    fn an_accepted_address_means_the_same_when_it_is_printed(text in hostile::text()) {
        if let Ok(address) = text.parse::<ArtifactAddress>() {
            prop_assert_eq!(address.to_string().parse(), Ok(address));
        }
    }

    #[test]
    fn a_full_address_needs_no_defaults(parts in parts()) {
        let address: ArtifactAddress = written(&parts).parse().unwrap();
        let full = address.qualify(&defaults());
        let again: ArtifactAddress = full.to_string().parse().unwrap();
        let other = ProjectAddress { entity: "x".parse().unwrap(), project: "y".parse().unwrap() };
        prop_assert_eq!(&again.clone().qualify(&other), &full);
        let as_uri: ArtifactAddress = format!("wandb-artifact://{full}").parse().unwrap();
        prop_assert_eq!(as_uri, again);
    }

    #[test]
    fn a_selector_is_a_version_or_an_alias_and_keeps_to_it(text in hostile::text()) {
        let (version, alias) = (text.parse::<VersionIndex>(), text.parse::<Alias>());
        match text.parse::<VersionSelector>() {
            Ok(VersionSelector::Version(found)) => {
                prop_assert_eq!(Ok(found), version);
                prop_assert!(alias.is_err());
            }
            Ok(VersionSelector::Alias(found)) => {
                prop_assert_eq!(Ok(found), alias);
                prop_assert!(version.is_err());
            }
            Err(_) => prop_assert!(version.is_err() && alias.is_err()),
        }
    }

    #[test]
    fn a_selector_means_the_same_when_it_is_printed(text in hostile::text()) {
        if let Ok(selector) = text.parse::<VersionSelector>() {
            prop_assert_eq!(selector.to_string(), text.as_str());
            prop_assert_eq!(selector.to_string().parse(), Ok(selector));
        }
    }

    #[test]
    fn the_address_of_an_entry_comes_out_as_it_went_in(id in prop::collection::vec(any::<u8>(), 1..40), path in "[a-z /:?#%]{1,20}") {
        let path: LogicalPath = match path.parse() {
            Ok(path) => path,
            Err(_) => return Ok(()),
        };
        let uri = EntryUri::new(&BASE64.encode(&id), path.clone()).unwrap();
        prop_assert_eq!(uri.path(), &path);
        prop_assert_eq!(BASE64.decode(uri.artifact_id()).unwrap(), id);
        prop_assert_eq!(uri.to_string().parse(), Ok(uri));
    }

    #[test]
    fn an_accepted_address_of_an_entry_means_the_same_when_it_is_printed(rest in hostile::text(), id in "[0-9a-f]{0,4}") {
        let text = format!("wandb-artifact://{id}/{rest}");
        if let Ok(uri) = text.parse::<EntryUri>() {
            prop_assert_eq!(uri.to_string().parse(), Ok(uri));
        }
    }

    #[test]
    fn an_artifact_id_is_base64_or_refused(id in hostile::text()) {
        let is_base64 = BASE64.decode(&id).is_ok_and(|bytes| !bytes.is_empty());
        prop_assert_eq!(EntryUri::new(&id, "a".parse().unwrap()).is_ok(), is_base64);
    }
}

#[test]
fn an_entity_without_a_project_keeps_its_place() {
    let address: ArtifactAddress = "team//mnist:best".parse().unwrap();
    assert_eq!(address.entity().map(EntityName::as_str), Some("team"));
    assert_eq!(address.project(), None);
    assert_eq!(address.to_string(), "team//mnist:best");
}
