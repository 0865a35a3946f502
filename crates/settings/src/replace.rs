//! Files of which others never see a half.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use super::SettingsError;

/// Who may read a file that is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Readers {
    /// Its owner alone, from now on.
    Owner,
    /// Whoever could before; of a new one, whoever the process lets.
    AsBefore,
}

/// Returns what a file holds; none where there is no file.
pub(super) fn read(path: &Path) -> Result<Option<String>, SettingsError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(SettingsError::Read {
            path: path.to_owned(),
            source,
        }),
    }
}

/// The same for a file in any encoding.
pub(super) fn read_bytes(path: &Path) -> Result<Vec<u8>, SettingsError> {
    match fs::read(path) {
        Ok(bytes) => Ok(bytes),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(source) => Err(SettingsError::Read {
            path: path.to_owned(),
            source,
        }),
    }
}

/// Puts `content` in the place of what a file holds. A link stays one: the file that it leads to is replaced.
pub(super) fn write(
    path: &Path,
    content: impl AsRef<[u8]>,
    readers: Readers,
) -> Result<(), SettingsError> {
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    replace(&target, content.as_ref(), readers).map_err(|source| SettingsError::Write {
        path: path.to_owned(),
        source,
    })
}

fn replace(target: &Path, content: &[u8], readers: Readers) -> std::io::Result<()> {
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder)?;
    let before = fs::metadata(target).ok().map(|found| found.permissions());
    let mut builder = tempfile::Builder::new();
    builder.prefix(".wandb-rs-");
    // It is made for its owner alone unless something else is said; the umask takes away from that.
    #[cfg(unix)]
    if let (Readers::AsBefore, None) = (readers, &before) {
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(content)?;
    if let (Readers::AsBefore, Some(before)) = (readers, before) {
        file.as_file().set_permissions(before)?;
    }
    file.as_file().sync_all()?;
    file.persist(target)?;
    Ok(())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use std::fs::Permissions;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_secret_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/netrc");
        write(&path, "one", Readers::Owner).unwrap();
        assert_eq!(mode(&path), 0o600);
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        write(&path, "two", Readers::Owner).unwrap();
        assert_eq!(
            (mode(&path), read(&path).unwrap().as_deref()),
            (0o600, Some("two"))
        );
    }

    #[test]
    fn other_files_keep_their_readers() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings");
        write(&path, "one", Readers::AsBefore).unwrap();
        assert_ne!(mode(&path) & 0o600, 0);
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        write(&path, "two", Readers::AsBefore).unwrap();
        assert_eq!(mode(&path), 0o640);
    }

    #[test]
    fn a_link_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (link, file) = (folder.path().join("link"), folder.path().join("file"));
        fs::write(&file, "one").unwrap();
        symlink("file", &link).unwrap();
        write(&link, "two", Readers::Owner).unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read_to_string(&file).unwrap(), "two");
    }

    #[test]
    fn a_file_that_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let error = write(&file.join("netrc"), "secret", Readers::Owner).unwrap_err();
        assert!(
            error.to_string().contains("file/netrc cannot be written"),
            "{error}"
        );
        assert_eq!(read(&folder.path().join("none")).unwrap(), None);
        assert!(matches!(
            read(folder.path()),
            Err(SettingsError::Read { .. })
        ));
    }
}
