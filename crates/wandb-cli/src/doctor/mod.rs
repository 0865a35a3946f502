//! `wandb-rs doctor`: checks the configuration and suggests fixes. It changes nothing.

mod account;
mod configuration;
mod finding;
mod folders;
mod network;
mod storage;

use std::fmt::Write as _;

use serde::Serialize;

use super::{Exit, Failure, Printer, text};
use finding::{Finding, Findings, State};
use wandb_rs::probe::ServerProbe;
use wandb_rs::{Error, Settings, Source, Target};

/// The output of `doctor --json`.
#[derive(Debug, Serialize)]
struct Answer {
    /// Whether there are no errors.
    ok: bool,
    /// In the order of the checks.
    findings: Vec<Finding>,
}

pub(super) fn run(settings: Result<Settings, Failure>, printer: &Printer) -> Result<Exit, Failure> {
    let mut findings = Findings::default();
    match settings {
        Ok(settings) => examine(&settings, &mut findings)?,
        Err(failure) => findings.failed("settings", &failure),
    }
    let answer = Answer {
        ok: findings.count(State::Error) == 0,
        findings: findings.0,
    };
    printer.answer(&answer, || people(&answer));
    Ok(if answer.ok { Exit::Done } else { Exit::Failed })
}

fn examine(settings: &Settings, findings: &mut Findings) -> Result<(), Failure> {
    configuration::settings(settings, findings);
    let destination = settings.destination();
    let server = match &destination {
        Ok(found) => {
            let place = match &found.target {
                Target::Server { base_url, .. } => base_url.to_string(),
                Target::Embedded { store } => format!("the embedded store {}", store.display()),
                Target::Disabled => "nowhere".to_owned(),
            };
            findings.ok(
                "target",
                format!("artifacts go to {place}, because {}", found.reason),
            );
            match &found.target {
                Target::Server { credentials, .. } => Some(Some(credentials.clone())),
                // A server that was set is expected to respond, even without credentials.
                Target::Embedded { .. } if is_server_meant(settings) => Some(None),
                _ => None,
            }
        }
        Err(_) => None,
    };
    if let Err(error) = destination {
        findings.failed("target", &error.into());
    }
    configuration::certificates(settings, findings);
    configuration::proxies(settings, findings);
    match server {
        Some(credentials) => {
            let runtime = tokio::runtime::Runtime::new();
            let runtime = runtime.map_err(|source| Error::Runtime { source })?;
            runtime.block_on(ask(settings, credentials, findings))?;
        }
        None => findings.ok("network", "not checked: no server is asked"),
    }
    folders::examine(settings, findings);
    Ok(())
}

/// Returns whether a server is set, and neither mode nor store excludes it.
fn is_server_meant(settings: &Settings) -> bool {
    !matches!(
        settings.mode,
        wandb_rs::Mode::Offline | wandb_rs::Mode::Disabled
    ) && *settings.source(wandb_rs::Key::Store) != Source::Explicit
        && *settings.source(wandb_rs::Key::BaseUrl) != Source::Default
}

async fn ask(
    settings: &Settings,
    credentials: Option<wandb_rs::Credentials>,
    findings: &mut Findings,
) -> Result<(), Failure> {
    let is_known = credentials.is_some();
    let server = match ServerProbe::new(settings, credentials) {
        Ok(server) => server,
        Err(error) => {
            findings.failed("network", &error.into());
            return Ok(());
        }
    };
    if !network::examine(settings, &server, findings).await {
        return Ok(());
    }
    if is_known {
        if account::examine(settings, &server, findings).await {
            storage::examine(&server, findings).await;
        }
    } else {
        findings.warning(
            "credentials",
            format!("there are none for {}", settings.base_url),
            "`wandb-rs login` keeps some, or set WANDB_API_KEY",
        );
    }
    Ok(())
}

fn people(answer: &Answer) -> String {
    let mut told = String::new();
    let width = answer.findings.iter().map(|found| found.check.len()).max();
    let width = width.unwrap_or_default();
    for Finding {
        check,
        state,
        what,
        fix,
    } in &answer.findings
    {
        _ = writeln!(told, "{:7}  {check:width$}  {what}", state.name());
        if let Some(fix) = fix {
            _ = writeln!(told, "{:7}  {:width$}  fix: {fix}", "", "");
        }
    }
    let count = |state| {
        answer
            .findings
            .iter()
            .filter(|it| it.state == state)
            .count() as u64
    };
    let (errors, warnings) = (count(State::Error), count(State::Warning));
    _ = writeln!(
        told,
        "{}, {}",
        text::count(errors, "error"),
        text::count(warnings, "warning"),
    );
    told
}
