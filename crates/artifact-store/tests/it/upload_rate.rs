//! How many small files come in per second; run by hand:
//! `cargo nextest run -p artifact-store --run-ignored only --no-capture uploads_per_second`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use artifact_core::ports::{UploadBody, UploadTicket};
use registry_conformance::Fixture;

use crate::store::Store;

const FILES: usize = 1500;

fn content(threads: usize, n: usize) -> Vec<u8> {
    let text = format!("{threads} {n};").repeat(1024);
    text.as_bytes()[..4096].to_vec()
}

async fn tickets(fixture: &Fixture, threads: usize) -> Vec<(UploadTicket, Vec<u8>)> {
    let draft = (0..FILES).fold(fixture.draft(&format!("with-{threads}")), |draft, n| {
        draft.file(&format!("{n:05}"), content(threads, n))
    });
    let pending = draft.begin().await;
    let grants = draft.request(&pending, draft.specs()).await;
    let tickets = grants.into_iter().map(|grant| grant.ticket.unwrap());
    tickets
        .enumerate()
        .map(|(n, ticket)| (ticket, content(threads, n)))
        .collect()
}

#[tokio::test]
#[ignore = "measures instead of testing"]
#[expect(clippy::print_stderr, reason = "its result is for people")]
async fn uploads_per_second() {
    let store = Store::new();
    let fixture = store.fixture();
    for threads in [1, 8, 64] {
        let files = tickets(&fixture, threads).await;
        let next = AtomicUsize::new(0);
        let started = Instant::now();
        std::thread::scope(|scope| {
            for _ in 0..threads {
                let transfer = Arc::clone(&fixture.transfer);
                let (files, next) = (&files, &next);
                scope.spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().build();
                    runtime.unwrap().block_on(async {
                        while let Some((ticket, body)) =
                            files.get(next.fetch_add(1, Ordering::Relaxed))
                        {
                            let body = UploadBody::Bytes(body);
                            transfer.upload(ticket, body).await.unwrap();
                        }
                    });
                });
            }
        });
        let seconds = started.elapsed().as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a rate")]
        let rate = FILES as f64 / seconds;
        eprintln!("{threads} threads: {rate:.0} uploads/s");
    }
}
