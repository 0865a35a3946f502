//! The file as the official client's core writes and reads it.

use artifact_core::{ContentDigest, DigestAlgorithm, EntryDigest};
use manifest::{Manifest, ManifestEntry, ManifestHeader, ReadLimits, StorageLayout};
use md5_lanes::Md5;

fn file(algorithm: DigestAlgorithm, digest: &str, size: u64) -> ManifestEntry {
    ManifestEntry::file(ContentDigest::from_base64(algorithm, digest).unwrap(), size)
}

fn read(json: &str) -> Manifest {
    Manifest::read(json.as_bytes(), &ReadLimits::default()).unwrap()
}

fn written(manifest: &Manifest) -> String {
    String::from_utf8(manifest.write(Vec::new()).unwrap()).unwrap()
}

/// The worked example of the wire protocol, section 5.3.
fn worked_example(algorithm: DigestAlgorithm, digests: [&str; 3]) -> Manifest {
    let paths = ["b.bin", "data/a.txt", "empty"];
    let sizes = [4, 6, 0];
    (0..3)
        .map(|n| {
            (
                paths[n].parse().unwrap(),
                file(algorithm, digests[n], sizes[n]),
            )
        })
        .collect()
}

const MD5: [&str; 3] = [
    "N7Wa/VknJfkwXkhKXX9RaA==",
    "sZRqySSS0jR8YjW00mERhA==",
    "1B2M2Y8AsgTpgAmY7PhCfg==",
];
const XXH128: [&str; 3] = [
    "63C/X8d56eamER1T6Ao9tQ==",
    "a7qGx+Bp9W1aELQ18cjknA==",
    "maoG0wFHmNhgAcMkRo1Jfw==",
];

#[test]
fn artifact_digests_are_the_official_clients() {
    let md5 = worked_example(DigestAlgorithm::Md5, MD5).digest(DigestAlgorithm::Md5);
    assert_eq!(md5.to_string(), "2c5dae14ba0be36b3f4fdacd16701895");
    let xxh128 = worked_example(DigestAlgorithm::Xxh128, XXH128).digest(DigestAlgorithm::Xxh128);
    assert_eq!(xxh128.to_string(), "803fc0780c5e6d7f2ec626977668a7f1");
    assert_eq!(
        Manifest::default().digest(DigestAlgorithm::Md5).to_string(),
        "64e7c61456b10382e2f3b571ac24b659"
    );
    assert_eq!(
        Manifest::default()
            .digest(DigestAlgorithm::Xxh128)
            .to_string(),
        "f13c5dd8602ab5d18a0c87ce730a735e"
    );
}

#[test]
fn the_written_bytes_are_the_official_cores() {
    let mut manifest = worked_example(DigestAlgorithm::Md5, MD5);
    for path in ["b.bin", "data/a.txt", "empty"] {
        manifest
            .get_mut(&path.parse().unwrap())
            .unwrap()
            .birth_artifact = Some("QXJ0aWZhY3Q6MQ==".into());
    }
    let bytes = manifest.write(Vec::new()).unwrap();
    assert_eq!(bytes.len(), 451);
    assert_eq!(
        ContentDigest::Md5(Md5::digest(&bytes)).to_string(),
        "bQ2Ez5hYKW8aB7HFlzQewg=="
    );
}

#[test]
fn what_is_written_reads_back() {
    let mut manifest = worked_example(DigestAlgorithm::Xxh128, XXH128);
    manifest.header.storage_region = Some("eu \"west\"".into());
    let extra = serde_json::from_str(r#"{"etag":"abc","versionID":1795448490335601644}"#).unwrap();
    let uri = "s3://my-bucket/a b".parse().unwrap();
    manifest.insert(
        "r".parse().unwrap(),
        ManifestEntry::reference(uri, EntryDigest::Opaque("abc".into()), Some(19), extra),
    );
    assert_eq!(read(&written(&manifest)), manifest);
}

#[test]
fn characters_that_are_special_in_html_are_escaped() {
    let manifest: Manifest = [(
        "<a>&\u{2028}\u{2029}é\"\\\t".parse().unwrap(),
        file(DigestAlgorithm::Md5, MD5[0], 1),
    )]
    .into_iter()
    .collect();
    let text = written(&manifest);
    assert!(
        text.contains(r#""\u003ca\u003e\u0026\u2028\u2029é\"\\\t""#),
        "{text}"
    );
    assert_eq!(read(&text), manifest);
}

#[test]
fn keys_that_other_writers_leave_are_skipped() {
    let manifest = read(
        r#"{"storagePolicyConfig":{},"storagePolicy":"wandb-storage-policy-v1","later":[{"x":1}],"version":1,
            "contents":{"a":{"digest":"sZRqySSS0jR8YjW00mERhA==","size":6,"local_path":"/home/u/a","skip_cache":true,"new":{}}}}"#,
    );
    assert_eq!(
        manifest.header,
        ManifestHeader {
            storage_layout: StorageLayout::V1,
            storage_region: None
        }
    );
    assert_eq!(
        manifest.get(&"a".parse().unwrap()),
        Some(&file(DigestAlgorithm::Md5, MD5[1], 6))
    );
}

#[test]
fn only_digests_that_are_hashes_count_as_hashes() {
    let manifest = read(
        r#"{"version":1,"storagePolicy":"wandb-storage-policy-v1","contents":{
            "file":{"digest":"sZRqySSS0jR8YjW00mERhA==","ref":"file:///data/hello.txt","size":6},
            "http":{"digest":"sZRqySSS0jR8YjW00mERhA==","ref":"http://h/f","size":6},
            "multipart":{"digest":"d316408c159ea701ab954894bd3a92c2-2","ref":"s3://b/mp.bin","size":10485760},
            "other":{"digest":"sZRqySSS0jR8YjW00mERhA==","ref":"wandb-artifact://41727469666163743a31/d/h.txt","size":0},
            "tracked":{"digest":"nfs://host/f","ref":"nfs://host/f"}}}"#,
    );
    let hashes: Vec<_> = manifest
        .iter()
        .filter(|(_, entry)| entry.digest.content().is_some())
        .map(|(path, _)| path.as_str())
        .collect();
    assert_eq!(hashes, ["file", "other"]);
    assert_eq!(
        manifest.get(&"tracked".parse().unwrap()).unwrap().size,
        None
    );
}
