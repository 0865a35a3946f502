//! Amazon S3 as far as the resolver asks, with the faults that no server shows on demand.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::{Method, Response};
use percent_encoding::percent_decode_str;

use crate::server::{Asked, Server, reply};

/// A request, taken apart.
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) key: String,
    pub(super) query: BTreeMap<String, String>,
    /// The region that the request is signed for.
    pub(super) region: Option<String>,
}

impl Request {
    fn of(asked: &Asked) -> Self {
        let decode = |text: &str| percent_decode_str(text).decode_utf8().unwrap().into_owned();
        let path = decode(&asked.path);
        let path = path.trim_start_matches('/');
        let (_bucket, key) = path.split_once('/').unwrap_or((path, ""));
        let query = asked.query.split('&').filter(|part| !part.is_empty());
        let query = query.map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (name.to_owned(), decode(value))
        });
        let signed = asked.headers.get("authorization");
        let region = signed.and_then(|value| {
            // `Credential=<id>/<date>/<region>/s3/aws4_request`
            let credential = value.to_str().ok()?.split_once("Credential=")?.1;
            credential.split('/').nth(2).map(str::to_owned)
        });
        Self {
            method: asked.method.clone(),
            key: key.to_owned(),
            query: query.collect(),
            region,
        }
    }

    pub(super) fn is_list(&self) -> bool {
        self.query.contains_key("list-type")
    }

    pub(super) fn is_folders(&self) -> bool {
        self.query.contains_key("delimiter")
    }

    pub(super) fn is_versions(&self) -> bool {
        self.query.contains_key("versions")
    }

    pub(super) fn is_versioning(&self) -> bool {
        self.query.contains_key("versioning")
    }

    fn kind(&self) -> String {
        let kind = match () {
            () if self.is_folders() => "folders",
            () if self.is_list() => "list",
            () if self.is_versions() => "versions",
            () if self.is_versioning() => "versioning",
            () if self.key.is_empty() => "bucket",
            () => "object",
        };
        format!("{} {kind}", self.method)
    }
}

/// A server, and how often it was asked for what.
pub(super) struct Fake {
    server: Server,
    counts: Arc<Mutex<BTreeMap<String, u32>>>,
}

impl Fake {
    /// Starts a server; `answer` is given the number of earlier requests of the same kind.
    pub(super) async fn start(
        answer: impl Fn(&Request, u32) -> Response<Body> + Send + Sync + 'static,
    ) -> Self {
        let server = Server::start().await;
        let counts = Arc::new(Mutex::new(BTreeMap::new()));
        let counted = Arc::clone(&counts);
        server.otherwise(move |asked| {
            let request = Request::of(asked);
            let before = {
                let mut counts = counted.lock().unwrap();
                let count = counts.entry(request.kind()).or_insert(0);
                *count += 1;
                *count - 1
            };
            answer(&request, before)
        });
        Self { server, counts }
    }

    pub(super) fn origin(&self) -> String {
        self.server.origin.clone()
    }

    /// Returns how often each kind of request came.
    pub(super) fn counts(&self) -> Vec<(String, u32)> {
        let counts = self.counts.lock().unwrap();
        counts
            .iter()
            .map(|(kind, count)| (kind.clone(), *count))
            .collect()
    }
}

/// Returns an answer that refuses.
pub(super) fn refusal(status: u16, code: &str) -> Response<Body> {
    let body = format!("<Error><Code>{code}</Code><Message>as the test says</Message></Error>");
    reply(status, &[], body)
}

/// Returns the answer to HEAD for an object that is not there: it has no body.
pub(super) fn no_object() -> Response<Body> {
    reply(404, &[], "")
}

/// Returns a page of a plain listing; what ends in `/` is empty, except for `m/`.
pub(super) fn page<K: AsRef<str>>(
    keys: impl IntoIterator<Item = K>,
    next: Option<&str>,
) -> Response<Body> {
    let mut body = format!(
        "<ListBucketResult><IsTruncated>{}</IsTruncated>",
        next.is_some()
    );
    if let Some(next) = next {
        write!(
            body,
            "<NextContinuationToken>{next}</NextContinuationToken>"
        )
        .unwrap();
    }
    for key in keys {
        let key = key.as_ref();
        let size = if key.ends_with('/') && key != "m/" {
            0
        } else {
            19
        };
        write!(
            body,
            "<Contents><Key>{key}</Key><ETag>&quot;0696b705bebeea72274b9d0221a9d78f&quot;</ETag><Size>{size}</Size>\
             </Contents>"
        )
        .unwrap();
    }
    body.push_str("</ListBucketResult>");
    reply(200, &[], body)
}

/// Returns a page of folders.
pub(super) fn folders<'a>(folders: impl IntoIterator<Item = &'a str>) -> Response<Body> {
    let mut body = "<ListBucketResult>".to_owned();
    for folder in folders {
        write!(
            body,
            "<CommonPrefixes><Prefix>{folder}</Prefix></CommonPrefixes>"
        )
        .unwrap();
    }
    body.push_str("</ListBucketResult>");
    reply(200, &[], body)
}

/// Returns a page of a listing of versions; each key with the number of its current one.
pub(super) fn versions_page<K: AsRef<str>>(
    keys: impl IntoIterator<Item = (K, u32)>,
    next: Option<&str>,
) -> Response<Body> {
    let mut body = format!(
        "<ListVersionsResult><IsTruncated>{}</IsTruncated>",
        next.is_some()
    );
    if let Some(next) = next {
        write!(
            body,
            "<NextKeyMarker>{next}</NextKeyMarker><NextVersionIdMarker>v</NextVersionIdMarker>"
        )
        .unwrap();
    }
    for (key, version) in keys {
        let key = key.as_ref();
        write!(
            body,
            "<Version><Key>{key}</Key><VersionId>v{version}</VersionId><IsLatest>true</IsLatest>\
             <ETag>&quot;0696b705bebeea72274b9d0221a9d78f&quot;</ETag><Size>19</Size></Version>"
        )
        .unwrap();
    }
    body.push_str("</ListVersionsResult>");
    reply(200, &[], body)
}
