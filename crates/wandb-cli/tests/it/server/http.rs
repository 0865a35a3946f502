//! As much of HTTP as the tests need: a connection per request.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// Longer than any answer takes.
const PATIENCE: Duration = Duration::from_mins(2);

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Opens a connection and sends the head of a request, and as much of its body as there is already.
pub(super) fn begin(
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    length: usize,
    body: &[u8],
) -> io::Result<TcpStream> {
    let rest = url.strip_prefix("http://").unwrap();
    let (address, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let path = if path.is_empty() { "/" } else { path };
    let mut head = Vec::new();
    write!(
        head,
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n"
    )?;
    for (name, value) in headers {
        write!(head, "{name}: {value}\r\n")?;
    }
    write!(head, "Content-Length: {length}\r\n\r\n")?;
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(&head)?;
    stream.write_all(body)?;
    Ok(stream)
}

/// Reads the answer.
pub(super) fn end(mut stream: TcpStream) -> io::Result<Answer> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let cut = || io::Error::from(io::ErrorKind::UnexpectedEof);
    let head = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    let head = head.ok_or_else(cut)?;
    let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
    let status = text
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    let length = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let length = length.and_then(|length| length.trim().parse::<usize>().ok());
    let body = bytes[head + 4..].to_vec();
    // A killed server may end in the middle of an answer.
    if length.is_some_and(|length| body.len() < length) {
        return Err(cut());
    }
    Ok(Answer {
        status: status.ok_or_else(cut)?,
        body,
    })
}

pub(super) fn send(
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> io::Result<Answer> {
    end(begin(method, url, headers, body.len(), body)?)
}
