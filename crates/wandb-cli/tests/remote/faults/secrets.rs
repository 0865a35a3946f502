//! Secrets, which must not appear in output, logs or errors.

use std::error::Error;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::proxy::Proxy;
use crate::server::KEY;

/// Returns an error and its causes as people read them, and checks that neither they nor programmers read secrets.
pub(super) fn told(error: &(dyn Error + 'static), proxy: &Proxy) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        _ = write!(text, ": {error}");
        cause = error.source();
    }
    check(&text, proxy);
    check(&format!("{error:?} {error:#?}"), proxy);
    text
}

/// Checks that a text holds neither the key nor anything that a URL is signed with.
pub(super) fn check(text: &str, proxy: &Proxy) {
    let header = BASE64.encode(format!("api:{KEY}"));
    assert!(!text.contains(KEY), "the key is told: {text}");
    assert!(!text.contains(&header), "the key is told: {text}");
    for (_, request) in proxy.seen() {
        if let Some((_, query)) = request.target().split_once('?') {
            for parameter in query.split('&').filter(|parameter| 20 < parameter.len()) {
                assert!(!text.contains(parameter), "a signature is told: {text}");
            }
        }
    }
}
