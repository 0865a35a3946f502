//! A minimal HTTP client: one persistent connection, one request at a time.
//!
//! A client library would take more CPU time from the server that shares the cores. Load tools (`wrk`, `oha`) send
//! fixed requests; here each upload has its own signed URL and a body with the right MD5.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

/// Longer than any response should take, so that a mistake ends.
const PATIENCE: Duration = Duration::from_mins(10);
/// Size of one read or write of a long body.
const PIECE: usize = 256 << 10;

/// A connection to the server.
pub(super) struct Connection {
    stream: BufReader<TcpStream>,
    piece: Vec<u8>,
}

/// A request without its body.
pub(super) struct Request<'r> {
    pub(super) method: &'static str,
    pub(super) target: &'r str,
    /// The value of `Authorization`, for routes that need an API key.
    pub(super) authorization: Option<&'r str>,
}

impl Connection {
    pub(super) fn open(address: &str) -> Result<Self> {
        let stream =
            TcpStream::connect(address).with_context(|| format!("cannot connect to {address}"))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self {
            stream: BufReader::with_capacity(PIECE, stream),
            piece: vec![0; PIECE],
        })
    }

    /// Sends a request and returns the body of the response.
    pub(super) fn ask(&mut self, request: &Request<'_>, body: &[u8]) -> Result<Vec<u8>> {
        let length = self.send(request, body, body.len() as u64)?;
        let mut answer = vec![0; usize::try_from(length)?];
        self.stream.read_exact(&mut answer)?;
        Ok(answer)
    }

    /// Sends a request with a long body, and drops the body of the response.
    pub(super) fn give(
        &mut self,
        request: &Request<'_>,
        body: impl Read,
        length: u64,
    ) -> Result<()> {
        let answer = self.send(request, body, length)?;
        self.skip(answer)
    }

    /// Sends a request and drops the body of the response; returns its length.
    pub(super) fn fetch(&mut self, request: &Request<'_>) -> Result<u64> {
        let length = self.send(request, &[][..], 0)?;
        self.skip(length)?;
        Ok(length)
    }

    /// Sends a request; returns the length of the response's body.
    fn send(&mut self, request: &Request<'_>, mut body: impl Read, length: u64) -> Result<u64> {
        let Request { method, target, .. } = request;
        let mut head = Vec::new();
        write!(head, "{method} {target} HTTP/1.1\r\nhost: localhost\r\n")?;
        if let Some(authorization) = request.authorization {
            write!(head, "authorization: {authorization}\r\n")?;
        }
        write!(
            head,
            "content-type: application/json\r\ncontent-length: {length}\r\n\r\n"
        )?;
        // The beginning of the body is sent in one packet with the head.
        self.piece[..head.len()].copy_from_slice(&head);
        let mut filled = head.len();
        let mut left = length;
        loop {
            while filled < PIECE && 0 < left {
                let most = usize::try_from(left).unwrap_or(PIECE).min(PIECE - filled);
                let read = body.read(&mut self.piece[filled..filled + most])?;
                ensure!(read != 0, "the body is shorter than {length} bytes");
                filled += read;
                left -= read as u64;
            }
            self.stream.get_mut().write_all(&self.piece[..filled])?;
            filled = 0;
            if left == 0 {
                break;
            }
        }
        let (status, length) = self.head_of_answer()?;
        if !(200..300).contains(&status) {
            let mut text = vec![0; usize::try_from(length)?];
            self.stream.read_exact(&mut text)?;
            let (path, text) = (target.split('?').next(), String::from_utf8_lossy(&text));
            bail!(
                "{method} {} was answered {status}: {text}",
                path.unwrap_or_default()
            );
        }
        Ok(length)
    }

    fn head_of_answer(&mut self) -> Result<(u16, u64)> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let status = line.split(' ').nth(1).context("the server hung up")?;
        let status = status.parse()?;
        let mut length = 0;
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            let Some((name, value)) = line.split_once(':') else {
                return Ok((status, length));
            };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse()?;
            }
            ensure!(
                !name.eq_ignore_ascii_case("transfer-encoding"),
                "an answer without a length"
            );
        }
    }

    fn skip(&mut self, mut length: u64) -> Result<()> {
        while 0 < length {
            let most = usize::try_from(length).unwrap_or(PIECE).min(PIECE);
            let read = self.stream.read(&mut self.piece[..most])?;
            ensure!(read != 0, "the server hung up");
            length -= read as u64;
        }
        Ok(())
    }
}
