//! Types of columns, as in the file.

use std::collections::BTreeMap;
use std::fmt;

use crate::Cell;

/// The type of a column.
///
/// Its [`Display`](fmt::Display) form is the official client's; unions are sorted by it.
///
/// Source: the types of wandb 0.31.0.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ColumnType {
    /// Nothing but nothing.
    None,
    /// Whatever comes first.
    Unknown,
    /// No common type: the items of a list are of several.
    Invalid,
    /// Anything but nothing.
    Any,
    /// Numbers.
    Number,
    /// Texts.
    String,
    /// Yes or no.
    Boolean,
    /// Points in time.
    Timestamp,
    /// Lists.
    List {
        /// The type of the items.
        element: Box<Self>,
        /// The length of the last list, which need not be that of the others; `None` if unknown.
        length: Option<u64>,
    },
    /// Dictionaries, all with these keys.
    Dict(BTreeMap<String, Self>),
    /// One of several.
    Union(Vec<Self>),
    /// Any other type of W&B, kept as it is: `image-file`, `ndarray`, `primaryKey` and others.
    Other {
        /// Its `wb_type`.
        name: String,
        /// Its `params`.
        params: Option<BTreeMap<String, Cell>>,
    },
}

impl ColumnType {
    /// Returns the type of lists of this one.
    #[must_use]
    pub fn list(element: Self) -> Self {
        Self::List {
            element: Box::new(element),
            length: None,
        }
    }

    /// Returns a type that takes what any of these takes.
    #[must_use]
    pub fn union(types: impl IntoIterator<Item = Self>) -> Self {
        let mut flat = Vec::new();
        for member in types {
            flatten(member, &mut flat);
        }
        flat.sort_by_cached_key(ToString::to_string);
        Self::Union(flat)
    }

    /// Returns the type that also takes nothing.
    #[must_use]
    pub fn optional(self) -> Self {
        Self::union([self, Self::None])
    }

    /// Returns whether `wanted` is the type, or one of its members.
    pub(super) fn is_or_has(&self, wanted: &Self) -> bool {
        match self {
            Self::Union(members) => members.contains(wanted),
            own => own == wanted,
        }
    }
}

fn flatten(member: ColumnType, flat: &mut Vec<ColumnType>) {
    match member {
        ColumnType::Union(members) => members.into_iter().for_each(|member| flatten(member, flat)),
        member => flat.push(member),
    }
}

impl fmt::Display for ColumnType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => formatter.write_str("None"),
            Self::Unknown => formatter.write_str("Unknown"),
            Self::Invalid => formatter.write_str("Invalid"),
            Self::Any => formatter.write_str("Any"),
            Self::Number => formatter.write_str("Number"),
            Self::String => formatter.write_str("String"),
            Self::Boolean => formatter.write_str("Boolean"),
            Self::Timestamp => formatter.write_str("Timestamp"),
            Self::List { element, .. } => write!(formatter, "{element}[]"),
            Self::Dict(fields) => {
                let fields = fields.iter().map(|(key, of)| format!("'{key}': {of}"));
                write!(formatter, "{{{}}}", fields.collect::<Vec<_>>().join(", "))
            }
            Self::Union(members) => {
                let members = members.iter().map(ToString::to_string);
                formatter.write_str(&members.collect::<Vec<_>>().join(" or "))
            }
            // A constant shows as itself.
            Self::Other {
                name,
                params: Some(params),
            } if name == "const" => match params.get("val") {
                Some(Cell::String(text)) => formatter.write_str(text),
                Some(value) => formatter.write_str(&value.to_json()),
                None => formatter.write_str("None"),
            },
            Self::Other { name, params } => {
                let mut letters = name.chars();
                let first = letters.next().into_iter().flat_map(char::to_uppercase);
                let rest = letters.flat_map(char::to_lowercase);
                formatter.write_str(&first.chain(rest).collect::<String>())?;
                if params.is_some() {
                    formatter.write_str("(…)")?;
                }
                Ok(())
            }
        }
    }
}
