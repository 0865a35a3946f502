//! Addresses of the servers.

use std::sync::atomic::{AtomicU32, Ordering};

/// Returns the URL of a server.
#[expect(
    clippy::disallowed_methods,
    reason = "the ports are chosen when the servers start"
)]
pub(crate) fn origin(name: &str) -> String {
    let variable = format!("STORES_{name}");
    let Ok(origin) = std::env::var(&variable) else {
        panic!("{variable} is not set: run these tests with `cargo xtask stores`");
    };
    origin
}

/// Returns a name that no other test uses, in this run or an earlier one against the same server.
pub(crate) fn fresh_name() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let started = std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos();
    format!("t-{}-{number}-{started}", std::process::id())
}

/// Returns a client for filling stores.
pub(crate) fn client() -> reqwest::Client {
    // Built with TLS, a client asks for its provider even for loopback.
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::new()
}
