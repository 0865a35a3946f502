//! Suggestions for mistyped names.

/// The most suggestions.
const MOST: usize = 3;

/// Returns those of `names` that `wanted` may be a misspelling of, the nearest first.
#[must_use]
pub fn similar(wanted: &str, names: impl IntoIterator<Item = String>) -> Vec<String> {
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

/// Returns the number of letters to insert, delete, change or swap with the next, whatever their case.
fn edit_distance(from: &str, to: &str) -> usize {
    strsim::osa_distance(&from.to_lowercase(), &to.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_the_usual_ones() {
        for (from, to, distance) in [
            ("", "", 0),
            ("a", "", 1),
            ("kitten", "sitting", 3),
            ("mnist", "mnits", 1),
            ("ab", "ba", 1),
            ("Mnist", "mnist", 0),
        ] {
            assert_eq!(edit_distance(from, to), distance, "{from} {to}");
        }
    }

    #[test]
    fn the_nearest_come_first_and_the_far_not_at_all() {
        let names = ["mnist", "mnits", "cifar", "mnist-large"].map(str::to_owned);
        assert_eq!(similar("mnist2", names), ["mnist", "mnits"]);
    }
}
