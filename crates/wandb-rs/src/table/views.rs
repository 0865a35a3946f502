//! Tables that are made of other tables of an artifact.

use super::{Cell, TableError};

/// The tables of a folder of an artifact as one, in the order of their paths.
///
/// ```
/// use wandb_rs::Artifact;
/// use wandb_rs::table::{PartitionedTable, Table};
///
/// let mut artifact = Artifact::new("predictions", "dataset")?;
/// for part in 0..3 {
///     let mut table = Table::new(["part", "row"])?;
///     table.add_data([part.into(), 0.into()])?;
///     artifact.add(&table, format!("parts/table_{part}"))?;
/// }
/// artifact.add(&PartitionedTable::new("parts"), "all")?;
/// assert!(artifact.paths().any(|path| path == "all.partitioned-table.json"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionedTable {
    parts_path: String,
}

impl PartitionedTable {
    /// Returns the table whose parts are all below the folder `parts_path`.
    ///
    /// To the official client a `/` at the end is part of the folder's name, which no entry's path has; here it is not.
    #[must_use]
    pub fn new(parts_path: impl Into<String>) -> Self {
        let mut parts_path: String = parts_path.into();
        parts_path.truncate(parts_path.trim_end_matches('/').len());
        Self { parts_path }
    }

    /// Returns the folder.
    #[must_use]
    pub fn parts_path(&self) -> &str {
        &self.parts_path
    }

    pub(super) fn to_json(&self) -> Cell {
        Cell::from([
            ("_type", "partitioned-table"),
            ("parts_path", &self.parts_path),
        ])
    }

    /// Reads the content of the file.
    pub(super) fn of_json(json: &Cell) -> Result<Self, TableError> {
        Ok(Self {
            // As it is there.
            parts_path: text(json, "parts_path")?,
        })
    }
}

/// The key of a join: a column of both tables, or one of each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JoinKey {
    /// A column that both have.
    Both(String),
    /// A column of the first, and one of the second.
    Each(String, String),
}

impl From<&str> for JoinKey {
    fn from(column: &str) -> Self {
        Self::Both(column.to_owned())
    }
}

impl From<(&str, &str)> for JoinKey {
    fn from((first, second): (&str, &str)) -> Self {
        Self::Each(first.to_owned(), second.to_owned())
    }
}

/// Two tables of an artifact side by side, joined by columns; the W&B app does the joining.
///
/// ```
/// use wandb_rs::Artifact;
/// use wandb_rs::table::{JoinedTable, Table};
///
/// let mut artifact = Artifact::new("joined", "dataset")?;
/// let truth = artifact.add(&Table::new(["id", "label"])?, "truth")?;
/// let guesses = artifact.add(&Table::new(["image", "guess"])?, "guesses")?;
/// artifact.add(&JoinedTable::new(truth, guesses, ("id", "image")), "both")?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinedTable {
    tables: [String; 2],
    join_key: JoinKey,
}

impl JoinedTable {
    /// Returns the join of the tables at these paths, which [`Artifact::add`](crate::Artifact::add) has returned.
    #[must_use]
    pub fn new(
        first: impl Into<String>,
        second: impl Into<String>,
        join_key: impl Into<JoinKey>,
    ) -> Self {
        Self {
            tables: [first.into(), second.into()],
            join_key: join_key.into(),
        }
    }

    /// Returns the paths of the tables.
    #[must_use]
    pub const fn tables(&self) -> &[String; 2] {
        &self.tables
    }

    /// Returns the key.
    #[must_use]
    pub const fn join_key(&self) -> &JoinKey {
        &self.join_key
    }

    pub(super) fn to_json(&self) -> Cell {
        let [first, second] = &self.tables;
        let key = match &self.join_key {
            JoinKey::Both(column) => column.as_str().into(),
            JoinKey::Each(first, second) => Cell::from(vec![first.as_str(), second.as_str()]),
        };
        Cell::from([
            ("_type", "joined-table".into()),
            ("join_key", key),
            ("table1", first.as_str().into()),
            ("table2", second.as_str().into()),
        ])
    }

    /// Reads the content of the file.
    pub(super) fn of_json(json: &Cell) -> Result<Self, TableError> {
        let join_key = match field(json, "join_key") {
            Some(Cell::String(column)) => Some(JoinKey::Both(column.clone())),
            Some(Cell::List(columns)) => match &columns[..] {
                [Cell::String(first), Cell::String(second)] => {
                    Some(JoinKey::Each(first.clone(), second.clone()))
                }
                _ => None,
            },
            _ => None,
        };
        let join_key =
            join_key.ok_or_else(|| wrong("`join_key` is neither a text nor a list of two"))?;
        Ok(Self {
            tables: [text(json, "table1")?, text(json, "table2")?],
            join_key,
        })
    }
}

fn field<'a>(json: &'a Cell, key: &str) -> Option<&'a Cell> {
    match json {
        Cell::Dict(fields) => fields.get(key),
        _ => None,
    }
}

fn text(json: &Cell, key: &str) -> Result<String, TableError> {
    let text = field(json, key).and_then(Cell::as_str);
    let text = text.ok_or_else(|| wrong(&format!("`{key}` is no text")))?;
    Ok(text.to_owned())
}

fn wrong(what: &str) -> TableError {
    TableError::Format {
        at: 0,
        what: what.to_owned(),
    }
}
