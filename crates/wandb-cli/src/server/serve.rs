//! Serving until an interrupt.

use std::net::SocketAddr;

use artifact_server::{Server, ServerOptions};
use artifact_store::Engine;
use artifact_store::service::{Caller, Service};
use serde::Serialize;
use tokio::net::TcpListener;
use wandb_rs::EntityName;

use super::args::ServeArgs;
use super::{logs, users};
use crate::interrupt::told_to_stop;
use crate::{Exit, Failure, Printer};
use wandb_rs::{Error, Settings};

/// The most requests that compute or wait for the disk at once; each has a thread meanwhile.
const BLOCKING_THREADS: usize = 64;

/// The most connections at once; each holds up to a quarter of a MiB of what it sends or is sent.
const MOST_CONNECTIONS: usize = 4_096;

/// The output of `server --json` once it is ready.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Ready<'a> {
    url: &'a str,
    store: String,
    /// The user that was made because there was none.
    user: Option<&'a str>,
    api_key: Option<&'a str>,
}

/// The first user, created because there was none, and its key.
struct FirstUser {
    name: EntityName,
    key: String,
}

pub(super) fn run(
    args: &ServeArgs,
    engine: Engine,
    settings: &Settings,
    printer: &Printer,
) -> Result<Exit, Failure> {
    logs::start(printer.is_json(), printer.is_quiet());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(BLOCKING_THREADS)
        .build()
        .map_err(|source| Error::Runtime { source })?;
    runtime.block_on(async {
        let listener = listen(args.listen).await?;
        let service = engine.service(Caller::Operator);
        let first = first_user(args, &service, settings)?;
        let url = url(args, &listener)?;
        let mut options = ServerOptions::default().max_connections(connections());
        if let Some(url) = &args.public_url {
            options = options.public_url(url);
        }
        let store = settings.store.display().to_string();
        let server = Server::new(engine, options).map_err(Error::from)?;
        // Before it is reported ready, because an interrupt may follow at once.
        let stop = told_to_stop();
        say_ready(&url, store, first.as_ref(), printer);
        server.serve(listener, async { _ = stop.await }).await;
        printer.remark("stopped");
        Ok(Exit::Done)
    })
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        Failure::new(
            format!("cannot listen on {address}: {error}"),
            "`--listen ADDR:PORT` takes another address, port 0 a free port",
        )
    })
}

/// Makes the user that the command line names, or the first one where there is none.
fn first_user(
    args: &ServeArgs,
    service: &Service,
    settings: &Settings,
) -> Result<Option<FirstUser>, Failure> {
    if let Some(name) = &args.bootstrap_user {
        users::add_to(service, name, args.bootstrap_key.clone())?;
        return Ok(None);
    }
    if !service.accounts().map_err(Error::from)?.is_empty() {
        return Ok(None);
    }
    // What was logged into the store without a server belongs to this entity.
    let name = settings.entity.clone();
    let key = users::add_to(service, &name, None)?;
    Ok(Some(FirstUser { name, key }))
}

fn url(args: &ServeArgs, listener: &TcpListener) -> Result<String, Failure> {
    if let Some(url) = &args.public_url {
        return Ok(url.clone());
    }
    let address = listener
        .local_addr()
        .map_err(|error| Error::Runtime { source: error })?;
    Ok(format!("http://{address}"))
}

fn say_ready(url: &str, store: String, first: Option<&FirstUser>, printer: &Printer) {
    let ready = Ready {
        url,
        user: first.map(|user| user.name.as_str()),
        api_key: first.map(|user| user.key.as_str()),
        store,
    };
    printer.answer(&ready, || {
        let text = format!("serving {} at {url}\n", ready.store);
        let Some(FirstUser { name, key }) = first else {
            return text;
        };
        text + &format!(
                "there was no user, so `{name}` was made; this is the only time that the key is shown. \
                 To log to this server:\n\
                 \n  export WANDB_BASE_URL={url}\n  export WANDB_API_KEY={key}\n  wandb login --verify\n\n"
        )
    });
}

/// Returns the maximum number of connections. They share a limit of the system with the files of the store: takes as much
/// of it as is allowed, and leaves half for files.
#[cfg(unix)]
fn connections() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // Where it is refused, what there is has to do.
    let _ = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: maximum,
            maximum,
        },
    );
    let files = getrlimit(Resource::Nofile).current;
    let files = files.and_then(|files| usize::try_from(files).ok());
    (files.unwrap_or(usize::MAX) / 2).clamp(16, MOST_CONNECTIONS)
}

#[cfg(not(unix))]
const fn connections() -> usize {
    MOST_CONNECTIONS
}
