//! The contents of `put`: files, folders and references, as given on the command line.

use std::path::Path;

use serde_json::Value;
use wandb_rs::{AddReference, ArtifactAddress, ArtifactName, InvalidValue, ReferenceUri};

use super::super::args::PutArgs;
use super::super::{Failure, text};
use wandb_rs::{AddDir, AddFile, Artifact, Error, ScanError};

/// One thing to log.
pub(super) enum Item<'a> {
    /// A file or a folder of this machine.
    Local(&'a Path),
    /// Content that stays where it is.
    Reference(ReferenceUri),
}

impl<'a> Item<'a> {
    /// A file of the name goes before the URI that it reads as. Source: `artifact put` of wandb 0.31.0.
    fn parse(path: &'a Path) -> Result<Self, Failure> {
        match path.to_str().filter(|text| is_uri(text)) {
            Some(uri) if !path.exists() => Ok(Self::Reference(uri.parse().map_err(Error::from)?)),
            _ => Ok(Self::Local(path)),
        }
    }

    /// Returns it for display and records, without the secrets that a URI may hold.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Local(path) => path.to_string_lossy().into_owned(),
            Self::Reference(uri) => uri.to_string(),
        }
    }
}

/// Returns whether a text that names no file is a URI.
fn is_uri(text: &str) -> bool {
    let is_file = text
        .get(..5)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("file:"));
    is_file || text.contains("://")
}

/// Returns all that is to be logged, in order.
pub(super) fn items(args: &PutArgs) -> Result<Vec<Item<'_>>, Failure> {
    args.paths.iter().map(|path| Item::parse(path)).collect()
}

/// Returns where the artifact goes.
pub(super) fn address(args: &PutArgs) -> Result<ArtifactAddress, Failure> {
    match &args.name {
        Some(address) if address.selector().is_some() => {
            let whole = address.to_string();
            let collection = whole.split(':').next().unwrap_or_default();
            Err(Failure::new(
                format!("{whole} names a version, but the registry numbers versions itself"),
                format!(
                    "leave the version out: `--name {}`; give an alias with `--alias`",
                    text::shell_word(collection)
                ),
            ))
        }
        Some(address) => Ok(address.clone()),
        None => default_name(args),
    }
}

/// Returns the artifact to log.
pub(super) fn artifact(args: &PutArgs) -> Result<Artifact, Failure> {
    let mut artifact = Artifact::new(address(args)?.name().clone(), args.artifact_type.clone())?;
    if let Some(description) = &args.description {
        artifact = artifact.description(description);
    }
    if let Some(metadata) = &args.metadata {
        artifact = artifact.metadata(read_metadata(metadata)?)?;
    }
    let items = items(args)?;
    let names = names(args)?;
    for (item, name) in items.into_iter().zip(names) {
        match item {
            Item::Local(path) if path.is_dir() => add_folder(&mut artifact, path, name, args)?,
            Item::Local(path) => add_file(&mut artifact, path, name)?,
            Item::Reference(uri) => add_reference(&mut artifact, uri, name, args)?,
        }
    }
    Ok(artifact)
}

/// Returns the path in the artifact that is wanted for each item.
fn names(args: &PutArgs) -> Result<Vec<Option<&str>>, Failure> {
    let (wanted, given) = (args.paths.len(), args.as_path.len());
    if given == 0 {
        return Ok(vec![None; wanted]);
    }
    if given != wanted {
        return Err(Failure::new(
            format!(
                "{} and {} are given",
                text::count(wanted as u64, "path"),
                text::count(given as u64, "`--as`"),
            ),
            "give `--as` once for each path, in their order; an empty one keeps the name of the path",
        ));
    }
    let names = args.as_path.iter();
    Ok(names
        .map(|name| Some(name.as_str()).filter(|name| !name.is_empty()))
        .collect())
}

/// Returns the name of the one path, as the official client does.
fn default_name(args: &PutArgs) -> Result<ArtifactAddress, Failure> {
    let hint = "name the artifact with `--name NAME`";
    let [item] = items(args)?
        .try_into()
        .map_err(|_: Vec<_>| Failure::new("several paths have no name in common", hint))?;
    let base = match item {
        Item::Local(path) => std::path::absolute(path)
            .ok()
            .and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned())),
        reference @ Item::Reference(_) => {
            let shown = reference.shown();
            shown
                .trim_end_matches('/')
                .rsplit('/')
                .next()
                .map(ToOwned::to_owned)
        }
    };
    let name: Result<ArtifactName, InvalidValue> = base.unwrap_or_default().parse();
    name.map(ArtifactAddress::from)
        .map_err(|error| Failure::new(error.to_string(), hint))
}

pub(crate) fn read_metadata(text: &str) -> Result<Value, Failure> {
    let json = match text.strip_prefix('@') {
        Some(path) => std::fs::read_to_string(path).map_err(|error| {
            Failure::new(
                format!("the metadata file {path} cannot be read: {error}"),
                "check the path after the `@`",
            )
        })?,
        None => text.to_owned(),
    };
    serde_json::from_str(&json).map_err(|error| {
        Failure::new(
            format!("the metadata is not JSON: {error}"),
            r#"write it as `--metadata '{"key": "value"}'` or `--metadata @FILE`"#,
        )
    })
}

fn add_folder(
    artifact: &mut Artifact,
    path: &Path,
    name: Option<&str>,
    args: &PutArgs,
) -> Result<(), Failure> {
    let mut folder = args.exclude.iter().fold(AddDir::new(path), AddDir::exclude);
    if let Some(name) = name {
        folder = folder.name(name);
    }
    let count = artifact.add_dir(folder)?;
    if count == 0 && !args.allow_empty {
        return Err(Failure::new(
            format!("there is nothing to log in {}", path.display()),
            "check the path and `--exclude`, or use `--allow-empty`",
        ));
    }
    Ok(())
}

fn add_file(artifact: &mut Artifact, path: &Path, name: Option<&str>) -> Result<(), Failure> {
    let file = AddFile::new(path).name(name.unwrap_or_default());
    artifact.add_file(file).map_err(|error| match error {
        // `--exclude`, which the error itself suggests, is for what lies in folders.
        Error::Scan(ScanError::NotAFile { .. } | ScanError::BrokenLink { .. }) => Failure::new(
            error.to_string(),
            "name a file or a folder of files instead",
        ),
        error => error.into(),
    })?;
    Ok(())
}

fn add_reference(
    artifact: &mut Artifact,
    uri: ReferenceUri,
    name: Option<&str>,
    args: &PutArgs,
) -> Result<(), Failure> {
    let name = name.map(str::parse).transpose().map_err(Error::from)?;
    let reference = AddReference {
        name,
        checksum: !args.no_checksum,
        max_objects: args.max_objects,
        allow_empty: args.allow_empty,
        ..AddReference::new(uri)
    };
    Ok(artifact.add_reference(reference)?)
}
