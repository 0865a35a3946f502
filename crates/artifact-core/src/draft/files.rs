//! The files of a draft, sorted by path.

use std::collections::BTreeMap;

use super::Source;
use crate::LogicalPath;

/// Files by path.
///
/// Most drafts are one folder, whose files come in order. They stay in one piece as they came, which for a hundred
/// thousand of them is far cheaper than a tree; the first that comes out of order, or goes, makes it one.
#[derive(Debug, Clone)]
pub(super) enum Files {
    /// Sorted, each path once.
    InOrder(Vec<(LogicalPath, Source)>),
    AnyOrder(BTreeMap<LogicalPath, Source>),
}

impl Files {
    pub(super) const fn new() -> Self {
        Self::InOrder(Vec::new())
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::InOrder(list) => list.len(),
            Self::AnyOrder(tree) => tree.len(),
        }
    }

    pub(super) fn get(&self, path: &LogicalPath) -> Option<&Source> {
        match self {
            Self::InOrder(list) => {
                let place = list.binary_search_by(|(other, _)| other.cmp(path)).ok()?;
                Some(&list[place].1)
            }
            Self::AnyOrder(tree) => tree.get(path),
        }
    }

    /// Returns the files in the order of their paths.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&LogicalPath, &Source)> {
        let (list, tree) = match self {
            Self::InOrder(list) => (list.as_slice(), None),
            Self::AnyOrder(tree) => (Default::default(), Some(tree)),
        };
        let listed = list.iter().map(|(path, source)| (path, source));
        listed.chain(tree.into_iter().flatten())
    }

    /// Puts `source` at `path`, in place of what was there.
    pub(super) fn insert(&mut self, path: LogicalPath, source: Source) {
        match self {
            Self::InOrder(list) if list.last().is_none_or(|(last, _)| *last < path) => {
                list.push((path, source));
            }
            _ => _ = self.tree().insert(path, source),
        }
    }

    /// Puts `files`, each of which comes after the one before it and all that are there; gives them back where they do
    /// not.
    pub(super) fn append(
        &mut self,
        mut files: Vec<(LogicalPath, Source)>,
    ) -> Result<(), Vec<(LogicalPath, Source)>> {
        match self {
            Self::InOrder(list)
                if files.is_sorted_by(|(a, _), (b, _)| a < b)
                    && list.last().map(|(path, _)| path) < files.first().map(|(path, _)| path) =>
            {
                if list.is_empty() {
                    *list = files;
                } else {
                    list.append(&mut files);
                }
                Ok(())
            }
            _ => Err(files),
        }
    }

    pub(super) fn remove(&mut self, path: &LogicalPath) -> Option<Source> {
        self.tree().remove(path)
    }

    /// Removes every file that `stays` does not hold for.
    pub(super) fn retain(&mut self, mut stays: impl FnMut(&LogicalPath) -> bool) {
        match self {
            Self::InOrder(list) => list.retain(|(path, _)| stays(path)),
            Self::AnyOrder(tree) => tree.retain(|path, _| stays(path)),
        }
    }

    fn tree(&mut self) -> &mut BTreeMap<LogicalPath, Source> {
        if let Self::InOrder(list) = self {
            *self = Self::AnyOrder(std::mem::take(list).into_iter().collect());
        }
        match self {
            Self::AnyOrder(tree) => tree,
            Self::InOrder(_) => unreachable!("it was just made a tree"),
        }
    }

    pub(super) fn into_sorted(self) -> Vec<(LogicalPath, Source)> {
        match self {
            Self::InOrder(list) => list,
            Self::AnyOrder(tree) => tree.into_iter().collect(),
        }
    }
}
