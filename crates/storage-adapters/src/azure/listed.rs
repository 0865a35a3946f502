//! A page of a listing, as the service writes it.

use percent_encoding::percent_decode_str;
use quick_xml::Reader;
use quick_xml::events::Event;

/// A page of a listing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) blobs: Vec<Blob>,
    /// Where the next page starts; empty at the end.
    pub(super) next: String,
}

/// A blob, or a version of one.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Blob {
    pub(super) name: String,
    pub(super) etag: String,
    pub(super) size: Option<u64>,
    pub(super) version: Option<String>,
    /// Whether it stands for a folder of a hierarchical namespace.
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
