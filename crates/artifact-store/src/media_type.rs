//! Media types of files, by the extensions of their names.

use std::path::Path;

/// Types of extensions that `mime_guess` does not know, or knows under another name. Sorted by extension.
const OWN_TYPES: &[(&str, &str)] = &[
    ("ipynb", "application/x-ipynb+json"),
    ("jsonl", "application/jsonl"),
    ("npy", "application/x-npy"),
    ("patch", "text/x-patch"),
    ("py", "text/x-python"),
    ("toml", "application/toml"),
    ("xml", "application/xml"),
    ("yaml", "application/yaml"),
    ("yml", "application/yaml"),
];

/// Returns the media type of files with this name; `None` where its extension is unknown.
#[must_use]
pub fn media_type(name: &str) -> Option<&'static str> {
    let extension = Path::new(name).extension()?.to_str()?.to_ascii_lowercase();
    match OWN_TYPES.binary_search_by(|(known, _)| (*known).cmp(&extension)) {
        Ok(index) => Some(OWN_TYPES[index].1),
        Err(_) => mime_guess::from_ext(&extension).first_raw(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_decides_the_type() {
        assert!(OWN_TYPES.is_sorted());
        for (name, expected) in [
            ("media/a.b.PNG", "image/png"),
            ("config.yaml", "application/yaml"),
            ("train.jsonl", "application/jsonl"),
            ("data.parquet", "application/vnd.apache.parquet"),
            ("output.log", "text/plain"),
            ("README.md", "text/markdown"),
        ] {
            assert_eq!(media_type(name), Some(expected), "{name}");
        }
        for unknown in ["", "png", "a.unknown", "folder.png/file"] {
            assert_eq!(media_type(unknown), None, "{unknown}");
        }
    }
}
