//! A proxy before the server that does to requests what a plan says.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::message::Message;
use super::step::Steps;

/// A request, as a plan sees it.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) step: String,
    /// The number of earlier requests of the same step.
    pub(crate) number: usize,
    /// Whether it asks several questions in one document.
    pub(crate) is_of_many: bool,
}

/// The change to a request and its response.
pub(crate) enum Action {
    Pass,
    /// Passes it on after a while.
    Delay(Duration),
    /// Hangs up; the server hears nothing.
    CutBefore,
    /// Hangs up once the server has answered.
    CutAfter,
    /// Hangs up in the middle of the answer's body.
    CutBody,
    /// Never answers.
    Silence,
    /// Answers in place of the server.
    Answer(Message),
    /// Passes on what this makes of the server's answer.
    Change(Box<dyn Fn(&mut Message) + Send + Sync>),
}

type Plan = dyn Fn(&Asked) -> Action + Send + Sync;

/// Stands between a client and a server until it is dropped.
pub(crate) struct Proxy {
    address: String,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    server: String,
    plan: Mutex<Arc<Plan>>,
    steps: Mutex<Steps>,
    seen: Mutex<Vec<(Asked, Message)>>,
}

impl Proxy {
    /// Stands before the server at `host:port`.
    pub(crate) async fn start(
        server: &str,
        plan: impl Fn(&Asked) -> Action + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let shared = Arc::new(Shared {
            server: server.to_owned(),
            plan: Mutex::new(Arc::new(plan)),
            steps: Mutex::default(),
            seen: Mutex::default(),
        });
        let serving = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&serving);
                connections.spawn(async move { _ = shared.serve(stream).await });
            }
        });
        Self {
            address,
            shared,
            task,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Passes everything on from now.
    pub(super) fn behave(&self) {
        *self.shared.plan.lock().unwrap() = Arc::new(|_| Action::Pass);
    }

    /// Returns all requests so far.
    pub(super) fn seen(&self) -> Vec<(Asked, Message)> {
        self.shared.seen.lock().unwrap().clone()
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Proxy")
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    /// Serves one request; the client connects anew for the next.
    async fn serve(&self, mut client: TcpStream) -> io::Result<()> {
        let Some(request) = Message::read(&mut client).await? else {
            return Ok(());
        };
        let asked = self.asked(&request);
        let plan = Arc::clone(&self.plan.lock().unwrap());
        let action = plan(&asked);
        match &action {
            Action::CutBefore => return Ok(()),
            Action::Silence => std::future::pending().await,
            Action::Delay(time) => tokio::time::sleep(*time).await,
            Action::Answer(answer) => return client.write_all(&answer.to_bytes().0).await,
            _ => {}
        }
        let mut answer = self.pass(request).await?;
        self.steps.lock().unwrap().learn(&asked.step, &answer);
        match &action {
            Action::CutAfter => return Ok(()),
            Action::Change(change) => change(&mut answer),
            _ => {}
        }
        let (bytes, begin) = answer.to_bytes();
        let end = match action {
            Action::CutBody => begin + (bytes.len() - begin) / 2,
            _ => bytes.len(),
        };
        client.write_all(&bytes[..end]).await?;
        client.shutdown().await
    }

    fn asked(&self, request: &Message) -> Asked {
        let step = self.steps.lock().unwrap().of(request);
        let mut seen = self.seen.lock().unwrap();
        let number = seen.iter().filter(|(asked, _)| asked.step == step).count();
        let is_of_many = String::from_utf8_lossy(&request.body).contains("a1: ");
        let asked = Asked {
            step,
            number,
            is_of_many,
        };
        seen.push((asked.clone(), request.clone()));
        asked
    }

    async fn pass(&self, mut request: Message) -> io::Result<Message> {
        // So that answers can be read, and changed, here.
        request.remove("accept-encoding");
        request.remove("connection");
        let mut server = TcpStream::connect(&self.server).await?;
        server.write_all(&request.to_bytes().0).await?;
        let mut answer = Message::read(&mut server)
            .await?
            .ok_or(io::ErrorKind::UnexpectedEof)?;
        answer.remove("connection");
        Ok(answer)
    }
}
