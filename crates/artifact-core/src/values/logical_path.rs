//! The path of an entry within its artifact.

use std::borrow::Cow;
use std::sync::Arc;

use crate::InvalidValue;

/// Path of an entry within its artifact: relative, `/`-separated, and unable to leave the artifact's root.
///
/// Parsing normalises: `//` and `/./` collapse, a leading `./` and a trailing `/` go. What is left has no `..`
/// component (with `/` or `\` as separator), does not start with `/`, `\` or a drive letter, holds neither NUL nor a
/// line feed, and is 1 to [`MAX_BYTES`](Self::MAX_BYTES) bytes long. Everything else is kept as it is: other control
/// characters, backslashes inside, Unicode in whatever normal form.
///
/// Cheap to clone, because a path is named in many places.
///
/// Paths sort by code point, which is the order of their UTF-8 bytes and the order of the artifact digest.
///
/// Source: entry paths of wandb 0.31.0. It also accepts NUL, which no file name can hold, and line feeds, which would
/// let two artifacts with different entries have one digest (the digest is over lines `path:digest`); here they are
/// errors.
#[derive(
    Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct LogicalPath(Arc<str>);

const WHAT: &str = "path in an artifact";

impl LogicalPath {
    /// The longest path, in bytes of UTF-8: what one path may have on Linux.
    pub const MAX_BYTES: usize = 4096;

    /// Returns the path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the components between the slashes.
    #[must_use]
    pub fn components(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/')
    }

    /// Returns the last component.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// Returns the folders that this path lies in, from the innermost out: `a/b` and `a` for `a/b/c`.
    pub fn ancestors(&self) -> impl Iterator<Item = &str> {
        self.0.rmatch_indices('/').map(|(end, _)| &self.0[..end])
    }

    /// Returns `inner` below this path.
    ///
    /// # Errors
    /// When the two together are too long, or `inner` leaves this path.
    pub fn join(&self, inner: &str) -> Result<Self, InvalidValue> {
        Self::try_from(inner)?;
        format!("{}/{inner}", self.0).parse()
    }

    /// Whether this path is `other`, or lies in the folder `other`.
    #[must_use]
    pub fn is_at_or_below(&self, other: &Self) -> bool {
        self.0
            .strip_prefix(&*other.0)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

impl TryFrom<&str> for LogicalPath {
    type Error = InvalidValue;

    fn try_from(text: &str) -> Result<Self, Self::Error> {
        let refuse = |reason: &str| Err(InvalidValue::new(WHAT, text, reason));
        if text.starts_with(['/', '\\']) {
            return refuse("it is absolute; paths in an artifact are relative to its root");
        }
        if text.split(['/', '\\']).any(is_folder_above) {
            return refuse("`..` could leave the artifact's root");
        }
        if text.contains('\0') {
            return refuse("no file name can hold NUL");
        }
        if text.contains('\n') {
            return refuse(
                "a line feed would make the artifact's digest ambiguous; rename the file, or give it another name in the artifact",
            );
        }
        let normal = normalized(text);
        match normal.as_bytes() {
            [] => refuse("it names the artifact's root, not an entry"),
            // `./C:x` and `.//\x` only show what they are once they are normalised.
            [letter, b':', ..] if letter.is_ascii_alphabetic() => {
                refuse("it starts with a drive letter")
            }
            [b'\\', ..] => refuse("it is absolute; paths in an artifact are relative to its root"),
            bytes if Self::MAX_BYTES < bytes.len() => refuse(&format!(
                "it has {} bytes, at most {} are allowed",
                bytes.len(),
                Self::MAX_BYTES
            )),
            _ => Ok(Self(normal.into())),
        }
    }
}

/// Whether `component` is `..`, or could be taken for it by Windows, which drops spaces and dots at the end of a name.
fn is_folder_above(component: &str) -> bool {
    component.strip_prefix("..").is_some_and(|rest| {
        rest.is_empty() || rest.starts_with(' ') && rest.trim_matches([' ', '.']).is_empty()
    })
}

/// Drops what says nothing: empty components and `.`.
fn normalized(text: &str) -> Cow<'_, str> {
    let says_nothing = |part: &&str| matches!(*part, "" | ".");
    if !text.split('/').any(|part| says_nothing(&part)) {
        return text.into();
    }
    text.split('/')
        .filter(|part| !says_nothing(part))
        .collect::<Vec<_>>()
        .join("/")
        .into()
}

impl TryFrom<String> for LogicalPath {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.as_str().try_into()
    }
}

impl std::str::FromStr for LogicalPath {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.try_into()
    }
}

impl From<LogicalPath> for String {
    fn from(path: LogicalPath) -> Self {
        path.0.as_ref().into()
    }
}

impl AsRef<str> for LogicalPath {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for LogicalPath {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(text: &str) -> Option<String> {
        text.parse::<LogicalPath>().ok().map(String::from)
    }

    #[test]
    fn normalises_as_the_official_client_does() {
        for (text, expected) in [
            ("./a.txt", "a.txt"),
            ("a//b.txt", "a/b.txt"),
            ("a/./b.txt", "a/b.txt"),
            ("a/", "a"),
            ("file:///x", "file:/x"),
            ("...", "..."),
            (" ", " "),
            ("a\\b.txt", "a\\b.txt"),
            ("1:c", "1:c"),
            ("ab:c", "ab:c"),
            ("d/a:c", "d/a:c"),
        ] {
            assert_eq!(normal(text).as_deref(), Some(expected), "{text:?}");
        }
    }

    #[test]
    fn rejects_what_could_leave_the_root() {
        for text in [
            "",
            ".",
            "./",
            "..",
            "../b",
            "a/../b",
            "/b",
            "//b",
            "///b",
            "C:\\b",
            "C:b",
            "c:/b",
            "a:",
            "a:b.txt",
            "\\b",
            "\\\\srv\\share\\f",
            "x\\..\\y",
            "./C:b",
            ".//\\b",
            "a/.. /b",
            "a/.. ./b",
            "a\\.. ",
        ] {
            assert_eq!(normal(text), None, "{text:?}");
        }
    }

    #[test]
    fn rejects_nul_and_line_feed_that_the_official_client_lets_pass() {
        assert_eq!(normal("a\0b"), None);
        assert_eq!(normal("a\nb"), None);
    }

    #[test]
    fn ancestors_go_from_the_innermost_out() -> Result<(), InvalidValue> {
        let path: LogicalPath = "a/b/c".parse()?;
        assert_eq!(path.ancestors().collect::<Vec<_>>(), ["a/b", "a"]);
        assert_eq!(path.file_name(), "c");
        Ok(())
    }

    #[test]
    fn a_folder_does_not_hold_its_siblings() -> Result<(), InvalidValue> {
        let folder: LogicalPath = "im".parse()?;
        assert!("im/cat.png".parse::<LogicalPath>()?.is_at_or_below(&folder));
        assert!("im".parse::<LogicalPath>()?.is_at_or_below(&folder));
        assert!(
            !"images/cat.png"
                .parse::<LogicalPath>()?
                .is_at_or_below(&folder)
        );
        Ok(())
    }
}
