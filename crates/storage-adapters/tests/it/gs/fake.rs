//! Google Cloud Storage, as far as the resolver asks: the emulators that can be had keep no generations, make no pages
//! and check no tokens.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::{HeaderValue, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use md5_lanes::Md5;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::server::{Asked, Server, reply};

#[derive(Debug, Clone)]
struct Version {
    generation: u64,
    content: Bytes,
    is_current: bool,
}

impl Version {
    fn etag(&self) -> String {
        BASE64.encode(self.generation.to_be_bytes())
    }
}

#[derive(Default)]
struct State {
    /// Versions of each object, the newest last.
    objects: BTreeMap<String, Vec<Version>>,
    generation: u64,
    keeps_versions: bool,
}

/// A bucket called `bucket`.
pub(super) struct Fake {
    pub(super) server: Server,
    state: Arc<Mutex<State>>,
}

/// The token that the service takes.
pub(super) const TOKEN: &str = "ya29.the-token";

impl Fake {
    pub(super) async fn start(keeps_versions: bool) -> Self {
        let server = Server::start().await;
        let state = Arc::new(Mutex::new(State {
            generation: 1_700_000_000_000_000,
            keeps_versions,
            ..State::default()
        }));
        let shared = Arc::clone(&state);
        server.otherwise(move |asked| shared.lock().unwrap().answer(asked));
        Self { server, state }
    }

    pub(super) fn put(&self, name: &str, content: &[u8]) -> u64 {
        self.remove(name);
        let mut state = self.state.lock().unwrap();
        state.generation += 1;
        let generation = state.generation;
        let version = Version {
            generation,
            content: Bytes::copy_from_slice(content),
            is_current: true,
        };
        let versions = state.objects.entry(name.to_owned()).or_default();
        versions.push(version);
        generation
    }

    pub(super) fn remove(&self, name: &str) {
        let mut state = self.state.lock().unwrap();
        if state.keeps_versions {
            let versions = state.objects.entry(name.to_owned()).or_default();
            for version in versions {
                version.is_current = false;
            }
        } else {
            state.objects.remove(name);
        }
    }

    /// Replaces the bytes of the current version, but not what is said of them.
    pub(super) fn damage(&self, name: &str, content: &'static [u8]) {
        let mut state = self.state.lock().unwrap();
        let versions = state.objects.get_mut(name).unwrap();
        let damaged = &mut versions.last_mut().unwrap().content;
        *damaged = Bytes::from_static(content);
    }
}

impl State {
    fn answer(&self, asked: &Asked) -> Response<Body> {
        let token = asked
            .headers
            .get("authorization")
            .map(HeaderValue::as_bytes);
        if token != Some(format!("Bearer {TOKEN}").as_bytes()) {
            let body = json!({"error": {"errors": [{"reason": "authError"}]}});
            return reply(401, &[], body.to_string());
        }
        let decode = |text: &str| percent_decode_str(text).decode_utf8().unwrap().into_owned();
        let query: BTreeMap<_, _> = asked
            .query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), decode(value)))
            .collect();
        let Some(rest) = asked.path.strip_prefix("/storage/v1/b/bucket/o") else {
            return reply(
                404,
                &[],
                r#"{"error": {"errors": [{"reason": "notFound"}]}}"#,
            );
        };
        match rest.strip_prefix('/') {
            None => self.list(&query),
            Some(name) => self.object(&decode(name), &query),
        }
    }

    fn list(&self, query: &BTreeMap<String, String>) -> Response<Body> {
        if query.contains_key("delimiter") {
            return self.folders(query);
        }
        let size: usize = query["maxResults"].parse().unwrap();
        let from = query.get("startOffset").cloned().unwrap_or_default();
        let after = query.get("pageToken").cloned().unwrap_or_default();
        let current = |(name, versions): (&String, &Vec<Version>)| {
            let version = versions.iter().rev().find(|version| version.is_current)?;
            let is_wanted = name.starts_with(&query["prefix"]) && *name > after && from <= *name;
            is_wanted.then(|| described(name, version))
        };
        let items: Vec<Value> = self
            .objects
            .iter()
            .filter_map(current)
            .take(size + 1)
            .collect();
        let mut page = json!({ "items": &items[..items.len().min(size)] });
        if size < items.len() {
            page["nextPageToken"] = items[size - 1]["name"].clone();
        }
        reply(200, &[], page.to_string())
    }

    /// Returns the folders in one, each once.
    fn folders(&self, query: &BTreeMap<String, String>) -> Response<Body> {
        let (prefix, from) = (&query["prefix"], &query["startOffset"]);
        let folder = |name: &str| {
            let end = name.strip_prefix(prefix.as_str())?.find('/')?;
            Some(name[..=prefix.len() + end].to_owned())
        };
        let folders = self.objects.keys().filter(|name| from <= *name);
        let folders: BTreeSet<_> = folders.filter_map(|name| folder(name)).collect();
        reply(200, &[], json!({ "prefixes": folders }).to_string())
    }

    fn object(&self, name: &str, query: &BTreeMap<String, String>) -> Response<Body> {
        let mut versions = self.objects.get(name).into_iter().flatten().rev();
        let version = match query.get("generation") {
            Some(number) => versions.find(|version| version.generation.to_string() == *number),
            None => versions.find(|version| version.is_current),
        };
        let Some(version) = version else {
            return reply(
                404,
                &[],
                r#"{"error": {"errors": [{"reason": "notFound"}]}}"#,
            );
        };
        if query.get("alt").map(String::as_str) != Some("media") {
            return reply(200, &[], described(name, version).to_string());
        }
        let stored = match name {
            // Its digests are those of other bytes, as after a fault of a disk.
            _ if name.ends_with("damaged") => Bytes::from_static(b"recorded\n"),
            _ => version.content.clone(),
        };
        let crc32c = BASE64.encode(crc32c::crc32c(&stored).to_be_bytes());
        let hashes = match name {
            _ if name.starts_with("composed") => format!("crc32c={crc32c}"),
            _ => format!(
                "crc32c={crc32c},md5={}",
                BASE64.encode(Md5::digest(&stored))
            ),
        };
        reply(
            200,
            &[
                ("x-goog-generation", &version.generation.to_string()),
                ("x-goog-hash", &hashes),
            ],
            version.content.clone(),
        )
    }
}

fn described(name: &str, version: &Version) -> Value {
    json!({
        "name": name,
        "etag": version.etag(),
        "size": version.content.len().to_string(),
        "generation": version.generation.to_string(),
    })
}
