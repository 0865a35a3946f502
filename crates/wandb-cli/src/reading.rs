//! Clients for commands that only read.

use wandb_rs::ArtifactAddress;
use wandb_rs::RegistryError;
use wandb_rs::StoreError;

use super::args::OfflineArgs;
use super::{Failure, Printer, text};
use wandb_rs::{Client, ClientBuilder, Error, LoggedArtifact, Settings, Target, TargetReason};

/// Returns the client that `addresses` are read with.
///
/// In offline mode that is the embedded store, or the cache of the server for versions that the store lacks; with
/// `--offline` likewise, or only the cache where a server is the target.
pub(super) async fn client(
    builder: ClientBuilder,
    settings: &Settings,
    offline: OfflineArgs,
    addresses: &[ArtifactAddress],
    printer: &Printer,
) -> Result<Client, Failure> {
    let destination = settings.destination()?;
    let is_offline = offline.is_offline
        || matches!(&destination.reason, TargetReason::Mode { mode, .. } if *mode == wandb_rs::Mode::Offline);
    let is_embedded = matches!(destination.target, Target::Embedded { .. });
    if !is_offline || destination.reason == TargetReason::StoreNamed {
        return Ok(builder.existing().open()?);
    }
    if !is_embedded {
        return Ok(builder.offline().open()?);
    }
    let store = async {
        let client = builder.clone().existing().open()?;
        has_all(&client, addresses).await.map(|()| client)
    };
    let error = match store.await {
        Ok(client) => return Ok(client),
        Err(error) if is_not_there(&error) => error,
        Err(error) => return Err(error.into()),
    };
    let cached = async {
        let client = builder.offline().open()?;
        has_all(&client, addresses).await.map(|()| client)
    };
    match cached.await {
        Ok(client) => {
            printer.remark(&format!(
                "offline: read from the cache of {}",
                client.location()
            ));
            Ok(client)
        }
        // The error of the first lookup says more.
        Err(_) => Err(error.into()),
    }
}

async fn has_all(client: &Client, addresses: &[ArtifactAddress]) -> Result<(), Error> {
    let found = client.find_all(addresses).await?;
    found.into_iter().try_for_each(|found| found.map(|_| ()))
}

const fn is_not_there(error: &Error) -> bool {
    matches!(
        error,
        Error::Registry(RegistryError::NoArtifact { .. } | RegistryError::NoProject { .. })
            | Error::Store(StoreError::NoStore { .. })
    )
}

/// Notes that an alias was resolved from the cache.
pub(super) fn note_age(asked: &ArtifactAddress, found: &LoggedArtifact, printer: &Printer) {
    if let Some(recorded_at) = found.recorded_at()
        && found.client().is_offline()
        && !matches!(
            asked.selector(),
            Some(wandb_rs::VersionSelector::Version(_))
        )
    {
        printer.remark(&format!(
            "offline: {asked} was {} when {} was asked last, at {}",
            found.version,
            found.client().location(),
            text::time(recorded_at),
        ));
    }
}
