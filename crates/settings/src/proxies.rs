//! The variables that lead requests to a proxy. The HTTP client reads them itself; here they are only told.

use super::environment::Environment;

/// A variable that leads requests to a proxy, or keeps them from it.
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

    /// Whether requests to `https` or else `http` URLs go where it says.
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

    /// Whether it keeps requests to `host` from a proxy. Only plain names and suffixes are looked at.
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

/// Hides what stands before an `@`.
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

#[cfg(test)]
mod tests {
    use super::*;

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
