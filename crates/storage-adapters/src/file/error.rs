//! Errors of local files.

use std::io;
use std::path::{Path, PathBuf};

use artifact_core::ReferenceUri;
use artifact_core::ports::ResolveError;

/// An operation on a local path failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot {operation} {}", path.display())]
struct PathError {
    operation: &'static str,
    path: PathBuf,
    source: io::Error,
}

/// Returns the error for a failed `operation` on `path`.
pub(super) fn from_io(
    uri: &ReferenceUri,
    operation: &'static str,
    path: &Path,
    source: io::Error,
) -> ResolveError {
    let uri = uri.clone();
    match source.kind() {
        // `file.txt/` and `file.txt/x` are not there either.
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => ResolveError::NotFound { uri },
        _ => {
            let source = Box::new(PathError {
                operation,
                path: path.to_owned(),
                source,
            });
            ResolveError::Backend { uri, source }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_not_found_and_everything_else_names_the_path() {
        let uri: ReferenceUri = "file:///d/f".parse().expect("a URI");
        let map = |kind: io::ErrorKind| from_io(&uri, "read", Path::new("/d/f"), kind.into());
        for kind in [io::ErrorKind::NotFound, io::ErrorKind::NotADirectory] {
            assert!(matches!(map(kind), ResolveError::NotFound { .. }), "{kind}");
        }
        for kind in [
            io::ErrorKind::PermissionDenied,
            io::ErrorKind::InvalidFilename,
        ] {
            let ResolveError::Backend { source, .. } = map(kind) else {
                panic!("{kind}");
            };
            assert_eq!(source.to_string(), "cannot read /d/f");
        }
    }
}
