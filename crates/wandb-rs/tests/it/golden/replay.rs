//! Making the calls of a case.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;
use wandb_rs::{AddDir, AddFile, AddReference, Artifact, Client, Prepared};

use super::cases::{Call, Case, FileToMake};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Replays the calls of one case, with files in folders of its own.
pub(super) struct Replay<'a> {
    pub(super) case: &'a Case,
    pub(super) client: &'a Client,
    /// The folder that relative paths start from.
    pub(super) root: PathBuf,
    /// The folder of files whose names do not matter.
    pub(super) elsewhere: PathBuf,
    /// The folder of files that many cases need.
    pub(super) shared: &'a Path,
}

impl<'a> Replay<'a> {
    pub(super) fn new(case: &'a Case, client: &'a Client, shared: &'a Path) -> Self {
        let folder = shared.join(case.name.replace('/', "-"));
        let (root, elsewhere) = (folder.join("root"), folder.join("elsewhere"));
        fs::create_dir_all(&root).unwrap();
        fs::create_dir_all(&elsewhere).unwrap();
        Self {
            case,
            client,
            root,
            elsewhere,
            shared,
        }
    }

    pub(super) fn empty(&self) -> Artifact {
        let algorithm = self.case.algorithm.parse().unwrap();
        Artifact::new("golden", "dataset")
            .unwrap()
            .digest_algorithm(algorithm)
    }

    /// Returns the artifact after the first `count` calls, without those that are refused.
    pub(super) async fn after(&self, count: usize) -> Artifact {
        let mut artifact = self.empty();
        for (step, op) in self.case.inputs[..count].iter().enumerate() {
            let reason = self.case.refused(&op.call);
            let outcome = self.call(&mut artifact, step, &op.call);
            if op.error.is_none() && reason.is_none() {
                outcome.unwrap_or_else(|error| panic!("{} {step}: {error}", self.case.name));
                continue;
            }
            let error = if let Err(error) = outcome {
                error
            } else {
                // Ours reads files, and resolves references, when the artifact is logged.
                let whole = std::mem::replace(&mut artifact, Box::pin(self.after(step)).await);
                let error = self.client.preview(whole).await;
                error.expect_err(&self.case.name).into()
            };
            let text = chain(&*error);
            assert!(
                text.contains(reason.unwrap_or("")),
                "{} {step}: {text}",
                self.case.name
            );
        }
        artifact
    }

    pub(super) fn call(&self, artifact: &mut Artifact, step: usize, call: &Call) -> Outcome {
        let scratch = self.elsewhere.join(step.to_string());
        match call {
            Call::File {
                path,
                content,
                overwrite,
            } => {
                fs::write(&scratch, content.bytes()).unwrap();
                let file = AddFile::new(scratch).name(path);
                artifact.add_file(if *overwrite { file.overwrite() } else { file })?;
            }
            Call::AddFile {
                local,
                name,
                content,
            } => {
                let file = write_file(&self.root, local, &content.bytes());
                artifact.add_file(match name {
                    Some(name) => AddFile::new(file).name(name),
                    None => AddFile::new(file),
                })?;
            }
            Call::AddDir {
                dir,
                name,
                files,
                merge,
            } => {
                let folder = self.root.join(dir);
                fs::create_dir_all(&folder).unwrap();
                write_files(&folder, files);
                let folder = match name {
                    Some(name) => AddDir::new(folder).name(name),
                    None => AddDir::new(folder),
                };
                artifact.add_dir(if *merge { folder.merge() } else { folder })?;
            }
            Call::NewFile { name, content } => {
                artifact.new_file(name, |file| file.write_all(&content.bytes()))?;
            }
            Call::Generate { prefix, count } => {
                let folder = self.shared.join(format!("generated-{count}"));
                assert_eq!(artifact.add_dir(AddDir::new(folder).name(prefix))?, *count);
            }
            Call::AddReference {
                uri,
                name,
                checksum,
                files,
            } => {
                write_files(&self.root, files);
                let uri = uri.replace("{root}", self.root.to_str().unwrap());
                let name = name.as_deref().map(str::parse).transpose()?;
                let reference = AddReference::new(uri.parse()?);
                artifact.add_reference(AddReference {
                    name,
                    checksum: *checksum,
                    ..reference
                })?;
            }
            Call::Reference { path, uri, .. } => {
                let name = Some(path.parse()?);
                artifact.add_reference(AddReference {
                    name,
                    ..AddReference::new(uri.parse()?)
                })?;
            }
            Call::Remove { item } => artifact.remove(item)?,
        }
        Ok(())
    }

    pub(super) fn compare(&self, prepared: &Prepared) {
        let Case { name, results, .. } = self.case;
        let file = prepared.manifest.write(Vec::new()).unwrap();
        let file = String::from_utf8(file)
            .unwrap()
            .replace(self.root.to_str().unwrap(), "{root}");
        let mut file: Value = serde_json::from_str(&file).unwrap();
        let contents = file["contents"].as_object_mut().unwrap();
        for entry in results.entries.iter().chain(&results.sample) {
            let mut expected = entry.clone();
            let path = expected.remove("path").unwrap();
            // What the official client's core adds when it writes the file.
            expected.insert("skip_cache".into(), false.into());
            expected.entry("size").or_insert(0.into());
            let found = contents.get(path.as_str().unwrap());
            let is_refused = |call: &Call| self.case.refused(call).is_some();
            let names = |call: &Call| match call {
                Call::File { path: target, .. } => path == *target,
                Call::AddReference { name, .. } => name.as_ref().is_some_and(|name| path == *name),
                _ => false,
            };
            let mut calls = self.case.inputs.iter().map(|op| &op.call);
            if calls.any(|call| is_refused(call) && names(call)) {
                assert_eq!(found, None, "{name}: {path}");
                continue;
            }
            assert_eq!(found, Some(&Value::Object(expected)), "{name}: {path}");
        }
        let refused = self
            .case
            .inputs
            .iter()
            .filter(|op| self.case.refused(&op.call).is_some())
            .count();
        assert_eq!(contents.len() + refused, results.count, "{name}");
        if refused == 0 {
            assert_eq!(
                prepared.digest.to_string(),
                results.artifact_digest,
                "{name}"
            );
            assert_eq!(prepared.manifest.size(), results.size, "{name}");
        }
        assert!(
            results.entries.len() == results.count || !results.sample.is_empty(),
            "{name}"
        );
    }
}

pub(super) fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

pub(super) fn write_file(folder: &Path, path: &str, bytes: &[u8]) -> PathBuf {
    let file = folder.join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, bytes).unwrap();
    file
}

pub(super) fn write_files(folder: &Path, files: &[FileToMake]) {
    for file in files {
        write_file(folder, &file.path, &file.content.bytes());
    }
}

/// Makes the folders of numbered files, of which some are large, once for all cases.
pub(super) fn generate(cases: &[&Case], folder: &Path) {
    let counts: BTreeSet<usize> = cases
        .iter()
        .flat_map(|case| &case.inputs)
        .filter_map(|op| match op.call {
            Call::Generate { count, .. } => Some(count),
            _ => None,
        })
        .collect();
    for count in counts {
        let folder = folder.join(format!("generated-{count}"));
        fs::create_dir(&folder).unwrap();
        for i in 0..count {
            fs::write(folder.join(format!("{i:05}.txt")), i.to_string()).unwrap();
        }
    }
}
