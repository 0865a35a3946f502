//! The types of columns as JSON.

use std::collections::BTreeMap;

use crate::text::{separate, write_cell, write_text};
use crate::{Cell, ColumnName, ColumnType, Columns};

/// Writes what `column_types` is in a file.
pub(super) fn write_columns(out: &mut Vec<u8>, columns: &Columns) {
    // Numbers are sorted as numbers; of two columns with one name the last counts.
    let types: BTreeMap<&ColumnName, &ColumnType> =
        columns.names().iter().zip(columns.types()).collect();
    let types = types.into_iter().map(|(name, of)| (name.to_string(), of));
    write_dict(out, types);
}

fn write_dict<'a>(out: &mut Vec<u8>, types: impl IntoIterator<Item = (String, &'a ColumnType)>) {
    out.extend_from_slice(br#"{"params": {"type_map": {"#);
    for (place, (key, of)) in types.into_iter().enumerate() {
        separate(out, place);
        write_text(out, &key);
        out.extend_from_slice(b": ");
        write_type(out, of);
    }
    out.extend_from_slice(br#"}}, "wb_type": "typedDict"}"#);
}

fn write_type(out: &mut Vec<u8>, of: &ColumnType) {
    let name = match of {
        ColumnType::None => "none",
        ColumnType::Unknown => "unknown",
        ColumnType::Invalid => "invalid",
        ColumnType::Any => "any",
        ColumnType::Number => "number",
        ColumnType::String => "string",
        ColumnType::Boolean => "boolean",
        ColumnType::Timestamp => "timestamp",
        ColumnType::List { element, length } => {
            out.extend_from_slice(br#"{"params": {"element_type": "#);
            write_type(out, element);
            let length = length.map_or_else(|| "null".to_owned(), |length| length.to_string());
            out.extend_from_slice(br#", "length": "#);
            out.extend_from_slice(length.as_bytes());
            out.extend_from_slice(br#"}, "wb_type": "list"}"#);
            return;
        }
        ColumnType::Dict(types) => {
            return write_dict(out, types.iter().map(|(key, of)| (key.clone(), of)));
        }
        ColumnType::Union(members) => {
            out.extend_from_slice(br#"{"params": {"allowed_types": ["#);
            for (place, member) in members.iter().enumerate() {
                separate(out, place);
                write_type(out, member);
            }
            out.extend_from_slice(br#"]}, "wb_type": "union"}"#);
            return;
        }
        ColumnType::Other { name, params } => {
            out.push(b'{');
            if let Some(params) = params {
                out.extend_from_slice(br#""params": "#);
                write_cell(out, &Cell::Dict(params.clone()));
                out.extend_from_slice(b", ");
            }
            out.extend_from_slice(br#""wb_type": "#);
            write_text(out, name);
            out.push(b'}');
            return;
        }
    };
    out.extend_from_slice(br#"{"wb_type": ""#);
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(br#""}"#);
}

/// Reads a type; `Err` is the problem.
pub(super) fn read_type(json: Cell) -> Result<ColumnType, String> {
    let Cell::Dict(mut fields) = json else {
        return Err(format!("a type that is no object: {}", shown(&json)));
    };
    let Some(Cell::String(name)) = fields.remove("wb_type") else {
        return Err("a type without `wb_type`".to_owned());
    };
    let mut params = match fields.remove("params") {
        Some(Cell::Dict(params)) => Some(params),
        None | Some(Cell::Null) => None,
        Some(other) => {
            return Err(format!(
                "`params` of {name} that are no object: {}",
                shown(&other)
            ));
        }
    };
    let mut take = |key: &str| params.as_mut().and_then(|params| params.remove(key));
    Ok(match name.as_str() {
        "none" => ColumnType::None,
        "unknown" => ColumnType::Unknown,
        "invalid" => ColumnType::Invalid,
        "any" => ColumnType::Any,
        "number" => ColumnType::Number,
        "string" => ColumnType::String,
        "boolean" => ColumnType::Boolean,
        "timestamp" => ColumnType::Timestamp,
        "list" => ColumnType::List {
            element: Box::new(match take("element_type") {
                Some(element) => read_type(element)?,
                None => ColumnType::Unknown,
            }),
            length: take("length").and_then(|length| length.as_number()?.as_u64()),
        },
        "typedDict" | "dictionary" => ColumnType::Dict(match take("type_map") {
            Some(types) => read_types(types)?,
            None => BTreeMap::new(),
        }),
        "union" => match take("allowed_types") {
            Some(Cell::List(members)) => {
                let members: Result<Vec<_>, _> = members.into_iter().map(read_type).collect();
                // In their order: other writers may sort otherwise.
                ColumnType::Union(members?)
            }
            _ => return Err("a `union` without a list of `allowed_types`".to_owned()),
        },
        _ => ColumnType::Other { name, params },
    })
}

fn read_types(json: Cell) -> Result<BTreeMap<String, ColumnType>, String> {
    let Cell::Dict(types) = json else {
        return Err(format!("a `type_map` that is no object: {}", shown(&json)));
    };
    types
        .into_iter()
        .map(|(key, of)| Ok((key, read_type(of)?)))
        .collect()
}

/// Reads `column_types` of a file: the type of each column by its name.
pub(super) fn read_columns(json: Cell) -> Result<BTreeMap<String, ColumnType>, String> {
    match read_type(json)? {
        ColumnType::Dict(types) => Ok(types),
        other => Err(format!("`column_types` that are {other}, not a dictionary")),
    }
}

/// Returns the beginning of a value, for a message.
pub(super) fn shown(json: &Cell) -> String {
    const MOST: usize = 60;
    let text = json.to_json();
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
