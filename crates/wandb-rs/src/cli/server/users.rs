//! `wandb-rs server user`: who may use the server.

use artifact_core::EntityName;
use artifact_store::Engine;
use artifact_store::service::{Account, Caller, Service, new_api_key};
use serde::Serialize;

use super::args::UserCommand;
use crate::Error;
use crate::cli::{Exit, Failure, Printer, text};

/// What `server user add --json` prints.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Added<'a> {
    name: &'a str,
    api_key: &'a str,
}

/// What `server user list --json` prints, one of them per user.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct User {
    name: String,
    /// The beginning of each key: the keys themselves are not kept.
    keys: Vec<String>,
    created_at: String,
}

pub(super) fn run(
    command: UserCommand,
    engine: &Engine,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let service = engine.service(Caller::Operator);
    match command {
        UserCommand::Add { name, api_key } => {
            let key = add(&service, &name, api_key)?;
            let added = Added {
                name: name.as_str(),
                api_key: &key,
            };
            printer.answer(&added, || {
                format!("added {name}; the API key, shown only now:\n{key}\n")
            });
        }
        UserCommand::List => {
            let users: Vec<User> = service
                .accounts()
                .map_err(Error::from)?
                .iter()
                .map(user)
                .collect();
            printer.answer(&users, || list(&users));
        }
        UserCommand::Remove { name } => {
            if !service.remove_account(&name).map_err(Error::from)? {
                return Err(Failure::new(
                    format!("there is no user {name}"),
                    "`wandb-rs server user list` shows who there is",
                ));
            }
            printer.answer(&serde_json::json!({ "removed": name }), || {
                format!("removed {name}\n")
            });
        }
    }
    Ok(Exit::Done)
}

/// Adds a user, or a key to one; returns the key.
pub(super) fn add(
    service: &Service,
    name: &EntityName,
    key: Option<String>,
) -> Result<String, Failure> {
    let key = match key {
        Some(key) => key,
        None => new_api_key().map_err(Error::from)?,
    };
    service.add_account(name, &key).map_err(Error::from)?;
    Ok(key)
}

fn user(account: &Account) -> User {
    User {
        name: account.name.to_string(),
        keys: account.keys.iter().map(|key| key.prefix.clone()).collect(),
        created_at: text::time(account.created_at),
    }
}

fn list(users: &[User]) -> String {
    let line = |user: &User| {
        format!(
            "{}\t{}…\t{}\n",
            user.name,
            user.keys.join("…, "),
            user.created_at
        )
    };
    users.iter().map(line).collect()
}
