//! A client over the embedded store or a server, for tests that hold for both.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;
use wandb_rs::{ApiKey, Artifact, Client, LoggedArtifact, Mode, Settings};

use crate::server::{KEY, TestServer, USER};

/// A client, and the folder and server behind it.
pub(crate) struct World {
    pub(crate) client: Client,
    pub(crate) folder: TempDir,
    pub(crate) server: Option<TestServer>,
}

impl World {
    pub(crate) fn both() -> [Self; 2] {
        [Self::embedded(), Self::served()]
    }

    pub(crate) fn embedded() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let builder = Client::builder().settings(Self::settings(&folder));
        let builder = builder
            .store(folder.path().join("store"))
            .mode(Mode::Offline);
        Self {
            client: builder.open().unwrap(),
            folder,
            server: None,
        }
    }

    pub(crate) fn served() -> Self {
        let (folder, server) = (tempfile::tempdir().unwrap(), TestServer::start());
        let builder = Client::builder().settings(Self::settings(&folder));
        let builder = builder.mode(Mode::Online).entity(USER.parse().unwrap());
        let builder = builder.base_url(server.url().parse().unwrap());
        Self {
            client: builder
                .api_key(KEY.parse::<ApiKey>().unwrap())
                .open()
                .unwrap(),
            folder,
            server: Some(server),
        }
    }

    fn settings(folder: &TempDir) -> Settings {
        let mut settings = Settings::from_env().unwrap();
        folder.path().clone_into(&mut settings.root_dir);
        settings.cache_dir = Some(folder.path().join("cache"));
        settings.data_dir = Some(folder.path().join("data"));
        settings.with_project("demo".parse().unwrap())
    }

    pub(crate) fn write(&self, path: &str, content: &str) -> PathBuf {
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// Logs a version with one file.
    pub(crate) async fn log(
        &self,
        run: &wandb_rs::Run,
        name: &str,
        content: &str,
    ) -> LoggedArtifact {
        let mut artifact = Artifact::new(name, "dataset").unwrap();
        let file = self.write(&format!("{name}.txt"), content);
        artifact.add_file(file).unwrap();
        run.log_artifact(artifact).await.unwrap()
    }

    pub(crate) async fn run(&self, id: &str) -> wandb_rs::Run {
        let run = self.client.init().id(id.parse().unwrap());
        run.job_type("train").start().await.unwrap()
    }
}
