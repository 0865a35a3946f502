//! Lineage: which runs and versions a version was made of, and what was made of it.

use std::collections::{HashMap, HashSet};

use artifact_core::ports::{
    ArtifactCatalog, ArtifactRecord, PageRequest, RegistryError, RunRelation,
};
use artifact_core::records::{ArtifactId, Run, RunAddress};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};

/// Concurrent requests.
const AT_ONCE: usize = 8;

/// Versions of a run per request.
const PAGE: u32 = 1_000;

/// Direction of a lineage walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LineageDirection {
    /// Towards the inputs of the start.
    Up,
    /// Towards everything made of the start.
    Down,
    /// Both, each from the start: neither siblings nor cousins.
    #[default]
    Both,
}

/// Limits of a lineage walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineageLimits {
    /// Maximum number of runs between the start and a version; `None` is unlimited.
    pub depth: Option<u32>,
    /// Maximum number of versions and runs; more are an error.
    pub max_nodes: usize,
}

impl Default for LineageLimits {
    fn default() -> Self {
        Self {
            depth: None,
            max_nodes: 10_000,
        }
    }
}

/// A version or a run.
#[derive(Debug, Clone, PartialEq)]
pub enum LineageNode {
    /// A version.
    Artifact(ArtifactRecord),
    /// A run.
    Run(Run),
}

/// A graph of versions and runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Lineage {
    /// Nodes, each once; the start is the first.
    pub nodes: Vec<LineageNode>,
    /// Edges from a version to a run that uses it, and from a run to a version that it logged, by index in `nodes`;
    /// each once.
    pub edges: Vec<(usize, usize)>,
    /// Versions at the depth limit: there may be more behind them.
    pub unexplored: Vec<usize>,
}

impl Lineage {
    /// Returns the indices of the nodes with an edge to `node`, in the order in which they were found.
    pub fn sources(&self, node: usize) -> impl Iterator<Item = usize> {
        let into = self.edges.iter().filter(move |(_, to)| *to == node);
        into.map(|(from, _)| *from)
    }

    /// Returns the indices of the nodes with an edge from `node`, in the order in which they were found.
    pub fn targets(&self, node: usize) -> impl Iterator<Item = usize> {
        let from = self.edges.iter().filter(move |(from, _)| *from == node);
        from.map(|(_, to)| *to)
    }
}

/// Error of a lineage walk.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LineageError {
    /// The registry refused or failed.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The graph exceeds the limit.
    #[error(
        "the lineage has more than {limit} versions and runs: walk one way only, or less far (`depth`), or raise the limit (`max_nodes`)"
    )]
    TooLarge {
        /// The limit.
        limit: usize,
    },
}

/// Walks from a version or a run to its inputs, its outputs, or both.
///
/// Each version and run is requested once per direction, so cycles (a run that uses what it logged) end.
///
/// # Errors
/// Fails when the registry fails, and when the graph exceeds the limits.
pub async fn lineage(
    registry: &dyn ArtifactCatalog,
    start: LineageNode,
    direction: LineageDirection,
    limits: LineageLimits,
) -> Result<Lineage, LineageError> {
    let mut graph = Graph::new(limits.max_nodes);
    let start = graph.index(start)?;
    if direction != LineageDirection::Down {
        walk(registry, &mut graph, start, Walk::Up, limits.depth).await?;
    }
    if direction != LineageDirection::Up {
        walk(registry, &mut graph, start, Walk::Down, limits.depth).await?;
    }
    Ok(graph.finish())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Walk {
    Up,
    Down,
}

/// The subject of a request.
enum NodeId {
    Artifact(ArtifactId),
    Run(RunAddress),
}

async fn walk(
    registry: &dyn ArtifactCatalog,
    graph: &mut Graph,
    start: usize,
    way: Walk,
    depth: Option<u32>,
) -> Result<(), LineageError> {
    let mut seen = HashSet::from([start]);
    let mut level = vec![start];
    let mut runs_passed = 0;
    while !level.is_empty() {
        let is_deepest = depth.is_some_and(|depth| depth <= runs_passed);
        let (artifacts, runs): (Vec<_>, Vec<_>) = level
            .into_iter()
            .partition(|node| matches!(graph.nodes[*node], LineageNode::Artifact(_)));
        if is_deepest {
            graph.unexplored.extend(&artifacts);
        }
        let node_id = if is_deepest { Vec::new() } else { artifacts };
        let node_id = node_id.into_iter().chain(runs);
        let questions: Vec<_> = node_id.map(|node| (node, graph.node_id(node))).collect();
        let answers = questions.into_iter().map(|(node, node_id)| async move {
            Ok::<_, RegistryError>((node, neighbours(registry, node_id, way).await?))
        });
        let answers: Vec<_> = stream::iter(answers)
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        level = Vec::new();
        let mut has_runs = false;
        for (node, found) in answers {
            for neighbour in found {
                has_runs |= matches!(neighbour, LineageNode::Run(_));
                let neighbour = graph.index(neighbour)?;
                graph.connect(match way {
                    Walk::Up => (neighbour, node),
                    Walk::Down => (node, neighbour),
                });
                if seen.insert(neighbour) {
                    level.push(neighbour);
                }
            }
        }
        runs_passed += u32::from(has_runs);
    }
    Ok(())
}

async fn neighbours(
    registry: &dyn ArtifactCatalog,
    node_id: NodeId,
    way: Walk,
) -> Result<Vec<LineageNode>, RegistryError> {
    match (node_id, way) {
        (NodeId::Artifact(id), Walk::Up) => {
            let run = registry.logged_by(&id).await?;
            Ok(run.map(LineageNode::Run).into_iter().collect())
        }
        (NodeId::Artifact(id), Walk::Down) => {
            let runs = registry.used_by(&id).await?;
            Ok(runs.into_iter().map(LineageNode::Run).collect())
        }
        (NodeId::Run(run), Walk::Up) => artifacts(registry, &run, RunRelation::Used).await,
        (NodeId::Run(run), Walk::Down) => artifacts(registry, &run, RunRelation::Logged).await,
    }
}

async fn artifacts(
    registry: &dyn ArtifactCatalog,
    run: &RunAddress,
    relation: RunRelation,
) -> Result<Vec<LineageNode>, RegistryError> {
    let mut request = PageRequest::first(PAGE);
    let mut found = Vec::new();
    loop {
        let page = registry.artifacts_of_run(run, relation, request.clone());
        let page = page.await?;
        found.extend(page.items.into_iter().map(LineageNode::Artifact));
        match page.next {
            Some(next) => request.after = Some(next),
            None => return Ok(found),
        }
    }
}

/// A graph under construction.
struct Graph {
    nodes: Vec<LineageNode>,
    indices: HashMap<String, usize>,
    edges: Vec<(usize, usize)>,
    known_edges: HashSet<(usize, usize)>,
    unexplored: Vec<usize>,
    max_nodes: usize,
}

impl Graph {
    fn new(max_nodes: usize) -> Self {
        Self {
            nodes: Vec::new(),
            indices: HashMap::new(),
            edges: Vec::new(),
            known_edges: HashSet::new(),
            unexplored: Vec::new(),
            max_nodes,
        }
    }

    /// Returns the index of a node, adding it if it is new.
    fn index(&mut self, node: LineageNode) -> Result<usize, LineageError> {
        let key = match &node {
            LineageNode::Artifact(record) => format!("artifact {}", record.id),
            LineageNode::Run(record) => format!("run {}", record.address),
        };
        if let Some(index) = self.indices.get(&key) {
            return Ok(*index);
        }
        if self.max_nodes <= self.nodes.len() {
            return Err(LineageError::TooLarge {
                limit: self.max_nodes,
            });
        }
        let index = self.nodes.len();
        self.indices.insert(key, index);
        self.nodes.push(node);
        Ok(index)
    }

    fn connect(&mut self, edge: (usize, usize)) {
        if self.known_edges.insert(edge) {
            self.edges.push(edge);
        }
    }

    fn node_id(&self, node: usize) -> NodeId {
        match &self.nodes[node] {
            LineageNode::Artifact(record) => NodeId::Artifact(record.id.clone()),
            LineageNode::Run(record) => NodeId::Run(record.address.clone()),
        }
    }

    fn finish(self) -> Lineage {
        Lineage {
            nodes: self.nodes,
            edges: self.edges,
            unexplored: self.unexplored,
        }
    }
}
