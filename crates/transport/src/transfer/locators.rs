//! Where bytes go and come from, in the locators of tickets.

use artifact_core::ports::{DownloadTicket, TransferError, UploadTicket};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// Where to send a file.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum UploadPlace {
    /// All of it to one URL.
    Whole { url: String },
    /// Part by part.
    Parts(PartsPlace),
}

/// Where to send the parts of a large file.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PartsPlace {
    /// By position: the first URL is the first part's.
    pub(crate) urls: Vec<String>,
    /// The parts' MD5, at the same positions.
    pub(crate) md5s: Vec<[u8; 16]>,
    /// The length of every part but the last.
    pub(crate) part_size: u64,
    /// The length of the file.
    pub(crate) size: u64,
    pub(crate) artifact: String,
    pub(crate) storage_path: String,
    pub(crate) upload: String,
}

impl UploadPlace {
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

/// Where a file can be had.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct DownloadPlace {
    /// A URL that needs no credentials.
    pub(crate) url: String,
    /// A path below the base URL that needs them, for when the URL does not work.
    pub(crate) fallback: Option<String>,
}

impl DownloadPlace {
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
