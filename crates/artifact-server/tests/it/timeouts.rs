//! Clients that stall or trickle: each is cut off, and others are not affected.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use artifact_server::ServerOptions;
use serde_json::json;

use crate::client::{Client, digest};
use crate::raw::{self, basic};
use crate::server::{TestServer, key_of};

const CLIENT_TIMEOUT: Duration = Duration::from_secs(1);

/// Generous: a client that is cut off after a second is gone by then on any machine.
const LONGEST: Duration = Duration::from_secs(30);

fn impatient() -> TestServer {
    TestServer::start_with(ServerOptions::default().client_timeout(CLIENT_TIMEOUT))
}

async fn upload_target(server: &TestServer, ann: &Client, content: &[u8]) -> String {
    let pending = ann.begin("data", &digest(&[("a", content)])).await;
    let url = ann.upload_url(&pending, "a", content).await;
    url.strip_prefix(&server.url()).unwrap().to_owned()
}

/// Sends a byte now and then until the server closes the connection.
fn trickle(mut stream: TcpStream) {
    let began = Instant::now();
    stream.set_read_timeout(Some(CLIENT_TIMEOUT / 10)).unwrap();
    let mut response = [0; 1024];
    loop {
        assert!(began.elapsed() < LONGEST, "the server did not hang up");
        if stream.write_all(b"x").is_err() {
            return;
        }
        match stream.read(&mut response) {
            Ok(0) => return,
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return,
            // Something, or nothing yet.
            Ok(_) | Err(_) => {}
        }
    }
}

fn started(server: &TestServer, bytes: &[u8]) -> TcpStream {
    let mut stream = raw::connect(server.address());
    stream.write_all(bytes).unwrap();
    stream
}

fn assert_hung_up(stream: TcpStream) {
    let began = Instant::now();
    stream.set_read_timeout(Some(LONGEST)).unwrap();
    if let Some(response) = raw::rest(stream) {
        assert_eq!(response.status, 408, "{}", response.text());
        assert!(!response.message().is_empty());
    }
    assert!(began.elapsed() < LONGEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn stalled_headers_are_cut_off() {
    let server = impatient();
    assert_hung_up(started(&server, b"GET /healthz HTTP/1.1\r\nHost: x\r\n"));
    assert_hung_up(started(&server, b""));
}

#[tokio::test(flavor = "multi_thread")]
async fn trickling_headers_are_cut_off() {
    let server = impatient();
    trickle(started(&server, b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: "));
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_connection_is_closed() {
    let server = impatient();
    let stream = started(&server, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    stream.set_read_timeout(Some(LONGEST)).unwrap();
    assert_eq!(raw::rest(stream).unwrap().status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn stalled_bodies_are_cut_off() {
    let server = impatient();
    let ann = server.user("ann");
    let content = vec![7; 600_000];
    let target = upload_target(&server, &ann, &content).await;
    let key = basic(&key_of("ann"));
    let headers = [
        ("Authorization", key.as_str()),
        ("Content-Type", "application/json"),
    ];
    for (method, target) in [("PUT", target.as_str()), ("POST", "/graphql")] {
        for sent in [0, 10, 500_000] {
            let request = raw::request(
                method,
                target,
                "x",
                &headers,
                content.len(),
                &content[..sent],
            );
            assert_hung_up(started(&server, &request));
        }
    }
    assert_eq!(
        std::fs::read_dir(server.folder().join("store/tmp"))
            .unwrap()
            .count(),
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn trickling_bodies_are_cut_off() {
    let server = impatient();
    let ann = server.user("ann");
    let content = vec![b'x'; 600_000];
    let target = upload_target(&server, &ann, &content).await;
    let key = basic(&key_of("ann"));
    let headers = [
        ("Authorization", key.as_str()),
        ("Content-Type", "application/json"),
    ];
    for (method, target) in [("PUT", target.as_str()), ("POST", "/graphql")] {
        let request = raw::request(method, target, "x", &headers, content.len(), b"");
        trickle(started(&server, &request));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn client_that_stops_reading_is_cut_off() {
    let server = impatient();
    let ann = server.user("ann");
    let content = vec![7; 32 << 20];
    let id = ann.log("data", &[("a", &content)]).await;
    let url = ann.download_url(&id).await;
    let target = url.strip_prefix(&server.url()).unwrap();
    let mut stream = started(&server, &raw::request("GET", target, "x", &[], 0, b""));
    std::thread::sleep(4 * CLIENT_TIMEOUT);
    // What was on its way still comes, and then no more.
    let mut got = 0;
    let mut piece = vec![0; 1 << 20];
    while let Ok(length @ 1..) = stream.read(&mut piece) {
        got += length;
    }
    assert!(got < content.len(), "all of it came");
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_client_with_progress_is_served() {
    let server = impatient();
    let ann = server.user("ann");
    let content = vec![b'x'; 300_000];
    let target = upload_target(&server, &ann, &content).await;
    let mut stream = started(
        &server,
        &raw::request("PUT", &target, "x", &[], content.len(), b""),
    );
    // Takes longer than the server's timeout, but never stalls.
    for piece in content.chunks(content.len() / 8 + 1) {
        stream.write_all(piece).unwrap();
        std::thread::sleep(CLIENT_TIMEOUT / 4);
    }
    assert_eq!(raw::rest(stream).unwrap().status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn stalled_uploads_do_not_block_others() {
    let server = TestServer::start();
    let ann = server.user("ann");
    let content = vec![7; 600_000];
    let target = upload_target(&server, &ann, &content).await;
    let request = raw::request("PUT", &target, "x", &[], content.len(), &content[..300_000]);
    let stalled: Vec<_> = (0..200).map(|_| started(&server, &request)).collect();
    for _ in 0..20 {
        ann.execute("{ viewer { id } }", json!({})).await;
    }
    ann.log("other", &[("b", b"meanwhile")]).await;
    drop(stalled);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_beyond_the_limit_wait() {
    let options = ServerOptions::default()
        .client_timeout(CLIENT_TIMEOUT)
        .max_connections(4);
    let server = TestServer::start_with(options);
    let idle: Vec<_> = (0..12).map(|_| started(&server, b"")).collect();
    // Served once those before it were cut off.
    let response = raw::exchange(
        server.address(),
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    );
    assert_eq!(response.status, 200);
    drop(idle);
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_finishes_requests_in_flight() {
    let options = ServerOptions::default().grace(Duration::from_secs(20));
    let mut server = TestServer::start_with(options);
    let ann = server.user("ann");
    let target = upload_target(&server, &ann, b"abc").await;
    let idle = started(&server, b"");
    let mut sending = started(&server, &raw::request("PUT", &target, "x", &[], 3, b"a"));
    // The request has arrived when the connection asks for the rest of it.
    std::thread::sleep(Duration::from_millis(300));
    let address = server.address().to_owned();
    let rest = std::thread::spawn(move || {
        // No new connection is accepted.
        for _ in 0..200 {
            if TcpStream::connect(&address).is_err() {
                sending.write_all(b"bc").unwrap();
                return raw::rest(sending).unwrap().status;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("a new connection is accepted");
    });
    server.stop();
    assert_eq!(rest.join().unwrap(), 200);
    drop(idle);
}
