//! URIs of content that stays where it is.

use std::fmt;

use crate::InvalidValue;

/// Scheme of a reference URI, in lower case: `s3`, `gs`, `https`, `file`, …
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Scheme(Box<str>);

impl Scheme {
    /// Returns the scheme, in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// URI of content that stays where it is, kept as written but for the scheme, which is lower-cased.
///
/// [`Display`](fmt::Display) and [`Debug`] leave out the user information and everything from `?` on, because both may
/// carry credentials; [`as_str`](Self::as_str) gives all of it.
///
/// Source: `add_reference` of wandb 0.31.0: a text without a scheme is refused, schemes compare without case.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ReferenceUri(Box<str>);

impl ReferenceUri {
    /// The longest URI, in bytes.
    pub const MAX_BYTES: usize = 16 * 1024;

    /// Returns the URI with all that it holds, secrets included.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether both name the same place, apart from credentials, and from the version that a query or fragment asks for.
    ///
    /// This tells an object that was named itself from one that was found below a folder: a resolver records it without
    /// what is only for asking.
    #[must_use]
    pub fn is_same_place(&self, other: &Self) -> bool {
        let place = |uri: &Self| {
            let shown = redacted(uri.as_str());
            let place = shown.split('#').next().unwrap_or_default();
            place.trim_end_matches('/').to_owned()
        };
        self == other || place(self) == place(other)
    }

    /// Whether it names an entry of a logged artifact: `wandb-artifact:`.
    #[must_use]
    pub fn is_of_artifact(&self) -> bool {
        self.0.starts_with("wandb-artifact:")
    }

    /// Returns the scheme.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        let end = self.0.find(':').unwrap_or(self.0.len());
        Scheme(self.0[..end].into())
    }
}

impl TryFrom<String> for ReferenceUri {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl std::str::FromStr for ReferenceUri {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = |reason: &str| Err(InvalidValue::new("reference URI", redacted(text), reason));
        let Some((scheme, rest)) = text.split_once(':') else {
            return refuse("it has no scheme; write a local path as `file:///path`");
        };
        let is_scheme_char = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
        if !scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            || !scheme.chars().all(is_scheme_char)
        {
            return refuse("it has no scheme; write a local path as `file:///path`");
        }
        // A drive letter would read as a scheme of one letter.
        if scheme.len() == 1 {
            return refuse("it reads as a path with a drive letter; write it as `file:///C:/path`");
        }
        if text.contains(['\n', '\r', '\0']) {
            return refuse("it holds a line break or NUL");
        }
        if Self::MAX_BYTES < text.len() {
            return refuse("it is longer than 16384 bytes");
        }
        Ok(Self(
            format!("{}:{rest}", scheme.to_ascii_lowercase()).into(),
        ))
    }
}

impl From<ReferenceUri> for String {
    fn from(uri: ReferenceUri) -> Self {
        uri.0.into()
    }
}

impl fmt::Display for ReferenceUri {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&redacted(&self.0))
    }
}

impl fmt::Debug for ReferenceUri {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ReferenceUri({self})")
    }
}

/// Returns `uri` without the parts that may hold credentials.
fn redacted(uri: &str) -> String {
    let without_query = uri.split('?').next().unwrap_or_default();
    let Some((scheme, rest)) = without_query.split_once("://") else {
        return without_query.to_owned();
    };
    let authority_end = rest.find('/').unwrap_or(rest.len());
    let host_start = rest[..authority_end].rfind('@').map_or(0, |at| at + 1);
    format!("{scheme}://{}", &rest[host_start..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_uri_and_lowers_the_scheme() -> Result<(), InvalidValue> {
        let uri: ReferenceUri = "S3://My-Bucket/a b?versionId=X".parse()?;
        assert_eq!(uri.as_str(), "s3://My-Bucket/a b?versionId=X");
        assert_eq!(uri.scheme().as_str(), "s3");
        Ok(())
    }

    #[test]
    fn never_prints_credentials() -> Result<(), InvalidValue> {
        let uri: ReferenceUri = "https://user:pw@host/p/f?sig=secret".parse()?;
        assert_eq!(uri.to_string(), "https://host/p/f");
        assert_eq!(format!("{uri:?}"), "ReferenceUri(https://host/p/f)");
        let error = "https://user:pw@host/\n?sig=secret"
            .parse::<ReferenceUri>()
            .map_err(|e| e.to_string());
        assert!(error.is_err_and(|text| !text.contains("pw") && !text.contains("secret")));
        Ok(())
    }

    #[test]
    fn the_same_place_is_told_from_one_below_it() -> Result<(), InvalidValue> {
        let same = |a: &str, b: &str| Ok(a.parse::<ReferenceUri>()?.is_same_place(&b.parse()?));
        assert!(same("s3://b/k?versionId=X", "s3://b/k")?);
        assert!(same("gs://b/k#17", "gs://b/k")?);
        assert!(same("https://u:p@h/k?sig=1", "https://h/k")?);
        assert!(same("https://h", "https://h/")?);
        assert!(!same("s3://b/k", "s3://b/k/k")?);
        assert!(!same("s3://b", "s3://b/k")?);
        Ok(())
    }

    #[test]
    fn refuses_paths() {
        for text in [
            "",
            "hello.txt",
            "/abs",
            "./x",
            "C:\\x",
            "c:/x",
            ":x",
            "1a:x",
            "s3",
        ] {
            assert!(text.parse::<ReferenceUri>().is_err(), "{text:?}");
        }
    }
}
