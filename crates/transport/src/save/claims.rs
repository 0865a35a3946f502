//! What claims which path, and what comes of it.

use std::path::PathBuf;

use artifact_core::ports::UploadBody;
use artifact_core::{ArtifactDraft, ContentKey, FileStamp, LogicalPath, ReferenceUri, Source};
use bytes::Bytes;
use manifest::{Manifest, ManifestEntry};

use crate::FlowError;

/// Content that the registry must hold.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) path: LogicalPath,
    pub(super) body: Body,
    /// The key that the registry's store keeps it under, where it took it.
    pub(super) key: Option<ContentKey>,
}

/// Where content can be read again, should the registry not hold it.
#[derive(Debug)]
pub(super) enum Body {
    File(PathBuf, FileStamp),
    Bytes(Bytes),
}

impl Body {
    pub(super) fn to_upload(&self) -> UploadBody<'_> {
        match self {
            Self::File(path, _) => UploadBody::File(path),
            Self::Bytes(bytes) => UploadBody::Bytes(bytes),
        }
    }
}

impl TryFrom<Source> for Body {
    type Error = FlowError;

    /// Makes paths absolute, so that they do not depend on the working directory.
    fn try_from(source: Source) -> Result<Self, FlowError> {
        match source {
            Source::Bytes(bytes) => Ok(Self::Bytes(bytes)),
            Source::File { path, stamp } if path.is_absolute() => Ok(Self::File(path, stamp)),
            Source::File { path, stamp } => match std::path::absolute(&path) {
                Ok(absolute) => Ok(Self::File(absolute, stamp)),
                Err(source) => Err(FlowError::Read { path, source }),
            },
        }
    }
}

/// An entry for a path, and where it comes from.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) path: LogicalPath,
    pub(super) entry: ManifestEntry,
    pub(super) origin: Origin,
}

#[derive(Debug)]
pub(super) enum Origin {
    Reference(ReferenceUri),
    Content(Content),
}

impl std::fmt::Display for Origin {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Reference(uri) => uri.fmt(formatter),
            Self::Content(Content {
                body: Body::File(path, _),
                ..
            }) => path.display().fmt(formatter),
            Self::Content(Content {
                body: Body::Bytes(bytes),
                ..
            }) => write!(formatter, "{} bytes in memory", bytes.len()),
        }
    }
}

/// Returns what the claims come to: the manifest, and the content that the registry must hold. A path may be claimed
/// more than once with the same digest; the first claim stays.
///
/// # Errors
/// [`FlowError::Conflict`] for two digests at one path, [`FlowError::Draft`] for an entry that is also a folder.
pub(super) fn settle(mut claims: Vec<Claim>) -> Result<(Manifest, Vec<Content>), FlowError> {
    claims.sort_by(|a, b| a.path.cmp(&b.path));
    if let Some(pair) = claims
        .windows(2)
        .find(|pair| pair[0].path == pair[1].path && pair[0].entry.digest != pair[1].entry.digest)
    {
        let (first, second) = (pair[0].origin.to_string(), pair[1].origin.to_string());
        return Err(FlowError::Conflict {
            path: pair[0].path.clone(),
            first,
            second,
        });
    }
    claims.dedup_by(|later, earlier| later.path == earlier.path);
    ArtifactDraft::check_folders(claims.iter().map(|claim| &claim.path))?;
    let mut contents = Vec::new();
    let entries = claims.into_iter().map(
        |Claim {
             path,
             entry,
             origin,
         }| {
            if let Origin::Content(content) = origin {
                contents.push(content);
            }
            (path, entry)
        },
    );
    let manifest = entries.collect();
    Ok((manifest, contents))
}
