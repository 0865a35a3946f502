//! Requests signed with an account's key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use percent_encoding::percent_decode_str;
use reqwest::Url;
use sha2::Sha256;

/// Returns the `Authorization` of a request without body; none where `key` is not base64.
///
/// `headers` are those whose names start with `x-ms-`, in the order of their names. Source: "Authorize with Shared Key",
/// version 2015-02-21 and later.
pub(super) fn authorization(
    account: &str,
    key: &str,
    method: &str,
    url: &Url,
    headers: &[(&str, &str)],
) -> Option<String> {
    let key = BASE64.decode(key.trim()).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(text(account, method, url, headers).as_bytes());
    let signature = BASE64.encode(mac.finalize().into_bytes());
    Some(format!("SharedKey {account}:{signature}"))
}

/// Returns what is signed.
fn text(account: &str, method: &str, url: &Url, headers: &[(&str, &str)]) -> String {
    // Of a request without body and conditions, these eleven are empty.
    let mut text = format!("{method}\n{}", "\n".repeat(11));
    for (name, value) in headers {
        text = format!("{text}{name}:{value}\n");
    }
    text = format!("{text}/{account}{}", url.path());
    let decode = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
    let query = url.query().unwrap_or_default();
    let mut parameters: Vec<(String, String)> = query
        .split('&')
        .filter_map(|parameter| parameter.split_once('='))
        .map(|(name, value)| (decode(name).to_ascii_lowercase(), decode(value)))
        .collect();
    parameters.sort();
    for (name, value) in parameters {
        text = format!("{text}\n{name}:{value}");
    }
    text
}

/// Returns the account that a URL of it names: the first part of its host, or its path at another service.
pub(super) fn account_name(account: &str) -> &str {
    let rest = account.split_once("://").map_or(account, |(_, rest)| rest);
    match rest.split_once('/') {
        Some((_, path)) => path,
        None => rest.split('.').next().unwrap_or(rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_has_its_parts_in_order() {
        let url = Url::parse(
            "https://a.blob.core.windows.net/c/a%20b?restype=container&Comp=list&prefix=x%2F",
        );
        let headers = [("x-ms-date", "D"), ("x-ms-version", "V")];
        let signed = text("a", "GET", &url.expect("a URL"), &headers);
        let expected = format!(
            "GET\n{}x-ms-date:D\nx-ms-version:V\n/a/c/a%20b\ncomp:list\nprefix:x/\nrestype:container",
            "\n".repeat(11)
        );
        assert_eq!(signed, expected);
    }

    #[test]
    fn the_account_is_in_the_host_or_in_the_path() {
        assert_eq!(account_name("https://acct.blob.core.windows.net"), "acct");
        assert_eq!(
            account_name("http://127.0.0.1:10000/devstoreaccount1"),
            "devstoreaccount1"
        );
    }
}
