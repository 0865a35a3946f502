//! Writes a manifest file entry by entry.

use std::io::{Result, Write};

use artifact_core::LogicalPath;
use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter};
use serde_json::{Map, Value};

use crate::{ManifestEntry, ManifestHeader};

/// Writes a manifest file as the official client's core does: compact, entries in the given order, `<`, `>`, `&`,
/// U+2028 and U+2029 escaped. Local paths, which the official client leaks, are never written.
#[derive(Debug)]
pub struct ManifestWriter<W> {
    out: W,
    is_first: bool,
}

impl<W: Write> ManifestWriter<W> {
    /// Begins the file.
    ///
    /// # Errors
    /// When `out` fails.
    pub fn new(mut out: W, header: &ManifestHeader) -> Result<Self> {
        write!(
            out,
            "{{\"version\":{},\"storagePolicy\":",
            ManifestHeader::VERSION
        )?;
        write_json(&mut out, ManifestHeader::STORAGE_POLICY)?;
        out.write_all(b",\"storagePolicyConfig\":{\"storageLayout\":")?;
        write_json(&mut out, header.storage_layout.as_str())?;
        if let Some(region) = &header.storage_region {
            out.write_all(b",\"storageRegion\":")?;
            write_json(&mut out, region.as_str())?;
        }
        out.write_all(b"},\"contents\":{")?;
        Ok(Self {
            out,
            is_first: true,
        })
    }

    /// Writes one entry. Paths must come in ascending order, each once.
    ///
    /// # Errors
    /// When the writer fails.
    pub fn entry(&mut self, path: &LogicalPath, entry: &ManifestEntry) -> Result<()> {
        if !std::mem::take(&mut self.is_first) {
            self.out.write_all(b",")?;
        }
        write_json(&mut self.out, path.as_str())?;
        self.out.write_all(b":")?;
        write_json(&mut self.out, &WireEntry::from(entry))
    }

    /// Ends the file, and returns the writer.
    ///
    /// # Errors
    /// When the writer fails.
    pub fn finish(mut self) -> Result<W> {
        self.out.write_all(b"}}")?;
        Ok(self.out)
    }
}

#[derive(Serialize)]
struct WireEntry<'a> {
    digest: String,
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
    size: u64,
    #[serde(rename = "birthArtifactID", skip_serializing_if = "Option::is_none")]
    birth_artifact: Option<&'a str>,
    skip_cache: bool,
    #[serde(skip_serializing_if = "Map::is_empty")]
    extra: &'a Map<String, Value>,
}

impl<'a> From<&'a ManifestEntry> for WireEntry<'a> {
    fn from(entry: &'a ManifestEntry) -> Self {
        Self {
            digest: entry.digest.to_string(),
            reference: entry
                .reference
                .as_ref()
                .map(artifact_core::ReferenceUri::as_str),
            // The format cannot express an unknown size.
            size: entry.size.unwrap_or_default(),
            birth_artifact: entry.birth_artifact.as_deref(),
            skip_cache: false,
            extra: &entry.extra,
        }
    }
}

fn write_json<T: Serialize + ?Sized>(out: &mut impl Write, value: &T) -> Result<()> {
    value
        .serialize(&mut serde_json::Serializer::with_formatter(out, HtmlSafe))
        .map_err(Into::into)
}

/// A JSON formatter that escapes characters with a meaning in HTML, as the official client's core does.
struct HtmlSafe;

impl Formatter for HtmlSafe {
    fn write_string_fragment<W: Write + ?Sized>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(['<', '>', '&', '\u{2028}', '\u{2029}']) {
            writer.write_all(&rest.as_bytes()[..at])?;
            let mut chars = rest[at..].chars();
            if let Some(escaped) = chars.next() {
                write!(writer, "\\u{:04x}", u32::from(escaped))?;
            }
            rest = chars.as_str();
        }
        writer.write_all(rest.as_bytes())
    }

    fn write_char_escape<W: Write + ?Sized>(
        &mut self,
        writer: &mut W,
        escape: CharEscape,
    ) -> Result<()> {
        serde_json::ser::CompactFormatter.write_char_escape(writer, escape)
    }
}
