//! The form of settings files: `key = value` under `[default]`.
//!
//! It is what the official client reads and writes: keys in any case, `=` or `:`, whole lines of comment after `#` or
//! `;`, values that go on in indented lines, and `%%` for a percent sign.

/// The section that counts.
const SECTION: &str = "default";

/// A setting as the file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pair {
    /// The line, from 1 on.
    pub(super) line: usize,
    pub(super) key: String,
    pub(super) value: String,
}

/// Reads a file: the settings in their order, and the lines that are nothing.
pub(crate) fn read(text: &str) -> (Vec<Pair>, Vec<usize>) {
    let mut pairs: Vec<Pair> = Vec::new();
    let mut odd = Vec::new();
    for line in lines(text) {
        match line.meaning {
            Meaning::Pair { key, value } => pairs.push(Pair {
                line: line.number,
                key,
                value: value.replace("%%", "%"),
            }),
            Meaning::Continued(more) => {
                let pair = pairs.last_mut().expect("only a pair is continued");
                pair.value.push('\n');
                pair.value.push_str(&more.replace("%%", "%"));
            }
            Meaning::Odd => odd.push(line.number),
            Meaning::Header | Meaning::Nothing => {}
        }
    }
    (pairs, odd)
}

/// Returns the file with `key` set to `value`, or without it. Every other line stays as it is.
pub(crate) fn with(text: &str, key: &str, value: Option<&str>) -> String {
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mut new_line = value.map(|value| format!("{key} = {}{end}", value.replace('%', "%%")));
    let is_there = read(text).0.iter().any(|pair| pair.key == key);
    let mut result = String::with_capacity(text.len() + 64);
    // A new line goes after the last one of the section that is not empty.
    let mut place = None;
    let mut is_in_pair = false;
    for line in lines(text) {
        match &line.meaning {
            Meaning::Pair { key: found, .. } => is_in_pair = found == key,
            Meaning::Continued(_) => {}
            _ => is_in_pair = false,
        }
        if is_in_pair {
            // The first of several gives the new one its place.
            result.extend(new_line.take());
            continue;
        }
        result.push_str(line.raw);
        if matches!(
            line.meaning,
            Meaning::Header | Meaning::Pair { .. } | Meaning::Continued(_)
        ) {
            place = Some(result.len());
        }
    }
    if let Some(new_line) = new_line
        && !is_there
    {
        let place = place.unwrap_or_else(|| {
            close_line(&mut result, end);
            result.extend(["[", SECTION, "]", end]);
            result.len()
        });
        let rest = result.split_off(place);
        close_line(&mut result, end);
        result.push_str(&new_line);
        result.push_str(&rest);
    }
    result
}

fn close_line(text: &mut String, end: &str) {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push_str(end);
    }
}

struct Line<'a> {
    number: usize,
    /// The line with its end.
    raw: &'a str,
    meaning: Meaning,
}

enum Meaning {
    /// The beginning of the section that counts.
    Header,
    Pair {
        key: String,
        value: String,
    },
    /// More of the value before.
    Continued(String),
    /// A comment, an empty line, or a line of another section.
    Nothing,
    /// A line that is none of these.
    Odd,
}

fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut section: Option<String> = None;
    let mut is_in_pair = false;
    text.split_inclusive('\n')
        .enumerate()
        .map(move |(index, raw)| {
            let meaning = meaning(raw, &mut section, is_in_pair);
            is_in_pair = matches!(meaning, Meaning::Pair { .. } | Meaning::Continued(_));
            Line {
                number: index + 1,
                raw,
                meaning,
            }
        })
}

fn meaning(raw: &str, section: &mut Option<String>, is_in_pair: bool) -> Meaning {
    let text = raw.trim();
    if text.is_empty() || text.starts_with(['#', ';']) {
        return Meaning::Nothing;
    }
    if is_in_pair && raw.starts_with([' ', '\t']) {
        return Meaning::Continued(text.to_owned());
    }
    if let Some(name) = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
    {
        *section = Some(name.to_owned());
        return if name == SECTION {
            Meaning::Header
        } else {
            Meaning::Nothing
        };
    }
    match section.as_deref() {
        Some(SECTION) => {}
        Some(_) => return Meaning::Nothing,
        None => return Meaning::Odd,
    }
    match text.split_once(['=', ':']) {
        Some((key, value)) if !key.trim().is_empty() => Meaning::Pair {
            key: key.trim().to_ascii_lowercase(),
            value: value.trim().to_owned(),
        },
        _ => Meaning::Odd,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(usize, String, String)> {
        let pairs = read(text).0;
        pairs
            .into_iter()
            .map(|pair| (pair.line, pair.key, pair.value))
            .collect()
    }

    fn pair(line: usize, key: &str, value: &str) -> (usize, String, String) {
        (line, key.into(), value.into())
    }

    /// As `wandb login --host` 0.31.0 writes it.
    const OFFICIAL: &str = "[default]\nbase_url = http://localhost:9999\n\n";

    #[test]
    fn what_the_official_client_writes_is_read() {
        assert_eq!(
            pairs(OFFICIAL),
            [pair(2, "base_url", "http://localhost:9999")]
        );
        let changed = with(OFFICIAL, "base_url", Some("http://localhost:8888"));
        assert_eq!(changed, "[default]\nbase_url = http://localhost:8888\n\n");
        assert_eq!(with(OFFICIAL, "base_url", None), "[default]\n\n");
    }

    #[test]
    fn all_spellings_are_read() {
        let text = "# c\n[default]\n; c\nEntity : me\nproject=p % 100%%\nrun_notes = one\n  two\n\n[other]\nentity = no\n";
        assert_eq!(
            pairs(text),
            [
                pair(4, "entity", "me"),
                pair(5, "project", "p % 100%"),
                pair(6, "run_notes", "one\ntwo"),
            ]
        );
    }

    #[test]
    fn lines_that_are_nothing_are_counted() {
        let (pairs, odd) = read("early = 1\n[default]\nword\n= value\nentity = me\n");
        assert_eq!((pairs.len(), odd), (1, vec![1, 3, 4]));
    }

    #[test]
    fn every_other_line_stays() {
        let text = "; mine\r\n[default]\r\nentity = me\r\n\r\n# last\r\n[other]\r\nbase_url = x";
        let changed = with(text, "base_url", Some("http://h"));
        assert_eq!(
            changed,
            "; mine\r\n[default]\r\nentity = me\r\nbase_url = http://h\r\n\r\n# last\r\n[other]\r\nbase_url = x"
        );
        assert_eq!(with(&changed, "base_url", None), text);
    }

    #[test]
    fn a_value_is_replaced_with_all_its_lines_and_doubles() {
        let text = "[default]\nrun_notes = a\n b\nentity = me\nrun_notes = c\n";
        let expected = "[default]\nrun_notes = 50%% off\nentity = me\n";
        let changed = with(text, "run_notes", Some("50% off"));
        assert_eq!(changed, expected);
        assert_eq!(pairs(&changed)[0], pair(2, "run_notes", "50% off"));
    }

    #[test]
    fn a_section_is_made_where_there_is_none() {
        for (before, after) in [
            ("", "[default]\nmode = offline\n"),
            ("# c", "# c\n[default]\nmode = offline\n"),
            ("[default]", "[default]\nmode = offline\n"),
            (
                "[other]\na = 1",
                "[other]\na = 1\n[default]\nmode = offline\n",
            ),
        ] {
            assert_eq!(with(before, "mode", Some("offline")), after);
        }
        assert_eq!(with("", "mode", None), "");
    }
}
