//! Users come and go while the server runs.

use serde_json::{Value, json};

use super::bench::{Bench, KEY};
use super::client::Client;

fn status(client: &Client) -> u16 {
    client
        .post("{ viewer { username } }", &json!({}))
        .unwrap()
        .0
}

#[test]
fn users_are_added_listed_and_removed_while_it_runs() {
    let bench = Bench::new();
    let serving = bench.serve("127.0.0.1:0");
    assert_eq!(status(&Client::new(serving.url(), KEY)), 200);

    let added: Value =
        serde_json::from_str(&bench.run(&["server", "user", "add", "bob", "--json"])).unwrap();
    let key = added["apiKey"].as_str().unwrap().to_owned();
    let bob = Client::new(serving.url(), &key);
    assert_eq!(status(&bob), 200);

    let listed = bench.run(&["server", "user", "list", "--json"]);
    assert!(!listed.contains(&key) && !listed.contains(KEY), "{listed}");
    let listed: Value = serde_json::from_str(&listed).unwrap();
    let names: Vec<_> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|user| &user["name"])
        .collect();
    assert_eq!(names, ["ann", "bob"]);

    bench.run(&["server", "user", "remove", "bob"]);
    assert_eq!(status(&bob), 401);
    assert_eq!(status(&Client::new(serving.url(), KEY)), 200);

    let again = bench
        .command(&["server", "user", "remove", "bob"])
        .output()
        .unwrap();
    assert_eq!(again.status.code(), Some(1));
    let errors = String::from_utf8_lossy(&again.stderr);
    assert!(
        errors.contains("there is no user bob") && errors.contains("hint:"),
        "{errors}"
    );
}
