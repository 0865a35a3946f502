//! The ordinal of a version within its collection.

use crate::InvalidValue;

/// Ordinal of a version within its collection: `v0`, `v1`, …
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct VersionIndex(u32);

impl VersionIndex {
    /// Returns the number behind the `v`.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// Whether `text` reads as a version: `v` and one or more digits, of any script.
    ///
    /// Source: wandb 0.31.0 tells versions from aliases this way.
    pub(crate) fn is_version_text(text: &str) -> bool {
        text.strip_prefix('v')
            .is_some_and(|digits| !digits.is_empty() && digits.chars().all(char::is_numeric))
    }
}

impl From<u32> for VersionIndex {
    fn from(index: u32) -> Self {
        Self(index)
    }
}

impl std::fmt::Display for VersionIndex {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "v{}", self.0)
    }
}

impl From<VersionIndex> for String {
    fn from(version: VersionIndex) -> Self {
        version.to_string()
    }
}

impl TryFrom<String> for VersionIndex {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl std::str::FromStr for VersionIndex {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = |reason: &str| InvalidValue::new("version", text, reason);
        let digits = text
            .strip_prefix('v')
            .ok_or_else(|| refuse("it does not start with `v`"))?;
        match digits.as_bytes() {
            [] => Err(refuse("no number follows the `v`")),
            [b'0', _, ..] => Err(refuse("the number has a leading zero")),
            bytes if bytes.iter().all(u8::is_ascii_digit) => digits
                .parse()
                .map(Self)
                .map_err(|_| refuse("the number is larger than 4294967295")),
            _ => Err(refuse("only the digits 0 to 9 may follow the `v`")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_and_prints() {
        for text in ["v0", "v7", "v10", "v4294967295"] {
            assert_eq!(
                text.parse::<VersionIndex>()
                    .map(|v| v.to_string())
                    .as_deref(),
                Ok(text)
            );
        }
    }

    #[test]
    fn rejects_other_spellings() {
        for text in [
            "",
            "v",
            "0",
            "V0",
            "v01",
            "v-1",
            "v+1",
            "v1 ",
            "v٣",
            "v4294967296",
            "latest",
        ] {
            assert!(text.parse::<VersionIndex>().is_err(), "{text:?}");
        }
    }
}
