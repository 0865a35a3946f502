//! `file:` URIs and the paths that they name.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use artifact_core::ports::ResolveError;
use artifact_core::{InvalidValue, ReferenceUri};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

/// The ASCII characters that Python's `Path.as_uri` encodes.
const AS_URI: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'_')
    .remove(b'.')
    .remove(b'-')
    .remove(b'~');

/// The same on Windows, where a path starts with a drive letter and a colon.
const AS_URI_WITH_DRIVE: &AsciiSet = &AS_URI.remove(b':');

/// Returns the path that `uri` names.
pub(super) fn path_of(uri: &ReferenceUri) -> Result<PathBuf, ResolveError> {
    let refuse = |reason: String| {
        Err(ResolveError::Unsupported {
            uri: uri.clone(),
            reason,
        })
    };
    let Some(rest) = uri.as_str().strip_prefix("file:") else {
        return refuse(format!("its scheme is `{}`, not `file`", uri.scheme()));
    };
    for (cut, encoded) in [('#', "%23"), ('?', "%3F")] {
        if rest.contains(cut) {
            return refuse(format!(
                "in a `file` URI, `{cut}` must be written `{encoded}`"
            ));
        }
    }
    let path = match rest.strip_prefix("//") {
        None => rest,
        Some(rest) => {
            let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            // The text before `@` may be a password.
            let host = host.rsplit('@').next().unwrap_or(host);
            match (host, path) {
                ("", _) => path,
                (host, "") if !host.eq_ignore_ascii_case("localhost") => {
                    return refuse(format!(
                        "it reads as host `{host}` without a path; write `file:{host}` or `file:///…/{host}`"
                    ));
                }
                (host, _) if !host.eq_ignore_ascii_case("localhost") => {
                    return refuse(format!("files of host `{host}` cannot be read from here"));
                }
                _ => path,
            }
        }
    };
    if path.is_empty() {
        return refuse("it names no path".into());
    }
    let bytes: Vec<u8> = percent_decode_str(path).collect();
    if bytes.contains(&0) {
        return refuse("no file name can hold NUL".into());
    }
    native(bytes).map_or_else(
        || refuse("its path is not UTF-8, as paths of this system must be".into()),
        Ok,
    )
}

#[cfg(unix)]
#[expect(
    clippy::unnecessary_wraps,
    reason = "other systems have paths that bytes cannot name"
)]
fn native(bytes: Vec<u8>) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStringExt as _;
    Some(std::ffi::OsString::from_vec(bytes).into())
}

#[cfg(not(unix))]
fn native(bytes: Vec<u8>) -> Option<PathBuf> {
    let text = String::from_utf8(bytes).ok()?;
    let has_drive =
        matches!(text.as_bytes(), [b'/', letter, b':', ..] if letter.is_ascii_alphabetic());
    Some(if has_drive {
        text[1..].into()
    } else {
        text.into()
    })
}

/// Returns the URI of what lies at `relative` below the folder `base`, so that [`path_of`] leads there.
///
/// Only what would not be read back is encoded; all else stays as it is, as with the official client.
pub(super) fn below(base: &ReferenceUri, relative: &str) -> Result<ReferenceUri, InvalidValue> {
    let mut text = joinable(base);
    for char in relative.chars() {
        if matches!(char, '#' | '?' | '%') || char.is_ascii_control() {
            push_encoded(&mut text, char as u8);
        } else {
            text.push(char);
        }
    }
    text.parse()
}

/// As [`below`], for a path that is not UTF-8.
pub(super) fn below_lossless(base: &ReferenceUri, folder: &str, name: &OsStr) -> ReferenceUri {
    let mut text = below(base, folder).map_or_else(|_| joinable(base), |folder| joinable(&folder));
    text.extend(percent_encode(name.as_encoded_bytes(), AS_URI));
    // Too long, then: the folder has to do.
    text.parse().unwrap_or_else(|_| base.clone())
}

fn joinable(base: &ReferenceUri) -> String {
    let mut text = base.as_str().to_owned();
    if !text.ends_with('/') {
        text.push('/');
    }
    text
}

fn push_encoded(text: &mut String, byte: u8) {
    use std::fmt::Write as _;
    write!(text, "%{byte:02X}").expect("a string takes any text");
}

/// Returns the text that the official client hashes in place of the content: the URI of the resolved `path`.
pub(super) fn as_uri(path: &Path) -> String {
    let path = path.as_os_str().as_encoded_bytes();
    if cfg!(windows) {
        let text = String::from_utf8_lossy(path).replace('\\', "/");
        let text = text.trim_start_matches("//?/");
        return format!(
            "file:///{}",
            percent_encode(text.as_bytes(), AS_URI_WITH_DRIVE)
        );
    }
    format!("file://{}", percent_encode(path, AS_URI))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> ReferenceUri {
        text.parse().expect("a URI")
    }

    fn path(text: &str) -> Option<String> {
        path_of(&uri(text))
            .ok()
            .map(|path| path.to_string_lossy().into_owned())
    }

    fn reason(text: &str) -> String {
        path_of(&uri(text)).expect_err("not a path").to_string()
    }

    #[cfg(unix)]
    #[test]
    fn every_spelling_of_the_official_client_is_read() {
        for (text, expected) in [
            ("file:///d/f", "/d/f"),
            ("FILE:///d/f", "/d/f"),
            ("file:/d/f", "/d/f"),
            ("file:f", "f"),
            ("file:./d/f", "./d/f"),
            ("file://localhost/d/f", "/d/f"),
            ("file://LOCALHOST/d/f", "/d/f"),
            ("file:////d/f", "//d/f"),
            ("file:///d/", "/d/"),
            ("file:///", "/"),
            ("file:///a%20b", "/a b"),
            ("file:///a b", "/a b"),
            ("file:///%C3%A9", "/é"),
            ("file:///é", "/é"),
            ("file:///a%23b%3Fc%25d", "/a#b?c%d"),
            ("file:///100%", "/100%"),
            ("file:///a+b", "/a+b"),
        ] {
            assert_eq!(path(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn a_foreign_host_is_an_error_where_the_official_client_ignores_it() {
        assert!(reason("file://server/share/f").contains("`server`"));
        assert!(!reason("file://user:secret@server/share/f").contains("secret"));
    }

    #[test]
    fn question_mark_and_hash_are_errors_where_the_official_client_cuts_the_uri() {
        assert!(reason("file:///d/f#1").contains("`%23`"));
        assert!(reason("file:///d/f?x=1").contains("`%3F`"));
    }

    #[test]
    fn what_names_no_path_is_an_error() {
        assert!(reason("file://hello.txt").contains("`file:hello.txt`"));
        for text in [
            "file:",
            "file://",
            "file://localhost",
            "file:///a%00b",
            "s3://b/k",
        ] {
            assert_eq!(path(text), None, "{text}");
        }
    }

    #[test]
    fn uris_below_a_folder_lead_back_to_the_file() {
        for (base, relative, expected) in [
            ("file:///d", "a/b.txt", "file:///d/a/b.txt"),
            ("file:///d/", "b.txt", "file:///d/b.txt"),
            ("file:d", "é b.txt", "file:d/é b.txt"),
            (
                "file:///d%20d",
                "100%25?#.txt",
                "file:///d%20d/100%2525%3F%23.txt",
            ),
            ("file:///d", "tab\tcr\r", "file:///d/tab%09cr%0D"),
        ] {
            let found = below(&uri(base), relative).expect("a URI");
            assert_eq!(found.as_str(), expected);
            let base = path(base).expect("a path");
            let back = format!("{}/{relative}", base.trim_end_matches('/'));
            assert_eq!(path(expected), Some(back));
        }
    }

    #[cfg(unix)]
    #[test]
    fn resolved_uris_are_spelled_as_by_python() {
        for (path, expected) in [
            ("/data/hello.txt", "file:///data/hello.txt"),
            (
                "/a b/é~_-.(1)'!*&+$,:;=@",
                "file:///a%20b/%C3%A9~_-.%281%29%27%21%2A%26%2B%24%2C%3A%3B%3D%40",
            ),
        ] {
            assert_eq!(as_uri(Path::new(path)), expected);
        }
    }
}
