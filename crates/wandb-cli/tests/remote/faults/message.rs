//! HTTP messages, read whole: enough of HTTP/1.1 for what stands between a client and a server in tests.

use std::fmt::Write as _;
use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _};

/// A request or an answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Message {
    /// The request line, or the status line.
    pub(super) start: String,
    pub(super) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Message {
    /// Returns an answer.
    pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Self {
        let headers = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Self {
            start: format!("HTTP/1.1 {status} Status"),
            headers: headers.collect(),
            body: body.into(),
        }
    }

    /// Reads a message; `None` where the other side has hung up.
    pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Self>> {
        let mut bytes = Vec::new();
        let end = loop {
            if let Some(end) = find(&bytes, b"\r\n\r\n") {
                break end;
            }
            if stream.read_buf(&mut bytes).await? == 0 {
                return Ok(None);
            }
        };
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let mut lines = head.split("\r\n");
        let start = lines.next().unwrap_or_default().to_owned();
        let headers = lines.filter_map(|line| line.split_once(':'));
        let mut message = Self {
            start,
            headers: headers
                .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
                .collect(),
            body: bytes.split_off(end + 4),
        };
        if let Some(length) = message.header("content-length") {
            let length: usize = length.parse().map_err(io::Error::other)?;
            while message.body.len() < length {
                if stream.read_buf(&mut message.body).await? == 0 {
                    return Ok(None);
                }
            }
        } else if message.header("transfer-encoding") == Some("chunked") {
            while !message.body.ends_with(b"0\r\n\r\n") {
                if stream.read_buf(&mut message.body).await? == 0 {
                    return Ok(None);
                }
            }
            message.body = joined(&message.body);
        }
        message.remove("content-length");
        message.remove("transfer-encoding");
        Ok(Some(message))
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.as_str())
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.headers.retain(|(found, _)| found != name);
    }

    /// Returns the path of a request, with its query.
    pub(super) fn target(&self) -> &str {
        self.start.split(' ').nth(1).unwrap_or_default()
    }

    pub(super) fn method(&self) -> &str {
        self.start.split(' ').next().unwrap_or_default()
    }

    /// Returns the message as it is sent, and where its body begins. It is the last one on its connection.
    pub(super) fn to_bytes(&self) -> (Vec<u8>, usize) {
        let mut head = format!("{}\r\n", self.start);
        for (name, value) in &self.headers {
            _ = write!(head, "{name}: {value}\r\n");
        }
        _ = write!(
            head,
            "content-length: {}\r\nconnection: close\r\n\r\n",
            self.body.len()
        );
        let begin = head.len();
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(&self.body);
        (bytes, begin)
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}

/// Joins the chunks of a body.
fn joined(mut chunked: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = find(chunked, b"\r\n") {
        let length = String::from_utf8_lossy(&chunked[..end]);
        let length = usize::from_str_radix(length.trim(), 16).unwrap();
        if length == 0 {
            break;
        }
        body.extend_from_slice(&chunked[end + 2..end + 2 + length]);
        chunked = &chunked[end + 2 + length + 2..];
    }
    body
}
