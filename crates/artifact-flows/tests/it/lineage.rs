//! Lineage: what is found up and down, how far, and that every walk ends.

use std::sync::Arc;

use artifact_core::ProjectAddress;
use artifact_core::ports::{ArtifactCatalog as _, ArtifactRecord, ArtifactRegistry as _};
use artifact_core::records::{RunAddress, RunChanges};
use artifact_flows::{
    Lineage, LineageDirection, LineageError, LineageLimits, LineageNode, lineage,
};
use artifact_store::Engine;
use registry_conformance::{Draft, Fixture};
use tempfile::TempDir;

use crate::workbench::open_engine;

/// A store in which runs log and use versions.
struct History {
    engine: Arc<Engine>,
    fixture: Fixture,
    _folder: TempDir,
}

impl History {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let engine = Arc::new(open_engine(folder.path()));
        let project = ProjectAddress {
            entity: "team".parse().unwrap(),
            project: "vision".parse().unwrap(),
        };
        let fixture = Fixture::new(engine.clone(), engine.clone(), project, ());
        Self {
            engine,
            fixture,
            _folder: folder,
        }
    }

    /// Lets a run use versions and log others, each named after its content.
    async fn run(&self, id: &str, uses: &[&ArtifactRecord], logs: &[&str]) -> Vec<ArtifactRecord> {
        let run = self.fixture.run(id).await;
        for used in uses {
            self.engine.use_artifact(&run, &used.id).await.unwrap();
        }
        let mut logged = Vec::new();
        for name in logs {
            let draft: Draft = self.fixture.draft(name).file("n", name);
            let draft = draft.with(|request| request.run = Some(run.id.clone()));
            logged.push(draft.log().await);
        }
        logged
    }

    async fn walk(
        &self,
        start: &ArtifactRecord,
        direction: LineageDirection,
        limits: LineageLimits,
    ) -> Result<Lineage, LineageError> {
        let start = LineageNode::Artifact(start.clone());
        lineage(&*self.engine, start, direction, limits).await
    }
}

/// Returns the edges by names: of versions the collection, of runs the id.
fn edges(found: &Lineage) -> Vec<String> {
    let name = |place: &usize| match &found.nodes[*place] {
        LineageNode::Artifact(record) => record.name.to_string(),
        LineageNode::Run(record) => record.address.id.to_string(),
    };
    let edges = found.edges.iter();
    let mut edges: Vec<_> = edges
        .map(|(from, to)| format!("{}>{}", name(from), name(to)))
        .collect();
    edges.sort();
    edges
}

/// raw → prep → data → train → model → eval → report, and data → other → side.
async fn pipeline() -> (History, ArtifactRecord) {
    let history = History::new();
    let raw = history.run("load", &[], &["raw"]).await.remove(0);
    let data = history.run("prep", &[&raw], &["data"]).await.remove(0);
    let model = history.run("train", &[&data], &["model"]).await.remove(0);
    history.run("eval", &[&model], &["report"]).await;
    history.run("other", &[&data], &["side"]).await;
    (history, model)
}

#[tokio::test]
async fn both_ways_are_walked_from_the_start_and_siblings_are_not() {
    let (history, model) = pipeline().await;
    let limits = LineageLimits::default();
    let both = history.walk(&model, LineageDirection::Both, limits).await;
    let both = both.unwrap();
    assert_eq!(
        edges(&both),
        [
            "data>train",
            "eval>report",
            "load>raw",
            "model>eval",
            "prep>data",
            "raw>prep",
            "train>model"
        ]
    );
    assert!(both.unexplored.is_empty());
    assert_eq!(both.nodes[0], LineageNode::Artifact(model.clone()));
    let up = history.walk(&model, LineageDirection::Up, limits).await;
    assert_eq!(edges(&up.unwrap()).len(), 5);
    let down = history.walk(&model, LineageDirection::Down, limits).await;
    assert_eq!(edges(&down.unwrap()), ["eval>report", "model>eval"]);
}

#[tokio::test]
async fn depth_counts_runs_and_what_is_behind_is_told() {
    let (history, model) = pipeline().await;
    let limits = LineageLimits {
        depth: Some(1),
        ..LineageLimits::default()
    };
    let up = history.walk(&model, LineageDirection::Up, limits).await;
    let up = up.unwrap();
    assert_eq!(edges(&up), ["data>train", "train>model"]);
    assert_eq!(up.unexplored.len(), 1);
    assert!(
        matches!(&up.nodes[up.unexplored[0]], LineageNode::Artifact(record) if record.name.as_str() == "data")
    );
}

#[tokio::test]
async fn a_run_that_uses_what_it_logs_is_no_endless_walk() {
    let history = History::new();
    let first = history.run("loop", &[], &["a"]).await.remove(0);
    let second = history.run("loop", &[&first], &["b"]).await.remove(0);
    history.run("back", &[&second], &["a"]).await;
    let limits = LineageLimits::default();
    for direction in [
        LineageDirection::Up,
        LineageDirection::Down,
        LineageDirection::Both,
    ] {
        let found = history.walk(&first, direction, limits).await.unwrap();
        assert!(found.nodes.len() <= 4, "{:?}", edges(&found));
    }
    let found = history.walk(&first, LineageDirection::Both, limits).await;
    let found = edges(&found.unwrap());
    let mut unique = found.clone();
    unique.dedup();
    assert_eq!(found, unique);
}

#[tokio::test]
async fn a_walk_that_is_too_large_is_an_error() {
    let (history, model) = pipeline().await;
    let limits = LineageLimits {
        max_nodes: 3,
        ..LineageLimits::default()
    };
    match history.walk(&model, LineageDirection::Up, limits).await {
        Err(error @ LineageError::TooLarge { limit: 3 }) => {
            assert!(error.to_string().contains("max_nodes"), "{error}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_run_is_a_start_too() {
    let (history, _) = pipeline().await;
    let address = RunAddress {
        project: history.fixture.project.clone(),
        id: "train".parse().unwrap(),
    };
    let run = history.engine.run(&address).await.unwrap();
    let found = lineage(
        &*history.engine,
        LineageNode::Run(run),
        LineageDirection::Both,
        LineageLimits {
            depth: Some(0),
            ..LineageLimits::default()
        },
    );
    assert_eq!(edges(&found.await.unwrap()), ["data>train", "train>model"]);
    let unused = RunAddress {
        id: "idle".parse().unwrap(),
        ..address
    };
    let idle = history.engine.upsert_run(&unused, RunChanges::default());
    let idle = idle.await.unwrap();
    let limits = LineageLimits::default();
    let start = LineageNode::Run(idle);
    let alone = lineage(&*history.engine, start, LineageDirection::Both, limits);
    assert_eq!(alone.await.unwrap().nodes.len(), 1);
}
