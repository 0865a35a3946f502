//! The end of a run: finished, by a handle, or dropped.

use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use artifact_core::ports::RegistryError;

use super::files;
use super::live::{Live, may_pass};
use super::outbox::Outbox;
use crate::Error;

/// The time limit for ending a dropped run.
const PATIENCE: Duration = Duration::from_secs(5);

/// Sends all that waits and the run's own files, and ends the run.
pub(super) async fn end(live: &Live, exit_code: i32) -> Result<(), Error> {
    live.close_row();
    if live.has_spoken() {
        live.outbox(Outbox::change_summary);
        if let Err(error) = files::write_own(live).await {
            // As in the official client: a run without them is one nevertheless.
            tracing::warn!(run = %live.address, %error, "the run's own files could not be stored");
        }
    }
    let sent = match live.send(false).await {
        Ok(()) => live.say_end(exit_code).await,
        refused => refused,
    };
    match sent {
        Ok(()) => {}
        Err(error) if may_pass(&error) => return Err(lost(live, error)),
        Err(error) => {
            // Perhaps it is only the lines that are refused.
            live.give_up(error);
            live.say_end(exit_code).await?;
        }
    }
    match (live.take_refusal(), live.outbox(|outbox| outbox.lost())) {
        (None, 0) => Ok(()),
        (None, lines) => Err(Error::LinesLost {
            run: live.address.to_string(),
            lines,
            source: None,
        }),
        (Some(refusal), lines) => Err(Error::LinesLost {
            run: live.address.to_string(),
            lines,
            source: Some(Box::new(refusal)),
        }),
    }
}

fn lost(live: &Live, error: RegistryError) -> Error {
    let lines = live.outbox(|outbox| outbox.lost() + outbox.waiting());
    if lines == 0 {
        return error.into();
    }
    Error::LinesLost {
        run: live.address.to_string(),
        lines,
        source: Some(Box::new(error)),
    }
}

/// Ends a run that was dropped: sends what waits, but neither files nor its configuration, and waits for that a few seconds at most.
///
/// On a thread and a runtime of its own, as the one that the run lived in may be the very one that is ending, or have no
/// other thread than this.
pub(super) fn end_dropped(live: Arc<Live>, exit_code: i32) {
    let (done, is_done) = mpsc::channel();
    let thread = std::thread::Builder::new().name("wandb-rs-end".to_owned());
    let started = thread.spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let ended = runtime.map(|runtime| {
            live.close_row();
            runtime.block_on(async {
                live.send_messages().await?;
                live.say_end(exit_code).await
            })
        });
        match ended {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(run = %live.address, %error, "the run was dropped, and could not be ended");
            }
            Err(error) => {
                tracing::warn!(run = %live.address, %error, "the run was dropped, and could not be ended");
            }
        }
        drop(live);
        _ = done.send(());
    });
    if started.is_ok() {
        // The result is ignored: there is no caller to return it to.
        _ = is_done.recv_timeout(PATIENCE);
    }
}
