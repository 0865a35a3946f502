//! The recorded cases, and the files that they begin with.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

/// Input that this client rejects and the official client accepts: case, path or URI, and the error.
pub(super) const REFUSED: &[(&str, &str, &str)] = &[
    ("names-newline", "line\nfeed", "digest ambiguous"),
    ("names-newline", "aa:b\nc", "digest ambiguous"),
    ("names-nul", "nul\0name", "no file name can hold NUL"),
    ("ref-other-schemes", "C:\\x", "drive letter"),
];

#[derive(Deserialize)]
pub(super) struct Cases {
    pub(super) cases: Vec<Case>,
}

#[derive(Deserialize)]
pub(super) struct ManifestLevel {
    /// Why, by name.
    pub(super) cases: BTreeMap<String, String>,
}

#[derive(Deserialize)]
pub(super) struct Case {
    pub(super) name: String,
    pub(super) algorithm: String,
    pub(super) inputs: Vec<Op>,
    pub(super) results: Results,
}

#[derive(Deserialize)]
pub(super) struct Results {
    pub(super) artifact_digest: String,
    pub(super) size: u64,
    pub(super) count: usize,
    #[serde(default)]
    pub(super) entries: Vec<Map<String, Value>>,
    /// Some of the entries, where there are very many.
    #[serde(default)]
    pub(super) sample: Vec<Map<String, Value>>,
}

#[derive(Deserialize)]
pub(super) struct Op {
    #[serde(flatten)]
    pub(super) call: Call,
    /// The official client's exception, where it refuses.
    pub(super) error: Option<String>,
}

#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub(super) enum Call {
    File {
        path: String,
        content: Content,
        #[serde(default)]
        overwrite: bool,
    },
    AddFile {
        local: String,
        name: Option<String>,
        content: Content,
    },
    AddDir {
        dir: String,
        name: Option<String>,
        files: Vec<FileToMake>,
        #[serde(default)]
        merge: bool,
    },
    NewFile {
        name: String,
        content: Content,
    },
    Generate {
        prefix: String,
        count: usize,
    },
    AddReference {
        uri: String,
        name: Option<String>,
        checksum: bool,
        #[serde(default)]
        files: Vec<FileToMake>,
    },
    Reference {
        path: String,
        uri: String,
        digest: String,
        size: Option<u64>,
        #[serde(default)]
        extra: Map<String, Value>,
    },
    Remove {
        item: String,
    },
}

#[derive(Deserialize)]
pub(super) struct FileToMake {
    pub(super) path: String,
    pub(super) content: Content,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Content {
    Text { text: String },
    Hex { hex: String },
    Counter { seed: usize, size: usize },
    Decimal {},
}

impl Content {
    pub(super) fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Text { text } => text.as_bytes().to_vec(),
            Self::Hex { hex } => (0..hex.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
                .collect(),
            Self::Counter { seed, size } => counter(*seed, *size),
            Self::Decimal {} => panic!("only `generate` counts"),
        }
    }
}

/// Byte i is `(i * 31 + seed + (i >> 8)) & 0xff`, which repeats after 65,536 bytes.
pub(super) fn counter(seed: usize, size: usize) -> Vec<u8> {
    let byte = |i: usize| ((i * 31 + seed + (i >> 8)) & 0xff).try_into().unwrap();
    let period: Vec<u8> = (0..size.min(1 << 16)).map(byte).collect();
    let mut bytes = period.repeat((size >> 16) + 1);
    bytes.truncate(size);
    bytes
}

impl Case {
    pub(super) fn base_name(&self) -> &str {
        self.name.rsplit_once('/').unwrap().0
    }

    /// Returns what the error must say, where ours refuses what the official client accepts.
    pub(super) fn refused(&self, call: &Call) -> Option<&'static str> {
        let target = match call {
            Call::File { path, .. } => path,
            Call::AddReference { uri, .. } => uri,
            _ => return None,
        };
        let mut refused = REFUSED.iter();
        refused
            .find(|(case, what, _)| *case == self.base_name() && what == target)
            .map(|(.., reason)| *reason)
    }
}
