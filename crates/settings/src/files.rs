//! The settings files, and files that are replaced as a whole.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use crate::environment::Environment;
use crate::error::SettingsError;
use crate::ini;

/// The locations of the settings files and the netrc file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Files {
    /// The folder of the global settings file; `None` without a home folder.
    pub(super) config_dir: Option<PathBuf>,
    /// The settings file of the working folder.
    pub(super) workspace: PathBuf,
    /// The netrc file.
    pub(super) netrc: Option<PathBuf>,
}

impl Files {
    pub(super) fn of(environment: &Environment) -> Self {
        let in_home = |name: &str| environment.home().map(|home| home.join(name));
        let hidden = environment.working_folder().join(".wandb");
        let folder = if hidden.is_dir() {
            hidden
        } else {
            environment.working_folder().join("wandb")
        };
        let netrc = environment.path("NETRC").or_else(|| {
            let usual = in_home(".netrc")?;
            let other = in_home("_netrc")?;
            Some(if !usual.exists() && other.exists() {
                other
            } else {
                usual
            })
        });
        Self {
            config_dir: environment
                .path("WANDB_CONFIG_DIR")
                .or_else(|| in_home(".config/wandb")),
            workspace: folder.join("settings"),
            netrc,
        }
    }

    /// Returns the global settings file.
    pub(super) fn global(&self) -> Option<PathBuf> {
        self.config_dir
            .as_ref()
            .map(|folder| folder.join("settings"))
    }
}

/// Sets a setting in a file, or removes it; every other line stays. Returns whether something changed.
pub(crate) fn store(
    path: &std::path::Path,
    key: &str,
    value: Option<&str>,
) -> Result<bool, SettingsError> {
    let before = read(path)?.unwrap_or_default();
    let after = ini::with(&before, key, value);
    if after == before {
        return Ok(false);
    }
    write(path, &after, Readers::AsBefore)?;
    Ok(true)
}

/// Who may read a file that is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Readers {
    /// Its owner alone, from now on.
    Owner,
    /// As before; those of a new file follow from the umask.
    AsBefore,
}

/// Returns what a file holds; none where there is no file.
pub(crate) fn read(path: &Path) -> Result<Option<String>, SettingsError> {
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
pub(crate) fn read_bytes(path: &Path) -> Result<Vec<u8>, SettingsError> {
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
pub(crate) fn write(
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
    // Temporary files are for their owner alone by default; the umask restricts the rest.
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
mod tests {
    use super::*;
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

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
