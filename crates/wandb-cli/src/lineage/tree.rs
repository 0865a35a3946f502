//! A lineage for the terminal.

use std::collections::HashSet;
use std::fmt::Write as _;

use super::{is_unexplored, label};
use wandb_rs::{Lineage, LineageNode};

/// The deepest branches that are drawn: deeper ones would not fit a terminal.
const MAX_LEVELS: usize = 100;

/// Draws what the start was made of, then what was made of it.
pub(super) fn draw(lineage: &Lineage) -> String {
    let mut text = format!("{}\n", label(&lineage.nodes[0]));
    let ways: [(&str, Way); 2] = [
        ("made of", |lineage, node| lineage.sources(node).collect()),
        ("made into", |lineage, node| lineage.targets(node).collect()),
    ];
    for (title, way) in ways {
        if way(lineage, 0).is_empty() {
            continue;
        }
        text.push_str(title);
        text.push('\n');
        let mut branches = Branches {
            lineage,
            way,
            drawn: HashSet::from([0]),
            text: &mut text,
        };
        branches.draw(0, "", 0);
    }
    if lineage.nodes.len() == 1 {
        text.push_str("nothing is known on this way\n");
    }
    text
}

/// Returns the places of the nodes one step further.
type Way = fn(&Lineage, usize) -> Vec<usize>;

struct Branches<'a> {
    lineage: &'a Lineage,
    way: Way,
    /// Nodes that were drawn with their branches: next time, the name is enough.
    drawn: HashSet<usize>,
    text: &'a mut String,
}

impl Branches<'_> {
    fn draw(&mut self, node: usize, indent: &str, level: usize) {
        let next = (self.way)(self.lineage, node);
        if level == MAX_LEVELS && !next.is_empty() {
            _ = writeln!(
                self.text,
                "{indent}… deeper than is drawn: `--format json` has all"
            );
            return;
        }
        for (position, branch) in next.iter().enumerate() {
            let is_last = position + 1 == next.len();
            let (fork, below) = if is_last {
                ("└─ ", "   ")
            } else {
                ("├─ ", "│  ")
            };
            let is_new = self.drawn.insert(*branch);
            let told = told(&self.lineage.nodes[*branch]);
            let remark = if is_unexplored(self.lineage, *branch) {
                " …"
            } else if is_new || (self.way)(self.lineage, *branch).is_empty() {
                ""
            } else {
                " (see above)"
            };
            _ = writeln!(self.text, "{indent}{fork}{told}{remark}");
            if is_new {
                self.draw(*branch, &format!("{indent}{below}"), level + 1);
            }
        }
    }
}

fn told(node: &LineageNode) -> String {
    match node {
        LineageNode::Artifact(_) => label(node),
        LineageNode::Run(record) => match &record.job_type {
            Some(job_type) => format!("run {} ({job_type})", label(node)),
            None => format!("run {}", label(node)),
        },
    }
}
