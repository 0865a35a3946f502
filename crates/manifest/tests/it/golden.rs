//! Golden tests against the official client's manifests of the same entries.
//!
//! Only the cases that cannot be produced through the library; all others run there, from files on a disk.

use std::collections::{BTreeMap, BTreeSet};

use artifact_core::{ArtifactDigest, ContentDigest, DigestAlgorithm, LogicalPath};
use manifest::{Manifest, ManifestEntry, ReadLimits};
use md5_lanes::Md5;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use twox_hash::XxHash3_128;

const CASES: &str = include_str!("../golden/cases.json");
const MANIFEST_LEVEL: &str = include_str!("../golden/manifest_level.json");
/// Number of cases; fewer mean that some were lost.
const COUNT: usize = 231;

#[derive(Deserialize)]
struct ManifestLevel {
    /// The reason, by name.
    cases: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    algorithm: String,
    storage_region: Option<String>,
    inputs: Vec<Op>,
    results: Results,
}

#[derive(Deserialize)]
struct Results {
    artifact_digest: String,
    size: u64,
    count: usize,
    storage_policy_config: Value,
    entries: Vec<Map<String, Value>>,
}

#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
enum Op {
    File {
        path: String,
        content: Value,
    },
    AddFile {
        local: String,
        name: Option<String>,
        content: Value,
    },
    AddReference {
        #[serde(default)]
        added: Vec<Map<String, Value>>,
        error: Option<String>,
    },
    Reference {
        path: String,
        uri: String,
        #[serde(flatten)]
        fields: Map<String, Value>,
    },
    Remove {
        item: String,
        error: Option<String>,
    },
    /// Only in cases that go through the library.
    #[serde(other)]
    Other,
}

/// Returns the name of a case without its algorithm.
fn base_name(name: &str) -> &str {
    name.rsplit_once('/').unwrap().0
}

fn bytes_of(content: &Value) -> Vec<u8> {
    if let Some(text) = content["text"].as_str() {
        return text.as_bytes().to_vec();
    }
    let [seed, size] = ["seed", "size"].map(|key| content[key].as_u64().unwrap());
    let byte = |i: u64| ((i * 31 + seed + (i >> 8)) & 0xff).try_into().unwrap();
    (0..size).map(byte).collect()
}

fn digest_of(bytes: &[u8], algorithm: DigestAlgorithm) -> ContentDigest {
    ContentDigest::new(
        algorithm,
        match algorithm {
            DigestAlgorithm::Md5 => Md5::digest(bytes),
            DigestAlgorithm::Xxh128 => XxHash3_128::oneshot(bytes).to_be_bytes(),
        },
    )
}

/// Returns the path that the official client gives a file that is added as temporary.
fn temporary_path(name: &str, digest: &ContentDigest) -> String {
    let (folder, base) = name
        .rsplit_once('/')
        .map_or(("", name), |(folder, base)| (folder, base));
    let hex = ArtifactDigest::from_bytes(*digest.bytes()).to_string();
    let suffix = base.find('.').map_or("", |dot| &base[dot..]);
    let slash = if folder.is_empty() { "" } else { "/" };
    format!("{folder}{slash}{}{suffix}", &hex[..20])
}

/// Reads one entry as a manifest file has it.
fn read_entry(mut fields: Map<String, Value>) -> (LogicalPath, ManifestEntry) {
    let path = fields.remove("path").unwrap();
    let mut contents = Map::new();
    contents.insert(path.as_str().unwrap().to_owned(), Value::Object(fields));
    let file =
        json!({"version": 1, "storagePolicy": "wandb-storage-policy-v1", "contents": contents});
    let read = Manifest::read(file.to_string().as_bytes(), &ReadLimits::default()).unwrap();
    read.into_iter().next().unwrap()
}

fn replay(case: &Case) -> Manifest {
    let algorithm: DigestAlgorithm = case.algorithm.parse().unwrap();
    let mut manifest = Manifest::default();
    manifest
        .header
        .storage_region
        .clone_from(&case.storage_region);
    let file = |bytes: &[u8]| ManifestEntry::file(digest_of(bytes, algorithm), bytes.len() as u64);
    for op in &case.inputs {
        match op {
            Op::File { path, content } => {
                manifest.insert(path.parse().unwrap(), file(&bytes_of(content)));
            }
            Op::AddFile {
                local,
                name,
                content,
            } => {
                let bytes = bytes_of(content);
                let digest = digest_of(&bytes, algorithm);
                let path = temporary_path(name.as_deref().unwrap_or(local), &digest);
                manifest.insert(path.parse().unwrap(), file(&bytes));
            }
            Op::AddReference { added, error } => {
                assert_eq!(added.is_empty(), error.is_some(), "{}", case.name);
                for fields in added {
                    let (path, entry) = read_entry(fields.clone());
                    manifest.insert(path, entry);
                }
            }
            Op::Reference { path, uri, fields } => {
                let mut fields = fields.clone();
                fields.insert("path".into(), path.as_str().into());
                fields.insert("ref".into(), uri.as_str().into());
                if let Some(id) = fields.remove("birth_artifact_id") {
                    fields.insert("birthArtifactID".into(), id);
                }
                let (path, entry) = read_entry(fields);
                manifest.insert(path, entry);
            }
            Op::Remove { item, error } => remove(&mut manifest, item, error.is_some()),
            Op::Other => panic!("{} needs the library", case.name),
        }
    }
    manifest
}

fn remove(manifest: &mut Manifest, item: &str, is_refused: bool) {
    let removed: Option<LogicalPath> = item.parse().ok();
    let header = manifest.header.clone();
    let before = manifest.len();
    let is_exact = removed
        .as_ref()
        .is_some_and(|path| manifest.get(path).is_some());
    let is_kept = |path: &LogicalPath| match &removed {
        Some(removed) if is_exact => path != removed,
        Some(removed) => !path.is_at_or_below(removed),
        None => true,
    };
    *manifest = std::mem::take(manifest)
        .into_iter()
        .filter(|(path, _)| is_kept(path))
        .collect();
    manifest.header = header;
    assert_eq!(manifest.len() == before, is_refused, "{item:?}");
}

fn written(manifest: &Manifest) -> Value {
    serde_json::from_slice(&manifest.write(Vec::new()).unwrap()).unwrap()
}

fn compare(case: &Case, manifest: &Manifest) {
    let (name, results) = (&case.name, &case.results);
    let algorithm = case.algorithm.parse().unwrap();
    assert_eq!(
        manifest.digest(algorithm).to_string(),
        results.artifact_digest,
        "{name}"
    );
    assert_eq!(manifest.size(), results.size, "{name}");
    assert_eq!(manifest.len(), results.count, "{name}");
    let file = written(manifest);
    assert_eq!(
        file["storagePolicyConfig"], results.storage_policy_config,
        "{name}"
    );
    let contents = file["contents"].as_object().unwrap();
    assert_eq!(contents.len(), results.entries.len(), "{name}");
    for entry in &results.entries {
        let mut expected = entry.clone();
        let path = expected.remove("path").unwrap();
        // The official client's core adds these when it writes the file.
        expected.insert("skip_cache".into(), false.into());
        expected.entry("size").or_insert(0.into());
        let found = contents.get(path.as_str().unwrap());
        assert_eq!(found, Some(&Value::Object(expected)), "{name}: {path}");
    }
    let read = Manifest::read(file.to_string().as_bytes(), &ReadLimits::default()).unwrap();
    assert_eq!(read.digest(algorithm), manifest.digest(algorithm), "{name}");
    assert_eq!(written(&read), file, "{name}");
}

#[test]
fn every_case_of_this_level_ends_as_the_official_clients() {
    let listed: ManifestLevel = serde_json::from_str(MANIFEST_LEVEL).unwrap();
    let mut file: Value = serde_json::from_str(CASES).unwrap();
    let all: Vec<Value> = serde_json::from_value(file["cases"].take()).unwrap();
    assert_eq!(all.len(), COUNT);
    let mut replayed = BTreeSet::new();
    let mut elsewhere = 0;
    for case in all {
        let name = case["name"].as_str().unwrap();
        if !listed.cases.contains_key(base_name(name)) {
            elsewhere += 1;
            continue;
        }
        let case: Case = serde_json::from_value(case).unwrap();
        compare(&case, &replay(&case));
        assert!(
            replayed.insert(case.name.clone()),
            "{} is there twice",
            case.name
        );
    }
    assert_eq!(replayed.len() + elsewhere, COUNT);
    let names: BTreeSet<&str> = replayed.iter().map(|name| base_name(name)).collect();
    let expected: BTreeSet<&str> = listed.cases.keys().map(String::as_str).collect();
    assert_eq!(names, expected);
}
