//! Inference of column types, value by value, by the official client's rules.

use std::collections::BTreeMap;

use crate::{Cell, ColumnType};

/// The prefix of texts that the official client treats as artifacts.
const ARTIFACT: &str = "wandb-artifact://";

impl ColumnType {
    /// Returns the type of one value.
    #[must_use]
    pub fn of(cell: &Cell) -> Self {
        match cell {
            _ if cell.is_null() => Self::None,
            Cell::Null => Self::None,
            Cell::Bool(_) => Self::Boolean,
            Cell::Number(_) => Self::Number,
            Cell::String(text) if text.starts_with(ARTIFACT) => other("artifactVersion"),
            Cell::String(_) => Self::String,
            Cell::Timestamp(_) => Self::Timestamp,
            Cell::List(items) => Self::of_list(items),
            Cell::Dict(fields) => match cell.media_type() {
                Some("artifactVersion") => other("artifactVersion"),
                Some("image-file") => image(),
                Some(name) if MEDIA.contains(&name) => other(name),
                _ => Self::Dict(
                    fields
                        .iter()
                        .map(|(key, value)| (key.clone(), Self::of(value)))
                        .collect(),
                ),
            },
        }
    }

    fn of_list(items: &[Cell]) -> Self {
        let mut element = if items.contains(&Cell::Null) {
            Self::Unknown.optional()
        } else {
            Self::Unknown
        };
        for item in items {
            if !element.takes_as_is(item) {
                element = element.assign(item).unwrap_or(Self::Invalid);
            }
        }
        Self::List {
            element: Box::new(element),
            length: Some(items.len() as u64),
        }
    }

    /// Returns the type that a column of this type has with `cell` in it; `None` where it cannot hold that.
    pub(super) fn assign(&self, cell: &Cell) -> Option<Self> {
        match (self, cell) {
            (Self::Unknown, _) => Some(Self::of(cell)).filter(|of| *of != Self::None),
            (Self::Union(members), _) => assign_to_one(members, cell),
            (Self::List { element, .. }, Cell::List(items)) => {
                let mut element = (**element).clone();
                for item in items {
                    if !element.takes_as_is(item) {
                        element = element.assign(item)?;
                    }
                }
                Some(Self::List {
                    element: Box::new(element),
                    length: Some(items.len() as u64),
                })
            }
            (Self::Dict(types), Cell::Dict(fields)) => {
                if fields.keys().any(|key| !types.contains_key(key)) {
                    return None;
                }
                let assigned = types.iter().map(|(key, own)| {
                    let value = fields.get(key).unwrap_or(&Cell::Null);
                    Some((key.clone(), own.assign(value)?))
                });
                assigned.collect::<Option<BTreeMap<_, _>>>().map(Self::Dict)
            }
            _ => self.takes_as_is(cell).then(|| self.clone()),
        }
    }

    /// Returns whether a column of this type can hold `cell` and keeps its type. Fast; `false` may be wrong.
    pub(super) fn takes_as_is(&self, cell: &Cell) -> bool {
        match (self, cell) {
            (Self::Number, Cell::Number(number)) => !number.is_nan(),
            (Self::String, Cell::String(text)) => !text.starts_with(ARTIFACT),
            (Self::Boolean, Cell::Bool(_)) | (Self::Timestamp, Cell::Timestamp(_)) => true,
            (Self::None, _) => cell.is_null(),
            (Self::Any, _) => !cell.is_null(),
            (Self::List { element, length }, Cell::List(items)) => {
                *length == Some(items.len() as u64)
                    && items.iter().all(|item| element.takes_as_is(item))
            }
            (Self::Dict(types), Cell::Dict(fields)) => {
                types.len() == fields.len()
                    && types
                        .iter()
                        .zip(fields)
                        .all(|((key, own), (name, value))| key == name && own.takes_as_is(value))
            }
            (Self::Union(members), _) => {
                for member in members {
                    if member.takes_as_is(cell) {
                        return true;
                    }
                    // It may take the value by becoming another, and comes before the rest.
                    if matches!(
                        (member, cell),
                        (Self::List { .. }, Cell::List(_)) | (Self::Dict(_), Cell::Dict(_))
                    ) {
                        return false;
                    }
                }
                false
            }
            (Self::Other { name, params }, _) => is_one(name, params.as_ref(), cell),
            _ => false,
        }
    }
}

/// The kinds of media whose type has no parameters.
const MEDIA: [&str; 6] = [
    "audio-file",
    "bokeh-file",
    "html-file",
    "molecule-file",
    "object3D-file",
    "video-file",
];

fn other(name: &str) -> ColumnType {
    ColumnType::Other {
        name: name.to_owned(),
        params: None,
    }
}

/// Returns the type of pictures without boxes, masks and classes.
fn image() -> ColumnType {
    let constant = |value: Cell, is_set: bool| {
        let params = Cell::from([("is_set", Cell::Bool(is_set)), ("val", value)]);
        Cell::from([("params", params), ("wb_type", "const".into())])
    };
    let nothing = || constant(Cell::Dict(BTreeMap::new()), false);
    let maps = [
        "box_class_maps",
        "box_layers",
        "class_map",
        "mask_class_maps",
        "mask_layers",
    ];
    let mut params: BTreeMap<_, _> = maps
        .into_iter()
        .map(|name| (name.to_owned(), nothing()))
        .collect();
    params.insert(
        "box_score_keys".to_owned(),
        constant(Cell::List(Vec::new()), true),
    );
    ColumnType::Other {
        name: "image-file".to_owned(),
        params: Some(params),
    }
}

/// Returns whether a type that is not distinguished here may hold `cell`.
fn is_one(name: &str, params: Option<&BTreeMap<String, Cell>>, cell: &Cell) -> bool {
    match name {
        "const" => params.and_then(|params| params.get("val")) == Some(cell),
        "artifactVersion" => ColumnType::of(cell) == other(name),
        // Its values are in a file of their own.
        "ndarray" => matches!(cell, Cell::Null | Cell::List(_)),
        "image-file" => cell.media_type() == Some(name),
        _ if MEDIA.contains(&name) => cell.media_type() == Some(name),
        _ => !cell.is_null(),
    }
}

/// The first member that takes the value takes it; if none does, one that is not known yet becomes its type.
fn assign_to_one(members: &[ColumnType], cell: &Cell) -> Option<ColumnType> {
    let mut assigned = members.to_vec();
    let is_known = |member: &&mut ColumnType| **member != ColumnType::Unknown;
    let taken = assigned
        .iter_mut()
        .filter(is_known)
        .find_map(|member| Some((member.assign(cell)?, member)));
    if let Some((new, member)) = taken {
        *member = new;
    } else {
        let unknown = assigned
            .iter_mut()
            .find(|member| **member == ColumnType::Unknown)?;
        *unknown = unknown.assign(cell)?;
    }
    Some(ColumnType::union(assigned))
}
