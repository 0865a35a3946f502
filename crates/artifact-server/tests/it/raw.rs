//! Requests as raw bytes, including those that no HTTP client would send.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;

/// Longer than any response takes.
const IO_TIMEOUT: Duration = Duration::from_mins(1);

/// A response, read until the end of the connection.
#[derive(Debug, Clone)]
pub(crate) struct RawResponse {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl RawResponse {
    fn of(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some(Self {
            status,
            head,
            body: bytes[end + 4..].to_vec(),
        })
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Returns the message of an error, which must have the form that clients read.
    pub(crate) fn message(&self) -> String {
        let body: Value = serde_json::from_slice(&self.body).unwrap();
        body["errors"][0]["message"].as_str().unwrap().to_owned()
    }
}

pub(crate) fn connect(address: &str) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(IO_TIMEOUT)).unwrap();
    stream.set_write_timeout(Some(IO_TIMEOUT)).unwrap();
    stream
}

/// Sends bytes, and reads until the server closes the connection.
pub(crate) fn exchange(address: &str, request: &[u8]) -> RawResponse {
    let mut stream = connect(address);
    // The server may response, and end it, before it has read everything.
    let _ = stream.write_all(request);
    rest(stream).expect("an response")
}

/// Sends bytes, closes the sending side, and reads until the server closes the connection.
pub(crate) fn exchange_cut_off(address: &str, request: &[u8]) -> Option<RawResponse> {
    let mut stream = connect(address);
    // The server may response, and end it, before it has read everything.
    let _ = stream.write_all(request);
    let _ = stream.shutdown(Shutdown::Write);
    rest(stream)
}

/// Reads until the server closes the connection; `None` if nothing came.
pub(crate) fn rest(mut stream: TcpStream) -> Option<RawResponse> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(length) => bytes.extend_from_slice(&piece[..length]),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => break,
            Err(error) => panic!("{error}"),
        }
    }
    RawResponse::of(&bytes)
}

/// Returns a request whose `Content-Length` is `declared`.
pub(crate) fn request(
    method: &str,
    target: &str,
    host: &str,
    headers: &[(&str, &str)],
    declared: usize,
    body: &[u8],
) -> Vec<u8> {
    let mut bytes = Vec::new();
    write!(
        bytes,
        "{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n"
    )
    .unwrap();
    for (name, value) in headers {
        write!(bytes, "{name}: {value}\r\n").unwrap();
    }
    write!(bytes, "Content-Length: {declared}\r\n\r\n").unwrap();
    bytes.extend_from_slice(body);
    bytes
}

/// Returns the value of `Authorization` for a key.
pub(crate) fn basic(key: &str) -> String {
    format!("Basic {}", BASE64.encode(format!("api:{key}")))
}
