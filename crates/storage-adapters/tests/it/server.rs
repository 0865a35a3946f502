//! A server that behaves as it is told, by path.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method, Response, StatusCode, Uri, header};
use bytes::Bytes;
use futures::StreamExt as _;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The response of one path.
pub(crate) type Answer = Arc<dyn Fn(&Asked) -> Response<Body> + Send + Sync>;

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) query: String,
    /// The number of earlier requests for this path.
    pub(crate) before: u32,
}

#[derive(Default)]
struct Shared {
    answers: Mutex<HashMap<String, Answer>>,
    other: Mutex<Option<Answer>>,
    asked: Mutex<HashMap<String, Vec<Asked>>>,
    puts: AtomicU32,
}

/// A server on loopback; it ends with its value.
pub(crate) struct Server {
    pub(crate) origin: String,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared::default());
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&shared));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            origin,
            shared,
            task,
        }
    }

    pub(crate) fn at(
        &self,
        path: &str,
        answer: impl Fn(&Asked) -> Response<Body> + Send + Sync + 'static,
    ) {
        let mut answers = self.shared.answers.lock().unwrap();
        answers.insert(path.to_owned(), Arc::new(answer));
    }

    /// Answers what no path answers.
    pub(crate) fn otherwise(
        &self,
        answer: impl Fn(&Asked) -> Response<Body> + Send + Sync + 'static,
    ) {
        *self.shared.other.lock().unwrap() = Some(Arc::new(answer));
    }

    /// Puts content with an ETag of its own.
    pub(crate) fn put(&self, path: &str, content: &[u8]) {
        let number = self.shared.puts.fetch_add(1, Ordering::Relaxed);
        let content = Bytes::copy_from_slice(content);
        self.at(path, move |_| {
            reply(200, &[("etag", &format!("\"e{number}\""))], content.clone())
        });
    }

    pub(crate) fn remove(&self, path: &str) {
        self.shared.answers.lock().unwrap().remove(path);
    }

    /// Returns what was asked of a path, in order.
    pub(crate) fn asked(&self, path: &str) -> Vec<Asked> {
        let asked = self.shared.asked.lock().unwrap();
        asked.get(path).cloned().unwrap_or_default()
    }
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response<Body> {
    let asked = {
        let mut all = shared.asked.lock().unwrap();
        let before = all.entry(uri.path().to_owned()).or_default();
        let asked = Asked {
            method,
            path: uri.path().to_owned(),
            headers,
            query: uri.query().unwrap_or_default().to_owned(),
            before: u32::try_from(before.len()).unwrap(),
        };
        before.push(asked.clone());
        asked
    };
    let answer = shared.answers.lock().unwrap().get(uri.path()).cloned();
    let other = || shared.other.lock().unwrap().clone();
    match answer.or_else(other) {
        Some(answer) => answer(&asked),
        None => reply(404, &[], "no such path"),
    }
}

/// Returns an answer. Its length is told, unless `transfer-encoding` is among the headers, or another length.
pub(crate) fn reply(
    status: u16,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> Response<Body> {
    let mut response = Response::builder().status(StatusCode::from_u16(status).unwrap());
    let mut is_streamed = false;
    for (name, value) in headers {
        is_streamed |= *name == header::TRANSFER_ENCODING || *name == header::CONTENT_LENGTH;
        if *name != header::TRANSFER_ENCODING {
            response = response.header(*name, *value);
        }
    }
    let body: Bytes = body.into();
    let body = if is_streamed {
        // The end comes late enough for the start to be sent before an end that is too early breaks the connection.
        let end = futures::stream::once(tokio::time::sleep(Duration::from_millis(50)))
            .filter_map(async |()| None);
        Body::from_stream(futures::stream::iter([Ok::<_, std::io::Error>(body)]).chain(end))
    } else {
        Body::from(body)
    };
    response.body(body).unwrap()
}
