//! A lineage for other programs: as JSON, for Graphviz, for Mermaid.

use std::fmt::Write as _;

use serde::Serialize;

use super::label;
use wandb_rs::{Lineage, LineageNode};

/// The output of `lineage --json`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Answer {
    /// The version that it starts from.
    root: String,
    nodes: Vec<Node>,
    edges: Vec<Edge>,
    /// Versions behind which there may be more, as `--depth` forbids to look.
    unexplored: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Node {
    /// `artifact` or `run`.
    kind: &'static str,
    /// `entity/project/name:vN`, or `entity/project/id`.
    address: String,
    /// Of an artifact.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    artifact_type: Option<String>,
    /// Of a run.
    #[serde(skip_serializing_if = "Option::is_none")]
    job_type: Option<String>,
    /// Of a run: its display name.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

/// From a version to a run that uses it, or from a run to a version that it logged.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Edge {
    from: String,
    to: String,
}

impl Answer {
    pub(super) fn of(lineage: &Lineage) -> Self {
        let address = |place: &usize| label(&lineage.nodes[*place]);
        let edges = lineage.edges.iter().map(|(from, to)| Edge {
            from: address(from),
            to: address(to),
        });
        Self {
            root: lineage.nodes.first().map(label).unwrap_or_default(),
            nodes: lineage.nodes.iter().map(Node::of).collect(),
            edges: edges.collect(),
            unexplored: lineage.unexplored.iter().map(address).collect(),
        }
    }
}

impl Node {
    fn of(node: &LineageNode) -> Self {
        match node {
            LineageNode::Artifact(record) => Self {
                kind: "artifact",
                address: label(node),
                artifact_type: Some(record.artifact_type.to_string()),
                job_type: None,
                name: None,
            },
            LineageNode::Run(record) => Self {
                kind: "run",
                address: label(node),
                artifact_type: None,
                job_type: record.job_type.clone(),
                name: Some(record.display_name.clone()),
            },
        }
    }
}

/// Writes the graph for Graphviz: versions are boxes, runs are ellipses.
pub(super) fn dot(lineage: &Lineage) -> String {
    let mut text = String::from("digraph lineage {\n  rankdir=LR;\n");
    for (place, node) in lineage.nodes.iter().enumerate() {
        let shape = match node {
            LineageNode::Artifact(_) => "box",
            LineageNode::Run(_) => "ellipse",
        };
        let name = escaped(&label(node));
        let weight = if place == 0 { ", style=bold" } else { "" };
        _ = writeln!(
            text,
            "  n{place} [label=\"{name}\", shape={shape}{weight}];"
        );
    }
    for (from, to) in &lineage.edges {
        _ = writeln!(text, "  n{from} -> n{to};");
    }
    text.push_str("}\n");
    text
}

/// Spells out what would end a text of Graphviz.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

/// Writes the graph for Mermaid: versions are boxes, runs are rounded.
pub(super) fn mermaid(lineage: &Lineage) -> String {
    let mut text = String::from("flowchart LR\n");
    for (place, node) in lineage.nodes.iter().enumerate() {
        let name = label(node).replace('#', "#35;").replace('"', "#quot;");
        _ = match node {
            LineageNode::Artifact(_) => writeln!(text, "  n{place}[\"{name}\"]"),
            LineageNode::Run(_) => writeln!(text, "  n{place}([\"{name}\"])"),
        };
    }
    for (from, to) in &lineage.edges {
        _ = writeln!(text, "  n{from} --> n{to}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_end_a_text_of_graphviz() {
        assert_eq!(escaped(r#"a"b\c"#), r#"a\"b\\c"#);
    }
}
