//! The certificates that are trusted beside the system's.

use std::io::{Error as IoError, ErrorKind};
use std::path::Path;
use std::sync::Arc;

use crate::{BaseUrl, Error, Key, Settings};

/// Returns the content of every PEM file that the settings name.
///
/// Without TLS to the server, only other storage may need them; unreadable files are skipped then,
/// because many a shell names a file that is long gone.
pub(super) fn trusted(settings: &Settings, base_url: &BaseUrl) -> Result<Vec<Arc<[u8]>>, Error> {
    let is_needed = base_url.as_str().starts_with("https:");
    let named = [
        (Key::CaBundle, &settings.ca_bundle),
        (Key::CertFile, &settings.cert_file),
    ];
    let mut files = Vec::new();
    for (key, path) in named {
        let Some(path) = path else { continue };
        match read_certificates(path) {
            Ok(found) => files.extend(found),
            Err(_) if !is_needed => {}
            Err(source) => {
                return Err(Error::Certificates {
                    variable: key.variable(),
                    path: path.clone(),
                    source,
                });
            }
        }
    }
    Ok(files)
}

/// Returns the content of the PEM file at `path`, or of those in that folder that hold certificates.
///
/// # Errors
/// When a file cannot be read, or the one at `path` holds no certificate.
pub fn read_certificates(path: &Path) -> std::io::Result<Vec<Arc<[u8]>>> {
    if !path.is_dir() {
        let bytes = std::fs::read(path)?;
        if holds_certificate(&bytes) {
            return Ok(vec![bytes.into()]);
        }
        let none = "there is no certificate in it";
        return Err(IoError::new(ErrorKind::InvalidData, none));
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path)? {
        let file = entry?.path();
        // Through links, which such folders are full of.
        if file.is_file() {
            let bytes = std::fs::read(&file)?;
            if holds_certificate(&bytes) {
                files.push(bytes.into());
            }
        }
    }
    Ok(files)
}

fn holds_certificate(bytes: &[u8]) -> bool {
    const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
    bytes.windows(BEGIN.len()).any(|window| window == BEGIN)
}
