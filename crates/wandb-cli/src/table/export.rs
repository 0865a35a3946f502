//! All rows, one after the other, for other programs.

use std::io::Write;

use serde_json::{Value, json};

use super::grid::short;
use super::{Shown, Unwritten, plain};
use wandb_rs::table::Cell;

/// Writes the rows as RFC 4180 has them, but with line feeds alone.
pub(super) fn csv(shown: &mut Shown, limit: u64, out: &mut impl Write) -> Result<(), Unwritten> {
    let names: Vec<_> = shown
        .columns
        .names()
        .iter()
        .map(ToString::to_string)
        .collect();
    line(&names, out)?;
    let mut index = 0;
    while let Some(row) = shown.nth(index, limit)? {
        index += 1;
        line(&row.iter().map(plain).collect::<Vec<_>>(), out)?;
    }
    Ok(())
}

fn line(cells: &[String], out: &mut impl Write) -> std::io::Result<()> {
    let quoted = |cell: &String| {
        // A line that is empty would be none.
        if cell.contains(['"', ',', '\n', '\r']) || (cell.is_empty() && cells.len() == 1) {
            format!("\"{}\"", cell.replace('"', "\"\""))
        } else {
            cell.clone()
        }
    };
    let cells: Vec<_> = cells.iter().map(quoted).collect();
    writeln!(out, "{}", cells.join(","))
}

/// Writes one object, whose rows come as they are read. Infinite numbers, which JSON does not have, are texts.
pub(super) fn json(shown: &mut Shown, limit: u64, out: &mut impl Write) -> Result<(), Unwritten> {
    let columns = shown.columns.names().iter().zip(shown.columns.types());
    let columns: Vec<Value> = columns
        .map(|(name, of)| json!({"name": name.to_string(), "type": short(of)}))
        .collect();
    let head = json!({
        "address": shown.address,
        "path": shown.path,
        "kind": shown.kind.as_str(),
        "columns": columns,
    });
    let head = head.to_string();
    write!(out, "{},\"rows\":[", head.trim_end_matches('}'))?;
    let mut index = 0;
    while let Some(row) = shown.nth(index, limit)? {
        let comma = if index == 0 { "" } else { "," };
        let row = Cell::List(row.into_iter().map(finite).collect());
        write!(out, "{comma}{}", row.to_json())?;
        index += 1;
    }
    let mut count = index;
    for row in &mut shown.rows {
        row?;
        count += 1;
    }
    let replaced = shown.rows.replaced_surrogates();
    writeln!(
        out,
        "],\"nrows\":{count},\"replacedSurrogates\":{replaced}}}"
    )?;
    Ok(())
}

fn finite(cell: Cell) -> Cell {
    match cell {
        Cell::Number(number) if number.as_float().is_some_and(f64::is_infinite) => {
            number.to_string().into()
        }
        Cell::List(items) => Cell::List(items.into_iter().map(finite).collect()),
        Cell::Dict(fields) => Cell::Dict(
            fields
                .into_iter()
                .map(|(key, value)| (key, finite(value)))
                .collect(),
        ),
        other => other,
    }
}
