//! The address of a server.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use crate::error::Unusable;

/// The address of a server: scheme, host and port, and a path where it shares them. It ends without a slash.
///
/// ```
/// # extern crate settings as wandb_rs;
/// use wandb_rs::BaseUrl;
///
/// let url: BaseUrl = "HTTP://Localhost:8080/".parse()?;
/// assert_eq!(url.as_str(), "http://localhost:8080");
/// assert_eq!(url.host_and_port(), "localhost:8080");
/// # Ok::<(), wandb_rs::Unusable>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BaseUrl {
    text: String,
    /// The position of host and port in it.
    authority: Range<usize>,
}

impl BaseUrl {
    /// The public server.
    pub const DEFAULT: &'static str = "https://api.forge.coreweave.com";

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns `host` or `host:port`, the name that a netrc file has for it.
    #[must_use]
    pub fn host_and_port(&self) -> &str {
        &self.text[self.authority.clone()]
    }

    /// Returns scheme, host and port: what has to be equal for a key to be sent.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.text[..self.authority.end]
    }

    /// Returns the URL of the web app of the server.
    #[must_use]
    pub fn app_url(&self) -> String {
        let host = self.host_and_port();
        if matches!(host, "api.forge.coreweave.com" | "api.wandb.ai") {
            return "https://forge.coreweave.com/wandb".to_owned();
        }
        if host.starts_with("api.") {
            return self.text.replacen("://api.", "://app.", 1);
        }
        self.text.clone()
    }
}

impl Default for BaseUrl {
    fn default() -> Self {
        Self {
            text: Self::DEFAULT.to_owned(),
            authority: "https://".len()..Self::DEFAULT.len(),
        }
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl FromStr for BaseUrl {
    type Err = Unusable;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (spelling, authority) = web_address(text)?;
        let url = Self {
            text: spelling,
            authority,
        };
        let (host, _) = split_port(url.host_and_port());
        let wrong = |reason: &str| Err(Unusable::new(format_args!("{text:?} {reason}")));
        if host == "forge.coreweave.com" || (host.ends_with("wandb.ai") && !host.contains("api.")) {
            let public = Self::DEFAULT;
            return wrong(&format!(
                "is the address of the web app; clients use {public}"
            ));
        }
        let is_public = host.ends_with("wandb.ai") || host == "api.forge.coreweave.com";
        if is_public && url.text.starts_with("http:") {
            return wrong("would send the API key in the clear: use https");
        }
        Ok(url)
    }
}

/// Returns the one spelling of a web address: scheme and host in small letters, no slash at the end; and where host
/// and port are in it.
pub(crate) fn web_address(text: &str) -> Result<(String, Range<usize>), Unusable> {
    if text.contains('@') {
        // The part before it may be a password, so the text is not shown.
        return Err(Unusable::new(
            "a URL with a user name or a password in it is no address of a server",
        ));
    }
    let wrong = |reason: &str| Unusable::new(format_args!("{text:?} {reason}"));
    let (scheme, rest) =
        split_scheme(text).ok_or_else(|| wrong("begins with neither `https://` nor `http://`"))?;
    let is_odd = |c: char| c.is_whitespace() || c.is_control() || "?#\"'<>\\".contains(c);
    if rest.contains(is_odd) {
        return Err(wrong("is more than a scheme, a host and a path"));
    }
    let rest = rest.trim_end_matches('/');
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (host, port) = split_port(authority);
    if host.is_empty() {
        return Err(wrong("names no host"));
    }
    if port.is_some_and(|port| port.parse::<u16>().is_err()) {
        return Err(wrong("has a port that is no number up to 65535"));
    }
    let (scheme, authority) = (scheme.to_ascii_lowercase(), authority.to_ascii_lowercase());
    let start = scheme.len() + "://".len();
    let authority_at = start..start + authority.len();
    Ok((format!("{scheme}://{authority}{path}"), authority_at))
}

/// Returns the scheme and what follows it, where it is one of the two.
fn split_scheme(text: &str) -> Option<(&str, &str)> {
    text.split_once("://").filter(|(scheme, _)| {
        scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
    })
}

/// Returns host and port; the colons in brackets are those of an IPv6 address.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    let after_brackets = authority.rfind(']').map_or(0, |bracket| bracket + 1);
    match authority[after_brackets..].find(':') {
        Some(colon) => {
            let (host, port) = authority.split_at(after_brackets + colon);
            (host, Some(&port[1..]))
        }
        None => (authority, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_addresses_have_one_spelling() {
        for (text, expected) in [
            ("https://api.forge.coreweave.com", BaseUrl::DEFAULT),
            ("https://h/a/b//", "https://h/a/b"),
            ("HTTP://LocalHost:80/Path/", "http://localhost:80/Path"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("http://[::1]", "http://[::1]"),
        ] {
            let url: BaseUrl = text.parse().unwrap();
            assert_eq!(url.as_str(), expected);
            assert_eq!(url.as_str().parse(), Ok(url));
        }
        assert_eq!(BaseUrl::DEFAULT.parse(), Ok(BaseUrl::default()));
    }

    #[test]
    fn what_is_no_server_is_refused() {
        for (text, reason) in [
            ("", "neither"),
            ("localhost:8080", "neither"),
            ("ftp://h", "neither"),
            ("http://", "no host"),
            ("http:///path", "no host"),
            ("http://:80", "no host"),
            ("http://h:x", "port"),
            ("http://h:70000", "port"),
            ("http://a b", "more than"),
            ("http://h?x=1", "more than"),
            ("https://wandb.ai", "clients use"),
            ("https://x.wandb.ai", "clients use"),
            ("https://forge.coreweave.com", "clients use"),
            ("http://api.wandb.ai", "https"),
        ] {
            let error = text.parse::<BaseUrl>().unwrap_err().to_string();
            assert!(
                error.contains(reason) && error.contains(&format!("{text:?}")),
                "{error}"
            );
        }
    }

    #[test]
    fn a_password_in_a_url_is_not_repeated() {
        let error = "https://ann:secret@h".parse::<BaseUrl>().unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
    }

    #[test]
    fn the_parts_are_those_of_the_url() {
        let url: BaseUrl = "https://h:8080/wandb".parse().unwrap();
        assert_eq!(url.host_and_port(), "h:8080");
        assert_eq!(url.origin(), "https://h:8080");
    }

    /// The results are those of the official client 0.31.0.
    #[test]
    fn people_go_where_the_official_client_sends_them() {
        for (base, app) in [
            (BaseUrl::DEFAULT, "https://forge.coreweave.com/wandb"),
            ("https://api.wandb.ai", "https://forge.coreweave.com/wandb"),
            ("https://api.eu.wandb.ai", "https://app.eu.wandb.ai"),
            ("http://api.wandb.test", "http://app.wandb.test"),
            ("https://api.foo.com", "https://app.foo.com"),
            ("http://localhost:8080", "http://localhost:8080"),
            ("https://wandb.foo.com/api.", "https://wandb.foo.com/api."),
        ] {
            assert_eq!(base.parse::<BaseUrl>().unwrap().app_url(), app);
        }
    }
}
