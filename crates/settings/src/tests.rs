//! Settings, credentials and targets, resolved in a folder with a home and a working folder in it.

mod credentials;
mod layers;

use std::fs;
use std::path::Path;

use crate::*;

const KEY: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const OTHER_KEY: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const GLOBAL: &str = "home/.config/wandb/settings";
const WORKSPACE: &str = "work/wandb/settings";

/// A folder with a home and a working folder in it.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        fs::create_dir(place.path("home")).unwrap();
        fs::create_dir(place.path("work")).unwrap();
        place
    }

    fn path(&self, relative: &str) -> PathBuf {
        self.0.path().join(relative)
    }

    fn write(&self, relative: &str, text: impl AsRef<[u8]>) -> &Self {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    fn try_settings(&self, variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        resolve::resolve(&Environment::in_folder(self.0.path(), variables))
    }

    fn settings(&self, variables: &[(&str, &str)]) -> Settings {
        self.try_settings(variables).unwrap()
    }

    /// Returns the reason why nothing can be resolved.
    fn refusal(&self, variable: &str, value: &str) -> String {
        let error = self.try_settings(&[(variable, value)]).unwrap_err();
        assert!(error.to_string().contains(variable), "{error}");
        assert!(error.hint().unwrap().contains(variable));
        std::error::Error::source(&error).unwrap().to_string()
    }

    fn warnings(&self) -> Vec<String> {
        let settings = self.settings(&[]);
        let root = format!("{}/", self.0.path().display());
        let warnings = settings.warnings().iter();
        warnings
            .map(|warning| warning.to_string().replace(&root, ""))
            .collect()
    }

    fn file_source(&self, relative: &str, line: usize) -> Source {
        let path = self.path(relative);
        Source::File { path, line }
    }
}
