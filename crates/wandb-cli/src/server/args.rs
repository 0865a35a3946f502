//! Arguments of `wandb-rs server`.

use std::net::SocketAddr;

use clap::{Args, Subcommand};
use wandb_rs::EntityName;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct ServerArgs {
    #[command(flatten)]
    pub(super) serve: ServeArgs,
    #[command(subcommand)]
    pub(super) command: Option<ServerCommand>,
}

#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// Address and port to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080")]
    pub(super) listen: SocketAddr,
    /// URL under which clients reach the server, if it is behind a proxy [default: the host of the request].
    #[arg(long, value_name = "URL", value_parser = public_url)]
    pub(super) public_url: Option<String>,
    /// Make this user at start, unless it is there.
    #[arg(long, value_name = "NAME", requires = "bootstrap_key")]
    pub(super) bootstrap_user: Option<EntityName>,
    /// API key of that user.
    #[arg(long, value_name = "KEY", requires = "bootstrap_user")]
    pub(super) bootstrap_key: Option<String>,
}

/// Checks what URLs are to begin with.
fn public_url(text: &str) -> Result<String, String> {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"))
        .ok_or("it begins with neither https:// nor http://")?;
    let is_odd = |c: char| c.is_whitespace() || c.is_control() || "?#\"'<>\\@".contains(c);
    match rest {
        "" => Err("it names no host".to_owned()),
        rest if rest.starts_with('/') => Err("it names no host".to_owned()),
        rest if rest.contains(is_odd) => {
            Err("it is more than a scheme, a host and a path".to_owned())
        }
        _ => Ok(text.trim_end_matches('/').to_owned()),
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum ServerCommand {
    /// Add, list and remove users; a server that runs knows of it at once.
    #[command(subcommand)]
    User(UserCommand),
}

#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Add a user, or another key of one.
    Add {
        /// The name, which is also that of the personal entity.
        name: EntityName,
        /// The key: at least 40 letters, digits, `_` and `-` [default: a new one, which is printed once].
        #[arg(long, value_name = "KEY")]
        api_key: Option<String>,
    },
    /// List the users.
    List,
    /// Remove a user and the keys; what the user logged stays.
    Remove {
        /// The name.
        name: EntityName,
    },
}
