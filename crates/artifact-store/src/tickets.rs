//! Contents of the engine's tickets: the blob to read, or the file that an upload belongs to.

use artifact_core::ports::{DownloadTicket, UploadTicket};
use artifact_core::{ContentDigest, ContentKey, DigestAlgorithm, LogicalPath};

use crate::metadata::{ManifestKey, PartsKey, RunKey};

const BLOB: &str = "blob";
const FILE: &str = "file";
const MANIFEST: &str = "manifest";
const PART: &str = "part";
const RUN_FILE: &str = "run-file";

/// The target of an upload ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum UploadTarget {
    /// The content of an entry of a pending version.
    File {
        manifest: ManifestKey,
        path: LogicalPath,
        digest: ContentDigest,
        /// `None` where the client did not say.
        size: Option<u64>,
    },
    /// The manifest file itself.
    Manifest {
        manifest: ManifestKey,
        digest: ContentDigest,
    },
    /// A part of the content of an entry.
    Part { upload: PartsKey, number: u32 },
    /// A file of a run, whose content is not known before.
    RunFile { run: RunKey, name: LogicalPath },
}

impl UploadTarget {
    /// Returns the ticket for this target.
    pub(crate) fn to_ticket(&self) -> UploadTicket {
        // The path comes last, as it alone may hold the separator.
        let locator = match self {
            Self::File {
                manifest,
                path,
                digest,
                size,
            } => {
                let algorithm = digest.algorithm();
                let size = size.map(|size| size.to_string()).unwrap_or_default();
                format!("{FILE}:{}:{algorithm}:{digest}:{size}:{path}", manifest.0)
            }
            Self::RunFile { run, name } => format!("{RUN_FILE}:{}:{name}", run.0),
            Self::Manifest { manifest, digest } => {
                format!("{MANIFEST}:{}:{}:{digest}", manifest.0, digest.algorithm())
            }
            Self::Part { upload, number } => format!("{PART}:{}:{number}", upload.0),
        };
        UploadTicket {
            locator,
            headers: Vec::new(),
        }
    }

    /// Returns the length of the bytes, if it was announced.
    pub(crate) fn size(&self) -> Option<u64> {
        match self {
            Self::File { size, .. } => *size,
            Self::Manifest { .. } | Self::Part { .. } | Self::RunFile { .. } => None,
        }
    }

    /// Returns the target of a ticket; `None` where it is not one of the engine's.
    pub(crate) fn of_ticket(ticket: &UploadTicket) -> Option<Self> {
        let (kind, rest) = ticket.locator.split_once(':')?;
        if kind == PART {
            let (upload, number) = rest.split_once(':')?;
            return Some(Self::Part {
                upload: PartsKey(upload.parse().ok()?),
                number: number.parse().ok()?,
            });
        }
        if kind == RUN_FILE {
            let (run, name) = rest.split_once(':')?;
            return Some(Self::RunFile {
                run: RunKey(run.parse().ok()?),
                name: name.parse().ok()?,
            });
        }
        let mut fields = rest.splitn(5, ':');
        let manifest = ManifestKey(fields.next()?.parse().ok()?);
        let algorithm: DigestAlgorithm = fields.next()?.parse().ok()?;
        let digest = ContentDigest::from_base64(algorithm, fields.next()?).ok()?;
        match (kind, fields.next(), fields.next()) {
            (FILE, Some(size), Some(path)) => Some(Self::File {
                manifest,
                path: path.parse().ok()?,
                digest,
                size: match size {
                    "" => None,
                    size => Some(size.parse().ok()?),
                },
            }),
            (MANIFEST, None, None) => Some(Self::Manifest { manifest, digest }),
            _ => None,
        }
    }
}

/// Returns the ticket to read a blob.
pub(crate) fn download_ticket(key: &ContentKey) -> DownloadTicket {
    DownloadTicket {
        locator: format!("{BLOB}:{key}"),
    }
}

/// Returns the blob that a ticket names; `None` where it is not one of the engine's.
pub(crate) fn downloaded_key(ticket: &DownloadTicket) -> Option<ContentKey> {
    let key = ticket.locator.strip_prefix(BLOB)?.strip_prefix(':')?;
    key.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tickets_round_trip() {
        let digest = ContentDigest::Xxh128([7; 16]);
        let targets = [
            UploadTarget::File {
                manifest: ManifestKey(3),
                path: "ab:c/d:e".parse().unwrap(),
                digest,
                size: Some(12),
            },
            UploadTarget::File {
                manifest: ManifestKey(3),
                path: "a".parse().unwrap(),
                digest,
                size: None,
            },
            UploadTarget::Manifest {
                manifest: ManifestKey(4),
                digest,
            },
            UploadTarget::Part {
                upload: PartsKey(5),
                number: 10_000,
            },
            UploadTarget::RunFile {
                run: RunKey(5),
                name: "media/a:b.png".parse().unwrap(),
            },
        ];
        for target in targets {
            assert_eq!(UploadTarget::of_ticket(&target.to_ticket()), Some(target));
        }
        let key = ContentKey::from_bytes([9; 32]);
        assert_eq!(downloaded_key(&download_ticket(&key)), Some(key));
    }

    #[test]
    fn foreign_tickets_are_told_apart() {
        for locator in [
            "",
            "blob:12",
            "https://example.com/x",
            "file:1:MD5",
            "manifest:x:MD5:aaaa",
            "part:1",
            "part:1:2:3",
            "run-file:1",
            "run-file:x:a",
            "run-file:1:../a",
        ] {
            let upload = UploadTicket {
                locator: locator.to_owned(),
                headers: Vec::new(),
            };
            assert_eq!(UploadTarget::of_ticket(&upload), None, "{locator}");
            let download = DownloadTicket {
                locator: locator.to_owned(),
            };
            assert_eq!(downloaded_key(&download), None, "{locator}");
        }
    }
}
