//! `prose`: first lines of doc comments name a thing or act, and commit subjects have a topic.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use xtask::process;

/// The folders whose sources are read.
const FOLDERS: &[&str] = &["benchmarks", "crates", "examples", "xtask"];

/// First words that hide the subject: "Options for a download." says more than "What of a version is wanted, and how."
const RIDDLES: &[&str] = &["How", "What", "Where", "Whoever", "Whose"];

/// The last commit before the rule for subjects.
const BASE: &str = "dfd07c3e55bb";

const MAX_SUBJECT: usize = 72;

pub(super) fn run() -> Result<()> {
    let mut wrong = Vec::new();
    for folder in FOLDERS {
        for path in sources(Path::new(folder))? {
            let text = fs::read_to_string(&path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            for (line, text) in riddles(&text) {
                wrong.push(format!("{}:{line}: {text}", path.display()));
            }
        }
    }
    match subjects(Path::new(".")) {
        Some(log) => wrong.extend(log.lines().filter_map(subject_violation)),
        None => eprintln!("no git history since {BASE} here: commit subjects are not checked"),
    }
    if wrong.is_empty() {
        return Ok(());
    }
    let mut report = wrong.join("\n");
    for (area, count) in by_area(&wrong) {
        write!(report, "\n{count:>5} in {area}")?;
    }
    bail!(
        "{report}\nA doc comment begins with none of {}; a commit subject reads `topic: imperative sentence`, \
         in at most {MAX_SUBJECT} characters",
        RIDDLES.join(", ")
    )
}

/// Returns the Rust files below `folder`, in order.
fn sources(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries =
            fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))?;
        for entry in entries {
            let entry = entry?;
            let path = entry.path();
            if entry.file_type()?.is_dir() {
                if entry.file_name() != "target" {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Returns the number and text of each doc comment's first line that begins with one of [`RIDDLES`].
fn riddles(source: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut previous = None;
    for (number, line) in (1..).zip(source.lines()) {
        let line = line.trim();
        let marker = ["///", "//!"]
            .into_iter()
            .find(|marker| line.starts_with(marker) && !line.starts_with("////"));
        if let Some(marker) = marker
            && previous != Some(marker)
            && RIDDLES.contains(&first_word(&line[marker.len()..]))
        {
            found.push((number, line));
        }
        previous = marker;
    }
    found
}

fn first_word(text: &str) -> &str {
    let text = text.trim_start();
    let end = text.find(|c: char| !c.is_alphabetic());
    &text[..end.unwrap_or(text.len())]
}

/// Returns hash and subject of each commit since [`BASE`] but merges; `None` without git or without that commit.
fn subjects(folder: &Path) -> Option<String> {
    let range = format!("{BASE}..HEAD");
    let log = ["log", "--no-merges", "--format=%h %s", &range];
    process::output(Command::new("git").current_dir(folder).args(log)).ok()
}

/// Returns a sentence about a line of [`subjects`] that breaks the rule.
fn subject_violation(line: &str) -> Option<String> {
    let (commit, subject) = line.split_once(' ')?;
    let length = subject.chars().count();
    let problem = if !has_topic(subject) {
        "no topic".to_owned()
    } else if MAX_SUBJECT < length {
        format!("{length} characters")
    } else {
        return None;
    };
    Some(format!("commit {commit}: {problem}: {subject}"))
}

fn has_topic(subject: &str) -> bool {
    let topic = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_/.,()".contains(c);
    subject.split_once(": ").is_some_and(|(words, rest)| {
        words.chars().all(topic) && !words.is_empty() && !rest.is_empty()
    })
}

/// Counts violations by crate or folder.
fn by_area(wrong: &[String]) -> Vec<(String, usize)> {
    let mut areas: Vec<(String, usize)> = Vec::new();
    for line in wrong {
        let mut parts = line.split('/');
        let area = match (parts.next(), parts.next(), parts.next()) {
            (Some("crates"), Some("conformance"), Some(name)) => {
                format!("crates/conformance/{name}")
            }
            (Some("crates"), Some(name), _) => format!("crates/{name}"),
            _ if line.starts_with("commit ") => "commits".to_owned(),
            (Some(folder), ..) => folder.to_owned(),
            (None, ..) => continue,
        };
        match areas.last_mut() {
            Some((last, count)) if *last == area => *count += 1,
            _ => areas.push((area, 1)),
        }
    }
    areas
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn riddle_is_found_in_the_first_line_of_a_comment() {
        let source = "//! What all transfers share.\n\n/// Options.\n/// How they are read.\nstruct A;\n    /// Where it is.\n";
        assert_eq!(
            riddles(source),
            [
                (1, "//! What all transfers share."),
                (6, "/// Where it is.")
            ]
        );
    }

    #[test]
    fn other_words_and_other_comments_pass() {
        let source = "/// However long it takes.\n/// Where it ends.\nfn a() {}\n// What follows is code.\n//// What?\n/// Whatever.\n";
        assert_eq!(riddles(source), []);
    }

    #[test]
    fn item_after_a_module_comment_has_a_first_line_of_its_own() {
        assert_eq!(
            riddles("//! Paths.\n/// Whose it is.\n"),
            [(2, "/// Whose it is.")]
        );
    }

    #[test]
    fn subject_has_a_topic_and_an_end() {
        let long = format!("abc transport: {}", "x".repeat(72));
        for (line, problem) in [
            (
                "abc Whose a registry is, is remembered: pinned reads",
                "no topic",
            ),
            ("abc xtask says so", "no topic"),
            ("abc xtask: ", "no topic"),
            (&long, "83 characters"),
        ] {
            let sentence = subject_violation(line).unwrap();
            assert!(sentence.contains(problem), "{sentence}");
        }
        for line in [
            "abc transport: cache a registry's organization",
            "abc test(journal): split continuation and file-format tests",
            "abc docs/speed: new figures",
        ] {
            assert_eq!(subject_violation(line), None);
        }
    }

    #[test]
    fn subjects_need_a_history_with_the_base() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(subjects(folder.path()), None);
        process::output(Command::new("git").current_dir(folder.path()).arg("init")).unwrap();
        assert_eq!(subjects(folder.path()), None);
    }

    #[test]
    fn violations_are_counted_by_crate() {
        let wrong = [
            "crates/transport/src/lib.rs:1: //! What",
            "crates/transport/src/a/b.rs:1: //! How",
            "crates/conformance/registry/src/lib.rs:9: /// Where",
            "xtask/src/main.rs:3: /// Whose",
            "commit abc: no topic: x",
        ]
        .map(str::to_owned);
        let areas = by_area(&wrong);
        let areas: Vec<_> = areas
            .iter()
            .map(|(area, count)| (area.as_str(), *count))
            .collect();
        assert_eq!(
            areas,
            [
                ("crates/transport", 2),
                ("crates/conformance/registry", 1),
                ("xtask", 1),
                ("commits", 1)
            ]
        );
    }
}
