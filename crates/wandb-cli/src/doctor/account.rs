//! The account of the credentials, and the features of the server.

use std::time::Duration;

use tokio::time::timeout;
use wandb_rs::probe::ServerProbe;

use super::finding::Findings;
use wandb_rs::Settings;

/// The time limit for the server; failed requests are retried within it.
const PATIENCE: Duration = Duration::from_secs(30);

/// Looks whom the credentials belong to; returns whether the server knows them.
pub(super) async fn examine(
    settings: &Settings,
    server: &ServerProbe,
    findings: &mut Findings,
) -> bool {
    let account = match timeout(PATIENCE, server.account()).await {
        Ok(Ok(account)) => account,
        Ok(Err(error)) => {
            findings.failed("credentials", &error.into());
            return false;
        }
        Err(_) => {
            findings.error(
                "credentials",
                "no response in time to the query for the account",
                "try again later; the log of the server may name the reason",
            );
            return false;
        }
    };
    let unknown = || "an account without a name".to_owned();
    let source = settings.credentials().ok().flatten();
    let source = source.map_or_else(String::new, |found| format!(" ({})", found.source));
    findings.ok(
        "credentials",
        format!(
            "the server knows them{source}: {}",
            account.username.unwrap_or_else(unknown)
        ),
    );
    match &account.entity {
        Some(entity) => findings.ok("entity", format!("the default one is {entity}")),
        None => findings.warning(
            "entity",
            "the account has no default one",
            "name one with `--entity`, or set WANDB_ENTITY",
        ),
    }
    if !account.entities.is_empty() {
        findings.ok("teams", account.entities.join(", "));
    }
    let named = settings.named_entity().map(ToString::to_string);
    if let Some(named) = named.filter(|named| !account.entities.contains(named)) {
        findings.warning(
            "entity",
            format!("{named} is set, and the account is not in it"),
            "set WANDB_ENTITY to one of the account's, or have it invited",
        );
    }
    let features = server.enabled_features().await;
    findings.ok(
        "features",
        if features.is_empty() {
            "the server names none".to_owned()
        } else {
            features.join(", ")
        },
    );
    true
}
