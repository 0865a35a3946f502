//! The URLs of blobs.

use artifact_core::ReferenceUri;
use artifact_core::ports::{ReferenceObject, ResolveError};
use percent_encoding::percent_decode_str;

use super::config::AzureConfig;
use crate::net::{ObjectUri, parse_uri};

/// The parts of a blob's URL.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct BlobUrl {
    /// The account's URL, such as `https://<account>.blob.core.windows.net`.
    pub(super) account: String,
    /// The container, the blob's name and its version.
    pub(super) object: ObjectUri,
    /// The query of a shared access signature.
    pub(super) signature: Option<String>,
}

impl BlobUrl {
    pub(super) fn parse(uri: &ReferenceUri, config: &AzureConfig) -> Result<Self, ResolveError> {
        let unsupported = |reason: &str| ResolveError::Unsupported {
            uri: uri.clone(),
            reason: reason.to_owned(),
        };
        let text = uri.as_str();
        let account = config
            .account_of(text)
            .ok_or_else(|| unsupported("it is not the URL of a storage account"))?;
        let rest = &text[account.len()..];
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let path = path.split('#').next().unwrap_or_default();
        let path = path.strip_prefix('/').unwrap_or(path);
        let (container, name) = path.split_once('/').unwrap_or((path, ""));
        if container.is_empty() {
            return Err(unsupported("it names no container"));
        }
        let (versions, signature): (Vec<_>, Vec<_>) = query
            .split('&')
            .filter(|parameter| !parameter.is_empty())
            .partition(|parameter| is_version(parameter));
        let is_signed = signature
            .iter()
            .any(|parameter| parameter.starts_with("sig="));
        Ok(Self {
            account: account.to_owned(),
            object: ObjectUri {
                bucket: container.to_owned(),
                key: name.to_owned(),
                version: versions.iter().find_map(|parameter| version_in(parameter)),
            },
            signature: is_signed.then(|| signature.join("&")),
        })
    }

    /// Returns the spellings of the name: as it is, and decoded.
    pub(super) fn spellings(&self) -> impl Iterator<Item = Self> {
        let decoded = percent_decode_str(&self.object.key).decode_utf8().ok();
        let decoded = decoded.filter(|name| **name != self.object.key);
        let other = decoded.map(|name| Self {
            object: ObjectUri {
                key: name.into_owned(),
                ..self.object.clone()
            },
            ..self.clone()
        });
        std::iter::once(self.clone()).chain(other)
    }

    /// Returns the URL to record for the blob `name` in this container: as it is, except for characters that would end the
    /// path.
    pub(super) fn recorded(
        &self,
        name: &str,
        asked: &ReferenceUri,
    ) -> Result<ReferenceUri, ResolveError> {
        let name = name.replace('?', "%3F").replace('#', "%23");
        parse_uri(
            &format!("{}/{}/{name}", self.account, self.object.bucket),
            asked,
        )
    }

    /// Returns the blob without a request.
    pub(super) fn unresolved(
        &self,
        requested: &ReferenceUri,
    ) -> Result<ReferenceObject, ResolveError> {
        let uri = self.recorded(&self.object.key, requested)?;
        Ok(self.object.unresolved(uri))
    }
}

fn is_version(parameter: &str) -> bool {
    let name = parameter.split('=').next().unwrap_or_default();
    name.eq_ignore_ascii_case("versionid")
}

/// Returns the version in a parameter; an empty one is none.
fn version_in(parameter: &str) -> Option<String> {
    let (_, version) = parameter.split_once('=')?;
    let version = percent_decode_str(version).decode_utf8_lossy().into_owned();
    (!version.is_empty()).then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: &str = "https://a.blob.core.windows.net";

    fn parse(rest: &str) -> Option<BlobUrl> {
        let uri = format!("{ACCOUNT}{rest}").parse().expect("a URI");
        BlobUrl::parse(&uri, &AzureConfig::default()).ok()
    }

    #[test]
    fn the_path_is_the_name_and_the_query_is_only_for_asking() {
        for (rest, container, name, version, signature) in [
            ("/c/d/f", "c", "d/f", None, None),
            ("/c", "c", "", None, None),
            ("/c/", "c", "", None, None),
            ("/c/sp ace%20/", "c", "sp ace%20/", None, None),
            (
                "/c/f?versionId=2024-01-01T00%3A00",
                "c",
                "f",
                Some("2024-01-01T00:00"),
                None,
            ),
            ("/c/f?versionid=", "c", "f", None, None),
            (
                "/c/f?sv=1&sig=s%2B&versionId=v",
                "c",
                "f",
                Some("v"),
                Some("sv=1&sig=s%2B"),
            ),
            ("/c/f?timeout=1", "c", "f", None, None),
        ] {
            let at = parse(rest).expect(rest);
            assert_eq!(
                (&*at.object.bucket, &*at.object.key),
                (container, name),
                "{rest}"
            );
            assert_eq!(at.object.version.as_deref(), version, "{rest}");
            assert_eq!(at.signature.as_deref(), signature, "{rest}");
        }
        assert!(parse("").is_none());
        assert!(parse("/?sig=1").is_none());
    }

    #[test]
    fn a_name_is_read_as_it_is_and_then_decoded() {
        let names = |rest| {
            parse(rest)
                .expect(rest)
                .spellings()
                .map(|at| at.object.key)
                .collect::<Vec<_>>()
        };
        assert_eq!(names("/c/a b"), ["a b"]);
        assert_eq!(names("/c/a%20b"), ["a%20b", "a b"]);
        assert_eq!(names("/c/100%"), ["100%"]);
    }

    #[test]
    fn without_checksum_names_are_those_of_the_official_client() {
        for (rest, path, uri) in [
            ("/cont/d/f?sv=1&sig=x", "d/f", "/cont/d/f"),
            ("/cont/", "cont", "/cont/"),
        ] {
            let asked = format!("{ACCOUNT}{rest}").parse().expect("a URI");
            let object = parse(rest)
                .expect(rest)
                .unresolved(&asked)
                .expect("an object");
            assert_eq!(object.relative_path, path);
            assert_eq!(object.uri.as_str(), format!("{ACCOUNT}{uri}"));
            assert_eq!(object.digest.to_string(), object.uri.as_str());
        }
    }
}
