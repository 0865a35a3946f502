//! Arguments of the command line.

mod reading;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use wandb_rs::{
    AddReference, Alias, ArtifactAddress, ArtifactName, ArtifactType, EntityName, InvalidValue,
    ProjectName, RunId, Tag,
};

pub(super) use reading::{CacheCommand, CatArgs, OfficialCacheCommand, OfflineArgs};
use wandb_rs::Mode;

/// W&B Artifacts in a folder: versioned, deduplicated, verified. Unofficial.
#[derive(Debug, Parser)]
#[command(
    name = "wandb-rs",
    version,
    propagate_version = true,
    max_term_width = 100
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Args)]
pub(super) struct Global {
    // The environment is read by the library's settings, where an empty variable counts as none.
    /// Folder of the embedded store [default: `wandb/store` in the user's data folder] [env: `WANDB_RS_STORE`].
    #[arg(long, global = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) store: Option<PathBuf>,
    /// Entity of addresses that name none [default: local] [env: `WANDB_ENTITY`].
    #[arg(long, global = true, value_name = "NAME")]
    pub(super) entity: Option<EntityName>,
    /// Project of addresses that name none [default: uncategorized] [env: `WANDB_PROJECT`].
    #[arg(short, long, global = true, value_name = "NAME")]
    pub(super) project: Option<ProjectName>,
    /// Print one JSON object, and nothing else.
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// Print neither progress nor remarks.
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Log and get artifacts.
    #[command(subcommand)]
    Artifact(Box<ArtifactCommand>),
    /// List runs and their files.
    #[command(subcommand)]
    Run(super::runs::RunCommand),
    /// Draw which runs made a version of what, and what was made of it.
    Lineage(super::lineage::LineageArgs),
    /// Describe the runs and inputs that led to a version.
    Why(super::lineage::WhyArgs),
    /// Look after the embedded store.
    #[command(subcommand)]
    Store(super::store::StoreCommand),
    /// Copy versions from the embedded store to a server, or to another store.
    Push(PushArgs),
    /// Copy versions from a server, or from another store, to the embedded store.
    Pull(PullArgs),
    /// Keep an API key, and the server that it is for.
    Login(LoginArgs),
    /// Show the effective settings, where each comes from, and the target registry.
    Status,
    /// Check settings, network, credentials and folders, and suggest a fix for each problem.
    Doctor,
    /// Look after the cache of what was fetched from servers.
    #[command(subcommand)]
    Cache(CacheCommand),
    #[command(flatten)]
    Mode(ModeCommand),
    /// Serve the store to W&B clients.
    #[cfg(feature = "server")]
    Server(super::server::ServerArgs),
    /// Print the completion script of a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Write the manual pages.
    Man {
        /// The folder to write them to.
        #[arg(value_hint = ValueHint::DirPath)]
        folder: PathBuf,
    },
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(super) enum ModeCommand {
    /// Ask a server from this folder again.
    #[command(alias = "enabled")]
    Online,
    /// Use no server from this folder: everything goes to the embedded store.
    Offline,
    /// Log nothing from this folder.
    Disabled,
}

impl From<ModeCommand> for Mode {
    fn from(command: ModeCommand) -> Self {
        match command {
            ModeCommand::Online => Self::Online,
            ModeCommand::Offline => Self::Offline,
            ModeCommand::Disabled => Self::Disabled,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum ArtifactCommand {
    /// Log files, folders and references as the next version of an artifact.
    Put(PutArgs),
    /// Finish a version that several writers have put parts of.
    Finish(FinishArgs),
    /// Download artifact versions.
    Get(GetArgs),
    /// Write one file of a version, or a range of it, to standard output.
    Cat(CatArgs),
    /// List artifacts, or the versions of one.
    Ls(LsArgs),
    /// Show the metadata of a version.
    Info(InfoArgs),
    /// Verify a version byte by byte, and list files that are missing, changed or extra.
    Verify(VerifyArgs),
    /// Show the differences between two versions.
    Diff(super::diff::DiffArgs),
    /// Change aliases, tags, TTL, description or metadata of a version.
    Update(super::update::UpdateArgs),
    /// Delete versions; of a link, only the link.
    Rm(super::remove::RmArgs),
    /// Link a version to a collection, which is created if it does not exist.
    Link(super::link::LinkArgs),
    /// Remove a version from a collection to which it is linked.
    Unlink(super::link::UnlinkArgs),
    /// Copy a version to another collection of the same registry.
    Cp(super::copy::CpArgs),
    /// List, change and delete collections.
    #[command(subcommand)]
    Collection(super::collection::CollectionCommand),
    /// Clean the cache, with the options of the official client.
    #[command(subcommand)]
    Cache(OfficialCacheCommand),
    /// Show tables of a version.
    #[command(subcommand)]
    Table(super::table::TableCommand),
    /// Check and freeze references of a version.
    #[command(subcommand)]
    Refs(super::refs::RefsCommand),
}

impl ArtifactCommand {
    /// Returns the limit of the transfer rate in bytes per second.
    pub(super) const fn limit_rate(&self) -> Option<u64> {
        match self {
            Self::Put(args) => args.rate.limit_rate,
            Self::Get(args) => args.rate.limit_rate,
            Self::Cp(args) => args.rate.limit_rate,
            Self::Cat(args) => args.rate.limit_rate,
            Self::Refs(super::refs::RefsCommand::Freeze(args)) => args.rate.limit_rate,
            _ => None,
        }
    }
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(super) struct PutArgs {
    /// Files, folders, and URIs of content that stays where it is: `s3://`, `gs://`, `https://`, `file:`, `wandb-artifact://`. The content of a folder or prefix goes to the root of the artifact.
    #[arg(required = true, value_name = "PATH|URI", value_hint = ValueHint::AnyPath)]
    pub(super) paths: Vec<PathBuf>,
    /// Name of the artifact, with project and entity if wanted [default: the name of the one path].
    #[arg(short, long, value_name = "[ENTITY/][PROJECT/]NAME")]
    pub(super) name: Option<ArtifactAddress>,
    /// Type of the artifact.
    #[arg(short = 't', long = "type", default_value = "dataset", value_parser = unreserved_type)]
    pub(super) artifact_type: ArtifactType,
    /// Free text about this version.
    #[arg(short, long)]
    pub(super) description: Option<String>,
    /// Alias that moves to this version; may be given more than once. `latest` always moves.
    #[arg(short, long, value_name = "ALIAS")]
    pub(super) alias: Vec<Alias>,
    /// Tag of this version; may be given more than once.
    #[arg(long, value_name = "TAG")]
    pub(super) tag: Vec<Tag>,
    /// JSON object that describes this version, or `@FILE` that holds it.
    #[arg(long, value_name = "JSON|@FILE")]
    pub(super) metadata: Option<String>,
    /// Leave out what matches, seen from each folder: `*.tmp`, `cache/**`; may be given more than once.
    #[arg(long, value_name = "GLOB")]
    pub(super) exclude: Vec<String>,
    /// Path in the artifact of a file or object, or folder for the content of a folder or prefix; once for each PATH, in their order.
    #[arg(long = "as", value_name = "PATH")]
    pub(super) as_path: Vec<String>,
    /// Maximum number of objects under one URI; more are an error.
    #[arg(long, value_name = "N", default_value_t = AddReference::DEFAULT_MAX_OBJECTS, value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) max_objects: u64,
    /// Record URIs as they are, without asking their stores for digests and sizes.
    #[arg(long)]
    pub(super) no_checksum: bool,
    /// Accepted because the official client has it: no file is copied before the log, under either policy.
    #[arg(long = "policy", value_enum, default_value_t = Policy::Mutable)]
    pub(super) _policy: Policy,
    /// Id of the run that logs it [default: random].
    #[arg(long, value_name = "RUN_ID")]
    pub(super) id: Option<RunId>,
    /// Group of the run that logs it [env: `WANDB_RUN_GROUP`].
    #[arg(long, value_name = "NAME")]
    pub(super) group: Option<String>,
    /// Log it as a partial version, one of those of the writers of the group; `artifact finish` makes one version of them.
    #[arg(long = "partial", conflicts_with_all = ["tag", "dry_run"])]
    pub(super) is_partial: bool,
    /// Log an artifact without files, too, and URIs with nothing behind them.
    #[arg(long)]
    pub(super) allow_empty: bool,
    /// Show what would be logged, and store nothing.
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Accepted because the official client has it: nothing is cached while logging.
    #[arg(long = "skip_cache", alias = "skip-cache", hide = true)]
    pub(super) _skip_cache: bool,
    #[command(flatten)]
    pub(super) rate: RateArgs,
}

#[derive(Debug, Args)]
pub(super) struct FinishArgs {
    /// Name of the artifact, with project and entity if wanted.
    #[arg(value_name = "[ENTITY/][PROJECT/]NAME")]
    pub(super) name: ArtifactAddress,
    /// Type of the artifact.
    #[arg(short = 't', long = "type", default_value = "dataset", value_parser = unreserved_type)]
    pub(super) artifact_type: ArtifactType,
    /// Group of the writers [env: `WANDB_RUN_GROUP`].
    #[arg(long, value_name = "NAME")]
    pub(super) group: Option<String>,
    /// Alias that moves to the version; may be given more than once. `latest` always moves.
    #[arg(short, long, value_name = "ALIAS")]
    pub(super) alias: Vec<Alias>,
    /// Free text about the version.
    #[arg(short, long)]
    pub(super) description: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Policy {
    /// The files may change after the log.
    Mutable,
    /// The files never change.
    Immutable,
}

#[derive(Debug, Args)]
pub(super) struct GetArgs {
    /// Addresses of the versions: `[[entity/]project/]name[:alias|:vN]`; `latest` if none is given.
    #[arg(required = true, value_name = "ADDRESS")]
    pub(super) addresses: Vec<ArtifactAddress>,
    /// Folder to download to; each of several versions to `NAME:vN` in it [default: `NAME:vN` in `WANDB_ARTIFACT_DIR` or
    /// `artifacts`].
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) root: Option<PathBuf>,
    /// Only entries whose path starts with this; a trailing `/` makes it a folder.
    #[arg(long, value_name = "PREFIX")]
    pub(super) path_prefix: Option<String>,
    /// Only entries that match; `*` stays within a folder, `**` does not; may be given more than once.
    #[arg(long, value_name = "GLOB")]
    pub(super) include: Vec<String>,
    /// No entries that match, even if they are included; may be given more than once.
    #[arg(long, value_name = "GLOB")]
    pub(super) exclude: Vec<String>,
    /// Remove files from the folder that do not belong to the version.
    #[arg(long, conflicts_with_all = ["path_prefix", "include", "exclude"])]
    pub(super) exact: bool,
    /// Fail on names that some system cannot hold: those that differ only in case, and those that Windows refuses.
    #[arg(long)]
    pub(super) portable: bool,
    /// Read references to files of this machine, although the version is on a server.
    #[arg(long)]
    pub(super) allow_local_references: bool,
    /// Fail if the version has another type.
    #[arg(long = "type", value_name = "TYPE")]
    pub(super) artifact_type: Option<ArtifactType>,
    #[command(flatten)]
    pub(super) offline: OfflineArgs,
    #[command(flatten)]
    pub(super) rate: RateArgs,
}

#[derive(Debug, Clone, Copy, Args)]
pub(super) struct RateArgs {
    /// Most bytes a second to and from a server, such as `10MB` or `500KiB` [default: no limit].
    #[arg(long, value_name = "RATE", value_parser = super::rate::parse)]
    pub(super) limit_rate: Option<u64>,
}

/// Help on global flags for commands that copy.
const WHERE_TO: &str = "`--entity` and `--project` set the target of the copies: by default the default entity of the target, and the project of the same name. Parts that an address omits come from `WANDB_ENTITY` and `WANDB_PROJECT`.";

#[derive(Debug, Args)]
#[command(after_help = WHERE_TO)]
pub(super) struct PushArgs {
    /// URL of the server, or folder of the store, to copy to.
    #[arg(long, value_name = "URL|DIR", value_hint = ValueHint::AnyPath)]
    pub(super) to: String,
    #[command(flatten)]
    pub(super) what: TransferArgs,
}

#[derive(Debug, Args)]
#[command(after_help = WHERE_TO)]
pub(super) struct PullArgs {
    /// URL of the server, or folder of the store, to copy from.
    #[arg(long, value_name = "URL|DIR", value_hint = ValueHint::AnyPath)]
    pub(super) from: String,
    #[command(flatten)]
    pub(super) what: TransferArgs,
}

#[derive(Debug, Args)]
pub(super) struct TransferArgs {
    /// Addresses in the source: `[[entity/]project/]name[:alias|:vN]`; `latest` if none is given.
    #[arg(required = true, value_name = "ADDRESS")]
    pub(super) addresses: Vec<ArtifactAddress>,
    /// Every version of the artifacts, the oldest first.
    #[arg(long)]
    pub(super) all_versions: bool,
    /// Name in the target [default: the same].
    #[arg(short, long, value_name = "NAME")]
    pub(super) name: Option<ArtifactName>,
    #[command(flatten)]
    pub(super) rate: RateArgs,
}

#[derive(Debug, Args)]
pub(super) struct LsArgs {
    /// A project, or an artifact whose versions are wanted [default: every artifact of every project].
    #[arg(value_name = "PROJECT|ADDRESS")]
    pub(super) what: Option<String>,
    /// Only artifacts of this type.
    #[arg(short = 't', long = "type", value_name = "TYPE")]
    pub(super) artifact_type: Option<ArtifactType>,
}

#[derive(Debug, Args)]
pub(super) struct InfoArgs {
    /// Address of the version: `[[entity/]project/]name[:alias|:vN]`; `latest` if none is given.
    pub(super) address: ArtifactAddress,
    /// List the entries, too.
    #[arg(long)]
    pub(super) manifest: bool,
}

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// Address of the version: `[[entity/]project/]name[:alias|:vN]`; `latest` if none is given.
    pub(super) address: ArtifactAddress,
    /// Folder to compare with the version [default: the store's own copy is verified, and the stores of references are asked].
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) root: Option<PathBuf>,
    /// Read references to files of this machine, although the version is on a server.
    #[arg(long)]
    pub(super) allow_local_references: bool,
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(super) struct LoginArgs {
    /// The key [default: standard input, or what you type when you are asked].
    #[arg(value_name = "KEY")]
    pub(super) key: Option<String>,
    // Read later: the parser of the command line would repeat what it cannot read, and there may be a password in it.
    /// The server [default: the one that is set, or else the public one].
    #[arg(long, alias = "base-url", value_name = "URL", value_hint = ValueHint::Url)]
    pub(super) host: Option<String>,
    /// The public server, whatever is set.
    #[arg(long = "cloud", conflicts_with = "host")]
    pub(super) is_cloud: bool,
    /// Take a new key, also where there are credentials.
    #[arg(long = "relogin")]
    pub(super) is_new: bool,
    /// Ask the server whether it knows the key; that is the default.
    #[arg(long = "verify", overrides_with = "is_unverified")]
    pub(super) _verify: bool,
    /// Keep the key without asking the server.
    #[arg(long = "no-verify")]
    pub(super) is_unverified: bool,
}

/// Reads the type of an artifact of the user's own.
fn unreserved_type(text: &str) -> Result<ArtifactType, InvalidValue> {
    let artifact_type: ArtifactType = text.parse()?;
    artifact_type.check_unreserved()?;
    Ok(artifact_type)
}
