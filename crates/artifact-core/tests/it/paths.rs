//! Paths in an artifact: one normal form, and no way out of the root.

use std::path::{Component, Path};

use artifact_core::{InvalidValue, LogicalPath};
use proptest::prelude::*;
use serde_json::json;

use crate::hostile;

fn path() -> impl Strategy<Value = LogicalPath> {
    "[^\\\\/\n\0]{1,12}(/[^\\\\/\n\0]{1,12}){0,4}"
        .prop_filter_map("a valid path", |text| text.parse().ok())
}

/// A path and one that is at, below or beside it.
fn relatives() -> impl Strategy<Value = (LogicalPath, LogicalPath)> {
    (path(), path(), 0..4).prop_map(|(one, other, kinship)| {
        let text = match kinship {
            0 => one.to_string(),
            1 => format!("{one}/{other}"),
            2 => format!("{one}{other}"),
            _ => other.to_string(),
        };
        let other = text.parse().unwrap_or(other);
        (one, other)
    })
}

/// Joins `path` to a root as POSIX does, and returns where that is, seen from the root; `None` outside of it.
fn posix(path: &str) -> Option<Vec<&str>> {
    if path.starts_with('/') || path.contains('\0') {
        return None;
    }
    let mut place = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => _ = place.pop()?,
            name => place.push(name),
        }
    }
    Some(place)
}

/// The same by the rules of Windows: two separators, drives and shares, and names that lose their last spaces and
/// single dots. Where versions of Windows differ, the one that goes further counts.
fn windows(path: &str) -> Option<Vec<&str>> {
    let is_drive = matches!(path.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic());
    if is_drive || path.starts_with(['/', '\\']) || path.contains('\0') {
        return None;
    }
    let mut place = Vec::new();
    for part in path.split(['/', '\\']) {
        match windows_name(part) {
            "" | "." => {}
            ".." => _ = place.pop()?,
            name => place.push(name),
        }
    }
    Some(place)
}

/// Returns `name` without the spaces and single dots at its end; `..` is not two single dots.
fn windows_name(name: &str) -> &str {
    let mut rest = name;
    loop {
        rest = rest.trim_end_matches(' ');
        match rest.strip_suffix('.') {
            Some(shorter) if !matches!(rest, "." | "..") && !shorter.ends_with('.') => {
                rest = shorter;
            }
            _ => return rest,
        }
    }
}

fn assert_stays_inside(text: &str) {
    let Ok(path) = text.parse::<LogicalPath>() else {
        return;
    };
    let components: Vec<&str> = path.components().collect();
    assert_eq!(posix(path.as_str()), Some(components.clone()), "{text:?}");
    assert!(windows(path.as_str()).is_some(), "{text:?}");
    let joined = Path::new("/root").join(path.as_str());
    let below = joined.strip_prefix("/root").unwrap();
    let is_plain = |component| matches!(component, Component::Normal(_));
    assert!(
        below.components().next().is_some() && below.components().all(is_plain),
        "{text:?}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_path_leaves_its_root(text in hostile::text()) {
        assert_stays_inside(&text);
    }

    #[test]
    fn no_path_of_dots_spaces_and_separators_leaves_its_root(text in "[./\\\\ a:C]{0,10}") {
        assert_stays_inside(&text);
    }

    #[test]
    fn no_join_leaves_the_folder(folder in "[./\\\\ a:C]{1,6}", inner in "[./\\\\ a:C]{0,8}") {
        if let Ok(joined) = folder.parse::<LogicalPath>().and_then(|folder| folder.join(&inner)) {
            assert_stays_inside(joined.as_str());
            prop_assert!(joined.is_at_or_below(&folder.parse().unwrap()));
        }
    }

    #[test]
    fn no_accepted_path_holds_nul_or_a_line_feed(text in hostile::text()) {
        if let Ok(path) = text.parse::<LogicalPath>() {
            prop_assert!(!path.as_str().contains(['\0', '\n']));
        }
    }
}

proptest! {
    #[test]
    fn normalising_again_changes_nothing(text in hostile::text()) {
        if let Ok(path) = text.parse::<LogicalPath>() {
            prop_assert_eq!(path.to_string().parse(), Ok(path));
        }
    }

    #[test]
    fn a_normal_path_comes_out_as_it_went_in(path in path()) {
        prop_assert_eq!(path.as_str().parse(), Ok(path.clone()));
        prop_assert_eq!(path.components().collect::<Vec<_>>().join("/"), path.as_str());
        prop_assert!(path.components().all(|part| !matches!(part, "" | "." | "..")));
        prop_assert_eq!(Some(path.file_name()), path.components().next_back());
    }

    #[test]
    fn needless_slashes_and_dots_do_not_matter(path in path(), noise in prop::sample::select(&["/", "/.", "//./"][..])) {
        let noisy = format!("./{}{noise}", path.as_str().replace('/', &format!("{noise}/")));
        prop_assert_eq!(noisy.parse(), Ok(path));
    }

    #[test]
    fn stored_paths_pass_the_same_gate(text in hostile::text()) {
        let parsed: Result<LogicalPath, InvalidValue> = text.parse();
        let read: Result<LogicalPath, _> = serde_json::from_value(json!(text));
        prop_assert_eq!(parsed.as_ref().ok(), read.as_ref().ok());
        if let Ok(path) = read {
            prop_assert_eq!(serde_json::to_value(&path).unwrap(), json!(path.as_str()));
        }
    }

    #[test]
    fn joining_is_writing_one_after_the_other(folder in path(), inner in path()) {
        let joined = folder.join(inner.as_str()).unwrap();
        prop_assert_eq!(joined.as_str(), format!("{folder}/{inner}"));
        prop_assert!(joined.is_at_or_below(&folder));
        prop_assert!(!folder.is_at_or_below(&joined));
    }

    #[test]
    fn joining_is_associative(a in path(), b in path(), c in path()) {
        let left = a.join(b.as_str()).and_then(|ab| ab.join(c.as_str()));
        let right = b.join(c.as_str()).and_then(|bc| a.join(bc.as_str()));
        prop_assert_eq!(left, right);
    }

    #[test]
    fn only_a_path_can_be_joined(folder in path(), inner in hostile::text()) {
        prop_assert_eq!(folder.join(&inner).is_ok(), inner.parse::<LogicalPath>().is_ok());
    }

    #[test]
    fn being_below_is_what_the_components_say((one, other) in relatives()) {
        let parts = |path: &LogicalPath| path.components().map(str::to_owned).collect::<Vec<_>>();
        prop_assert_eq!(other.is_at_or_below(&one), parts(&other).starts_with(&parts(&one)));
        prop_assert!(one.is_at_or_below(&one));
        if one.is_at_or_below(&other) && other.is_at_or_below(&one) {
            prop_assert_eq!(one, other);
        }
    }

    #[test]
    fn ancestors_are_what_a_path_is_below(path in path()) {
        let ancestors: Vec<LogicalPath> = path.ancestors().map(|text| text.parse().unwrap()).collect();
        prop_assert_eq!(ancestors.len() + 1, path.components().count());
        for ancestor in &ancestors {
            prop_assert!(path.is_at_or_below(ancestor) && path != *ancestor);
        }
    }

    #[test]
    fn paths_sort_as_their_bytes_do(one in path(), other in path()) {
        prop_assert_eq!(one.cmp(&other), one.as_str().as_bytes().cmp(other.as_str().as_bytes()));
    }
}

#[test]
fn the_longest_path_is_accepted_and_one_byte_more_is_not() {
    let longest = format!("d/{}", "é".repeat(LogicalPath::MAX_BYTES / 2 - 1));
    assert_eq!(longest.len(), LogicalPath::MAX_BYTES);
    let path: LogicalPath = longest.parse().unwrap();
    assert_eq!(path.as_str(), longest);
    let error = format!("{longest}x").parse::<LogicalPath>().unwrap_err();
    assert_eq!(
        error.reason(),
        "it has 4097 bytes, at most 4096 are allowed"
    );
    assert!(path.join("x").is_err());
}

#[test]
fn dots_that_windows_would_read_as_the_folder_above_are_refused() {
    for text in [".. ", "..  /a", "a/.. ", "a\\.. \\b", ".. .", "a/.. ./b"] {
        assert!(text.parse::<LogicalPath>().is_err(), "{text:?}");
    }
    for text in ["...", " ..", "..a", "a..", "a .", ". a"] {
        assert!(text.parse::<LogicalPath>().is_ok(), "{text:?}");
    }
}
