//! `wandb-rs status`: shows the effective settings, their sources, and the target registry.

use std::error::Error as _;

use serde::Serialize;

use super::{Exit, Failure, Printer, text};
use wandb_rs::{Credentials, FoundCredentials, Key, Settings, Source, Target};

/// The output of `status --json`: that of the official client, and more.
#[derive(Debug, Serialize)]
struct Answer {
    base_url: String,
    /// Null where none is set, as the next ones.
    entity: Option<String>,
    organization: Option<String>,
    project: Option<String>,
    root_dir: String,
    /// The official client's default: nothing here looks at a git repository.
    git_remote: &'static str,
    /// The official client's default: nothing here collects files by itself.
    ignore_globs: [&'static str; 0],
    app_url: String,
    mode: &'static str,
    /// `server`, `embedded` or `disabled`.
    target: &'static str,
    /// Why.
    reason: String,
    /// The folder of the embedded store, whether it is used or not.
    store: String,
    credentials: Option<FoundAnswer>,
    /// The error of reading credentials.
    credentials_error: Option<String>,
    settings: Vec<Setting>,
    files: Files,
    /// Ignored lines of settings files, and the reasons.
    warnings: Vec<String>,
}

#[derive(Debug, Serialize)]
struct FoundAnswer {
    /// `api_key` or `identity_token`.
    kind: &'static str,
    source: String,
}

#[derive(Debug, Serialize)]
struct Setting {
    key: &'static str,
    variable: &'static str,
    value: Option<String>,
    source: String,
    #[serde(skip)]
    is_default: bool,
}

/// The locations of settings files, whether they exist or not.
#[derive(Debug, Serialize)]
struct Files {
    global: Option<String>,
    workspace: String,
    netrc: Option<String>,
}

pub(super) fn run(settings: &Settings, printer: &Printer) -> Result<Exit, Failure> {
    let answer = answer(settings)?;
    printer.answer(&answer, || people(&answer));
    Ok(Exit::Done)
}

fn answer(settings: &Settings) -> Result<Answer, Failure> {
    let destination = settings.destination()?;
    let target = match destination.target {
        Target::Server { .. } => "server",
        Target::Embedded { .. } => "embedded",
        Target::Disabled => "disabled",
    };
    let (credentials, credentials_error) = match settings.credentials() {
        Ok(found) => (found.as_ref().map(found_answer), None),
        // Where no server is asked, it does not matter that they cannot be found.
        Err(error) => {
            let source = error.source().map(|source| format!(": {source}"));
            (None, Some(format!("{error}{}", source.unwrap_or_default())))
        }
    };
    Ok(Answer {
        base_url: settings.base_url.to_string(),
        entity: settings.named_entity().map(ToString::to_string),
        organization: settings.organization.clone(),
        project: settings.named_project().map(ToString::to_string),
        root_dir: settings.root_dir.display().to_string(),
        git_remote: "origin",
        ignore_globs: [],
        app_url: settings.app_url(),
        mode: settings.mode.as_str(),
        target,
        reason: destination.reason.to_string(),
        store: absolute(&settings.store),
        credentials,
        credentials_error,
        settings: listed(settings, target == "server"),
        files: Files {
            global: settings.global_file().as_deref().map(shown),
            workspace: shown(settings.workspace_file()),
            netrc: settings.netrc_file().map(shown),
        },
        warnings: settings
            .warnings()
            .iter()
            .map(ToString::to_string)
            .collect(),
    })
}

fn found_answer(found: &FoundCredentials) -> FoundAnswer {
    FoundAnswer {
        kind: match found.credentials {
            Credentials::ApiKey(_) => "api_key",
            Credentials::IdentityToken { .. } => "identity_token",
        },
        source: found.source.to_string(),
    }
}

/// Returns every setting. On a server, an entity that is not set is the account's default.
fn listed(settings: &Settings, is_server: bool) -> Vec<Setting> {
    let mut list: Vec<_> = settings.list().into_iter().map(setting).collect();
    for entity in &mut list {
        if is_server && entity.key == Key::Entity.name() && entity.is_default {
            entity.value = None;
        }
    }
    list
}

fn setting(listed: wandb_rs::ListedSetting) -> Setting {
    Setting {
        key: listed.key.name(),
        variable: listed.key.variable(),
        value: listed.value,
        source: listed.source.to_string(),
        is_default: listed.source == Source::Default,
    }
}

fn shown(path: &std::path::Path) -> String {
    path.display().to_string()
}

/// Returns the path as it can be typed anywhere.
fn absolute(path: &std::path::Path) -> String {
    shown(&std::path::absolute(path).unwrap_or_else(|_| path.to_owned()))
}

/// The settings that are listed even if they have their defaults.
const ALWAYS: [&str; 6] = [
    Key::BaseUrl.name(),
    Key::Entity.name(),
    Key::Project.name(),
    Key::Mode.name(),
    Key::Store.name(),
    Key::RootDir.name(),
];

fn people(answer: &Answer) -> String {
    let place = match answer.target {
        "server" => answer.base_url.clone(),
        "embedded" => format!("the embedded store {}", answer.store),
        _ => "nowhere".to_owned(),
    };
    let credentials = match (&answer.credentials, &answer.credentials_error) {
        (Some(found), _) if found.kind == "api_key" => format!("an API key, from {}", found.source),
        (Some(found), _) => format!("an identity token, from {}", found.source),
        (None, Some(error)) => format!("not known: {error}"),
        (None, None) => format!("none for {}; `wandb-rs login` keeps some", answer.base_url),
    };
    let head = [
        ["artifacts go to".to_owned(), place],
        ["because".to_owned(), answer.reason.clone()],
        ["credentials".to_owned(), credentials],
    ];
    let rows: Vec<[String; 2]> = answer
        .settings
        .iter()
        .filter(|setting| !setting.is_default || ALWAYS.contains(&setting.key))
        .map(|setting| {
            let none = match setting.key {
                "entity" => "the server's default",
                _ => "-",
            };
            let value = setting.value.as_deref().unwrap_or(none);
            let said = format!("{value} ({})", setting.source);
            [format!("  {}", setting.key), said]
        })
        .collect();
    format!("{}settings\n{}", text::table(&head), text::table(&rows))
}
