//! Access tokens in exchange for an identity token. Source: section 1.2 of the wire protocol.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use artifact_core::RetryPolicy;
use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Method};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use url::form_urlencoded;

use super::{HttpError, Retry, require_success_status};
use crate::Secret;

/// A token that expires sooner than this counts as expired.
const EXPIRY_MARGIN: Duration = Duration::from_mins(5);

/// The timeout of one exchange.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The retries of an exchange.
pub(super) const RETRIES: RetryPolicy = RetryPolicy {
    max_attempts: 4,
    first_wait: Duration::from_secs(1),
    max_wait: Duration::from_secs(5),
    max_elapsed: Duration::from_mins(1),
};

/// The format of times in the cache file.
const TIME: &str = "%Y-%m-%d %H:%M:%S";

/// An identity token, and the access token that the server gives for it.
#[derive(Debug)]
pub(super) struct IdentityToken {
    token_file: PathBuf,
    /// The cache of access tokens, in the official client's format.
    access_file: Option<PathBuf>,
    current: Mutex<Option<Access>>,
}

/// An access token.
#[derive(Debug, Clone)]
struct Access {
    token: Secret,
    until: Timestamp,
}

impl Access {
    fn is_valid(&self) -> bool {
        Timestamp::now() + EXPIRY_MARGIN < self.until
    }
}

/// The cache file: access tokens by base URL.
#[derive(Default, Serialize, Deserialize)]
struct AccessFile {
    #[serde(default)]
    credentials: BTreeMap<String, AccessEntry>,
}

#[derive(Serialize, Deserialize)]
struct AccessEntry {
    expires_at: String,
    access_token: String,
}

#[derive(Deserialize)]
struct TokenResponse {
    access_token: String,
    expires_in: i64,
}

impl IdentityToken {
    pub(super) fn new(token_file: &Path, access_file: Option<&Path>) -> Self {
        Self {
            token_file: token_file.to_owned(),
            access_file: access_file.map(ToOwned::to_owned),
            current: Mutex::default(),
        }
    }

    /// Returns an access token for `base`, cached until it expires.
    pub(super) async fn access(
        &self,
        http: &Client,
        base: &str,
        retry: Retry,
    ) -> Result<Secret, HttpError> {
        // Held during the exchange, so that concurrent callers share its result.
        let mut current = self.current.lock().await;
        if let Some(access) = current.as_ref().filter(|access| access.is_valid()) {
            return Ok(access.token.clone());
        }
        let access = match self.read_entry(base).filter(Access::is_valid) {
            Some(access) => access,
            None => self.exchange(http, base, retry).await?,
        };
        let token = access.token.clone();
        *current = Some(access);
        Ok(token)
    }

    fn read_entry(&self, base: &str) -> Option<Access> {
        let read_entry = self.file().credentials.remove(base)?;
        let until = civil::DateTime::strptime(TIME, &read_entry.expires_at).ok()?;
        Some(Access {
            token: Secret::new(read_entry.access_token),
            until: until.to_zoned_datetime(TimeZone::UTC).ok()?.timestamp(),
        })
    }

    /// Reads the cache file; an unreadable one is empty.
    fn file(&self) -> AccessFile {
        let text = self.access_file.as_ref().map(std::fs::read);
        let text = text.and_then(Result::ok).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    async fn exchange(&self, http: &Client, base: &str, retry: Retry) -> Result<Access, HttpError> {
        let token = std::fs::read_to_string(&self.token_file).map_err(|error| {
            let file = self.token_file.display();
            HttpError::new(format!("the identity token {file} cannot be read: {error}"))
        })?;
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")
            .append_pair("assertion", token.trim())
            .finish();
        let sent = retry.run(|| async {
            let request = http
                .request(Method::POST, format!("{base}/oidc/token"))
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .timeout(TIMEOUT)
                .body(body.clone());
            let response = require_success_status(request.send().await).await?;
            Ok(response.bytes().await?)
        });
        let response = sent.await?;
        let exchanged: TokenResponse = serde_json::from_slice(&response).map_err(|_| {
            // The response is not quoted: it may contain a secret.
            HttpError::new("the server's response to the identity token is malformed")
        })?;
        let lasts = Duration::from_secs(u64::try_from(exchanged.expires_in).unwrap_or_default());
        let access = Access {
            token: Secret::new(exchanged.access_token),
            until: Timestamp::now() + lasts,
        };
        // If it cannot be written, the next process exchanges the token again.
        _ = self.store(base, &access);
        Ok(access)
    }

    /// Stores the access token for the next process, beside those of other servers.
    fn store(&self, base: &str, access: &Access) -> std::io::Result<()> {
        let Some(path) = &self.access_file else {
            return Ok(());
        };
        let folder = path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder)?;
        let mut file = self.file();
        let read_entry = AccessEntry {
            expires_at: access.until.strftime(TIME).to_string(),
            access_token: access.token.reveal().to_owned(),
        };
        file.credentials.insert(base.to_owned(), read_entry);
        // Readable by its owner only, from the start.
        let mut written = tempfile::NamedTempFile::new_in(folder)?;
        written.write_all(&serde_json::to_vec(&file)?)?;
        written.persist(path)?;
        Ok(())
    }
}
