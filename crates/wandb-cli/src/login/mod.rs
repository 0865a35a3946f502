//! `wandb-rs login`: keeps an API key, and the server that it is for.

mod key;
mod verify;

use serde::Serialize;

use super::args::LoginArgs;
use super::{Exit, Failure, Printer};
use verify::{Viewer, verify_key};
use wandb_rs::{ApiKey, BaseUrl, Credentials, Key, Mode, Settings, Unusable};

/// The output of `login --json`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    base_url: String,
    /// The location of the key, in words.
    key_source: String,
    /// Whether the key was stored before.
    was_logged_in: bool,
    /// Whether the server accepted the key.
    is_verified: bool,
    username: Option<String>,
    entity: Option<String>,
}

pub(super) fn run(
    args: &LoginArgs,
    settings: Settings,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let settings = match server(args)? {
        Some(base_url) => settings.with_base_url(base_url),
        None => settings,
    };
    let answer = match present_key(args, &settings)? {
        Some((key, source)) => {
            let viewer = checked(args, &settings, key.as_ref())?;
            settings.keep_base_url()?;
            remark_on_what_still_counts(&settings, key.as_ref(), printer);
            answer(&settings, source, true, viewer)
        }
        None => new_key(args, &settings, printer)?,
    };
    printer.answer(&answer, || people(&answer));
    Ok(Exit::Done)
}

/// Returns the server that the command line names.
fn server(args: &LoginArgs) -> Result<Option<BaseUrl>, Failure> {
    let Some(host) = &args.host else {
        return Ok(args.is_cloud.then(BaseUrl::default));
    };
    host.parse().map(Some).map_err(|error: Unusable| {
        Failure::new(
            format!("`--host` cannot be used: {error}"),
            "an address looks like https://wandb.example.com or http://127.0.0.1:8080",
        )
    })
}

/// Returns the key that is used already, if that is to stay, and where it is. A token is not a key, but does as well.
fn present_key(
    args: &LoginArgs,
    settings: &Settings,
) -> Result<Option<(Option<ApiKey>, String)>, Failure> {
    if args.key.is_some() || args.is_new {
        return Ok(None);
    }
    let found = settings.credentials()?;
    Ok(found.map(|found| {
        let key = match found.credentials {
            Credentials::ApiKey(key) => Some(key),
            Credentials::IdentityToken { .. } => None,
        };
        (key, found.source.to_string())
    }))
}

/// Gets a key, asks the server about it, and keeps it.
fn new_key(args: &LoginArgs, settings: &Settings, printer: &Printer) -> Result<Answer, Failure> {
    let key = key::get(args, settings, printer)?;
    // Before anything is written: a key that the server refuses must not take the place of one that it takes.
    let viewer = checked(args, settings, Some(&key))?;
    let netrc = settings.keep_api_key(&key)?;
    settings.keep_base_url()?;
    remark_on_what_still_counts(settings, Some(&key), printer);
    Ok(answer(settings, netrc.display().to_string(), false, viewer))
}

fn checked(
    args: &LoginArgs,
    settings: &Settings,
    key: Option<&ApiKey>,
) -> Result<Option<Viewer>, Failure> {
    match key {
        Some(key) if !args.is_unverified => verify_key(settings, key).map(Some),
        _ => Ok(None),
    }
}

/// Notes settings of higher precedence that override the key or its server.
fn remark_on_what_still_counts(settings: &Settings, key: Option<&ApiKey>, printer: &Printer) {
    let Ok(now) = Settings::from_env() else {
        return;
    };
    if now.base_url != settings.base_url {
        printer.remark(&format!(
            "note: {} still names {} as the server",
            now.source(Key::BaseUrl),
            now.base_url
        ));
    } else if let (Some(key), Ok(Some(found))) = (key, now.credentials())
        && found.credentials != Credentials::ApiKey(key.clone())
    {
        printer.remark(&format!(
            "note: the credentials from {} still count more",
            found.source
        ));
    }
    if matches!(now.mode, Mode::Offline | Mode::Disabled) {
        printer.remark(&format!(
            "note: the mode is {} ({}), so no server is asked",
            now.mode,
            now.source(Key::Mode)
        ));
    }
}

fn answer(
    settings: &Settings,
    key_source: String,
    was_logged_in: bool,
    viewer: Option<Viewer>,
) -> Answer {
    let is_verified = viewer.is_some();
    let viewer = viewer.unwrap_or_default();
    Answer {
        base_url: settings.base_url.to_string(),
        key_source,
        was_logged_in,
        is_verified,
        username: viewer.username,
        entity: viewer.entity,
    }
}

fn people(answer: &Answer) -> String {
    let Answer {
        base_url,
        key_source,
        ..
    } = answer;
    let key = if answer.was_logged_in {
        format!(
            "{base_url} has credentials already, from {key_source}; `--relogin` takes another key\n"
        )
    } else {
        format!("the API key for {base_url} is kept in {key_source}\n")
    };
    match (&answer.username, answer.is_verified) {
        (Some(name), true) => format!("{key}the server knows it as {name}'s\n"),
        (None, true) => format!("{key}the server knows it\n"),
        (_, false) => format!("{key}the server was not asked about it\n"),
    }
}
