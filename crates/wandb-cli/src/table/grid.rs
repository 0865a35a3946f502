//! Rows in a grid that is as wide as the terminal at most.

use std::iter::repeat_n;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::plain;
use crate::text::without_control_characters;
use wandb_rs::table::{Cell, ColumnType, Columns};

/// The narrowest useful column.
const NARROWEST: usize = 5;

/// The separator of columns.
const GAP: &str = "  ";

/// Draws names, types and rows; the number of columns without room follows.
pub(super) fn draw(columns: &Columns, rows: &[Vec<Cell>], width: usize) -> String {
    let most = ((width + GAP.len()) / (NARROWEST + GAP.len())).max(1);
    let shown = columns.len().min(most);
    let line = |cells: &mut dyn Iterator<Item = String>| -> Vec<String> {
        let flat = |cell: String| without_control_characters(&cell).replace('\n', "\\n");
        cells.take(shown).map(flat).collect()
    };
    let names = line(&mut columns.names().iter().map(ToString::to_string));
    let types = line(&mut columns.types().iter().map(short));
    let rows: Vec<_> = rows
        .iter()
        .map(|row| line(&mut row.iter().map(plain)))
        .collect();
    let is_number: Vec<_> = columns.types()[..shown]
        .iter()
        .map(|of| short(of) == "number")
        .collect();

    let all = || [&names, &types].into_iter().chain(&rows);
    let natural = (0..shown).map(|column| {
        let widths = all().map(|line| line[column].width());
        widths.max().unwrap_or_default()
    });
    let widths = fit(natural.collect(), width);
    let rule: Vec<_> = widths.iter().map(|width| "─".repeat(*width)).collect();
    let mut text = String::new();
    for (place, line) in [&names, &types, &rule].into_iter().chain(&rows).enumerate() {
        let cells = line.iter().zip(&widths).zip(&is_number);
        let cells =
            cells.map(|((cell, width), is_number)| aligned(cell, *width, *is_number && place != 2));
        text.push_str(cells.collect::<Vec<_>>().join(GAP).trim_end());
        text.push('\n');
    }
    let hidden = columns.len() - shown;
    if hidden != 0 {
        let more = format!("… {hidden} more columns; `--csv` writes all of them\n");
        text.push_str(&more);
    }
    text
}

/// Takes from the widest columns until all fit.
fn fit(mut widths: Vec<usize>, width: usize) -> Vec<usize> {
    let room = width.saturating_sub(GAP.len() * widths.len().saturating_sub(1));
    loop {
        let total: usize = widths.iter().sum();
        let widest = widths.iter().copied().max().unwrap_or_default();
        if total <= room || widest <= NARROWEST {
            return widths;
        }
        let are_widest = widths.iter().filter(|width| **width == widest).count();
        let next = widths.iter().copied().filter(|width| *width < widest).max();
        // Down to the next lower ones, or as far as there is too much.
        let step = (total - room).div_ceil(are_widest);
        let lowest = next
            .unwrap_or(0)
            .max(NARROWEST)
            .max(widest.saturating_sub(step));
        for width in &mut widths {
            *width = (*width).min(lowest);
        }
    }
}

fn aligned(cell: &str, width: usize, to_the_right: bool) -> String {
    let length = cell.width();
    if width < length {
        let mut room = width.saturating_sub(1);
        let mut kept = String::new();
        for letter in cell.chars() {
            let Some(left) = room.checked_sub(letter.width().unwrap_or_default()) else {
                break;
            };
            room = left;
            kept.push(letter);
        }
        kept.push('…');
        kept.extend(repeat_n(' ', room));
        return kept;
    }
    let space = repeat_n(' ', width - length);
    if to_the_right {
        space.chain(cell.chars()).collect()
    } else {
        cell.chars().chain(space).collect()
    }
}

/// Writes a type without saying that there may be nothing, as nearly everywhere.
pub(super) fn short(of: &ColumnType) -> String {
    match of {
        ColumnType::Union(members) => {
            let members = members.iter().filter(|of| **of != ColumnType::None);
            members.map(short).collect::<Vec<_>>().join(" or ")
        }
        ColumnType::List { element, .. } => format!("list of {}", short(element)),
        ColumnType::Dict(_) => "dict".to_owned(),
        ColumnType::Other { name, .. } => name.clone(),
        plain => plain.to_string().to_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_widest_columns_give_way() {
        assert_eq!(fit(vec![3, 5], 80), [3, 5]);
        assert_eq!(fit(vec![3, 90, 20], 40), [3, 16, 16]);
        assert_eq!(fit(vec![100, 10], 40), [28, 10]);
        assert_eq!(fit(vec![100, 100], 5), [5, 5]);
    }

    #[test]
    fn wide_letters_count_as_two() {
        assert_eq!(aligned("数据集合", 6, false), "数据… ");
        assert_eq!(aligned("数据", 6, true), "  数据");
    }

    #[test]
    fn cells_cannot_steer_the_terminal() {
        let columns = Columns::new(["a\u{1b}[2J"]).unwrap();
        let grid = draw(&columns, &[vec!["x\ny\u{7}".into()]], 80);
        assert!(
            grid.contains("x\\ny\\u{7}") && !grid.contains('\u{1b}'),
            "{grid}"
        );
    }
}
