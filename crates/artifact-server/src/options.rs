//! What can be set of a server.

use std::time::Duration;

/// What can be set of a server.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ServerOptions {
    pub(crate) public_url: Option<String>,
    pub(crate) url_lifetime: Duration,
    pub(crate) client_timeout: Duration,
    pub(crate) grace: Duration,
    pub(crate) max_connections: usize,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            public_url: None,
            url_lifetime: Duration::from_hours(24),
            client_timeout: Duration::from_mins(1),
            grace: Duration::from_secs(30),
            max_connections: 1_024,
        }
    }
}

impl ServerOptions {
    /// The URL under which clients reach the server, where a proxy stands before it. By default each client gets URLs
    /// of the host that it asked.
    #[must_use]
    pub fn public_url(mut self, url: impl Into<String>) -> Self {
        self.public_url = Some(url.into().trim_end_matches('/').to_owned());
        self
    }

    /// How long a URL for sending or fetching bytes is good. Default: a day.
    #[must_use]
    pub const fn url_lifetime(mut self, lifetime: Duration) -> Self {
        self.url_lifetime = lifetime;
        self
    }

    /// How long a client may keep the server waiting: for the head of a request, for the next 16 KiB of its body, and
    /// for room to send an answer. Default: a minute.
    #[must_use]
    pub const fn client_timeout(mut self, client_timeout: Duration) -> Self {
        self.client_timeout = client_timeout;
        self
    }

    /// How many connections there may be at once; more wait until one of them ends. Each needs a file descriptor, and
    /// another one while it sends a large file. Default: 1,024.
    #[must_use]
    pub const fn max_connections(mut self, connections: usize) -> Self {
        self.max_connections = connections;
        self
    }

    /// How long requests in flight may take once the server is told to stop. Default: half a minute.
    #[must_use]
    pub const fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }
}
