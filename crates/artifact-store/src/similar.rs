//! Suggestions for mistyped names.

/// The most suggestions.
const MOST: usize = 3;

/// Returns those of `names` that `wanted` may be a misspelling of, the nearest first.
pub(crate) fn similar(wanted: &str, names: impl IntoIterator<Item = String>) -> Vec<String> {
    // A third of the letters, so that short names do not match everything.
    let tolerance = (wanted.chars().count() / 3).clamp(1, 3);
    let mut near: Vec<(usize, String)> = names
        .into_iter()
        .map(|name| (edit_distance(wanted, &name), name))
        .filter(|(distance, _)| *distance <= tolerance)
        .collect();
    near.sort();
    near.truncate(MOST);
    near.into_iter().map(|(_, name)| name).collect()
}

/// Returns how many letters must be put in, taken out or changed to get from one text to the other.
fn edit_distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (line, letter) in from.to_lowercase().chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, other) in to.iter().enumerate() {
            let change = diagonal + usize::from(letter != *other);
            diagonal = row[column + 1];
            row[column + 1] = change.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_the_usual_ones() {
        for (from, to, distance) in [("", "", 0), ("a", "", 1), ("kitten", "sitting", 3), ("Mnist", "mnist", 0)] {
            assert_eq!(edit_distance(from, to), distance, "{from} {to}");
        }
    }

    #[test]
    fn the_nearest_come_first_and_the_far_not_at_all() {
        let names = ["mnist", "mnits", "cifar", "minst-2"].map(str::to_owned);
        assert_eq!(similar("mnist2", names), ["mnist", "minst-2", "mnits"]);
    }
}
