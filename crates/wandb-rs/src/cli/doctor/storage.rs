//! Whether the host that keeps content can be reached, which need not be the server's.

use std::time::Duration;

use artifact_core::ports::{ArtifactRegistry as _, DownloadTicket, PageRequest, RegistryError};
use tokio::time::timeout;
use transport::{Storage, Wandb};

use super::finding::Findings;
use super::network::chain;
use crate::Error;

/// How long it may take to find something to ask for.
const PATIENCE: Duration = Duration::from_secs(30);

/// In how many projects a version is looked for.
const PROJECTS: u32 = 10;

const FIX: &str = "let firewall and proxy (HTTPS_PROXY, NO_PROXY) allow this host beside the server's; a server behind a proxy must know its own public URL";

/// Reads the first byte of some manifest: only the URL of something that is kept says where things are kept.
pub(super) async fn examine(server: &Wandb, findings: &mut Findings) {
    let ticket = match timeout(PATIENCE, some_content(server)).await {
        Ok(Ok(Some(ticket))) => ticket,
        Ok(Ok(None)) => {
            let what = "not checked: where content is kept is only known once there is an artifact";
            findings.ok("storage", what);
            return;
        }
        Ok(Err(error)) => {
            findings.failed("storage", &Error::from(error).into());
            return;
        }
        Err(_) => {
            findings.error(
                "storage",
                "the server did not say in time where content is kept",
                "try again later; what the server logs may say why",
            );
            return;
        }
    };
    let Ok(storage) = Storage::of(&ticket) else {
        findings.error(
            "storage",
            "the server names no URL where content is kept",
            FIX,
        );
        return;
    };
    let host = storage.host();
    match server.greet_storage(&storage).await {
        Ok(greeting) if (200..300).contains(&greeting.status) => {
            findings.ok("storage", format!("{host} gives content"));
        }
        Ok(greeting) => findings.error(
            "storage",
            format!(
                "{host}, where content is kept, refuses a URL that the server has just made (status {})",
                greeting.status
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

/// Returns where the manifest of some version is kept; none where the first projects have no version.
async fn some_content(server: &Wandb) -> Result<Option<DownloadTicket>, RegistryError> {
    for project in server.projects(PageRequest::first(PROJECTS)).await?.items {
        let collections = server.collections(&project, PageRequest::first(1)).await?;
        let Some(collection) = collections.items.first() else {
            continue;
        };
        let page = PageRequest::first(1);
        let versions = server.versions(&project, &collection.name, page).await?;
        if let Some(version) = versions.items.first() {
            return Ok(Some(server.manifest(&version.id).await?.ticket));
        }
    }
    Ok(None)
}
