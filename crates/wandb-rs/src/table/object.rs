//! Objects that artifacts take, and their paths.

use std::io::Write;

use artifact_core::LogicalPath;

use super::{Cell, JoinedTable, PartitionedTable, Table, TableError, TableWriter};

/// A kind of object, each with a file name and a `_type` of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectKind {
    /// [`Table`].
    Table,
    /// [`PartitionedTable`].
    PartitionedTable,
    /// [`JoinedTable`].
    JoinedTable,
}

impl ObjectKind {
    pub(super) const ALL: [Self; 3] = [Self::Table, Self::PartitionedTable, Self::JoinedTable];

    /// Returns the `_type` of its file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::PartitionedTable => "partitioned-table",
            Self::JoinedTable => "joined-table",
        }
    }

    /// Returns the path of an object of this name: `t` is `t.table.json`, which stays what it is.
    ///
    /// Source: wandb 0.31.0, to which `mytable.json` has that ending already.
    pub(crate) fn path(self, name: &str) -> String {
        let ending = format!("{}.json", self.as_str());
        if name.ends_with(&ending) {
            name.to_owned()
        } else {
            format!("{name}.{ending}")
        }
    }
}

/// An object that [`Artifact::add`](crate::Artifact::add) takes: a table, or a reference to one.
pub trait ArtifactObject: sealed::Sealed {
    /// Returns the kind of the object.
    fn kind(&self) -> ObjectKind;

    /// Returns the paths that have to be in the artifact already.
    #[doc(hidden)]
    fn needs(&self) -> &[String] {
        &[]
    }

    /// Writes its file.
    ///
    /// # Errors
    /// When `out` fails.
    #[doc(hidden)]
    fn write_to(self, out: &mut dyn Write) -> std::io::Result<()>;
}

mod sealed {
    pub trait Sealed {}
}

impl sealed::Sealed for &Table {}
impl ArtifactObject for &Table {
    fn kind(&self) -> ObjectKind {
        ObjectKind::Table
    }

    fn write_to(self, out: &mut dyn Write) -> std::io::Result<()> {
        self.write(out).map(drop)
    }
}

impl sealed::Sealed for TableWriter {}
impl ArtifactObject for TableWriter {
    fn kind(&self) -> ObjectKind {
        ObjectKind::Table
    }

    fn write_to(self, out: &mut dyn Write) -> std::io::Result<()> {
        self.finish(out).map(drop)
    }
}

impl sealed::Sealed for &PartitionedTable {}
impl ArtifactObject for &PartitionedTable {
    fn kind(&self) -> ObjectKind {
        ObjectKind::PartitionedTable
    }

    fn write_to(self, out: &mut dyn Write) -> std::io::Result<()> {
        out.write_all(self.to_json().to_json().as_bytes())
    }
}

impl sealed::Sealed for &JoinedTable {}
impl ArtifactObject for &JoinedTable {
    fn kind(&self) -> ObjectKind {
        ObjectKind::JoinedTable
    }

    fn needs(&self) -> &[String] {
        self.tables()
    }

    fn write_to(self, out: &mut dyn Write) -> std::io::Result<()> {
        out.write_all(self.to_json().to_json().as_bytes())
    }
}

/// Returns the media and other files that a table's cells and types name: every `path` of an object within them.
pub(super) fn files_of(value: &Cell, found: &mut Vec<LogicalPath>) {
    match value {
        Cell::List(items) => items.iter().for_each(|item| files_of(item, found)),
        Cell::Dict(fields) => {
            for (key, value) in fields {
                match value {
                    Cell::String(path) if key == "path" => {
                        found.extend(path.parse::<LogicalPath>().ok());
                    }
                    Cell::List(_) | Cell::Dict(_) => files_of(value, found),
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

/// Returns the kind of a file by its `_type`.
pub(super) fn kind_of(json: &Cell) -> Result<ObjectKind, TableError> {
    let Cell::Dict(fields) = json else {
        return Err(TableError::Format {
            at: 0,
            what: "no object".to_owned(),
        });
    };
    let name = fields.get("_type").and_then(Cell::as_str);
    let kind = ObjectKind::ALL
        .into_iter()
        .find(|kind| Some(kind.as_str()) == name);
    kind.ok_or_else(|| TableError::Format {
        at: 0,
        what: format!(
            "no table, but {}",
            name.unwrap_or("an object without `_type`")
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_end_as_the_official_client_has_them_end() {
        for (name, expected) in [
            ("t", "t.table.json"),
            ("t.table.json", "t.table.json"),
            ("t.json", "t.json.table.json"),
            ("x.table", "x.table.table.json"),
            ("table.json", "table.json"),
            ("mytable.json", "mytable.json"),
            ("parts/table_0", "parts/table_0.table.json"),
        ] {
            assert_eq!(ObjectKind::Table.path(name), expected);
        }
        assert_eq!(
            ObjectKind::PartitionedTable.path("t"),
            "t.partitioned-table.json"
        );
        assert_eq!(ObjectKind::JoinedTable.path("t"), "t.joined-table.json");
    }
}
