//! The steps of `cargo xtask ci`, in the order they run: the quick ones first.

mod cargo;
mod embedding;
mod features;
mod layers;
mod msrv;
mod prose;
pub(crate) mod test;

use anyhow::Result;
use clap::{ArgMatches, Command, ValueEnum as _};

use crate::tools::{DENY, MACHETE};
use xtask::{process, stores};

use crate::interop;

/// With metadata, because a library may have another name than its package; in named folders, to pass by build folders.
const MACHETE_ARGUMENTS: &[&str] = &[
    "--with-metadata",
    "benchmarks",
    "crates",
    "examples",
    "xtask",
];

/// Without `advisories`, which need a database that no package registry has; and some of the wrappers that `deny.toml`
/// allows for a banned crate do not use it yet.
const DENY_ARGUMENTS: &[&str] = &[
    "--all-features",
    "check",
    "--allow",
    "unused-wrapper",
    "bans",
    "licenses",
    "sources",
];

/// One check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Step {
    /// Formatting is rustfmt's, with its default settings
    Fmt,
    /// Crates depend only on what their layer may name
    Layers,
    /// The minimum Rust version is stated once and the toolchain reaches it
    Msrv,
    /// Doc comments begin with a name or a verb, commit subjects with a topic
    Prose,
    /// Dependencies are used
    Machete,
    /// Dependencies are allowed: bans, licences, sources
    Deny,
    /// Clippy is silent with all, default and no features
    Clippy,
    /// Documentation builds without warnings
    Doc,
    /// Doctests pass
    Doctest,
    /// The official client gets what it expects of our server
    Interop,
    /// The resolvers read stores on loopback as they should
    Stores,
    /// All other tests pass
    Test,
    /// Examples run to their end
    Examples,
    /// Each crate builds alone, with each of its features alone
    Features,
    /// Programs with sqlx, sea-orm or diesel resolve and build with the library
    Embedding,
    /// Benchmarks build and get through one round
    Benches,
}

impl Step {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Fmt => "fmt",
            Self::Layers => "layers",
            Self::Msrv => "msrv",
            Self::Prose => "prose",
            Self::Machete => "machete",
            Self::Deny => "deny",
            Self::Clippy => "clippy",
            Self::Doc => "doc",
            Self::Doctest => "doctest",
            Self::Interop => "interop",
            Self::Stores => "stores",
            Self::Test => "test",
            Self::Examples => "examples",
            Self::Features => "features",
            Self::Embedding => "embedding",
            Self::Benches => "benches",
        }
    }

    fn takes_arguments(self) -> bool {
        matches!(self, Self::Test | Self::Interop | Self::Stores)
    }

    pub(crate) fn run(self) -> Result<()> {
        match self {
            Self::Fmt => cargo::fmt(),
            Self::Layers => layers::run(),
            Self::Msrv => msrv::run(),
            Self::Prose => prose::run(),
            Self::Machete => process::run(MACHETE.command()?.args(MACHETE_ARGUMENTS)),
            Self::Deny => process::run(DENY.command()?.args(DENY_ARGUMENTS)),
            Self::Clippy => cargo::clippy(),
            Self::Doc => cargo::doc(),
            Self::Doctest => test::doctests(),
            Self::Interop => interop::tests(&[]),
            Self::Stores => stores::tests(&[]),
            Self::Test => test::tests(&[]),
            Self::Examples => cargo::examples(),
            Self::Features => features::run(),
            Self::Embedding => embedding::run(),
            Self::Benches => cargo::benches(),
        }
    }
}

/// Each step is a command of its own, except for the tests: those commands take arguments.
impl clap::Subcommand for Step {
    fn augment_subcommands(command: Command) -> Command {
        let steps = Self::value_variants()
            .iter()
            .filter(|step| !step.takes_arguments());
        command.subcommands(steps.map(|step| {
            let value = step.to_possible_value();
            let about = value.and_then(|value| value.get_help().cloned());
            Command::new(step.name()).about(about.unwrap_or_default())
        }))
    }

    fn augment_subcommands_for_update(command: Command) -> Command {
        Self::augment_subcommands(command)
    }

    fn has_subcommand(name: &str) -> bool {
        Self::from_str(name, false).is_ok_and(|step| !step.takes_arguments())
    }
}

impl clap::FromArgMatches for Step {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let name = matches.subcommand_name().unwrap_or_default();
        Self::from_str(name, false)
            .map_err(|message| clap::Error::raw(clap::error::ErrorKind::InvalidSubcommand, message))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_command_line() {
        for step in Step::value_variants() {
            let value = step.to_possible_value().unwrap();
            assert_eq!(value.get_name(), step.name());
        }
    }
}
