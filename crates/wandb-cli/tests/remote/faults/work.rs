//! The work that is disturbed: an artifact is logged by a run, and fetched into an empty folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use artifact_core::ports::{
    ArtifactLookup, ArtifactRecord, ArtifactRegistry as _, PageRequest, RunMessage,
};
use artifact_core::records::{RunAddress, RunChanges};
use artifact_core::{ArtifactAddress, ArtifactDraft, ArtifactName, ProjectAddress, Source};
use artifact_flows::{
    FetchOptions, Fetched, Flow, FlowError, NoProgress, ResolverLookup, SaveTarget, Saved,
    StatCache, UploadJournal,
};
use storage_adapters::Resolvers;
use tempfile::TempDir;
use transport::{Wandb, WandbOptions};

use crate::server::USER;

/// A folder of files, the artifact that is made of them, and where it is fetched to.
pub(super) struct Work {
    pub(super) folder: TempDir,
    pub(super) name: ArtifactName,
    pub(super) files: BTreeMap<String, Vec<u8>>,
}

impl Work {
    /// Returns work whose content nobody has seen before, as long as its name is new.
    pub(super) fn new(name: &str) -> Self {
        let large: Vec<u8> = name.bytes().cycle().take(70_000).collect();
        let files = BTreeMap::from([
            ("a.txt".to_owned(), format!("a {name}").into_bytes()),
            ("deep/er/large.bin".to_owned(), large),
            ("empty".to_owned(), Vec::new()),
            ("ünï.txt".to_owned(), format!("u {name}").into_bytes()),
        ]);
        let folder = tempfile::tempdir().unwrap();
        for (path, content) in &files {
            let path = folder.path().join("files").join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        let name = name.parse().unwrap();
        Self {
            folder,
            name,
            files,
        }
    }

    /// Returns the ways to a server, with what they remember in this work's folder.
    pub(super) fn flow(&self, options: &WandbOptions) -> Flow {
        let server = Arc::new(Wandb::new(options).unwrap());
        Flow {
            registry: server.clone(),
            transfer: server,
            cache: None,
            versions: None,
            stat_cache: StatCache::new(self.folder.path().join("stat-cache")),
            progress: Arc::new(NoProgress),
            journal: Some(UploadJournal::new(self.folder.path().join("journal"))),
        }
    }

    /// Logs the files by a run of its own.
    pub(super) async fn log(&self, flow: &Flow) -> Result<Saved, FlowError> {
        let run = RunAddress {
            project: project(),
            id: self.name.as_str().parse().unwrap(),
        };
        flow.registry
            .upsert_run(&run, RunChanges::default())
            .await?;
        let mut draft = ArtifactDraft::new(self.name.clone(), "dataset".parse()?)?;
        for path in self.files.keys() {
            let local = self.folder.path().join("files").join(path);
            let stamp = artifact_flows::stat_file(&local).unwrap();
            draft.add(path.parse()?, Source::File { path: local, stamp });
        }
        let target = SaveTarget {
            project: project(),
            run: Some(run.id.clone()),
            aliases: Vec::new(),
            tags: Vec::new(),
            distributed_id: None,
        };
        let saved = artifact_flows::log(flow, draft, &resolvers(), target).await?;
        let end = RunMessage {
            exit_code: Some(0),
            ..RunMessage::default()
        };
        flow.registry.stream_run(&run, end).await?;
        Ok(saved)
    }

    /// Finds the newest version and fetches it.
    pub(super) async fn get(&self, flow: &Flow) -> Result<Fetched, FlowError> {
        self.get_with(flow, &FetchOptions::default()).await
    }

    pub(super) async fn get_with(
        &self,
        flow: &Flow,
        options: &FetchOptions,
    ) -> Result<Fetched, FlowError> {
        let record = self.newest(flow).await?;
        artifact_flows::fetch(flow, &record, &self.target(), options, &resolvers()).await
    }

    pub(super) async fn newest(&self, flow: &Flow) -> Result<ArtifactRecord, FlowError> {
        let address = ArtifactAddress::from(self.name.clone()).to_string();
        let address: ArtifactAddress = format!("{}/{address}:latest", project()).parse()?;
        let address = address.qualify(&project());
        let lookup = ArtifactLookup::Address(address);
        Ok(flow.registry.artifact(&lookup).await?)
    }

    pub(super) fn target(&self) -> PathBuf {
        self.folder.path().join("target")
    }

    /// Returns how many versions there are.
    pub(super) async fn versions(&self, server: &Wandb) -> usize {
        let (project, page) = (project(), PageRequest::first(10));
        let found = server.versions(&project, &self.name, page);
        found.await.unwrap().items.len()
    }

    /// Checks that every file that was fetched is right, and returns whether all are there.
    pub(super) fn is_complete(&self) -> bool {
        let found = files(&self.target());
        for (path, content) in &found {
            assert_eq!(Some(content), self.files.get(path), "{path} is not right");
        }
        found.len() == self.files.len()
    }
}

pub(super) fn project() -> ProjectAddress {
    ProjectAddress {
        entity: USER.parse().unwrap(),
        project: "faults".parse().unwrap(),
    }
}

pub(super) fn resolvers() -> ResolverLookup {
    let resolvers = Resolvers::default();
    Arc::new(move |uri| resolvers.get(uri).map(|found| Arc::clone(found.resolver())))
}

/// Returns the files below a folder, but those that are not finished.
pub(super) fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        for path in entries.map(|entry| entry.unwrap().path()) {
            let name = path
                .strip_prefix(root)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned();
            if name.starts_with(".wandb") {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    found
}
