//! Errors of the library, and hints.

use std::io::ErrorKind;
use std::path::PathBuf;

use artifact_core::ports::{RegistryError, ResolveError, TransferError};
use artifact_core::{
    ArtifactName, ArtifactType, DraftError, InvalidValue, LogicalPath, ProjectAddress,
};
use artifact_flows::{FlowError, LineageError, ScanError};
#[cfg(feature = "embedded")]
use artifact_store::StoreError;
use settings::SettingsError;
use storage_adapters::CacheError;

use crate::table::TableError;

/// An error of the library. [`hint`](Self::hint) gives advice.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A name, path or address breaks a rule.
    #[error(transparent)]
    Invalid(#[from] InvalidValue),
    /// Something cannot be added to an artifact, or removed from it.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// A file or folder cannot be added.
    #[error(transparent)]
    Scan(#[from] ScanError),
    /// Saving, fetching or verifying failed.
    #[error(transparent)]
    Flow(#[from] FlowError),
    /// The registry refused or failed.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The embedded store cannot be opened.
    #[cfg(feature = "embedded")]
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The cache cannot be read.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// The settings cannot be used, or not be kept.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The settings allow no connection to a server.
    #[error("cannot connect to {base_url} with these settings")]
    Connection {
        /// The server.
        base_url: String,
        /// The failure of the HTTP client.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The program was built without what the settings ask for.
    #[error(
        "{target} cannot be used: this program was built without the feature `{feature}` of wandb-rs"
    )]
    FeatureOff {
        /// The store or server.
        target: String,
        /// The feature.
        feature: &'static str,
    },
    /// Certificates that are to be trusted cannot be read.
    #[error("the certificates of {variable} cannot be read from {}", path.display())]
    Certificates {
        /// The variable that names them.
        variable: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// There is no folder for a cache.
    #[error("no home folder for the cache: set WANDB_CACHE_DIR")]
    NoHome,
    /// Only the server knows the default entity, and the client is offline.
    #[error(
        "the address names no entity, and the client is offline, so it cannot ask the server for the default one"
    )]
    NoEntityOffline,
    /// No temporary folder can be created.
    #[error("cannot create a temporary folder")]
    NoTemporaryFolder {
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// A file in an artifact was to be made twice.
    #[error("{path} is in the artifact already")]
    Exists {
        /// The path.
        path: LogicalPath,
    },
    /// The content of a new file could not be written.
    #[error("the content of {path} could not be written")]
    NewFile {
        /// The path.
        path: LogicalPath,
        /// The failure.
        source: std::io::Error,
    },
    /// The store is inside a folder to log, and would be logged into itself.
    #[error("the store {} is inside the folder to log", store.display())]
    OwnStore {
        /// The store.
        store: PathBuf,
    },
    /// A table, or its file, is not right.
    #[error(transparent)]
    Table(#[from] TableError),
    /// An entry of a version is no table, or a damaged one.
    #[error("{path} of {artifact} cannot be read as a table")]
    NotATable {
        /// The version.
        artifact: String,
        /// The path of the entry.
        path: String,
        /// The failure.
        source: Box<TableError>,
    },
    /// A version has no table of this name.
    #[error("{artifact} has no table {name:?}")]
    NoTable {
        /// The version.
        artifact: String,
        /// The name.
        name: String,
        /// Some of the tables that it has.
        tables: Vec<String>,
    },
    /// A pattern cannot be read.
    #[error("the pattern {pattern:?} cannot be read")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// The failure.
        source: globset::Error,
    },
    /// A version has another type than was asked for.
    #[error("{address} has type `{found}`, not `{wanted}`")]
    TypeMismatch {
        /// The version.
        address: String,
        /// The type it has.
        found: ArtifactType,
        /// The type that was asked for.
        wanted: ArtifactType,
    },
    /// A partial version has no group of writers.
    #[error("no group of writers is set for {name}")]
    NoGroup {
        /// The artifact.
        name: ArtifactName,
    },
    /// A draft of a version of one project was to be logged to another.
    #[error("{name} was drafted from a version of {from}, so it cannot be logged to {to}")]
    Moved {
        /// The artifact.
        name: ArtifactName,
        /// The project of the version.
        from: ProjectAddress,
        /// The project of the run.
        to: ProjectAddress,
    },
    /// The run has been finished.
    #[error("the run {run} is finished")]
    RunFinished {
        /// The run.
        run: String,
    },
    /// There is no run that could be resumed.
    #[error("there is no run {run} to resume")]
    NothingToResume {
        /// The run.
        run: String,
    },
    /// There is a run of this id already, and it is not to be resumed.
    #[error("the run {run} exists already")]
    RunExists {
        /// The run.
        run: String,
    },
    /// The file that remembers a run until it ends well could not be written.
    #[error("{} cannot be written", path.display())]
    Unremembered {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// A value logged to a run's history is no set of metrics.
    #[error("not a set of metrics: {what}")]
    NotMetrics {
        /// The problem.
        what: String,
    },
    /// A row of a history is longer than the protocol allows.
    #[error(
        "a row of {length} bytes is too long for a history: at most 10 MiB less 100 KiB are allowed"
    )]
    LineTooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// A step of a history is closed.
    #[error("step {step} is past: the history is at step {next}")]
    StepIsPast {
        /// The step.
        step: u64,
        /// The first step that may be logged to.
        next: u64,
    },
    /// The registry rejected lines of a run. The run has ended if the registry could be reached.
    #[error("{lines} lines of the run {run} were lost")]
    LinesLost {
        /// The run.
        run: String,
        /// The number of lines of its history and its console.
        lines: u64,
        /// Why; `None` where there were more than could wait.
        source: Option<Box<RegistryError>>,
    },
    /// No threads could be started.
    #[error("no threads could be started")]
    Runtime {
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// A lineage could not be walked.
    #[error(transparent)]
    Lineage(#[from] LineageError),
    /// The program ended before the artifact was logged.
    #[error("the program ended before the artifact was logged")]
    Interrupted,
}

/// Lets a parsed value be given in place of a text.
impl From<std::convert::Infallible> for Error {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

impl Error {
    /// Returns what to do about it, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            #[cfg(feature = "embedded")]
            Self::Store(StoreError::NoStore { .. }) => {
                Some("log something first: `wandb-rs artifact put PATH --name NAME`, or name another store with `--store DIR`".into())
            }
            Self::Settings(error) => error.hint(),
            Self::FeatureOff { feature, .. } => {
                Some(format!("turn it on in Cargo.toml: `wandb-rs = {{ features = [\"{feature}\"] }}`"))
            }
            Self::Registry(error)
            | Self::Flow(FlowError::Registry(error))
            | Self::Lineage(LineageError::Registry(error)) => registry_hint(error),
            Self::Lineage(LineageError::TooLarge { .. }) => {
                Some("walk less far with `--depth`, or one way only with `--up` or `--down`".into())
            }
            Self::Flow(error) => flow_hint(error),
            Self::Scan(error) => scan_hint(error),
            Self::Certificates { variable, .. } => Some(format!("let {variable} name a PEM file, or unset it")),
            Self::NoEntityOffline => {
                Some("name it, as in `entity/project/name:v3`, or set WANDB_ENTITY".into())
            }
            Self::NothingToResume { .. } => {
                Some("check the id, or resume with `allow`, which begins a run where there is none".into())
            }
            Self::RunExists { .. } => {
                Some("choose another id, or resume with `allow` or `must`".into())
            }
            Self::Table(error) => error.hint(),
            Self::NotATable { source, .. } => source.hint(),
            Self::NoTable { tables, .. } if tables.is_empty() => {
                Some("`wandb-rs artifact info --manifest` lists its entries".into())
            }
            Self::NoTable { tables, .. } => Some(format!("it has {}", tables.join(", "))),
            Self::NoGroup { .. } => {
                Some("name their group (`--group`, `WANDB_RUN_GROUP`, `RunBuilder::group`), or give the partial versions one `distributed_id`".into())
            }
            Self::Moved { from, .. } => Some(format!("log it with a run of {from}, or make a new artifact")),
            Self::Exists { path } => Some(format!("give the file another name than {path}, or remove that one first")),
            Self::OwnStore { store } => {
                let name = store.file_name().unwrap_or_default().to_string_lossy();
                Some(format!("keep the store elsewhere with `--store DIR`, or leave it out with `--exclude '{name}'`"))
            }
            _ => None,
        }
    }
}

fn registry_hint(error: &RegistryError) -> Option<String> {
    match error {
        RegistryError::NoArtifact { similar, .. } if !similar.is_empty() => {
            Some(format!("did you mean {}?", similar.join(" or ")))
        }
        RegistryError::NoRun { .. } => Some("`wandb-rs run ls` lists the runs".into()),
        RegistryError::NoArtifact { .. }
        | RegistryError::NoCollection { .. }
        | RegistryError::NoProject { .. } => {
            Some("`wandb-rs artifact ls` lists the artifacts".into())
        }
        RegistryError::Unauthorized { .. } => {
            Some("`wandb-rs login --relogin` stores another key; `wandb-rs status` shows the source of this one".into())
        }
        RegistryError::Backend { location, .. } if location.starts_with("http") => {
            Some("check that the server is running; `wandb-rs status` shows the source of its address".into())
        }
        RegistryError::TypeConflict(conflict) => Some(format!(
            "log it with `--type {}`, or under another name",
            conflict.existing
        )),
        _ => None,
    }
}

fn flow_hint(error: &FlowError) -> Option<String> {
    let text = match error {
        FlowError::Changed { .. } => {
            "run the same command again when nothing writes to the file; what was hashed is remembered"
        }
        FlowError::Conflict { .. } => {
            "give one of the two another name, or leave it out with `--exclude`"
        }
        FlowError::FinishedMeanwhile { .. } => {
            "finish a version when all its writers are done; the same partial version again begins the next version"
        }
        FlowError::Draft(DraftError::FileAndFolder { .. }) => {
            "no file system could hold both: give one of the two another name"
        }
        FlowError::Damaged { .. }
        | FlowError::Transfer {
            source: TransferError::Gone { .. },
            ..
        } => {
            "`wandb-rs artifact verify` lists all that is damaged; log the files again to repair them"
        }
        FlowError::Algorithm { .. } => {
            "copy it to a collection of another name, or to a server that takes these digests"
        }
        FlowError::LocalReference { .. } => {
            "if you trust the author of the version to read your files, use `--allow-local-references`; or leave such entries out with `--include`"
        }
        FlowError::NotCached { .. } => {
            "get it once with the server; offline, versions are found by `:vN`, or by an alias as it was last"
        }
        FlowError::OnlyCase { .. } => {
            "leave one out with `--exclude`, or choose a folder whose file system keeps case"
        }
        FlowError::Unportable { .. } => "leave it out with `--exclude`",
        FlowError::SameRoot { .. } => "download them to separate folders, one call each",
        FlowError::NoEntry { .. } => {
            "`wandb-rs artifact info ADDRESS --manifest` lists the entries"
        }
        FlowError::TooManyObjects { .. } => {
            "raise the limit with `--max-objects N`, or name a smaller prefix"
        }
        FlowError::Unnamed { .. } => "give its path in the artifact with `--as PATH`",
        FlowError::NoReferences { .. } => {
            "there is nothing to freeze; its content is stored already"
        }
        FlowError::Reference(ResolveError::Changed { .. }) => {
            "`wandb-rs artifact refs check` compares every reference; log the current content as a new version"
        }
        FlowError::Reference(ResolveError::UnknownScheme { .. }) => {
            "leave such entries out with `--include` or `--path-prefix`"
        }
        FlowError::Reference(ResolveError::Denied { uri, .. })
            if uri.scheme().as_str() == "file" =>
        {
            "if you trust the author of the version to read your files, use `--allow-local-references`"
        }
        FlowError::Link { .. } => "remove the link, or choose another folder with `--root`",
        FlowError::Read { source, .. } if source.kind() == ErrorKind::PermissionDenied => {
            "make it readable, or leave it out with `--exclude`"
        }
        FlowError::Reference(ResolveError::NotFound { .. }) => {
            "check the URI, and that it is still there; nothing was recorded or placed for it"
        }
        _ => return None,
    };
    Some(text.into())
}

fn scan_hint(error: &ScanError) -> Option<String> {
    let exclude = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Some(format!("leave it out with `--exclude '**/{name}'`"))
    };
    match error {
        ScanError::Io { source, .. }
            if matches!(
                source.kind(),
                ErrorKind::NotFound | ErrorKind::NotADirectory
            ) =>
        {
            Some("check the path".into())
        }
        ScanError::BrokenLink { path }
        | ScanError::Loop { path, .. }
        | ScanError::NotAFile { path, .. }
        | ScanError::Io { path, .. } => exclude(path),
        ScanError::Name { .. } => Some("rename the file, or leave it out with `--exclude`".into()),
        _ => None,
    }
}
