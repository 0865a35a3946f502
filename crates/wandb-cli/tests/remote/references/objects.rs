//! A store of objects in memory, that answers as S3, as Google's store, and as any HTTP server does.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use md5::{Digest as _, Md5};
use serde_json::json;

/// Objects by `bucket/key`.
#[derive(Default)]
struct Shared {
    objects: Mutex<BTreeMap<String, Vec<u8>>>,
    asked: Mutex<Vec<String>>,
}

#[derive(Clone)]
pub(super) struct Objects {
    shared: Arc<Shared>,
    address: String,
}

impl Objects {
    /// Starts a server that answers until the process ends.
    pub(super) fn start(objects: &[(&str, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let this = Self {
            shared: Arc::default(),
            address: listener.local_addr().unwrap().to_string(),
        };
        for (path, content) in objects {
            this.put(path, content);
        }
        let shared = Arc::clone(&this.shared);
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || shared.serve(connection));
            }
        });
        this
    }

    pub(super) fn put(&self, path: &str, content: &str) {
        let mut objects = self.shared.objects.lock().unwrap();
        objects.insert(path.to_owned(), content.as_bytes().to_owned());
    }

    pub(super) fn remove(&self, path: &str) {
        self.shared.objects.lock().unwrap().remove(path);
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns what was asked for since the last call: method and path.
    pub(super) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.shared.asked.lock().unwrap())
    }
}

impl Shared {
    /// Answers one request, and closes the connection.
    fn serve(&self, mut connection: TcpStream) {
        let mut lines = BufReader::new(connection.try_clone().unwrap()).lines();
        let Some(Ok(first)) = lines.next() else {
            return;
        };
        while lines
            .next()
            .is_some_and(|line| line.is_ok_and(|line| !line.is_empty()))
        {}
        let mut words = first.split(' ');
        let (method, target) = (words.next().unwrap(), words.next().unwrap());
        self.asked
            .lock()
            .unwrap()
            .push(format!("{method} {target}"));
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let path = path.trim_start_matches('/').replace("%2F", "/");
        let (status, headers, body) = self.answer(&path, query);
        let length = body.len();
        let head = format!(
            "HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n"
        );
        _ = connection.write_all(head.as_bytes());
        if method != "HEAD" {
            _ = connection.write_all(&body);
        }
        _ = connection.shutdown(std::net::Shutdown::Write);
        _ = connection.read(&mut [0]);
    }

    fn answer(&self, path: &str, query: &str) -> (u16, String, Vec<u8>) {
        if let Some(rest) = path.strip_prefix("storage/v1/b/") {
            return self.google(&rest.replacen("/o", "", 1), query);
        }
        let is_bucket = !path.trim_end_matches('/').contains('/');
        match value(query, "prefix") {
            _ if query.starts_with("versioning") => {
                (200, String::new(), b"<VersioningConfiguration/>".to_vec())
            }
            Some(prefix) if is_bucket => (200, String::new(), self.listed(path, &prefix)),
            _ => match self.objects.lock().unwrap().get(path) {
                Some(content) => {
                    let etag = format!("ETag: \"{}\"\r\n", hex(content));
                    (200, etag, content.clone())
                }
                None => (404, String::new(), Vec::new()),
            },
        }
    }

    /// Returns what S3 says of what is below a prefix.
    fn listed(&self, bucket: &str, prefix: &str) -> Vec<u8> {
        let bucket = bucket.trim_end_matches('/');
        let mut body = "<ListBucketResult>".to_owned();
        for (path, content) in &*self.objects.lock().unwrap() {
            let key = path.strip_prefix(&format!("{bucket}/"));
            if let Some(key) = key.filter(|key| key.starts_with(prefix)) {
                let (etag, size) = (hex(content), content.len());
                write!(
                    body,
                    "<Contents><Key>{key}</Key><ETag>&quot;{etag}&quot;</ETag><Size>{size}</Size></Contents>"
                )
                .unwrap();
            }
        }
        (body + "</ListBucketResult>").into_bytes()
    }

    /// Answers as Google's JSON API.
    fn google(&self, path: &str, query: &str) -> (u16, String, Vec<u8>) {
        let objects = self.objects.lock().unwrap();
        let described = |path: &str, content: &[u8]| {
            let name = path.split_once('/').unwrap().1;
            json!({"name": name, "etag": hex(content), "size": content.len().to_string(), "generation": "7"})
        };
        if let Some(prefix) = value(query, "prefix") {
            let prefix = format!("{path}/{prefix}");
            let found = objects.iter().filter(|(path, _)| path.starts_with(&prefix));
            let items: Vec<_> = found
                .map(|(path, content)| described(path, content))
                .collect();
            return (
                200,
                String::new(),
                json!({"items": items}).to_string().into(),
            );
        }
        match objects.get(path) {
            Some(content) if query.contains("alt=media") => {
                let generation = "x-goog-generation: 7\r\n".to_owned();
                (200, generation, content.clone())
            }
            Some(content) => (
                200,
                String::new(),
                described(path, content).to_string().into(),
            ),
            None => (404, String::new(), Vec::new()),
        }
    }
}

fn value(query: &str, name: &str) -> Option<String> {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(found, _)| *found == name)?;
    Some(value.replace("%2F", "/"))
}

fn hex(content: &[u8]) -> String {
    let digest = Md5::digest(content);
    digest.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}
