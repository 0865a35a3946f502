//! Every step of logging and fetching, and every way in which it can go wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::StreamExt as _;
use transport::Wandb;

use super::message::Message;
use super::proxy::{Action, Asked, Proxy};
use super::secrets;
use super::work::Work;
use crate::server::{TestServer, options};

const LOGGING: &[&str] = &[
    "UpsertBucket",
    "ServerFeaturesQuery",
    "ArtifactTypeQuery",
    "CreateArtifact",
    "CreateArtifactManifest announced",
    "CreateArtifactFiles",
    "PUT file",
    "CreateArtifactManifest written",
    "PUT manifest",
    "CommitArtifact",
    "ArtifactByID",
    "file stream",
];

const FETCHING: &[&str] = &[
    "ArtifactMembershipByName",
    "FetchArtifactManifest",
    "GET manifest",
    "ArtifactFileURLsByManifestEntries",
    "GET file",
];

/// A fault, by a name for people, and what it does.
type Fault = (&'static str, fn() -> Action);

const FAULTS: &[Fault] = &[
    ("slow", || Action::Delay(Duration::from_millis(80))),
    ("cut before", || Action::CutBefore),
    ("cut after", || Action::CutAfter),
    ("cut body", || Action::CutBody),
    ("truncated", || Action::Change(Box::new(truncate))),
    ("corrupt", || Action::Change(Box::new(corrupt))),
    ("429", || {
        Action::Answer(Message::answer(
            429,
            &[("retry-after", "0.02")],
            "slow down",
        ))
    }),
    ("500", || Action::Answer(Message::answer(500, &[], "oops"))),
    ("502", || {
        let page = "<html><body>Bad gateway</body></html>";
        Action::Answer(Message::answer(502, &[("content-type", "text/html")], page))
    }),
    ("503", || Action::Answer(Message::answer(503, &[], ""))),
    ("403", || {
        let expired = "<Error><Code>ExpiredToken</Code></Error>";
        Action::Answer(Message::answer(403, &[], expired))
    }),
];

/// Faults that stay.
const LASTING: &[&str] = &["cut before", "cut body", "corrupt", "500", "403"];

fn truncate(answer: &mut Message) {
    let half = answer.body.len() / 2;
    answer.body.truncate(half);
}

/// Changes one byte in the middle: of a JSON text so that it is none any more.
fn corrupt(answer: &mut Message) {
    let middle = answer.body.len() / 2;
    if let Some(byte) = answer.body.get_mut(middle) {
        *byte ^= 0x80;
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum When {
    First,
    Second,
    Always,
}

impl When {
    const fn is_now(self, number: usize) -> bool {
        match self {
            Self::First => number == 0,
            Self::Second => number == 1,
            Self::Always => true,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_goes_wrong_is_told_and_put_right_by_the_next_try() {
    let server = TestServer::start();
    let steps = LOGGING.iter().chain(FETCHING);
    let mut cases = Vec::new();
    for step in steps {
        for fault in FAULTS {
            cases.push((*step, *fault, When::First));
            if matches!(*step, "PUT file" | "GET file") {
                cases.push((*step, *fault, When::Second));
            }
            if LASTING.contains(&fault.0) {
                cases.push((*step, *fault, When::Always));
            }
        }
    }
    let count = cases.len();
    let direct = server.client();
    let running = cases.into_iter().enumerate().map(|(number, case)| {
        let (server, direct) = (server.address(), direct.clone());
        async move { run(server, &direct, number, case).await }
    });
    let results: Vec<_> = futures::stream::iter(running)
        .buffer_unordered(6)
        .collect()
        .await;
    let wrong: Vec<String> = results.into_iter().filter_map(Result::err).collect();
    assert!(
        wrong.is_empty(),
        "{} of {count} cases:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

async fn run(
    server: &str,
    direct: &Wandb,
    number: usize,
    (step, (name, fault), when): (&'static str, Fault, When),
) -> Result<(), String> {
    let case = format!("{step}, {name}, {when:?}");
    let wrong = |what: String| format!("{case}: {what}");
    let hits = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&hits);
    let plan = move |asked: &Asked| {
        if asked.step != step || !when.is_now(asked.number) {
            return Action::Pass;
        }
        counted.fetch_add(1, Ordering::Relaxed);
        fault()
    };
    let work = Work::new(&format!("case-{number}"));
    let proxy = Proxy::start(server, plan).await;
    let options = options(&proxy.url());
    let flow = work.flow(&options);
    let mut errors = Vec::new();

    let logged = match work.log(&flow).await {
        Ok(saved) => saved,
        Err(error) => {
            errors.push(secrets::told(&error, &proxy));
            proxy.behave();
            // As another process does, which knows nothing of the first.
            let again = work.log(&work.flow(&options)).await;
            again.map_err(|error| wrong(format!("not even in the end: {error:?}")))?
        }
    };
    if let Err(error) = work.get(&flow).await {
        errors.push(secrets::told(&error, &proxy));
        work.is_complete();
        proxy.behave();
        let again = work.get(&work.flow(&options)).await;
        again.map_err(|error| wrong(format!("not even in the end: {error:?}")))?;
    }
    if !work.is_complete() {
        return Err(wrong("files are missing".to_owned()));
    }
    if hits.load(Ordering::Relaxed) == 0 {
        return Err(wrong("never came to that".to_owned()));
    }
    // A line that breaks once is nothing to be told of.
    let passes = !matches!(name, "truncated" | "corrupt" | "403");
    if when != When::Always && passes && !errors.is_empty() {
        return Err(wrong(format!("should have been tried again: {errors:?}")));
    }
    for error in &errors {
        let names_something = error.contains(&proxy.url()[7..])
            || work.files.keys().any(|path| error.contains(path))
            || error.contains("manifest");
        if !names_something {
            return Err(wrong(format!("an error that names nothing: {error}")));
        }
    }
    let versions = work.versions(direct).await;
    if versions != 1 || logged.record.version.to_string() != "v0" {
        return Err(wrong(format!("{versions} versions")));
    }
    Ok(())
}
