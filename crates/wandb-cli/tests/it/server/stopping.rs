//! An orderly end.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;

use super::bench::{Bench, KEY};
use super::client::{Client, Job};
use super::http;

#[test]
fn sigterm_lets_what_was_begun_finish() {
    let bench = Bench::new();
    let mut serving = bench.serve("127.0.0.1:0");
    let client = Client::new(serving.url(), KEY);
    client.make_run().unwrap();
    let content = vec![7; 500_000];
    let mut job = Job::new("data", content.clone());
    // Up to where the bytes are to be sent.
    let ids = client.create("other", &"0".repeat(32)).unwrap();
    assert!(!ids.0.is_empty());
    job.go_on(&client).unwrap();
    let url = job.upload_url.unwrap();
    let mut sending = http::begin("PUT", &url, &[], content.len(), &content[..1000]).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    serving.tell_to_stop();
    // Nobody new is served.
    let address = serving.address();
    while TcpStream::connect(&address).is_ok() {
        std::thread::sleep(Duration::from_millis(10));
    }
    sending.write_all(&content[1000..]).unwrap();
    let answer = http::end(sending).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    let (code, rest) = serving.end();
    assert_eq!((code, rest.as_str()), (Some(0), ""), "{}", bench.log());
}

#[test]
fn sigterm_right_after_the_ready_line_is_an_orderly_end() {
    let bench = Bench::new();
    for _ in 0..5 {
        let mut serving = bench.serve("127.0.0.1:0");
        serving.tell_to_stop();
        assert_eq!(serving.end().0, Some(0));
    }
    let serving = bench.serve("127.0.0.1:0");
    let client = Client::new(serving.url(), KEY);
    client.ask("{ viewer { id } }", &json!({})).unwrap();
}
