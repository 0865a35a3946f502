//! Content that arrives in chunks, as from a remote registry: verified like any file before it appears.

use std::fs;

use artifact_core::ports::TransferError;
use artifact_flows::{FetchOptions, FlowError, verify_stored};
use bytes::Bytes;

use crate::intercepted_transfer::InterceptedTransfer;
use crate::workbench::{Workbench, assert_same_tree, bytes, chain, tree};

type Chunks = Vec<Result<Bytes, TransferError>>;

/// Cuts content into chunks of uneven lengths.
fn chunked(content: &[u8]) -> Chunks {
    let mut rest = content;
    let mut chunks = Vec::new();
    let mut length = 1;
    while !rest.is_empty() {
        let (chunk, after) = rest.split_at(length.min(rest.len()));
        chunks.push(Ok(Bytes::copy_from_slice(chunk)));
        rest = after;
        length = length * 3 + 1;
    }
    chunks
}

fn broken() -> TransferError {
    TransferError::Backend {
        place: "the wire".into(),
        source: "connection reset".into(),
    }
}

fn bench() -> Workbench {
    Workbench::with(&[
        ("a", b"content"),
        ("empty", b""),
        ("folder/large", &bytes(1, 300_000)),
        ("huge", &bytes(2, 33 << 20)),
    ])
}

/// Whether these bytes are the manifest file, which the faults below spare.
fn is_manifest(content: &[u8]) -> bool {
    content.starts_with(b"{")
}

#[tokio::test]
async fn streams_are_placed_like_files() {
    let bench = bench();
    let record = bench.log().await;
    let transfer =
        InterceptedTransfer::new(&bench.flow.transfer).streaming(|content| chunked(&content));
    let flow = bench.over_transfer(&transfer.shared());
    let options = FetchOptions::default();
    let fetched = bench.get_over(&flow, &record, &options).await.unwrap();
    assert_eq!(fetched.placed_files, 4);
    assert_same_tree(&bench.path("data"), &bench.path("out"));
    assert!(!bench.out(".wandb-rs-tmp").exists());
    let again = bench.get_over(&flow, &record, &options).await.unwrap();
    assert_eq!((again.placed_files, again.kept_files), (0, 4));
}

/// Gets a version whose streams, but for the manifest's, are what `fault` makes of them, and expects that nothing wrong
/// appears. Returns the message.
async fn get_with_fault(fault: impl Fn(Vec<u8>) -> Chunks + Send + Sync + 'static) -> String {
    let bench = bench();
    let record = bench.log().await;
    let transfer = InterceptedTransfer::new(&bench.flow.transfer).streaming(move |content| {
        if is_manifest(&content) {
            chunked(&content)
        } else {
            fault(content)
        }
    });
    let flow = bench.over_transfer(&transfer.shared());
    let options = FetchOptions::default();
    let error = bench.get_over(&flow, &record, &options).await.unwrap_err();
    for (path, content) in tree(&bench.path("out")) {
        let relative = path.strip_prefix(bench.path("out")).unwrap();
        let original = bench.path("data").join(relative);
        assert!(
            fs::read(original).unwrap() == content,
            "{}",
            relative.display()
        );
    }
    assert!(!bench.out(".wandb-rs-tmp").exists());
    // The next try, over a line that works, completes.
    bench.get(&record).await.unwrap();
    assert_same_tree(&bench.path("data"), &bench.path("out"));
    chain(&error)
}

#[tokio::test]
async fn a_stream_that_breaks_off_with_an_error_is_told() {
    let text = get_with_fault(|content| {
        let mut chunks = chunked(&content[..content.len() / 2]);
        chunks.push(Err(broken()));
        chunks
    })
    .await;
    assert!(text.contains("connection reset"), "{text}");
}

#[tokio::test]
async fn a_stream_that_ends_too_early_is_damaged() {
    let text = get_with_fault(|content| chunked(&content[..content.len().saturating_sub(1)])).await;
    assert!(text.contains("damaged"), "{text}");
}

#[tokio::test]
async fn a_stream_that_goes_on_too_long_is_damaged() {
    let text = get_with_fault(|mut content| {
        content.push(0);
        chunked(&content)
    })
    .await;
    assert!(text.contains("damaged"), "{text}");
}

#[tokio::test]
async fn a_stream_with_a_flipped_bit_is_damaged() {
    let text = get_with_fault(|mut content| {
        if let Some(last) = content.last_mut() {
            *last ^= 0x80;
        }
        chunked(&content)
    })
    .await;
    assert!(text.contains("damaged"), "{text}");
}

#[tokio::test]
async fn a_manifest_that_is_cut_or_broken_off_is_refused() {
    for ends_with_error in [false, true] {
        let bench = bench();
        let record = bench.log().await;
        let transfer = InterceptedTransfer::new(&bench.flow.transfer).streaming(move |content| {
            let mut chunks = chunked(&content[..content.len() / 2]);
            if ends_with_error {
                chunks.push(Err(broken()));
            }
            chunks
        });
        let flow = bench.over_transfer(&transfer.shared());
        let options = FetchOptions::default();
        let error = bench.get_over(&flow, &record, &options).await.unwrap_err();
        let text = chain(&error);
        assert!(text.contains("manifest"), "{text}");
        assert!(!matches!(error, FlowError::Damaged { .. }));
        assert!(!bench.path("out").exists());
    }
}

#[tokio::test]
async fn verify_reads_streams_too() {
    let bench = bench();
    let record = bench.log().await;
    let whole =
        InterceptedTransfer::new(&bench.flow.transfer).streaming(|content| chunked(&content));
    let flow = bench.over_transfer(&whole.shared());
    let report = verify_stored(&flow, &record).await.unwrap();
    assert_eq!((report.ok, report.is_ok()), (4, true));

    let flipping = InterceptedTransfer::new(&bench.flow.transfer).streaming(|mut content| {
        if content == b"content" {
            content[3] ^= 1;
        }
        chunked(&content)
    });
    let flow = bench.over_transfer(&flipping.shared());
    let report = verify_stored(&flow, &record).await.unwrap();
    assert_eq!(report.ok, 3);
    assert_eq!(
        report.changed,
        ["a".parse::<artifact_core::LogicalPath>().unwrap()]
    );
}
