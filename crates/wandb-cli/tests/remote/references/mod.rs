//! References: to entries of other artifacts, checked, frozen, and fetched once; over a store and over a server.

mod artifacts;
mod conformance;
mod drift;
mod objects;
mod offline;
mod put;

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use wandb_rs::{Artifact, Client, ClientBuilder, LoggedArtifact, Mode, Settings};

use crate::server::{KEY, TestServer};

/// A registry, and a folder for all that a client keeps.
pub(super) struct Place {
    pub(super) folder: TempDir,
    pub(super) server: Option<TestServer>,
}

impl Place {
    pub(super) fn embedded() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            server: None,
        }
    }

    pub(super) fn remote() -> Self {
        Self {
            server: Some(TestServer::start()),
            ..Self::embedded()
        }
    }

    /// A store of one's own, and a server.
    pub(super) fn each() -> [Self; 2] {
        [Self::embedded(), Self::remote()]
    }

    pub(super) fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    pub(super) fn write(&self, relative: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(relative);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    pub(super) fn builder(&self) -> ClientBuilder {
        let mut settings = Settings::from_env().unwrap();
        settings.cache_dir = Some(self.path("cache"));
        settings.data_dir = Some(self.path("data"));
        let settings = settings.with_project("demo".parse().unwrap());
        let builder = Client::builder().settings(settings);
        match &self.server {
            None => builder.store(self.path("store")),
            Some(server) => builder
                .base_url(server.url().parse().unwrap())
                .api_key(KEY.parse().unwrap())
                .mode(Mode::Online),
        }
    }

    pub(super) fn client(&self) -> Client {
        self.builder().open().unwrap()
    }
}

/// Logs an artifact of these files.
pub(super) async fn log(client: &Client, name: &str, files: &[(&str, &[u8])]) -> LoggedArtifact {
    let mut artifact = Artifact::new(name, "dataset").unwrap();
    for (path, content) in files {
        let write = |file: &mut wandb_rs::NewFile| std::io::Write::write_all(file, content);
        artifact.new_file(path, write).unwrap();
    }
    client.save(artifact).await.unwrap()
}

/// Logs an artifact of these references, under these paths.
pub(super) async fn refer(
    client: &Client,
    name: &str,
    references: &[(&str, &str)],
) -> Result<LoggedArtifact, wandb_rs::Error> {
    let mut artifact = Artifact::new(name, "dataset").unwrap();
    for (path, uri) in references {
        artifact
            .add_reference(wandb_rs::AddReference {
                name: Some(path.parse().unwrap()),
                ..wandb_rs::AddReference::new(uri.parse().unwrap())
            })
            .unwrap();
    }
    client.save(artifact).await
}

pub(super) fn read(root: &Path, path: &str) -> Vec<u8> {
    std::fs::read(root.join(path)).unwrap()
}
