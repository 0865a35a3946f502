//! A scripted remote registry: it ingests nothing early, and every call takes the course that the script chooses.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use artifact_core::DigestAlgorithm;
use artifact_core::ports::{
    RegistryError, TransferError, UploadBody, UploadNeeds, UploadSpec, UploadTicket,
};
use artifact_flows::{Flow, UploadJournal};

use crate::intercepted_registry::InterceptedRegistry;
use crate::intercepted_transfer::InterceptedTransfer;
use crate::workbench::Workbench;

/// A call of the save flow, in whatever order it makes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Call {
    Create,
    CreateManifest,
    Ask(Vec<UploadSpec>),
    /// Of the local file with this name.
    Upload(String),
    Announce,
    UploadManifest,
    Commit,
}

/// The course of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    Pass,
    /// It fails without effect: the registry is unreachable.
    Fail,
    /// It takes effect, but the response is lost.
    Lose,
    /// The ticket has expired.
    Expire,
    /// The ticket expires after half of the body was reported.
    ExpireHalfway,
    /// No response, ever.
    Hang,
    /// It takes this long.
    Delay(Duration),
    /// It reports success without effect.
    Pretend,
    /// The registry says that content is missing.
    Miss,
}

type Rule = Box<dyn Fn(&Call, usize) -> Act + Send + Sync>;

/// A rule for calls, and a record of them.
pub(crate) struct Script {
    /// Returns the course of a call, given the number of earlier calls.
    rule: Rule,
    needs: fn(u64) -> UploadNeeds,
    algorithm: Option<DigestAlgorithm>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    calls: Vec<Call>,
    /// Uploads that the flow was told to have succeeded, by name.
    uploaded: Vec<String>,
    bodies: usize,
    most_bodies: usize,
    is_hanging: bool,
}

impl fmt::Debug for Script {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Script(..)")
    }
}

impl Script {
    pub(crate) fn new(rule: impl Fn(&Call, usize) -> Act + Send + Sync + 'static) -> Self {
        Self {
            rule: Box::new(rule),
            needs: |_| UploadNeeds::default(),
            algorithm: None,
            state: Mutex::default(),
        }
    }

    /// Returns a registry at which all goes well.
    pub(crate) fn plain() -> Self {
        Self::new(|_, _| Act::Pass)
    }

    /// Must know this of files of a size.
    pub(crate) fn needing(mut self, needs: fn(u64) -> UploadNeeds) -> Self {
        self.needs = needs;
        self
    }

    /// Knows only one hash function.
    pub(crate) const fn knowing(mut self, algorithm: DigestAlgorithm) -> Self {
        self.algorithm = Some(algorithm);
        self
    }

    /// Returns a flow to this registry, and the script.
    pub(crate) fn play(self, bench: &Workbench) -> (Flow, Arc<Self>) {
        let script = Arc::new(self);
        let registry = InterceptedRegistry::scripted(&script, &bench.flow.registry);
        let transfer = InterceptedTransfer::new(&bench.flow.transfer)
            .asking_first()
            .scripted(&script);
        let flow = Flow {
            registry: Arc::new(registry),
            transfer: transfer.shared(),
            journal: Some(UploadJournal::new(bench.path("journals"))),
            ..bench.flow.clone()
        };
        (flow, script)
    }

    pub(crate) fn needs(&self, size: u64) -> UploadNeeds {
        (self.needs)(size)
    }

    pub(crate) fn algorithm(&self, wanted: DigestAlgorithm) -> DigestAlgorithm {
        self.algorithm.unwrap_or(wanted)
    }

    /// Lets a call to the registry go as the script says.
    pub(crate) async fn answer<T>(
        &self,
        call: Call,
        work: impl Future<Output = Result<T, RegistryError>> + Send,
    ) -> Result<T, RegistryError> {
        let unreachable = || RegistryError::Backend {
            operation: "asking",
            location: "elsewhere".to_owned(),
            source: "the line is dead".into(),
        };
        match self.begin(call) {
            Act::Fail => Err(unreachable()),
            Act::Lose => {
                work.await?;
                Err(unreachable())
            }
            Act::Miss => Err(RegistryError::MissingContent {
                path: "something".to_owned(),
            }),
            Act::Hang => std::future::pending().await,
            Act::Delay(time) => {
                tokio::time::sleep(time).await;
                work.await
            }
            _ => work.await,
        }
    }

    /// Lets an upload go as the script says.
    pub(crate) async fn send(
        &self,
        ticket: &UploadTicket,
        body: UploadBody<'_>,
        on_sent: &(dyn Fn(u64) + Send + Sync),
        work: impl Future<Output = Result<(), TransferError>> + Send,
    ) -> Result<(), TransferError> {
        let name = name(ticket);
        let size = match body {
            UploadBody::File(path) => path.metadata().map_or(0, |metadata| metadata.len()),
            UploadBody::Bytes(bytes) => bytes.len() as u64,
        };
        let call = name.clone().map_or(Call::UploadManifest, Call::Upload);
        self.count_body(1);
        let act = self.begin(call);
        let (place, source) = ("elsewhere".to_owned(), "the line is dead".into());
        let sent = match act {
            Act::Fail => Err(TransferError::Backend { place, source }),
            Act::Lose => match work.await {
                Ok(()) => Err(TransferError::Backend { place, source }),
                error => error,
            },
            Act::Expire => Err(TransferError::Expired { place }),
            Act::ExpireHalfway => {
                on_sent(size / 2);
                Err(TransferError::Expired { place })
            }
            Act::Hang => std::future::pending().await,
            Act::Delay(time) => {
                tokio::time::sleep(time).await;
                work.await
            }
            Act::Pretend => Ok(()),
            _ => work.await,
        };
        self.count_body(-1);
        if let (Ok(()), Some(name)) = (&sent, name) {
            self.state.lock().unwrap().uploaded.push(name);
        }
        sent
    }

    fn begin(&self, call: Call) -> Act {
        let mut state = self.state.lock().unwrap();
        let act = (self.rule)(&call, state.calls.len());
        state.is_hanging |= act == Act::Hang;
        state.calls.push(call);
        act
    }

    fn count_body(&self, change: isize) {
        let state = &mut *self.state.lock().unwrap();
        state.bodies = state.bodies.saturating_add_signed(change);
        state.most_bodies = state.most_bodies.max(state.bodies);
    }

    /// Waits until a call hangs and nothing else moves any more.
    pub(crate) async fn stuck(&self) {
        const QUIET: u32 = 50;
        let (mut seen, mut quiet) = (None, 0);
        while quiet < QUIET {
            tokio::time::sleep(Duration::from_millis(10)).await;
            let state = self.state.lock().unwrap();
            let now = Some((state.calls.len(), state.uploaded.len(), state.bodies));
            let is_quiet = state.is_hanging && now == seen;
            quiet = if is_quiet { quiet + 1 } else { 0 };
            seen = now;
        }
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.state.lock().unwrap().calls.clone()
    }

    /// Returns how many calls were like `call`.
    pub(crate) fn count(&self, is_one: impl Fn(&Call) -> bool) -> usize {
        let state = self.state.lock().unwrap();
        state.calls.iter().filter(|call| is_one(call)).count()
    }

    /// Returns the files that the registry was asked about, batch by batch.
    pub(crate) fn asked(&self) -> Vec<Vec<UploadSpec>> {
        let batches = self.calls().into_iter().filter_map(|call| match call {
            Call::Ask(files) => Some(files),
            _ => None,
        });
        batches.collect()
    }

    /// Returns the names of the files that were asked about, sorted.
    pub(crate) fn asked_names(&self) -> Vec<String> {
        let files = self.asked().into_iter().flatten();
        let mut names: Vec<_> = files.map(|file| file.path.as_str().to_owned()).collect();
        names.sort();
        names
    }

    /// Returns the names of the files that were sent, sorted, whatever came of it.
    pub(crate) fn sent(&self) -> Vec<String> {
        let calls = self.calls().into_iter().filter_map(|call| match call {
            Call::Upload(name) => Some(name),
            _ => None,
        });
        let mut names: Vec<_> = calls.collect();
        names.sort();
        names
    }

    /// Returns the names of the files whose uploads succeeded, sorted.
    pub(crate) fn uploaded(&self) -> Vec<String> {
        let mut names = self.state.lock().unwrap().uploaded.clone();
        names.sort();
        names
    }

    /// Returns how many bodies were on their way at once, at most.
    pub(crate) fn most_bodies(&self) -> usize {
        self.state.lock().unwrap().most_bodies
    }
}

/// Returns the name of the file that a ticket of the embedded store is for; `None` for a manifest.
fn name(ticket: &UploadTicket) -> Option<String> {
    let path = ticket
        .locator
        .strip_prefix("file:")?
        .splitn(5, ':')
        .last()?;
    path.rsplit('/').next().map(str::to_owned)
}
