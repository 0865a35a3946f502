//! Memory does not grow with what is sent.

use std::fmt::Write as _;
use std::io::Write as _;

use base64::Engine as _;
use md5::{Digest as _, Md5};
use serde_json::json;

use super::bench::{Bench, KEY, Serving};
use super::client::Client;
use super::http;

/// In the dev profile a million take longer than a test should; `WANDB_RS_ENTRIES` says otherwise.
const ENTRIES: usize = 200_000;

/// The most memory of a server, in KiB.
const MOST: u64 = 200 << 10;

fn peak(serving: &Serving) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", serving.child.id())).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

fn path(n: usize) -> String {
    format!("dir{:03}/file{n:07}.bin", n % 1_000)
}

fn pieces(count: usize) -> impl Iterator<Item = String> {
    let head = r#"{"version":1,"storagePolicy":"wandb-storage-policy-v1","storagePolicyConfig":{"storageLayout":"V2"},"contents":{"#;
    let entries = (0..count).map(|n| {
        let comma = if n == 0 { "" } else { "," };
        format!(
            r#"{comma}"{}":{{"digest":"etag{n}","ref":"s3://bucket/key/{n}","size":{n}}}"#,
            path(n)
        )
    });
    std::iter::once(head.to_owned())
        .chain(entries)
        .chain(std::iter::once("}}".to_owned()))
}

/// The digest of all entries, in the order of their paths.
fn digest(count: usize) -> String {
    let mut numbers: Vec<usize> = (0..count).collect();
    numbers.sort_by_key(|n| (n % 1_000, *n));
    let mut hasher = Md5::new();
    hasher.update("wandb-artifact-manifest-v1\n");
    for n in numbers {
        hasher.update(format!("{}:etag{n}\n", path(n)));
    }
    let bytes: [u8; 16] = hasher.finalize().into();
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[test]
fn a_manifest_of_very_many_entries_takes_little_memory() {
    let asked = std::env::var("WANDB_RS_ENTRIES").ok();
    let count = asked.map_or(ENTRIES, |asked| asked.parse().unwrap());
    let bench = Bench::new();
    let serving = bench.serve("127.0.0.1:0");
    let client = Client::new(serving.url(), KEY);
    client.make_run().unwrap();
    let (id, _) = client.create("data", &digest(count)).unwrap();
    let (mut hasher, mut length) = (Md5::new(), 0);
    for piece in pieces(count) {
        length += piece.len();
        hasher.update(piece);
    }
    let md5 = base64::engine::general_purpose::STANDARD.encode(hasher.finalize());
    let file = client.manifest(&id, &md5).unwrap();
    let url = file["file"]["uploadUrl"].as_str().unwrap();
    let sending = http::begin("PUT", url, &[], length, b"").unwrap();
    let mut sending = std::io::BufWriter::with_capacity(1 << 16, sending);
    for piece in pieces(count) {
        sending.write_all(piece.as_bytes()).unwrap();
    }
    let answer = http::end(sending.into_inner().unwrap()).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(client.commit(&id).unwrap(), 0);
    let query =
        "query($id: ID!) { artifact(id: $id) { fileCount files(first: 5000) { edges { node { name
        directUrl } } } } }";
    let data = client.ask(query, &json!({ "id": id })).unwrap();
    assert_eq!(data["artifact"]["fileCount"], count);
    let used = peak(&serving);
    assert!(used < MOST, "{used} KiB");
}

#[test]
fn a_large_file_takes_little_memory() {
    let bench = Bench::new();
    let serving = bench.serve("127.0.0.1:0");
    let client = Client::new(serving.url(), KEY);
    client.make_run().unwrap();
    let query = "mutation { createRunFiles(input: { entityName: \"ann\", projectName: \"vision\", runName: \"run1\",
        files: [\"large.bin\"] }) { files { uploadUrl } } }";
    let data = client.ask(query, &json!({})).unwrap();
    let url = data["createRunFiles"]["files"][0]["uploadUrl"]
        .as_str()
        .unwrap()
        .to_owned();
    let piece = vec![7; 1 << 20];
    let mut sending = http::begin("PUT", &url, &[], 300 << 20, b"").unwrap();
    for _ in 0..300 {
        sending.write_all(&piece).unwrap();
    }
    assert_eq!(http::end(sending).unwrap().status, 200);
    let used = peak(&serving);
    assert!(used < MOST / 2, "{used} KiB");
}
