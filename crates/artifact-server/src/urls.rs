//! URLs that authorise whoever holds them: clients send no credentials where bytes are sent or fetched.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use artifact_core::LogicalPath;
use artifact_core::ports::{DownloadTicket, RunAddress, UploadTicket};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::signer::{Purpose, UrlSigner};

/// Under this path bytes are sent and fetched.
pub(crate) const STORAGE: &str = "/storage";

/// What may stand in a path segment as it is.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// Makes URLs for one client.
#[derive(Debug, Clone)]
pub(crate) struct ContentUrls {
    base: String,
    signer: Arc<UrlSigner>,
    lifetime: Duration,
}

impl ContentUrls {
    /// Makes URLs under `base`, which ends without a slash.
    pub(crate) fn new(base: String, signer: Arc<UrlSigner>, lifetime: Duration) -> Self {
        Self {
            base,
            signer,
            lifetime,
        }
    }

    /// Returns where to send the bytes that a ticket is for.
    pub(crate) fn upload(&self, ticket: &UploadTicket) -> String {
        let query = self.signed(Purpose::Upload, &ticket.locator);
        format!("{}{STORAGE}/upload?{query}", self.base)
    }

    /// Returns where to fetch the bytes that a ticket is for. The path only tells people and clients what it is.
    pub(crate) fn download(&self, ticket: &DownloadTicket, path: &[&str]) -> String {
        let query = self.signed(Purpose::Download, &ticket.locator);
        format!("{}{STORAGE}/{}?{query}", self.base, segments(path))
    }

    /// Returns where a file of a run is, for a client that shows its key.
    pub(crate) fn run_file(&self, run: &RunAddress, name: &LogicalPath) -> String {
        let mut path = vec![
            run.project.entity.as_str(),
            run.project.project.as_str(),
            run.id.as_str(),
        ];
        path.extend(name.components());
        format!("{}/files/{}", self.base, segments(&path))
    }

    fn signed(&self, purpose: Purpose, locator: &str) -> String {
        self.signer
            .sign(purpose, locator, SystemTime::now() + self.lifetime)
    }
}

fn segments(path: &[&str]) -> String {
    let encoded = path
        .iter()
        .map(|segment| utf8_percent_encode(segment, SEGMENT).to_string());
    encoded.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls() -> ContentUrls {
        let signer = Arc::new(UrlSigner::new([7; 32]));
        ContentUrls::new("http://host".to_owned(), signer, Duration::from_mins(1))
    }

    #[test]
    fn paths_are_encoded_segment_by_segment() {
        let ticket = DownloadTicket {
            locator: "blob:x".to_owned(),
        };
        let url = urls().download(&ticket, &["wandb_artifacts", "12", "a b", "ü?#"]);
        let (path, _) = url.split_once('?').unwrap();
        assert_eq!(
            path,
            "http://host/storage/wandb_artifacts/12/a%20b/%C3%BC%3F%23"
        );
    }
}
