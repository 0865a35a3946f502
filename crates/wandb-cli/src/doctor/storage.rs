//! Reachability of the storage of content, whose host need not be the server's.

use std::time::Duration;

use tokio::time::timeout;

use super::finding::Findings;
use super::network::chain;
use wandb_rs::probe::ServerProbe;

/// The time limit for finding content to request.
const PATIENCE: Duration = Duration::from_secs(30);

const FIX: &str = "let firewall and proxy (HTTPS_PROXY, NO_PROXY) allow this host beside the server's; a server behind a proxy must know its own public URL";

/// Reads the first byte of some manifest: only the URL of stored content names the storage.
pub(super) async fn examine(server: &ServerProbe, findings: &mut Findings) {
    let storage = match timeout(PATIENCE, server.storage()).await {
        Ok(Ok(Some(storage))) => storage,
        Ok(Ok(None)) => {
            let what = "not checked: where content is kept is only known once there is an artifact";
            findings.ok("storage", what);
            return;
        }
        Ok(Err(error)) => {
            findings.failed("storage", &error.into());
            return;
        }
        Err(_) => {
            findings.error(
                "storage",
                "no response in time to the query for stored content",
                "try again later; the log of the server may name the reason",
            );
            return;
        }
    };
    let host = storage.host();
    match storage.probe().await {
        Ok(probe) if (200..300).contains(&probe.status) => {
            findings.ok("storage", format!("{host} gives content"));
        }
        Ok(probe) => findings.error(
            "storage",
            format!(
                "{host}, where content is kept, refuses a URL that the server has just made (status {})",
                probe.status
            ),
            FIX,
        ),
        Err(failure) => findings.error(
            "storage",
            format!("{host}, where content is kept, does not answer: {}", chain(&failure)),
            FIX,
        ),
    }
}
