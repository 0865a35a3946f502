//! A million keys go by in little memory.

use std::fs;

use artifact_core::ports::ReferenceResolver;
use futures::TryStreamExt as _;
use storage_adapters::S3Resolver;

use super::fake::{Fake, page, refusal};
use crate::server::reply;

const KEYS: u32 = 1_000_000;

/// The bytes that this process may take up at its most; the plan's limit.
const LIMIT: u64 = 300 << 20;

/// Listing and counting a million objects stays below 300 MB, the server in this process included.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_million_keys_are_streamed_in_little_memory() {
    let fake = Fake::start(|request, before| match request {
        _ if request.is_versioning() => reply(200, &[], "<VersioningConfiguration/>"),
        _ if request.is_list() => {
            let keys = (before * 1_000..(before + 1) * 1_000)
                .map(|n| format!("data/2026/11/shard-of-a-typical-length/{n:07}.parquet"));
            page(keys, (before < KEYS / 1_000 - 1).then_some("next"))
        }
        _ => refusal(500, "Unexpected"),
    })
    .await;
    let resolver = S3Resolver::new(super::config(&fake));
    let objects = resolver.resolve(&"s3://bucket/data/".parse().unwrap(), true);
    let before = resident();
    let mut most = before;
    let mut count = 0_u32;
    let mut last = String::new();
    objects
        .try_for_each(|object| {
            assert!(
                last < object.relative_path,
                "{last} {}",
                object.relative_path
            );
            last = object.relative_path;
            count += 1;
            if count.is_multiple_of(50_000) {
                most = most.max(resident());
            }
            std::future::ready(Ok(()))
        })
        .await
        .unwrap();
    assert_eq!(count, KEYS);
    let used = most - before;
    assert!(used < LIMIT, "{} MiB", used >> 20);
}

/// Returns how many bytes of this process are in memory.
#[cfg(target_os = "linux")]
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib: u64 = line
        .unwrap()
        .split_whitespace()
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    kib << 10
}
