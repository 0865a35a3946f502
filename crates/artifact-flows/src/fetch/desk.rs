//! Where the fetches that go on at once ask for tickets: what several want to know at the same time is one question.

use std::sync::{Arc, Mutex};

use artifact_core::ports::{ArtifactRegistry, DownloadRequest, DownloadTicket, RegistryError};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

/// The most entries that are asked for at once, unless one fetch alone asks for more.
const ENTRIES: usize = 5_000;

type Answer = Result<Vec<DownloadTicket>, RegistryError>;

/// A request, and who waits for the answer.
type Asked = (DownloadRequest, oneshot::Sender<Answer>);

/// Asks a registry for tickets on behalf of many.
///
/// Whoever comes while nobody asks is asked for at once; those who come meanwhile are asked for together after that.
#[derive(Debug, Clone, Default)]
pub(super) struct Desk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    waiting: Vec<Asked>,
    is_asking: bool,
    /// Who asks; cancelled when nobody has the desk any more.
    asking: JoinSet<()>,
}

impl Desk {
    /// Returns where the content of entries is.
    pub(super) async fn tickets(
        &self,
        registry: &Arc<dyn ArtifactRegistry>,
        request: DownloadRequest,
    ) -> Answer {
        let (sender, answer) = oneshot::channel();
        {
            let mut state = lock(&self.0);
            state.waiting.push((request, sender));
            if !state.is_asking {
                state.is_asking = true;
                while state.asking.try_join_next().is_some() {}
                let (desk, registry) = (Arc::downgrade(&self.0), Arc::clone(registry));
                state.asking.spawn(async move {
                    while let Some(batch) = desk.upgrade().and_then(|desk| next(&desk)) {
                        ask(&*registry, batch).await;
                    }
                });
            }
        }
        answer
            .await
            .expect("who asks goes on while somebody has the desk")
    }
}

fn lock(desk: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    desk.lock().expect("no thread panics while it has the desk")
}

/// Takes what is to be asked now; `None` where nobody waits, and then nobody asks any more.
fn next(desk: &Mutex<State>) -> Option<Vec<Asked>> {
    let mut state = lock(desk);
    let mut entries = 0;
    let within = |(request, _): &&Asked| {
        let is_first = entries == 0;
        entries += request.entries.len().max(1);
        is_first || entries <= ENTRIES
    };
    let count = state.waiting.iter().take_while(within).count();
    state.is_asking = 0 < count;
    (0 < count).then(|| state.waiting.drain(..count).collect())
}

async fn ask(registry: &dyn ArtifactRegistry, batch: Vec<Asked>) {
    let (requests, senders): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
    let answers = match &*requests {
        [only] => vec![registry.downloads(only).await],
        requests => registry.downloads_of_each(requests).await,
    };
    for (sender, answer) in senders.into_iter().zip(answers) {
        // Whoever is gone needs no answer.
        _ = sender.send(answer);
    }
}
