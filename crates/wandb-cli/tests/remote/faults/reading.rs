//! One file of a version, from a server or over a line that changes it.

use artifact_flows::{FlowError, Reader};

use artifact_core::ports::ArtifactRecord;
use futures::TryStreamExt as _;
use manifest::Manifest;

use super::message::Message;
use super::proxy::{Action, Proxy};
use super::work::{Work, resolvers};
use crate::server::{TestServer, options};

async fn open(
    reader: &Reader,
    record: &ArtifactRecord,
    manifest: &Manifest,
    path: &str,
) -> Result<Vec<u8>, FlowError> {
    let path = path.parse().unwrap();
    let entry = manifest.get(&path).unwrap();
    let chunks = reader.open(record, &path, entry).await?;
    let chunks: Vec<_> = chunks.try_collect().await?;
    Ok(chunks.concat())
}

#[tokio::test]
async fn what_was_changed_on_its_way_is_never_read_to_its_end() {
    let server = TestServer::start();
    let work = Work::new("read-wrong");
    let flow = work.flow(&server.options());
    work.log(&flow).await.unwrap();
    for fault in ["flipped", "longer", "shorter", "other"] {
        let proxy = Proxy::start(server.address(), move |asked| match asked.step.as_str() {
            "GET file" => Action::Change(Box::new(move |answer| match fault {
                "flipped" => answer.body[3] ^= 1,
                "longer" => answer.body.push(b'x'),
                "shorter" => drop(answer.body.pop()),
                _ => answer.body = b"something else".to_vec(),
            })),
            _ => Action::Pass,
        })
        .await;
        let flow = work.flow(&options(&proxy.url()));
        assert!(work.get(&flow).await.is_err(), "{fault}");
        assert!(!work.is_complete(), "{fault}: and what is there is right");
        let record = work.newest(&flow).await.unwrap();
        let manifest = artifact_flows::read_manifest(&flow, &record).await.unwrap();
        let reader = Reader::new(&flow, &resolvers(), false);
        for path in ["a.txt", "deep/er/large.bin"] {
            let read = open(&reader, &record, &manifest, path).await;
            assert!(read.is_err(), "{fault} {path}");
            let path = path.parse().unwrap();
            let entry = manifest.get(&path).unwrap();
            let part = reader.range(&record, &path, entry, 0..5).await;
            assert!(
                part.is_err(),
                "{fault} {path}: short content is verified whole"
            );
        }
    }
}

/// Content that is gone from its direct URL is read from the URL that needs credentials.
#[tokio::test]
async fn content_that_is_gone_in_the_middle_is_had_elsewhere_or_is_an_error() {
    let server = TestServer::start();
    let work = Work::new("read-gone");
    let flow = work.flow(&server.options());
    work.log(&flow).await.unwrap();
    for everywhere in [false, true] {
        let proxy = Proxy::start(server.address(), move |asked| {
            let is_content =
                asked.step == "GET file" || everywhere && asked.step == "GET artifactsV2";
            if is_content && 0 < asked.number {
                return Action::Answer(Message::answer(404, &[], "no such file"));
            }
            Action::Pass
        })
        .await;
        let flow = work.flow(&options(&proxy.url()));
        let got = work.get(&flow).await;
        assert_eq!(got.is_ok(), !everywhere, "{got:?}");
        assert_eq!(work.is_complete(), !everywhere);
        _ = std::fs::remove_dir_all(work.target());
    }
}

#[tokio::test]
async fn what_breaks_off_is_gone_on_with() {
    let server = TestServer::start();
    let work = Work::new("read-broken");
    let flow = work.flow(&server.options());
    work.log(&flow).await.unwrap();
    let proxy = Proxy::start(server.address(), |asked| match asked.step.as_str() {
        "GET file" if asked.number == 0 => Action::CutBody,
        _ => Action::Pass,
    })
    .await;
    let flow = work.flow(&options(&proxy.url()));
    let record = work.newest(&flow).await.unwrap();
    let manifest = artifact_flows::read_manifest(&flow, &record).await.unwrap();
    let reader = Reader::new(&flow, &resolvers(), false);
    let read = open(&reader, &record, &manifest, "deep/er/large.bin")
        .await
        .unwrap();
    assert_eq!(read, work.files["deep/er/large.bin"]);
}
