//! URLs of content, signed so that they authorize their holder: clients send no credentials with uploads and
//! downloads.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use artifact_core::LogicalPath;
use artifact_core::ports::{DownloadTicket, UploadTicket};
use artifact_core::records::RunAddress;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::signer::{Purpose, UrlSigner};

/// Path prefix of uploads and downloads.
pub(crate) const STORAGE: &str = "/storage";

/// Characters to percent-encode in a path segment.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// URLs as one client can reach them.
#[derive(Debug, Clone)]
pub(crate) struct ContentUrls {
    base: String,
    signer: Arc<UrlSigner>,
    lifetime: Duration,
}

impl ContentUrls {
    /// Creates URLs under `base`, which ends without a slash.
    pub(crate) fn new(base: String, signer: Arc<UrlSigner>, lifetime: Duration) -> Self {
        Self {
            base,
            signer,
            lifetime,
        }
    }

    /// Returns the URL to upload to with a ticket.
    pub(crate) fn upload(&self, ticket: &UploadTicket) -> String {
        let query = self.signed(Purpose::Upload, &ticket.locator);
        format!("{}{STORAGE}/upload?{query}", self.base)
    }

    /// Returns the URL to download from with a ticket. The path is only informative.
    pub(crate) fn download(&self, ticket: &DownloadTicket, path: &[&str]) -> String {
        let query = self.signed(Purpose::Download, &ticket.locator);
        format!("{}{STORAGE}/{}?{query}", self.base, segments(path))
    }

    /// Returns the URL of a file of a run, for a client that sends its API key.
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
