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

/// Returns how many letters must be put in, taken out, changed or swapped with the next to get from one text to the
/// other.
fn edit_distance(from: &str, to: &str) -> usize {
    let letters = |text: &str| text.to_lowercase().chars().collect::<Vec<_>>();
    let (from, to) = (letters(from), letters(to));
    // Line `n` holds the distances of the first `n` letters of `from`; the last three are enough.
    let mut before = Vec::new();
    let mut above: Vec<usize> = (0..=to.len()).collect();
    for (n, letter) in from.iter().enumerate() {
        let mut line = vec![n + 1];
        for (m, other) in to.iter().enumerate() {
            let change = above[m] + usize::from(letter != other);
            let mut distance = change.min(above[m + 1] + 1).min(line[m] + 1);
            if 0 < n && 0 < m && *letter == to[m - 1] && from[n - 1] == *other {
                let before: &Vec<usize> = &before;
                distance = distance.min(before[m - 1] + 1);
            }
            line.push(distance);
        }
        before = std::mem::replace(&mut above, line);
    }
    above[to.len()]
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
