//! Access for an identity token. Source: section 1.2 of the wire protocol.

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

use super::{HttpFailure, Retry, successful};
use crate::Secret;

/// An access that ends sooner than this is as good as ended.
const SHORTEST_REST: Duration = Duration::from_mins(5);

/// How long one exchange may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The retries of an exchange.
pub(super) const RETRIES: RetryPolicy = RetryPolicy {
    max_attempts: 4,
    first_wait: Duration::from_secs(1),
    max_wait: Duration::from_secs(5),
    max_elapsed: Duration::from_mins(1),
};

/// How times are written in the file.
const TIME: &str = "%Y-%m-%d %H:%M:%S";

/// Somebody else's token, and the access that the server gives for it.
#[derive(Debug)]
pub(super) struct IdentityToken {
    token_file: PathBuf,
    /// Shared with the official client, in its form.
    access_file: Option<PathBuf>,
    current: Mutex<Option<Access>>,
}

/// Access for a while.
#[derive(Debug, Clone)]
struct Access {
    token: Secret,
    until: Timestamp,
}

impl Access {
    fn is_good(&self) -> bool {
        Timestamp::now() + SHORTEST_REST < self.until
    }
}

/// What the file holds, by base URL.
#[derive(Default, Serialize, Deserialize)]
struct AccessFile {
    #[serde(default)]
    credentials: BTreeMap<String, Filed>,
}

#[derive(Serialize, Deserialize)]
struct Filed {
    expires_at: String,
    access_token: String,
}

#[derive(Deserialize)]
struct Exchanged {
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

    /// Returns what gives access to `base`: what was given before, while it lasts.
    pub(super) async fn access(
        &self,
        http: &Client,
        base: &str,
        retry: Retry,
    ) -> Result<Secret, HttpFailure> {
        // Held while the server is asked: whoever comes meanwhile takes the same answer.
        let mut current = self.current.lock().await;
        if let Some(access) = current.as_ref().filter(|access| access.is_good()) {
            return Ok(access.token.clone());
        }
        let access = match self.filed(base).filter(Access::is_good) {
            Some(access) => access,
            None => self.exchange(http, base, retry).await?,
        };
        let token = access.token.clone();
        *current = Some(access);
        Ok(token)
    }

    fn filed(&self, base: &str) -> Option<Access> {
        let filed = self.file().credentials.remove(base)?;
        let until = civil::DateTime::strptime(TIME, &filed.expires_at).ok()?;
        Some(Access {
            token: Secret::new(filed.access_token),
            until: until.to_zoned_datetime(TimeZone::UTC).ok()?.timestamp(),
        })
    }

    /// Returns what the file holds; one that cannot be read holds nothing.
    fn file(&self) -> AccessFile {
        let text = self.access_file.as_ref().map(std::fs::read);
        let text = text.and_then(Result::ok).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    async fn exchange(
        &self,
        http: &Client,
        base: &str,
        retry: Retry,
    ) -> Result<Access, HttpFailure> {
        let token = std::fs::read_to_string(&self.token_file).map_err(|error| {
            let file = self.token_file.display();
            HttpFailure::unreadable(format!("the identity token {file} cannot be read: {error}"))
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
            let answer = successful(request.send().await).await?;
            Ok(answer.bytes().await?)
        });
        let answer = sent.await?;
        let exchanged: Exchanged = serde_json::from_slice(&answer).map_err(|_| {
            // What it holds instead might be a secret.
            HttpFailure::unreadable("the server's answer to the identity token cannot be read")
        })?;
        let lasts = Duration::from_secs(u64::try_from(exchanged.expires_in).unwrap_or_default());
        let access = Access {
            token: Secret::new(exchanged.access_token),
            until: Timestamp::now() + lasts,
        };
        // Without the file the next process asks again, and nothing else.
        _ = self.keep(base, &access);
        Ok(access)
    }

    /// Keeps the access for the next process, beside what is kept for other servers.
    fn keep(&self, base: &str, access: &Access) -> std::io::Result<()> {
        let Some(path) = &self.access_file else {
            return Ok(());
        };
        let folder = path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder)?;
        let mut file = self.file();
        let filed = Filed {
            expires_at: access.until.strftime(TIME).to_string(),
            access_token: access.token.reveal().to_owned(),
        };
        file.credentials.insert(base.to_owned(), filed);
        // Its owner's alone from the start.
        let mut written = tempfile::NamedTempFile::new_in(folder)?;
        written.write_all(&serde_json::to_vec(&file)?)?;
        written.persist(path)?;
        Ok(())
    }
}
