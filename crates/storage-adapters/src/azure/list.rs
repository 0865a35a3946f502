//! Listings of the blobs below a prefix.

use std::sync::Arc;

use artifact_core::ReferenceUri;
use artifact_core::ports::{ReferenceObject, ResolveError};
use futures::stream;
use futures::stream::BoxStream;
use percent_encoding::percent_decode_str;
use quick_xml::Reader;
use quick_xml::events::Event;

use super::client::Api;
use super::resolver;
use super::uri::BlobUrl;
use crate::net::{folder_with_content, objects_of};

pub(super) fn list(
    api: Arc<Api>,
    at: BlobUrl,
    uri: ReferenceUri,
) -> BoxStream<'static, Result<ReferenceObject, ResolveError>> {
    let start = Some((api, at, uri.clone(), String::new()));
    let pages = stream::try_unfold(start, async |state| {
        let Some((api, at, uri, marker)) = state else {
            return Ok(None);
        };
        let prefix = at.object.as_prefix();
        let listed = api.list(&at, &prefix, "metadata", &marker, &uri).await?;
        let page: Vec<_> = listed
            .blobs
            .into_iter()
            .filter_map(|blob| object_of(blob, &prefix, &at, &uri))
            .collect();
        let next = (!listed.next.is_empty()).then_some((api, at, uri, listed.next));
        Ok(Some((page, next)))
    });
    objects_of(uri, pages)
}

/// Returns the record of a listed blob; `None` for a folder.
fn object_of(
    blob: Blob,
    prefix: &str,
    at: &BlobUrl,
    asked: &ReferenceUri,
) -> Option<Result<ReferenceObject, ResolveError>> {
    // Names outside the prefix would be recorded under a wrong one.
    let relative = blob.name.strip_prefix(prefix)?.to_owned();
    if blob.is_folder {
        return None;
    }
    if !blob.name.ends_with('/') {
        return Some(resolver::object(blob, at, relative, asked));
    }
    if blob.size == Some(0) {
        return None;
    }
    Some(Err(folder_with_content(at.recorded(&blob.name, asked))))
}

/// A page of a listing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) blobs: Vec<Blob>,
    /// The marker of the next page; empty at the end.
    pub(super) next: String,
}

/// A blob, or a version of one.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Blob {
    pub(super) name: String,
    pub(super) etag: String,
    pub(super) size: Option<u64>,
    pub(super) version: Option<String>,
    /// Whether it is a folder of a hierarchical namespace.
    pub(super) is_folder: bool,
}

impl Listed {
    pub(super) fn parse(xml: &str) -> Result<Self, quick_xml::Error> {
        let mut reader = Reader::from_str(xml.trim_start_matches('\u{feff}'));
        let mut listed = Self::default();
        let mut blob = Blob::default();
        let mut path: Vec<String> = Vec::new();
        let mut text = String::new();
        let mut is_encoded = false;
        loop {
            match reader.read_event()? {
                Event::Start(start) => {
                    path.push(start.name().as_ref().to_owned());
                    text.clear();
                    is_encoded = start
                        .attributes()
                        .flatten()
                        .any(|a| a.key.as_ref() == "Encoded" && a.value.as_ref() == "true");
                }
                Event::Text(part) => text.push_str(&part),
                Event::CData(part) => text.push_str(&part),
                Event::GeneralRef(reference) => text.push_str(&character(&reference)),
                Event::End(_) => {
                    let names: Vec<_> = path.iter().map(String::as_str).collect();
                    match names.as_slice() {
                        [_, "NextMarker"] => listed.next = std::mem::take(&mut text),
                        [_, "Blobs", "Blob"] => listed.blobs.push(std::mem::take(&mut blob)),
                        [_, "Blobs", "Blob", rest @ ..] => {
                            blob.set(rest, std::mem::take(&mut text), is_encoded);
                        }
                        _ => {}
                    }
                    path.pop();
                    is_encoded = false;
                }
                Event::Eof => return Ok(listed),
                _ => {}
            }
        }
    }
}

impl Blob {
    fn set(&mut self, field: &[&str], text: String, is_encoded: bool) {
        match field {
            ["Name"] if is_encoded => {
                self.name = percent_decode_str(&text).decode_utf8_lossy().into_owned();
            }
            ["Name"] => self.name = text,
            ["VersionId"] => self.version = (!text.is_empty()).then_some(text),
            ["Properties", "Etag"] => text.trim_matches('"').clone_into(&mut self.etag),
            ["Properties", "Content-Length"] => self.size = text.parse().ok(),
            ["Properties", "ResourceType"] => self.is_folder |= text == "directory",
            ["Metadata", name] if name.eq_ignore_ascii_case("hdi_isfolder") => {
                self.is_folder |= text == "true";
            }
            _ => {}
        }
    }
}

/// Returns the character that `&…;` stands for; one that XML does not define stands for itself.
fn character(reference: &quick_xml::events::BytesRef<'_>) -> String {
    if let Ok(Some(character)) = reference.resolve_char_ref() {
        return character.to_string();
    }
    let name: &str = reference;
    match quick_xml::escape::resolve_predefined_entity(name) {
        Some(text) => text.to_owned(),
        None => format!("&{name};"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read() {
        let xml = r#"<?xml version="1.0" encoding="utf-8"?>
<EnumerationResults ContainerName="c"><Prefix>d/</Prefix><Blobs>
  <Blob><Name>d/a &amp; b&#x41;</Name><VersionId>v1</VersionId><Properties><Etag>0x8D</Etag>
    <Content-Length>12</Content-Length></Properties></Blob>
  <Blob><Name Encoded="true">d/%09</Name><Properties><Etag>"0x8E"</Etag></Properties></Blob>
  <Blob><Name>d/sub</Name><Metadata><hdi_isfolder>true</hdi_isfolder></Metadata></Blob>
</Blobs><NextMarker>2!76</NextMarker></EnumerationResults>"#;
        let listed = Listed::parse(xml).expect("XML");
        let blob = |name: &str, etag: &str| Blob {
            name: name.to_owned(),
            etag: etag.to_owned(),
            ..Blob::default()
        };
        let expected = Listed {
            blobs: vec![
                Blob {
                    size: Some(12),
                    version: Some("v1".to_owned()),
                    ..blob("d/a & bA", "0x8D")
                },
                blob("d/\t", "0x8E"),
                Blob {
                    is_folder: true,
                    ..blob("d/sub", "")
                },
            ],
            next: "2!76".to_owned(),
        };
        assert_eq!(listed, expected);
    }

    #[test]
    fn what_is_not_xml_is_an_error_rather_than_an_empty_page() {
        assert!(Listed::parse("<EnumerationResults><Blobs></EnumerationResults>").is_err());
    }
}
