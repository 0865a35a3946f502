//! `wandb-rs server user`: who may use the server.

use artifact_store::service::{Caller, Service, new_api_key};
use artifact_store::{Engine, StoreError};
use serde::Serialize;
use wandb_rs::EntityName;
use wandb_rs::RegistryError;
use wandb_rs::records::Account;

use crate::{Exit, Failure, Printer, text};
use wandb_rs::Error;

/// The output of `server user add --json`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Added<'a> {
    name: &'a str,
    api_key: &'a str,
}

/// The output of `server user list --json`, one of them per user.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct User {
    name: String,
    /// The beginning of each key: the keys themselves are not kept.
    keys: Vec<String>,
    created_at: String,
}

/// The output of `server user remove --json`.
#[derive(Debug, Serialize)]
struct Removed<'a> {
    removed: &'a str,
}

pub(super) fn add(
    engine: &Engine,
    name: &EntityName,
    key: Option<String>,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let key = add_to(&engine.service(Caller::Operator), name, key)?;
    let added = Added {
        name: name.as_str(),
        api_key: &key,
    };
    printer.answer(&added, || {
        format!("added {name}; the API key, shown only now:\n{key}\n")
    });
    Ok(Exit::Done)
}

pub(super) fn list(engine: &Engine, printer: &Printer) -> Result<Exit, Failure> {
    let accounts = engine.service(Caller::Operator).accounts();
    let users: Vec<User> = accounts.map_err(Error::from)?.iter().map(user).collect();
    printer.answer(&users, || {
        let row = |user: &User| {
            let keys: Vec<String> = user.keys.iter().map(|key| format!("{key}…")).collect();
            [user.name.clone(), user.created_at.clone(), keys.join(" ")]
        };
        text::table(&users.iter().map(row).collect::<Vec<_>>())
    });
    Ok(Exit::Done)
}

pub(super) fn remove(
    engine: &Engine,
    name: &EntityName,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let was_there = engine.service(Caller::Operator).remove_account(name);
    if !was_there.map_err(Error::from)? {
        return Err(Failure::new(
            format!("there is no user {name}"),
            "`wandb-rs server user list` shows who there is",
        ));
    }
    let removed = Removed {
        removed: name.as_str(),
    };
    printer.answer(&removed, || {
        format!("removed {name}; what {name} logged stays\n")
    });
    Ok(Exit::Done)
}

/// Adds a user, or a key to one; returns the key.
pub(super) fn add_to(
    service: &Service,
    name: &EntityName,
    key: Option<String>,
) -> Result<String, Failure> {
    let key = match key {
        Some(key) => key,
        None => new_api_key().map_err(Error::from)?,
    };
    match service.add_account(name, &key) {
        Ok(_) => Ok(key),
        Err(StoreError::Refused(refusal @ RegistryError::Rejected { .. })) => Err(Failure::new(
            refusal.to_string(),
            "`wandb-rs server user add NAME` without a key makes a good one",
        )),
        Err(error) => Err(Error::from(error).into()),
    }
}

fn user(account: &Account) -> User {
    User {
        name: account.name.to_string(),
        keys: account.keys.iter().map(|key| key.prefix.clone()).collect(),
        created_at: text::time(account.created_at),
    }
}
