//! URLs: what is requested, what is recorded, and the object's name.

use artifact_core::ReferenceUri;
use artifact_core::ports::ResolveError;
use reqwest::Url;

use crate::net::without_secrets;

/// A URL in its three roles.
pub(super) struct Target {
    /// The URL to request, credentials included.
    pub(super) url: Url,
    /// The URI to record.
    pub(super) recorded: ReferenceUri,
    /// The name of the object.
    pub(super) name: String,
}

pub(super) fn target(uri: &ReferenceUri) -> Result<Target, ResolveError> {
    let unsupported = |reason: String| ResolveError::Unsupported {
        uri: uri.clone(),
        reason,
    };
    let url: Url = uri
        .as_str()
        .parse()
        .map_err(|error| unsupported(format!("it is not a URL: {error}")))?;
    if !url.has_host() || !matches!(url.scheme(), "http" | "https") {
        return Err(unsupported("it names no host".to_owned()));
    }
    let kept = without_secrets(url.clone());
    let recorded = kept.as_str().parse().map_err(|source| ResolveError::Name {
        uri: uri.clone(),
        source,
    })?;
    let had_secrets = kept != url;
    let name = if had_secrets {
        name(kept.as_str())
    } else {
        name(uri.as_str())
    };
    Ok(Target {
        url,
        recorded,
        name: name.to_owned(),
    })
}

/// Returns the last segment that is not empty.
fn name(url: &str) -> &str {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    let trimmed = after_scheme.trim_end_matches('/');
    trimmed.rsplit('/').next().unwrap_or(trimmed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> (String, String) {
        let target = target(&text.parse().expect("a URI")).expect("a URL");
        (target.name, target.recorded.as_str().to_owned())
    }

    #[test]
    fn names_are_those_of_the_official_client() {
        for (url, name, recorded) in [
            ("http://h/etag.bin", "etag.bin", "http://h/etag.bin"),
            (
                "http://h/d/a.bin?x=1&y=2",
                "a.bin?x=1&y=2",
                "http://h/d/a.bin?x=1&y=2",
            ),
            (
                "http://h/a.bin?path=a/b.csv",
                "b.csv",
                "http://h/a.bin?path=a/b.csv",
            ),
            ("http://h:8000", "h:8000", "http://h:8000/"),
            ("http://h/a.bin#frag", "a.bin#frag", "http://h/a.bin#frag"),
            (
                "http://h/etag file.bin",
                "etag file.bin",
                "http://h/etag%20file.bin",
            ),
            ("http://h/é.bin", "é.bin", "http://h/%C3%A9.bin"),
        ] {
            assert_eq!(of(url), (name.to_owned(), recorded.to_owned()));
        }
    }

    #[test]
    fn names_the_official_client_has_none_or_a_secret_for() {
        for (url, name, recorded) in [
            ("http://h/d/a.bin/", "a.bin", "http://h/d/a.bin/"),
            ("http://h:8000/", "h:8000", "http://h:8000/"),
            ("https://u:p@h/a.bin", "a.bin", "https://h/a.bin"),
            (
                "https://h/a.bin?X-Amz-Signature=s",
                "a.bin",
                "https://h/a.bin",
            ),
        ] {
            assert_eq!(of(url), (name.to_owned(), recorded.to_owned()));
        }
    }

    #[test]
    fn what_is_no_url_is_refused_without_its_secrets() {
        for text in [
            "http:",
            "http://",
            "https://u:pw@",
            "http://h:99999/?sig=pw",
        ] {
            let refused = target(&text.parse().expect("a URI"));
            let Err(ResolveError::Unsupported { reason, .. }) = refused else {
                panic!("{text}");
            };
            assert!(!reason.contains("pw"), "{reason}");
        }
    }
}
