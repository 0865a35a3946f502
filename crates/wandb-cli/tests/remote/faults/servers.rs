//! Servers that are old, are none, are down or are silent.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::message::Message;
use super::proxy::{Action, Asked, Proxy};
use super::secrets;
use super::work::Work;
use crate::server::{TestServer, options};

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];

fn json_answer(value: &Value) -> Action {
    Action::Answer(Message::answer(200, JSON, value.to_string()))
}

/// The features of an old server, by name.
type Answers = [(&'static str, fn() -> Action); 4];

/// An old server knows no features, and refuses what it does not know.
#[tokio::test]
async fn a_server_without_features_is_asked_for_nothing_newer() {
    let server = TestServer::start();
    let answers: Answers = [
        ("null", || {
            json_answer(&json!({"data": {"serverInfo": null}}))
        }),
        ("none", || {
            json_answer(&json!({"data": {"serverInfo": {"features": []}}}))
        }),
        ("error", || {
            let message = "Cannot query field \"features\" on type \"ServerInfo\".";
            json_answer(&json!({"errors": [{"message": message}]}))
        }),
        ("status", || {
            let error = json!({"errors": [{"message": "unknown field"}]});
            Action::Answer(Message::answer(400, JSON, error.to_string()))
        }),
    ];
    for (name, answer) in answers {
        let plan = move |asked: &Asked| match asked.step.as_str() {
            "ServerFeaturesQuery" => answer(),
            _ => Action::Pass,
        };
        let proxy = Proxy::start(server.address(), plan).await;
        let (work, options) = (Work::new(&format!("old-{name}")), options(&proxy.url()));
        work.log(&work.flow(&options)).await.unwrap();
        work.get(&work.flow(&options)).await.unwrap();
        assert!(work.is_complete(), "{name}");
        for (asked, request) in proxy.seen() {
            let body = String::from_utf8_lossy(&request.body);
            let is_newer = body.contains("digestAlgorithm");
            assert!(!is_newer, "{name}: {} asks for more: {body}", asked.step);
        }
    }
}

#[tokio::test]
async fn a_web_page_for_everything_is_told_as_such() {
    for status in [200, 404, 502] {
        let page = move |_: &Asked| {
            let html = [("content-type", "text/html")];
            Action::Answer(Message::answer(
                status,
                &html,
                "<!doctype html><html></html>",
            ))
        };
        let proxy = Proxy::start("127.0.0.1:9", page).await;
        let work = Work::new("page");
        let error = work
            .log(&work.flow(&options(&proxy.url())))
            .await
            .unwrap_err();
        let told = secrets::told(&error, &proxy);
        assert!(
            told.contains("web page") && told.contains(&proxy.url()),
            "{status}: {told}"
        );
    }
}

#[tokio::test]
async fn a_server_that_is_down_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let proxy = Proxy::start("127.0.0.1:9", |_: &Asked| Action::Pass).await;
    let work = Work::new("down");
    let error = work.log(&work.flow(&options(&url))).await.unwrap_err();
    let told = secrets::told(&error, &proxy);
    assert!(
        told.contains("cannot be reached") && told.contains(&url),
        "{told}"
    );
}

#[tokio::test]
async fn a_server_that_never_answers_is_not_waited_for_longer_than_said() {
    let proxy = Proxy::start("127.0.0.1:9", |_: &Asked| Action::Silence).await;
    let mut options = options(&proxy.url());
    options.graphql_timeout = Duration::from_millis(100);
    let work = Work::new("silent");
    let begin = Instant::now();
    let error = work.log(&work.flow(&options)).await.unwrap_err();
    let told = secrets::told(&error, &proxy);
    assert!(told.contains("did not respond in time"), "{told}");
    assert_eq!(
        proxy.seen().len(),
        5,
        "the first time, and four times again"
    );
    assert!(begin.elapsed() < Duration::from_secs(10));
}
