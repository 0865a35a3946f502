//! Azure Blob Storage with versions, which no emulator keeps, and the service of tokens.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::{HeaderValue, Method, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use md5_lanes::Md5;
use percent_encoding::percent_decode_str;

use crate::server::{Asked, Server, reply};

struct Version {
    id: String,
    etag: String,
    content: Bytes,
    is_current: bool,
}

#[derive(Default)]
struct State {
    /// Versions of each blob, the oldest first.
    blobs: BTreeMap<String, Vec<Version>>,
    writes: u32,
}

/// An account with one container, `c`.
pub(super) struct Fake {
    pub(super) server: Server,
    state: Arc<Mutex<State>>,
}

/// The application's secret, and the token that it is exchanged for.
pub(super) const SECRET: &str = "s3cr3t/+";
pub(super) const TOKEN: &str = "eyJ0.the-token";

impl Fake {
    pub(super) async fn start() -> Self {
        let server = Server::start().await;
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        server.otherwise(move |asked| shared.lock().unwrap().answer(asked));
        server.at("/tenant/oauth2/v2.0/token", |asked| {
            assert_eq!(asked.method, Method::POST);
            let body = format!(r#"{{"access_token": "{TOKEN}", "expires_in": 3600}}"#);
            reply(200, &[], body)
        });
        Self { server, state }
    }

    pub(super) fn account(&self) -> String {
        format!("{}/account", self.server.origin)
    }

    pub(super) fn put(&self, name: &str, content: &[u8]) -> String {
        self.remove(name);
        let mut state = self.state.lock().unwrap();
        state.writes += 1;
        let id = format!("2026-11-24T00:00:00.{:07}Z", state.writes);
        let version = Version {
            id: id.clone(),
            etag: format!("0x8D{:012}", state.writes),
            content: Bytes::copy_from_slice(content),
            is_current: true,
        };
        state
            .blobs
            .entry(name.to_owned())
            .or_default()
            .push(version);
        id
    }

    pub(super) fn remove(&self, name: &str) {
        let mut state = self.state.lock().unwrap();
        for version in state.blobs.get_mut(name).into_iter().flatten() {
            version.is_current = false;
        }
    }
}

impl State {
    fn answer(&self, asked: &Asked) -> Response<Body> {
        let bearer = asked
            .headers
            .get("authorization")
            .map(HeaderValue::as_bytes);
        if bearer != Some(format!("Bearer {TOKEN}").as_bytes()) {
            return reply(403, &[("x-ms-error-code", "AuthorizationFailure")], "");
        }
        let decode = |text: &str| percent_decode_str(text).decode_utf8().unwrap().into_owned();
        let pairs = asked
            .query
            .split('&')
            .filter_map(|pair| pair.split_once('='));
        let query: BTreeMap<_, _> = pairs.map(|(name, value)| (name, decode(value))).collect();
        let Some(rest) = asked.path.strip_prefix("/account/c") else {
            return reply(404, &[("x-ms-error-code", "ContainerNotFound")], "");
        };
        match rest.strip_prefix('/') {
            Some(name) => self.blob(&asked.method, &decode(name), &query),
            None => self.list(&query),
        }
    }

    fn list(&self, query: &BTreeMap<&str, String>) -> Response<Body> {
        let size: usize = query["maxresults"].parse().unwrap();
        let start: usize = query
            .get("marker")
            .map_or(0, |marker| marker.parse().unwrap());
        let all = self
            .blobs
            .iter()
            .flat_map(|(name, versions)| versions.iter().map(move |v| (name, v)));
        let wanted: Vec<_> = all
            .filter(|(name, _)| name.starts_with(&query["prefix"]))
            .filter(|(_, version)| version.is_current || query["include"] == "versions")
            .collect();
        let mut body = "\u{feff}<?xml version=\"1.0\"?><EnumerationResults><Blobs>".to_owned();
        for (name, version) in wanted.iter().skip(start).take(size) {
            write!(
                body,
                "<Blob><Name>{name}</Name><VersionId>{}</VersionId><Properties><Etag>{}</Etag>\
                 <Content-Length>{}</Content-Length></Properties></Blob>",
                version.id,
                version.etag,
                version.content.len()
            )
            .unwrap();
        }
        let next = match start + size {
            next if next < wanted.len() => next.to_string(),
            _ => String::new(),
        };
        write!(
            body,
            "</Blobs><NextMarker>{next}</NextMarker></EnumerationResults>"
        )
        .unwrap();
        reply(200, &[], body)
    }

    fn blob(&self, method: &Method, name: &str, query: &BTreeMap<&str, String>) -> Response<Body> {
        let mut versions = self.blobs.get(name).into_iter().flatten();
        let found = match query.get("versionid") {
            Some(id) => versions.find(|version| version.id == *id),
            None => versions.find(|version| version.is_current),
        };
        let Some(version) = found else {
            return reply(404, &[("x-ms-error-code", "BlobNotFound")], "");
        };
        let content = match name {
            // As after a fault of a disk.
            "damaged" if method == Method::GET => Bytes::from_static(b"damaged!\n"),
            _ => version.content.clone(),
        };
        let body = if method == Method::HEAD {
            Bytes::new()
        } else {
            content
        };
        reply(
            200,
            &[
                ("etag", &format!("\"{}\"", version.etag)),
                ("x-ms-version-id", &version.id),
                ("content-md5", &BASE64.encode(Md5::digest(&version.content))),
                ("content-length", &version.content.len().to_string()),
            ],
            body,
        )
    }
}
