//! The locators in tickets: where to upload and download content.

use artifact_core::ports::{DownloadTicket, TransferError, UploadTicket};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// The locator of an upload.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum UploadLocator {
    /// One request.
    Whole { url: String },
    /// Several parts.
    Parts(MultipartLocator),
}

/// The locator of a multipart upload.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct MultipartLocator {
    /// The URLs of the parts, in their order.
    pub(crate) urls: Vec<String>,
    /// The MD5 digests of the parts, in the same order.
    pub(crate) md5s: Vec<[u8; 16]>,
    /// The length of every part but the last.
    pub(crate) part_size: u64,
    /// The length of the file.
    pub(crate) size: u64,
    pub(crate) artifact: String,
    pub(crate) storage_path: String,
    pub(crate) upload: String,
}

impl UploadLocator {
    pub(crate) fn ticket(&self, headers: Vec<(String, String)>) -> UploadTicket {
        UploadTicket {
            locator: serde_json::to_string(self).expect("texts and numbers are JSON"),
            headers,
        }
    }

    pub(crate) fn of(ticket: &UploadTicket) -> Result<Self, TransferError> {
        read(&ticket.locator)
    }
}

/// The locator of a download.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct DownloadLocator {
    /// A URL that needs no credentials.
    pub(crate) url: String,
    /// A path below the base URL that needs credentials, in case the URL fails.
    pub(crate) fallback: Option<String>,
}

impl DownloadLocator {
    pub(crate) fn ticket(&self) -> DownloadTicket {
        DownloadTicket {
            locator: serde_json::to_string(self).expect("texts are JSON"),
        }
    }

    pub(crate) fn of(ticket: &DownloadTicket) -> Result<Self, TransferError> {
        read(&ticket.locator)
    }
}

fn read<T: DeserializeOwned>(locator: &str) -> Result<T, TransferError> {
    serde_json::from_str(locator).map_err(|_| TransferError::ForeignTicket {
        place: "a W&B server".to_owned(),
    })
}
