//! What the official client makes of the same calls, from files on a disk to the digest.
//!
//! Every case of `cases.json` is replayed here but those that `manifest_level.json` lists with the reason.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use artifact_core::DraftError;
use artifact_core::ports::Fetched;
use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use serde::Deserialize;
use serde_json::{Map, Value};
use wandb_rs::{
    AddDir, AddFile, AddReference, Artifact, Client, ContentDigest, DigestAlgorithm, EntryDigest,
    Error, FlowError, Prepared, ReferenceObject, ReferenceResolver, ReferenceUri, ResolveError,
};

const CASES: &str = include_str!("../../../manifest/tests/golden/cases.json");
const MANIFEST_LEVEL: &str = include_str!("../../../manifest/tests/golden/manifest_level.json");
/// How many cases there are; a test that finds fewer has lost some.
const COUNT: usize = 231;

/// What ours refuses and the official client does not: case, path or URI, and what the error says.
const REFUSED: &[(&str, &str, &str)] = &[
    ("names-newline", "line\nfeed", "digest ambiguous"),
    ("names-newline", "aa:b\nc", "digest ambiguous"),
    ("names-nul", "nul\0name", "no file name can hold NUL"),
    ("ref-other-schemes", "C:\\x", "drive letter"),
];

#[derive(Deserialize)]
struct Cases {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct ManifestLevel {
    /// Why, by name.
    cases: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    algorithm: String,
    inputs: Vec<Op>,
    results: Results,
}

#[derive(Deserialize)]
struct Results {
    artifact_digest: String,
    size: u64,
    count: usize,
    #[serde(default)]
    entries: Vec<Map<String, Value>>,
    /// Some of the entries, where there are very many.
    #[serde(default)]
    sample: Vec<Map<String, Value>>,
}

#[derive(Deserialize)]
struct Op {
    #[serde(flatten)]
    call: Call,
    /// The official client's exception, where it refuses.
    error: Option<String>,
}

#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
enum Call {
    File {
        path: String,
        content: Content,
        #[serde(default)]
        overwrite: bool,
    },
    AddFile {
        local: String,
        name: Option<String>,
        content: Content,
    },
    AddDir {
        dir: String,
        name: Option<String>,
        files: Vec<FileToMake>,
        #[serde(default)]
        merge: bool,
    },
    NewFile {
        name: String,
        content: Content,
    },
    Generate {
        prefix: String,
        count: usize,
    },
    AddReference {
        uri: String,
        name: Option<String>,
        checksum: bool,
        #[serde(default)]
        files: Vec<FileToMake>,
    },
    Reference {
        path: String,
        uri: String,
        digest: String,
        size: Option<u64>,
        #[serde(default)]
        extra: Map<String, Value>,
    },
    Remove {
        item: String,
    },
}

#[derive(Deserialize)]
struct FileToMake {
    path: String,
    content: Content,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text { text: String },
    Hex { hex: String },
    Counter { seed: usize, size: usize },
    Decimal {},
}

impl Content {
    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Text { text } => text.as_bytes().to_vec(),
            Self::Hex { hex } => (0..hex.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
                .collect(),
            Self::Counter { seed, size } => counter(*seed, *size),
            Self::Decimal {} => panic!("only `generate` counts"),
        }
    }
}

/// Byte i is `(i * 31 + seed + (i >> 8)) & 0xff`, which repeats after 65,536 bytes.
fn counter(seed: usize, size: usize) -> Vec<u8> {
    let byte = |i: usize| ((i * 31 + seed + (i >> 8)) & 0xff).try_into().unwrap();
    let period: Vec<u8> = (0..size.min(1 << 16)).map(byte).collect();
    let mut bytes = period.repeat((size >> 16) + 1);
    bytes.truncate(size);
    bytes
}

impl Case {
    fn base_name(&self) -> &str {
        self.name.rsplit_once('/').unwrap().0
    }

    /// Returns what the error must say, where ours refuses what the official client accepts.
    fn refused(&self, call: &Call) -> Option<&'static str> {
        let target = match call {
            Call::File { path, .. } => path,
            Call::AddReference { uri, .. } => uri,
            _ => return None,
        };
        let mut refused = REFUSED.iter();
        refused
            .find(|(case, what, _)| *case == self.base_name() && what == target)
            .map(|(.., reason)| *reason)
    }
}

/// Answers for stores that are not there, as they answered once.
#[derive(Debug, Default)]
struct Recorded(HashMap<String, ReferenceObject>);

impl Recorded {
    fn add(&mut self, call: &Call) {
        let Call::Reference {
            path,
            uri,
            digest,
            size,
            extra,
        } = call
        else {
            return;
        };
        let uri: ReferenceUri = uri.parse().unwrap();
        let content = ContentDigest::from_base64(DigestAlgorithm::Md5, digest);
        let object = ReferenceObject {
            uri: uri.clone(),
            relative_path: path.clone(),
            digest: content
                .map_or_else(|_| EntryDigest::Opaque(digest.as_str().into()), Into::into),
            size: *size,
            extra: extra.clone(),
        };
        if let Some(before) = self.0.insert(uri.as_str().to_owned(), object.clone()) {
            assert_eq!(
                (before.digest, before.size),
                (object.digest, object.size),
                "{uri}"
            );
        }
    }
}

#[async_trait]
impl ReferenceResolver for Recorded {
    fn resolve(
        &self,
        uri: &ReferenceUri,
        _checksum: bool,
    ) -> BoxStream<'static, Result<ReferenceObject, ResolveError>> {
        let object = self.0.get(uri.as_str()).cloned();
        let object = object.ok_or_else(|| ResolveError::NotFound { uri: uri.clone() });
        stream::once(std::future::ready(object)).boxed()
    }

    async fn open(&self, object: &ReferenceObject) -> Result<Fetched, ResolveError> {
        Err(ResolveError::NotFound {
            uri: object.uri.clone(),
        })
    }
}

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Replays the calls of one case, with files in folders of its own.
struct Replay<'a> {
    case: &'a Case,
    client: &'a Client,
    /// Where relative paths start.
    root: PathBuf,
    /// Where files lie whose own names do not matter.
    elsewhere: PathBuf,
    /// Where files lie that many cases need.
    shared: &'a Path,
}

impl<'a> Replay<'a> {
    fn new(case: &'a Case, client: &'a Client, shared: &'a Path) -> Self {
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

    fn empty(&self) -> Artifact {
        let algorithm = self.case.algorithm.parse().unwrap();
        Artifact::new("golden", "dataset")
            .unwrap()
            .digest_algorithm(algorithm)
    }

    /// Returns the artifact after the first `count` calls, without those that are refused.
    async fn after(&self, count: usize) -> Artifact {
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

    fn call(&self, artifact: &mut Artifact, step: usize, call: &Call) -> Outcome {
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

    fn compare(&self, prepared: &Prepared) {
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

fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

fn write_file(folder: &Path, path: &str, bytes: &[u8]) -> PathBuf {
    let file = folder.join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, bytes).unwrap();
    file
}

fn write_files(folder: &Path, files: &[FileToMake]) {
    for file in files {
        write_file(folder, &file.path, &file.content.bytes());
    }
}

/// Makes the folders of numbered files, of which some are large, once for all cases.
fn generate(cases: &[&Case], folder: &Path) {
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

/// The cases, those that are replayed elsewhere, and a client in a folder.
struct Fixture {
    cases: Vec<Case>,
    elsewhere: BTreeMap<String, String>,
    client: Client,
    folder: tempfile::TempDir,
}

fn fixture() -> Fixture {
    let Cases { cases } = serde_json::from_str(CASES).unwrap();
    let ManifestLevel { cases: elsewhere } = serde_json::from_str(MANIFEST_LEVEL).unwrap();
    let mut recorded = Recorded::default();
    cases
        .iter()
        .filter(|case| !elsewhere.contains_key(case.base_name()))
        .flat_map(|case| &case.inputs)
        .for_each(|op| recorded.add(&op.call));
    let folder = tempfile::tempdir().unwrap();
    let recorded = Arc::new(recorded);
    let builder = Client::builder().store(folder.path().join("store"));
    let client = ["s3", "gs", "http", "https"]
        .into_iter()
        .fold(builder, |builder, scheme| {
            builder.resolver(scheme, Arc::clone(&recorded) as _)
        })
        .open()
        .unwrap();
    Fixture {
        cases,
        elsewhere,
        client,
        folder,
    }
}

#[test]
fn every_case_ends_as_the_official_clients() {
    const THREADS: usize = 4;
    let Fixture {
        cases,
        elsewhere,
        client,
        folder,
    } = fixture();
    assert_eq!(cases.len(), COUNT);
    let (listed, cases): (Vec<_>, Vec<_>) = cases
        .iter()
        .partition(|case| elsewhere.contains_key(case.base_name()));
    let names: BTreeSet<&str> = listed.iter().map(|case| case.base_name()).collect();
    assert_eq!(
        names,
        elsewhere.keys().map(String::as_str).collect(),
        "listed, but not there"
    );
    assert!(REFUSED.iter().all(|(case, ..)| !names.contains(case)));

    generate(&cases, folder.path());
    let replay_every = |first: usize| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let mut replayed = Vec::new();
        for case in cases.iter().skip(first).step_by(THREADS) {
            let replay = Replay::new(case, &client, folder.path());
            let artifact = runtime.block_on(replay.after(case.inputs.len()));
            let prepared = runtime.block_on(client.preview(artifact));
            replay.compare(&prepared.unwrap_or_else(|e| panic!("{}: {}", case.name, chain(&e))));
            replayed.push(case.name.as_str());
        }
        replayed
    };
    let replayed: Vec<&str> = std::thread::scope(|scope| {
        let replay_every = &replay_every;
        let threads: Vec<_> = (0..THREADS)
            .map(|first| scope.spawn(move || replay_every(first)))
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    let different: BTreeSet<&str> = replayed.iter().copied().collect();
    assert_eq!(different.len(), replayed.len(), "a case is there twice");
    assert_eq!(replayed.len() + listed.len(), COUNT);
}

#[tokio::test]
async fn what_could_never_be_downloaded_is_refused_when_it_is_logged() {
    let Fixture {
        cases,
        elsewhere,
        client,
        folder,
    } = fixture();
    let is_both = |case: &&Case| {
        let reason = elsewhere.get(case.base_name());
        reason.is_some_and(|reason| reason.starts_with("a file that is a folder too"))
    };
    let mut refused = 0;
    for case in cases.iter().filter(is_both) {
        let replay = Replay::new(case, &client, folder.path());
        // What is added and removed is what the official client has, up to the log.
        let artifact = replay.after(case.inputs.len()).await;
        let expected: Vec<_> = case
            .results
            .entries
            .iter()
            .map(|entry| entry["path"].clone())
            .collect();
        assert_eq!(
            artifact.paths().collect::<Vec<_>>(),
            expected,
            "{}",
            case.name
        );
        let error = client.preview(artifact).await.unwrap_err();
        assert!(
            matches!(
                error,
                Error::Flow(FlowError::Draft(DraftError::FileAndFolder { .. }))
            ),
            "{}: {error}",
            case.name
        );
        refused += 1;
    }
    assert_eq!(refused, 12);
}
