//! GraphQL documents that are unusual, wrong or hostile: each gets a response within a bounded time.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{json_response, message};
use crate::server::TestServer;

/// Generous: a refusal takes milliseconds.
const SOON: Duration = Duration::from_secs(20);

/// Returns documents that overflow the stack of a naive server, or take it exponential time.
fn hostile_documents() -> Vec<(&'static str, String)> {
    let nested = |open: &str, levels: usize, middle: &str, close: &str| {
        format!("{}{middle}{}", open.repeat(levels), close.repeat(levels))
    };
    let mut doubling = String::from("{ viewer { ...f0 } }");
    for n in 0..40 {
        let next = n + 1;
        let _ = write!(
            doubling,
            " fragment f{n} on User {{ ...f{next} ...f{next} }}"
        );
    }
    doubling += " fragment f40 on User { id }";
    let mut aliases = String::from("{");
    for n in 0..10_000 {
        let _ = write!(aliases, " a{n}: viewer {{ id }}");
    }
    aliases += " }";
    let listed = |levels| {
        format!(
            "query($a: {}) {{ viewer {{ id }} }}",
            nested("[", levels, "Int", "]")
        )
    };
    let valued = |levels| {
        format!(
            "{{ artifact(id: {}) {{ id }} }}",
            nested("[", levels, "", "]")
        )
    };
    let objects = |levels| {
        format!(
            "{{ artifact(id: {}) {{ id }} }}",
            nested("{a:", levels, "1", "}")
        )
    };
    let inline = |levels| {
        format!(
            "{{ viewer {} }}",
            nested("{ ... on User ", levels, "{ id }", "}")
        )
    };
    vec![
        ("doubling fragments", doubling),
        ("10,000 aliases", aliases),
        ("100 levels", nested("{ a ", 100, "", "}")),
        ("10,000 levels", nested("{ a ", 10_000, "", "}")),
        ("100,000 levels without an end", "{a".repeat(100_000)),
        ("lists of lists", listed(200)),
        ("many lists of lists", listed(50_000)),
        ("values in values", valued(200)),
        ("many values in values", valued(50_000)),
        ("objects in objects", objects(50_000)),
        ("inline fragments", inline(10_000)),
        (
            "a circle",
            "{ viewer { ...a } } fragment a on User { ...b } fragment b on User { ...a }"
                .to_owned(),
        ),
        (
            "an unknown fragment",
            "{ viewer { ...nothing } }".to_owned(),
        ),
        (
            "many directives",
            format!(
                "{{ viewer {{ id {} }} }}",
                "@include(if: true) ".repeat(5_000)
            ),
        ),
        (
            "a wide list",
            format!("{{ artifact(id: [{}]) {{ id }} }}", "1,".repeat(60_000)),
        ),
    ]
}

#[tokio::test]
async fn hostile_documents_are_refused_quickly() {
    let server = TestServer::start();
    let ann = server.user("ann");
    for (what, document) in hostile_documents() {
        let began = Instant::now();
        let (status, response) = ann.graphql(&document, json!({})).await;
        assert!(began.elapsed() < SOON, "{what} took {:?}", began.elapsed());
        assert!(status == 200 || status == 400, "{what}: {status}");
        assert_eq!(response["data"], Value::Null, "{what}");
        assert!(message(&response).len() < 1_000, "{what}: {response}");
    }
    ann.execute("{ viewer { id } }", json!({})).await;
}

#[tokio::test]
async fn hostile_json_is_refused() {
    let server = TestServer::start();
    let ann = server.user("ann");
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for (body, expected) in [
        (String::new(), 400),
        ("viewer".to_owned(), 400),
        ("[]".to_owned(), 422),
        ("{}".to_owned(), 422),
        ("null".to_owned(), 422),
        (r#"{"query":7}"#.to_owned(), 422),
        (r#"{"query":"{ viewer { id } }""#.to_owned(), 400),
        (
            format!(r#"{{"query":"{{ viewer {{ id }} }}","variables":{deep}}}"#),
            400,
        ),
    ] {
        let (status, response) = ann.post_graphql(body.clone()).await;
        assert_eq!(status.as_u16(), expected, "{body:.80}");
        message(&response);
    }
    let (status, response) = ann.post_graphql(vec![0xff, 0xfe, 0x00]).await;
    assert_eq!(status, 400, "{response}");
}

#[tokio::test]
async fn variables_other_than_objects_are_ignored() {
    let server = TestServer::start();
    let ann = server.user("ann");
    for variables in [
        json!(null),
        json!([]),
        json!("x"),
        json!(1),
        json!({ "undeclared": [1] }),
    ] {
        let data = ann.execute("{ viewer { username } }", variables).await;
        assert_eq!(data["viewer"]["username"], "ann");
    }
}

#[tokio::test]
async fn a_request_that_is_too_large_is_refused_with_413() {
    let server = TestServer::start();
    let ann = server.user("ann");
    let body = json!({ "query": "{ viewer { id } }", "variables": { "a": "x".repeat(33 << 20) } });
    let (status, response) = ann.post_graphql(body.to_string()).await;
    assert_eq!(status, 413, "{response}");
    message(&response);
    // Variables may be large; no document of a client comes near this.
    let document = format!("{{ viewer {{ id }} }} #{}", "x".repeat(1 << 20));
    let (status, response) = ann.graphql(&document, json!({})).await;
    assert_eq!(status, 413, "{response}");
    assert!(message(&response).contains("bytes"), "{response}");
}

#[tokio::test]
async fn another_content_type_is_refused_with_415() {
    let server = TestServer::start();
    let ann = server.user("ann");
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
    ] {
        let request = ann
            .request(Method::POST, "/graphql")
            .header("Content-Type", kind);
        let (status, body) = json_response(request.body(r#"{"query":"{ viewer { id } }"}"#)).await;
        assert_eq!(status, 415, "{kind}");
        message(&body);
    }
}

#[tokio::test]
async fn operations_are_selected_by_name() {
    let server = TestServer::start();
    let ann = server.user("ann");
    let two = "query A { viewer { id } } query B { viewer { username } }";
    let named = |name: Value| json!({ "query": two, "operationName": name }).to_string();
    let (_, response) = ann.post_graphql(named(json!("B"))).await;
    assert_eq!(response["data"], json!({ "viewer": { "username": "ann" } }));
    for name in [json!("C"), json!(""), json!(null)] {
        let (status, response) = ann.post_graphql(named(name.clone())).await;
        assert_eq!(status, 200, "{name}");
        assert_eq!(response["data"], Value::Null, "{name}");
        message(&response);
    }
}

#[tokio::test]
async fn defaults_are_those_of_the_selected_operation() {
    let server = TestServer::start();
    let ann = server.user("ann");
    let document = "query A($with: Boolean = false) { viewer { id username @include(if: $with) } }
        query B($with: Boolean = true) { viewer { username @include(if: $with) } }";
    for (name, expected) in [("A", Value::Null), ("B", json!("ann"))] {
        let body = json!({ "query": document, "operationName": name });
        let (_, response) = ann.post_graphql(body.to_string()).await;
        assert_eq!(
            response["data"]["viewer"]["username"], expected,
            "{name}: {response}"
        );
    }
}

#[tokio::test]
async fn errors_name_the_mistake() {
    let server = TestServer::start();
    let ann = server.user("ann");
    for (document, says) in [
        ("", "expected"),
        ("{", "expected"),
        ("{ viewer }", "selection"),
        ("{ viewer { nothing } }", "nothing"),
        ("{ nothing { id } }", "nothing"),
        ("{ artifact { id } }", "id"),
        (
            "query($a: Nothing = {b: 1}) { viewer { id } }",
            "Unknown type",
        ),
        (
            "query($a: [Nothing!]! = 7) { viewer { id } }",
            "Unknown type",
        ),
        (
            "query($a: Int = \"x\") { models(first: $a) { totalCount } }",
            "Int",
        ),
        ("{ models(first: 99999999999) { totalCount } }", "integers"),
        ("subscription { viewer { id } }", "subscription"),
        (
            "mutation { upsertBucket(input: { name: 7 }) { inserted } }",
            "name",
        ),
        ("{ viewer { id @nothing } }", "nothing"),
        ("query($id: ID!) { artifact(id: $id) { id } }", "id"),
        ("{ artifact(id: $undeclared) { id } }", "undeclared"),
    ] {
        let (status, response) = ann.graphql(document, json!({})).await;
        assert_eq!(status, 200, "{document}");
        assert_eq!(response["data"], Value::Null, "{document}");
        let message = message(&response);
        assert!(
            message.to_lowercase().contains(&says.to_lowercase()),
            "{document}: {message}"
        );
    }
    // A null where there need not be a value is none.
    let query = "query($first: Int) { models(first: $first) { totalCount } }";
    ann.execute(query, json!({ "first": null })).await;
    let (_, response) = ann
        .graphql(
            "query($id: ID!) { artifact(id: $id) { id } }",
            json!({ "id": null }),
        )
        .await;
    message(&response);
}

#[tokio::test]
async fn strings_may_hold_brackets_and_comments() {
    let server = TestServer::start();
    let ann = server.user("ann");
    let open = "{[(".repeat(1_000);
    for document in [
        format!("{{ artifact(id: \"{open} \\\" {open} #\") {{ id }} }}"),
        format!("{{ artifact(id: \"\"\"{open} \" \\\"\"\" {open}\"\"\") {{ id }} }}"),
        format!("{{ viewer {{ id }} }} # {open} \""),
        format!("# {open} '\"\n{{ viewer {{ id }} }}"),
    ] {
        ann.execute(&document, json!({})).await;
    }
}

#[tokio::test]
async fn schema_supports_introspection() {
    let server = TestServer::start();
    let ann = server.user("ann");
    let query = "{ __schema { queryType { name } mutationType { name } types { kind name fields { name args { name
        type { kind name ofType { kind name ofType { kind name ofType { name } } } } } } inputFields { name }
        enumValues { name } possibleTypes { name } } directives { name } } }";
    let data = ann.execute(query, json!({})).await;
    let types = data["__schema"]["types"].as_array().unwrap();
    for expected in [
        "Artifact",
        "ArtifactSequence",
        "CreateArtifactInput",
        "JSONString",
    ] {
        assert!(
            types.iter().any(|kind| kind["name"] == expected),
            "{expected}"
        );
    }
    let query = "{ __type(name: \"Artifact\") { fields { name } } __typename }";
    assert_ne!(ann.execute(query, json!({})).await["__type"], Value::Null);
}

#[tokio::test]
async fn errors_have_a_status_that_tells_whether_to_retry() {
    let server = TestServer::start();
    let (ann, bob) = (server.user("ann"), server.user("bob"));
    bob.run("run1").await;
    let commit = |id: &str| {
        format!(
            "mutation {{ commitArtifact(input: {{ artifactID: \"{id}\" }}) {{ artifact {{ id }} }} }}"
        )
    };
    let bucket = |entity: &str| {
        format!(
            "mutation {{ upsertBucket(input: {{ name: \"r\", modelName: \"p\", entityName: \"{entity}\" }}) {{ inserted }} }}"
        )
    };
    for (document, expected) in [
        (commit("QXJ0aWZhY3Q6OTk="), 404),
        (bucket("bob"), 403),
        (bucket("a/b"), 200),
    ] {
        let (status, message) = ann.refused(&document, json!({})).await;
        assert_eq!(status, expected, "{document}: {message}");
    }
    // Where a part of the response is there, it is an response.
    let query = format!(
        "mutation {{ a: {} b: {} }}",
        &bucket("ann")[10..bucket("ann").len() - 2],
        &bucket("bob")[10..bucket("bob").len() - 2]
    );
    let (status, response) = ann.graphql(&query, json!({})).await;
    assert_eq!(status, 200, "{response}");
    assert_eq!(response["data"]["a"]["inserted"], true, "{response}");
}
