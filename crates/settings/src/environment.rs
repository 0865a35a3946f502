//! The environment of the process: variables, the folders of its user, clouds and proxies.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

/// The environment of a process. It holds secrets, so it cannot be printed.
#[derive(Clone, Default)]
pub(crate) struct Environment {
    variables: BTreeMap<OsString, OsString>,
    working_folder: PathBuf,
    home: Option<PathBuf>,
    data: Option<PathBuf>,
    cache: Option<PathBuf>,
}

impl Environment {
    /// Returns that of this process; the only place that asks for it.
    pub(crate) fn of_process() -> Self {
        let strategy = etcetera::choose_base_strategy().ok();
        Self {
            variables: std::env::vars_os().collect(),
            // Where it has been removed, relative paths still mean what they mean to the system.
            working_folder: std::env::current_dir().unwrap_or_else(|_| ".".into()),
            home: etcetera::home_dir().ok(),
            data: strategy.as_ref().map(BaseStrategy::data_dir),
            cache: strategy.as_ref().map(BaseStrategy::cache_dir),
        }
    }

    /// Returns one with these variables, in which home and working folder lie in `folder`.
    #[cfg(test)]
    pub(super) fn in_folder(folder: &Path, variables: &[(&str, &str)]) -> Self {
        let home = folder.join("home");
        Self {
            variables: variables
                .iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
            working_folder: folder.join("work"),
            data: Some(home.join(".local/share")),
            cache: Some(home.join(".cache")),
            home: Some(home),
        }
    }

    /// Returns the value of a variable; an empty one counts as unset.
    pub(super) fn variable(&self, name: &str) -> Option<&OsStr> {
        self.variables
            .get(OsStr::new(name))
            .map(OsString::as_os_str)
            .filter(|value| !value.is_empty())
    }

    /// Returns the path that a variable names.
    pub(super) fn path(&self, name: &str) -> Option<PathBuf> {
        self.variable(name).map(|path| self.expand(path))
    }

    /// Returns the path that `text` means: `~` at its beginning is the home folder, also where no shell has seen it.
    pub(super) fn expand(&self, text: &OsStr) -> PathBuf {
        let path = Path::new(text);
        match (path.strip_prefix("~"), &self.home) {
            (Ok(rest), Some(home)) => home.join(rest),
            _ => path.to_owned(),
        }
    }

    pub(super) fn working_folder(&self) -> &Path {
        &self.working_folder
    }

    pub(super) fn home(&self) -> Option<&Path> {
        self.home.as_deref()
    }

    /// Returns the user's folder for data.
    pub(super) fn data(&self) -> Option<&Path> {
        self.data.as_deref()
    }

    /// Returns the user's folder for what can be had again.
    pub(super) fn cache(&self) -> Option<&Path> {
        self.cache.as_deref()
    }
}

/// The variables that are read. The clouds' own libraries read others themselves.
const VARIABLES: &[&str] = &[
    "AWS_S3_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL",
    "AWS_REGION",
    "STORAGE_EMULATOR_HOST",
    "AZURE_STORAGE_ACCOUNT",
    "AZURE_STORAGE_KEY",
    "AZURE_STORAGE_SAS_TOKEN",
    "AZURE_TENANT_ID",
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
];

/// The variables that configure cloud storage. Some are secret, so `Debug` prints names only.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct CloudEnvironment(BTreeMap<&'static str, String>);

impl CloudEnvironment {
    pub(super) fn of(environment: &Environment) -> Self {
        let values = VARIABLES.iter().filter_map(|name| {
            let value = environment.variable(name)?.to_str()?;
            Some((*name, value.to_owned()))
        });
        Self(values.collect())
    }

    /// Returns the value of a variable.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

impl fmt::Debug for CloudEnvironment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

/// A variable that sends requests to a proxy, or exempts hosts from it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProxyVariable {
    /// Its name.
    pub name: &'static str,
    /// Its value, without user name and password.
    pub value: String,
}

/// In either case; of the two the HTTP client takes the lower one first.
const NAMES: [&str; 8] = [
    "https_proxy",
    "HTTPS_PROXY",
    "http_proxy",
    "HTTP_PROXY",
    "all_proxy",
    "ALL_PROXY",
    "no_proxy",
    "NO_PROXY",
];

impl ProxyVariable {
    pub(super) fn all(environment: &Environment) -> Vec<Self> {
        let found = NAMES.into_iter().filter_map(|name| {
            let value = environment.variable(name)?.to_string_lossy();
            Some(Self {
                name,
                value: without_user(&value),
            })
        });
        found.collect()
    }

    /// Returns whether it applies to `https` or else `http` URLs.
    #[must_use]
    pub fn is_for(&self, is_https: bool) -> bool {
        let name = self.name.to_ascii_lowercase();
        name == "all_proxy"
            || name
                == if is_https {
                    "https_proxy"
                } else {
                    "http_proxy"
                }
    }

    /// Returns whether it exempts `host` from proxies. Only plain names and suffixes are considered.
    #[must_use]
    pub fn spares(&self, host: &str) -> bool {
        self.name.eq_ignore_ascii_case("no_proxy")
            && self.value.split(',').map(str::trim).any(|name| {
                let name = name.trim_start_matches('.');
                let is_below = || {
                    host.strip_suffix(name)
                        .is_some_and(|rest| rest.ends_with('.'))
                };
                name == "*" || (!name.is_empty() && (host == name || is_below()))
            })
    }
}

/// Hides the part before an `@`.
fn without_user(value: &str) -> String {
    let Some((user, host)) = value.rsplit_once('@') else {
        return value.to_owned();
    };
    let scheme = user.split_once("://").map(|(scheme, _)| scheme);
    match scheme {
        Some(scheme) => format!("{scheme}://(not shown)@{host}"),
        None => format!("(not shown)@{host}"),
    }
}

/// Returns the name of this machine, if it has one.
#[cfg(unix)]
#[must_use]
pub fn host_name() -> Option<String> {
    let system = rustix::system::uname();
    let name = system.nodename().to_string_lossy();
    (!name.is_empty()).then(|| name.into_owned())
}

/// Returns the name of this machine, if it has one.
#[cfg(not(unix))]
#[must_use]
pub fn host_name() -> Option<String> {
    std::env::var("COMPUTERNAME").ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_do_not_print() {
        let folder = tempfile::tempdir().unwrap();
        let variables = [("AZURE_STORAGE_KEY", "hush"), ("OTHER", "x")];
        let clouds = CloudEnvironment::of(&Environment::in_folder(folder.path(), &variables));
        assert_eq!(clouds.get("AZURE_STORAGE_KEY"), Some("hush"));
        assert_eq!(format!("{clouds:?}"), r#"{"AZURE_STORAGE_KEY"}"#);
    }

    #[test]
    fn passwords_are_not_shown() {
        for (value, expected) in [
            ("http://proxy:3128", "http://proxy:3128"),
            (
                "http://ann:se@cret@proxy:3128",
                "http://(not shown)@proxy:3128",
            ),
            ("ann:secret@proxy", "(not shown)@proxy"),
        ] {
            assert_eq!(without_user(value), expected);
        }
    }

    #[test]
    fn names_and_suffixes_are_spared() {
        let variable = |value: &str| ProxyVariable {
            name: "NO_PROXY",
            value: value.to_owned(),
        };
        for (value, host, expected) in [
            ("localhost, example.com", "api.example.com", true),
            (".example.com", "example.com", true),
            ("example.com", "badexample.com", false),
            ("*", "anything", true),
            ("", "anything", false),
        ] {
            assert_eq!(variable(value).spares(host), expected, "{value} {host}");
        }
    }
}
