//! Output of the command `server`, and its start and stop.

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};

use super::bench::{Bench, errors};
use super::client::Client;
use super::http;

#[test]
fn a_server_is_ready_soon() {
    let bench = Bench::new();
    let starts = (0..6).map(|_| bench.serve("127.0.0.1:0").started_in);
    // The best of several, as other things may run on the machine.
    let best = starts.min().unwrap();
    assert!(best < Duration::from_millis(500), "{best:?}");
}

#[test]
fn the_first_start_makes_a_user_and_says_the_key_once() {
    let bench = Bench::new();
    let first = bench.serve_with(&["--listen", "127.0.0.1:0"]);
    assert_eq!(first.ready["user"], "ann");
    let key = first.ready["apiKey"].as_str().unwrap().to_owned();
    let client = Client::new(first.url(), &key);
    let data = client
        .ask("{ viewer { username entity } }", &json!({}))
        .unwrap();
    assert_eq!(
        data["viewer"],
        json!({ "username": "ann", "entity": "ann" })
    );
    assert!(!bench.log().contains(&key));
    drop(first);
    let second = bench.serve_with(&["--listen", "127.0.0.1:0"]);
    assert_eq!(second.ready["apiKey"], Value::Null);
    assert!(!second.ready.to_string().contains(&key));
    Client {
        url: second.url(),
        ..client
    }
    .ask("{ viewer { id } }", &json!({}))
    .unwrap();
}

#[test]
fn people_are_told_what_to_type() {
    use std::io::{BufRead as _, BufReader};
    let bench = Bench::new();
    let mut child = bench
        .command(&["server", "--listen", "127.0.0.1:0"])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let lines: Vec<String> = lines.map(Result::unwrap).take(7).collect();
    child.kill().unwrap();
    child.wait().unwrap();
    let text = lines.join("\n");
    assert!(lines[0].starts_with("serving "), "{text}");
    let url = lines[0].rsplit(' ').next().unwrap();
    assert!(
        lines.contains(&format!("  export WANDB_BASE_URL={url}")),
        "{text}"
    );
    let key = lines
        .iter()
        .find_map(|line| line.strip_prefix("  export WANDB_API_KEY="));
    assert!(40 <= key.unwrap().len(), "{text}");
    assert!(
        lines.contains(&"  wandb login --verify".to_owned()),
        "{text}"
    );
}

#[test]
fn the_ready_line_says_where() {
    let bench = Bench::new();
    let serving = bench.serve_with(&[
        "--listen",
        "127.0.0.1:0",
        "--public-url",
        "https://w.example/x/",
    ]);
    assert_eq!(serving.ready["url"], "https://w.example/x");
    assert_eq!(serving.ready["store"], bench.store().display().to_string());
}

#[test]
fn an_address_that_is_taken_is_said() {
    let bench = Bench::new();
    let first = bench.serve("127.0.0.1:0");
    let output = bench
        .command(&["server", "--listen", &first.address()])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let errors = errors(&output);
    assert!(errors.contains("error: cannot listen on"), "{errors}");
    assert!(errors.contains("hint: `--listen ADDR:PORT`"), "{errors}");
    assert!(output.stdout.is_empty());
}

#[test]
fn options_that_cannot_be_used_are_usage_errors() {
    let bench = Bench::new();
    for arguments in [
        ["--listen", "nowhere"],
        ["--listen", "127.0.0.1:99999"],
        ["--public-url", "ftp://x"],
        ["--public-url", "https://"],
        ["--public-url", "https://x/?q"],
        ["--public-url", "http://user@x"],
        ["--bootstrap-user", "ann"],
    ] {
        let mut command = bench.command(&["server"]);
        let output = command.args(arguments).output().unwrap();
        assert_eq!(
            output.status.code(),
            Some(2),
            "{arguments:?}: {}",
            errors(&output)
        );
    }
    // A key that is none is said without the key.
    let key = "short-secret";
    let mut command = bench.command(&["server", "--bootstrap-user", "ann", "--bootstrap-key", key]);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        !errors(&output).contains(key) && errors(&output).contains("40"),
        "{}",
        errors(&output)
    );
}

#[test]
fn the_store_of_a_server_is_its_owners() {
    use std::os::unix::fs::PermissionsExt as _;
    let bench = Bench::new();
    let serving = bench.serve("127.0.0.1:0");
    let mode = bench.store().metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0);
    let health = http::send("GET", &format!("{}/healthz", serving.url()), &[], b"").unwrap();
    assert_eq!(health.status, 200);
}
