//! URLs without credentials.

use reqwest::Url;

/// Query parameters that grant access, or describe the grant, in lower case.
///
/// Sources: AWS Signature Versions 2 and 4, V4 signed URLs of Google Cloud Storage, CloudFront, shared access signatures of
/// Azure Storage, and the customary names of tokens.
const SECRETS: &[&str] = &[
    "access_token",
    "accesskey",
    "api-key",
    "api_key",
    "apikey",
    "auth",
    "authorization",
    "awsaccesskeyid",
    "expires",
    "googleaccessid",
    "id_token",
    "jwt",
    "key-pair-id",
    "password",
    "policy",
    "secret",
    "sig",
    "signature",
    "token",
];

/// Parameters of a shared access signature, if there is also `sig`.
const SHARED_ACCESS: &[&str] = &[
    "sv", "ss", "srt", "sp", "se", "st", "spr", "sip", "sr", "si", "ses", "sdd", "skoid", "sktid",
    "skt", "ske", "sks", "skv", "saoid", "suoid", "scid", "rscc", "rscd", "rsce", "rscl", "rsct",
];

/// Returns `url` without user information and without the query parameters that grant access; the others keep their
/// spelling and order.
pub(crate) fn without_secrets(mut url: Url) -> Url {
    // Fails for URLs that cannot have any.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    let Some(query) = url.query() else {
        return url;
    };
    let name = |parameter: &str| {
        let name = parameter.split('=').next().unwrap_or_default();
        percent_encoding::percent_decode_str(name)
            .decode_utf8_lossy()
            .to_ascii_lowercase()
    };
    let shared = query.split('&').any(|parameter| name(parameter) == "sig");
    let is_secret = |parameter: &&str| {
        let name = name(parameter);
        SECRETS.contains(&name.as_str())
            || name.starts_with("x-amz-")
            || name.starts_with("x-goog-")
            || (shared && SHARED_ACCESS.contains(&name.as_str()))
    };
    let kept: Vec<&str> = query.split('&').filter(|p| !is_secret(p)).collect();
    if kept.len() == query.split('&').count() {
        return url;
    }
    let kept = kept.join("&");
    url.set_query((!kept.is_empty()).then_some(&*kept));
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_authorises_goes_and_the_rest_stays_as_it_was() {
        for (url, kept) in [
            ("https://h/a.bin?x=1&y=%20b", "https://h/a.bin?x=1&y=%20b"),
            ("https://u:p@h/a", "https://h/a"),
            (
                "https://h/a?X-Amz-Signature=s&versionId=3&X-Amz-Expires=9",
                "https://h/a?versionId=3",
            ),
            (
                "https://h/a?AWSAccessKeyId=k&Signature=s&Expires=1",
                "https://h/a",
            ),
            (
                "https://h/a?X-Goog-Credential=c&x-goog-signature=s",
                "https://h/a",
            ),
            (
                "https://h/a?sv=2024&sp=r&sig=x&versionid=1",
                "https://h/a?versionid=1",
            ),
            ("https://h/a?sv=2024&sp=r", "https://h/a?sv=2024&sp=r"),
            ("https://h/a?%74oken=t&b", "https://h/a?b"),
            ("https://h/a?", "https://h/a?"),
        ] {
            let url = Url::parse(url).expect("a URL");
            assert_eq!(without_secrets(url).as_str(), kept);
        }
    }
}
