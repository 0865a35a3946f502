//! The API key goes to the base URL's host, and to nobody that it sends on to.

use super::message::Message;
use super::proxy::{Action, Asked, Proxy};
use super::secrets;
use super::work::Work;
use crate::server::{KEY, TestServer, options};

/// Sends on to another place for every step that `is_moved` says.
fn elsewhere(
    status: u16,
    other: &Proxy,
    is_moved: fn(&str) -> bool,
) -> impl Fn(&Asked) -> Action + use<> {
    let other = other.url();
    move |asked| {
        if !is_moved(&asked.step) {
            return Action::Pass;
        }
        let target = format!("{other}/elsewhere");
        Action::Answer(Message::answer(status, &[("location", &target)], ""))
    }
}

/// Checks that whoever was sent on to has seen no key.
fn check_unseen(other: &Proxy) {
    for (asked, request) in other.seen() {
        let all = format!("{request:?}");
        assert_eq!(request.header("authorization"), None, "{asked:?}");
        assert!(!all.contains(KEY), "{asked:?}");
    }
}

#[tokio::test]
async fn a_redirect_takes_no_key_along() {
    let server = TestServer::start();
    for status in [301, 302, 307, 308] {
        let other = Proxy::start(server.address(), |_: &Asked| Action::CutBefore).await;
        let plan = elsewhere(status, &other, |step| step == "CreateArtifact");
        let proxy = Proxy::start(server.address(), plan).await;
        let work = Work::new(&format!("redirected-{status}"));
        let error = work
            .log(&work.flow(&options(&proxy.url())))
            .await
            .unwrap_err();
        let told = secrets::told(&error, &proxy);
        assert!(told.contains("creating an artifact"), "{told}");
        check_unseen(&other);
        assert!(other.seen().is_empty(), "{status}: a question was sent on");
    }
}

/// Content is not at its URL, and the server sends those that show a key on to another host: there it is without one.
#[tokio::test]
async fn content_behind_a_redirect_is_had_without_the_key() {
    let server = TestServer::start();
    let work = Work::new("fallback");
    work.log(&work.flow(&server.options())).await.unwrap();
    for status in [302, 307] {
        let other = Proxy::start(server.address(), |_: &Asked| {
            Action::Answer(Message::answer(200, &[], "not the content"))
        })
        .await;
        let sent_on = elsewhere(status, &other, |step| step == "GET artifactsV2");
        let plan = move |asked: &Asked| match asked.step.as_str() {
            "GET file" => Action::Answer(Message::answer(404, &[], "")),
            _ => sent_on(asked),
        };
        let proxy = Proxy::start(server.address(), plan).await;
        let error = work
            .get(&work.flow(&options(&proxy.url())))
            .await
            .unwrap_err();
        secrets::told(&error, &proxy);
        assert!(!other.seen().is_empty(), "nobody was sent on");
        check_unseen(&other);
    }
    assert!(work.target().join("a.txt").metadata().is_err());
}

#[tokio::test]
async fn signed_urls_are_shown_no_key() {
    let server = TestServer::start();
    let proxy = Proxy::start(server.address(), |_: &Asked| Action::Pass).await;
    let (work, options) = (Work::new("signed"), options(&proxy.url()));
    work.log(&work.flow(&options)).await.unwrap();
    work.get(&work.flow(&options)).await.unwrap();
    let mut moved = 0;
    for (asked, request) in proxy.seen() {
        if asked.step.contains(' ') && request.target().starts_with("/storage") {
            assert_eq!(request.header("authorization"), None, "{asked:?}");
            moved += 1;
        }
    }
    assert_eq!(moved, 10, "four files and a manifest, both ways");
}
