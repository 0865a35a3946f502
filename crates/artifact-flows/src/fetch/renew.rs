//! New tickets for old ones.

use std::sync::Mutex;

use artifact_core::ports::{DownloadSpec, DownloadTicket};
use tokio::sync::oneshot;

use super::context::Line;
use crate::FlowError;

/// Who waits for a new ticket.
type Waiting = (DownloadSpec, oneshot::Sender<DownloadTicket>);

/// Asks for new tickets: tickets expire together, so all that wait while one asks are asked for at once.
#[derive(Debug, Default)]
pub(super) struct Renewals {
    waiting: Mutex<Vec<Waiting>>,
    turn: tokio::sync::Mutex<()>,
}

impl Renewals {
    /// Returns a new ticket for an entry.
    pub(super) async fn renew(
        &self,
        line: &Line,
        spec: &DownloadSpec,
    ) -> Result<DownloadTicket, FlowError> {
        loop {
            let (answer, mut answered) = oneshot::channel();
            self.list().push((spec.clone(), answer));
            let _turn = self.turn.lock().await;
            match answered.try_recv() {
                Ok(ticket) => return Ok(ticket),
                // Whoever asked for all failed, or was cancelled.
                Err(oneshot::error::TryRecvError::Closed) => continue,
                Err(oneshot::error::TryRecvError::Empty) => {}
            }
            let waiting = std::mem::take(&mut *self.list());
            let specs = waiting.iter().map(|(spec, _)| spec.clone()).collect();
            let tickets = line.tickets(specs).await?;
            for ((_, answer), ticket) in waiting.into_iter().zip(tickets) {
                // Nobody waits any more for one whose download was cancelled.
                _ = answer.send(ticket);
            }
            if let Ok(ticket) = answered.try_recv() {
                return Ok(ticket);
            }
        }
    }

    fn list(&self) -> std::sync::MutexGuard<'_, Vec<Waiting>> {
        self.waiting
            .lock()
            .expect("no thread panics while it holds the list")
    }
}
