//! The command `wandb-rs`. Everything it does, the library can do.
//!
//! Standard output carries what was asked for (with `--json` one stable object), standard error the rest.
//!
//! | exit code | means |
//! |---|---|
//! | 0 | done |
//! | 1 | failed; nothing was committed by halves; or `doctor` found an error |
//! | 2 | the command line cannot be understood |
//! | 3 | `artifact verify` found something missing, changed or extra, or `cache verify` something wrong; `refs check` something missing or changed; `diff` found a difference; `store fsck` found damage that is still there |
//! | 130, 143 | `put` or `finish` was interrupted with Ctrl-C, or ended with SIGTERM |

mod args;
mod cache;
mod cat;
mod collection;
mod copy;
mod diff;
mod doctor;
mod failure;
mod finish;
mod generate;
mod get;
mod info;
mod interrupt;
mod lineage;
mod link;
mod login;
mod ls;
mod mode;
mod printer;
mod progress_bars;
mod put;
mod rate;
mod reading;
mod refs;
mod remove;
mod runs;
#[cfg(feature = "server")]
mod server;
mod status;
mod store;
mod table;
mod text;
mod transfer;
mod update;
mod verify;

use std::process::ExitCode;

use clap::Parser as _;

use args::{ArtifactCommand, Cli, Command, Global, OfficialCacheCommand};
use failure::Failure;
use printer::Printer;
use transfer::Direction;

use wandb_rs::{Client, ClientBuilder, Settings};

/// The exit status of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exit {
    /// All done.
    Done,
    /// It could not be done.
    Failed,
    /// A verification found differences.
    Differs,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        // 2 is what the argument parser gives for a command line that it cannot understand.
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Differs => 3,
        })
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let printer = Printer::new(cli.global.json, cli.global.quiet);
    match run(cli, printer) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            failure.report();
            Exit::Failed.into()
        }
    }
}

fn run(cli: Cli, printer: Printer) -> Result<Exit, Failure> {
    let global = &cli.global;
    // What needs no settings must not fail because of them.
    let begin = |printer| begin(global, printer);
    match cli.command {
        Command::Completions { shell } => Ok(generate::completions(shell)),
        Command::Man { folder } => generate::manual(&folder),
        Command::Artifact(command) => {
            let (settings, printer) = begin(printer)?;
            artifact(*command, global, &settings, &printer)
        }
        Command::Run(command) => {
            let (settings, printer) = begin(printer)?;
            let client = builder(settings, &printer).existing().open()?;
            runtime()?.block_on(runs::run(command, &client.api(), &printer))
        }
        Command::Lineage(args) => {
            let (settings, printer) = begin(printer)?;
            let client = builder(settings, &printer).existing().open()?;
            runtime()?.block_on(lineage::run(args, &client, &printer))
        }
        Command::Why(args) => {
            let (settings, printer) = begin(printer)?;
            let client = builder(settings, &printer).existing().open()?;
            runtime()?.block_on(lineage::why(args, &client, &printer))
        }
        Command::Store(command) => {
            let (settings, printer) = begin(printer)?;
            runtime()?.block_on(store::run(command, &settings, &printer))
        }
        Command::Push(args) => {
            let (_, printer) = begin(printer)?;
            transfer::run(args.what, &args.to, Direction::Push, global, &printer)
        }
        Command::Pull(args) => {
            let (_, printer) = begin(printer)?;
            transfer::run(args.what, &args.from, Direction::Pull, global, &printer)
        }
        // It reports problems of the settings itself.
        Command::Doctor => doctor::run(settings(global), &printer),
        Command::Login(args) => {
            let (settings, printer) = begin(printer)?;
            login::run(&args, settings, &printer)
        }
        Command::Status => {
            let (settings, printer) = begin(printer)?;
            status::run(&settings, &printer)
        }
        Command::Cache(command) => {
            let (settings, printer) = begin(printer)?;
            cache::run(&command, &settings, &printer)
        }
        Command::Mode(mode) => {
            let (settings, printer) = begin(printer)?;
            mode::run(mode.into(), &settings, &printer)
        }
        #[cfg(feature = "server")]
        // What keeps a client quiet does not keep a server from its log: that takes `--quiet`.
        Command::Server(args) => {
            let (settings, _) = begin(printer.clone())?;
            server::run(args, &settings, &printer)
        }
    }
}

/// Reads the settings, reports ignored lines, and applies their verbosity.
fn begin(global: &Global, printer: Printer) -> Result<(Settings, Printer), Failure> {
    let settings = settings(global)?;
    let printer = printer.or_quiet(settings.is_quiet || settings.is_silent);
    for warning in settings.warnings() {
        printer.remark(&format!("warning: {warning}"));
    }
    Ok((settings, printer))
}

/// Returns the settings of the environment, overridden by flags.
fn settings(global: &Global) -> Result<Settings, Failure> {
    let mut settings = Settings::from_env()?;
    if let Some(store) = &global.store {
        settings = settings.with_store(store);
    }
    if let Some(entity) = &global.entity {
        settings = settings.with_entity(entity.clone());
    }
    if let Some(project) = &global.project {
        settings = settings.with_project(project.clone());
    }
    Ok(settings)
}

/// Returns the runtime that a command runs on.
fn runtime() -> Result<tokio::runtime::Runtime, wandb_rs::Error> {
    tokio::runtime::Runtime::new().map_err(|source| wandb_rs::Error::Runtime { source })
}

/// Returns how the client of a command works.
fn builder(settings: Settings, printer: &Printer) -> ClientBuilder {
    let builder = Client::builder().settings(settings);
    match printer.progress() {
        Some(progress) => builder.progress(progress),
        None => builder,
    }
}

fn artifact(
    command: ArtifactCommand,
    global: &Global,
    settings: &Settings,
    printer: &Printer,
) -> Result<Exit, Failure> {
    if let ArtifactCommand::Cache(OfficialCacheCommand::Cleanup(args)) = &command {
        return cache::clean(args.target, args.temporary.is_removed, settings, printer);
    }
    let mut builder = builder(settings.clone(), printer);
    if let Some(rate) = command.limit_rate() {
        builder = builder.limit_rate(rate);
    }
    runtime()?.block_on(async {
        match command {
            ArtifactCommand::Put(args) if args.dry_run => {
                put::preview(args, builder, printer).await
            }
            ArtifactCommand::Put(args) => put::run(args, &builder.open()?, printer).await,
            ArtifactCommand::Finish(args) => {
                finish::finish(args, &builder.existing().open()?, printer).await
            }
            ArtifactCommand::Get(args) => get::run(args, builder, settings, printer).await,
            ArtifactCommand::Cat(args) => cat::run(args, builder, settings, printer).await,
            ArtifactCommand::Ls(args) => {
                ls::run(args, global, &builder.existing().open()?, printer).await
            }
            ArtifactCommand::Info(args) => {
                info::run(args, &builder.existing().open()?, printer).await
            }
            ArtifactCommand::Verify(args) => {
                verify::run(args, &builder.existing().open()?, printer).await
            }
            ArtifactCommand::Diff(args) => {
                diff::run(args, &builder.existing().open()?, printer).await
            }
            ArtifactCommand::Update(args) => {
                update::run(args, &builder.existing().open()?, printer).await
            }
            ArtifactCommand::Rm(args) => {
                remove::run(args, &builder.existing().open()?, printer).await
            }
            ArtifactCommand::Link(args) => {
                link::link(args, &builder.existing().open()?, printer).await
            }
            ArtifactCommand::Unlink(args) => {
                link::unlink(args, &builder.existing().open()?, printer).await
            }
            ArtifactCommand::Cp(args) => {
                copy::run(args, &builder.existing().open()?, printer).await
            }
            ArtifactCommand::Collection(command) => {
                collection::run(command, &builder.existing().open()?, printer).await
            }
            // Needs no client.
            ArtifactCommand::Cache(_) => Ok(Exit::Done),
            ArtifactCommand::Table(command) => {
                table::run(command, &builder.existing().open()?, printer).await
            }
            ArtifactCommand::Refs(command) => {
                refs::run(command, &builder.existing().open()?, printer).await
            }
        }
    })
}
