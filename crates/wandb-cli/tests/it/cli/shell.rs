//! Runs the command in a folder of its own, and writes down what came of it.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::tree::Place;

/// A folder, a clean environment, and the transcript so far.
#[derive(Debug)]
pub(super) struct Shell {
    pub(super) place: Place,
    environment: Vec<(&'static str, String)>,
    transcript: String,
}

impl Shell {
    /// Returns a shell in a folder with the tree of the page on creating artifacts, and `WANDB_RS_STORE` set.
    pub(super) fn with_tree() -> Self {
        Self::at(Place::with_tree()).env("WANDB_RS_STORE", "store")
    }

    /// Returns a shell in an empty folder whose environment names no store.
    pub(super) fn bare() -> Self {
        Self::at(Place::empty())
    }

    fn at(place: Place) -> Self {
        Self {
            place,
            environment: Vec::new(),
            transcript: String::new(),
        }
    }

    /// Sets a variable for all commands from here on.
    pub(super) fn env(mut self, variable: &'static str, value: impl Into<String>) -> Self {
        self.environment.push((variable, value.into()));
        self
    }

    /// Runs the command with these words and returns what came of it.
    pub(super) fn output(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    /// The same with a text on standard input.
    pub(super) fn output_with(&self, words: &[&str], input: &str) -> Output {
        let file = self.place.write("input", input);
        let input = std::fs::File::open(file).unwrap();
        self.command(words).stdin(input).output().unwrap()
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wandb-rs"));
        command
            .args(words)
            .current_dir(self.place.path(""))
            .env_clear()
            .env("HOME", self.place.path("home"))
            .envs(self.environment.iter().cloned());
        command
    }

    /// Runs a command line without quotes, and adds it to the transcript.
    pub(super) fn run(&mut self, line: &str) -> &mut Self {
        self.run_words(&line.split_whitespace().collect::<Vec<_>>())
    }

    /// Runs the command with these words, and adds it to the transcript.
    pub(super) fn run_words(&mut self, words: &[&str]) -> &mut Self {
        let output = self.output(words);
        let line = words.iter().map(|word| quoted(word)).collect::<Vec<_>>();
        let text = |bytes: &[u8]| self.masked(std::str::from_utf8(bytes).unwrap());
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        let code = output.status.code().unwrap();
        let transcript = &mut self.transcript;
        writeln!(transcript, "$ wandb-rs {}", line.join(" ")).unwrap();
        for (name, text) in [("stdout", out), ("stderr", err)] {
            if !text.is_empty() {
                write!(transcript, "--- {name}\n{text}").unwrap();
            }
        }
        writeln!(transcript, "--- exit {code}\n").unwrap();
        self
    }

    /// Adds something that is done between commands to the transcript.
    pub(super) fn note(&mut self, note: &str) -> &mut Self {
        writeln!(self.transcript, "# {note}\n").unwrap();
        self
    }

    /// Returns the transcript.
    pub(super) fn transcript(&self) -> &str {
        self.transcript.trim_end()
    }

    /// Runs a command that must succeed with `--json`, and returns the one object it prints.
    pub(super) fn json(&self, line: &str) -> Value {
        let words: Vec<&str> = line.split_whitespace().chain(["--json"]).collect();
        let output = self.output(&words);
        let (code, object) = Self::json_of(&output);
        assert_eq!(code, 0, "{line}");
        object
    }

    /// Returns the exit code, and the one object on standard output; nothing may be on standard error.
    pub(super) fn json_of(output: &Output) -> (i32, Value) {
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        let text = std::str::from_utf8(&output.stdout).unwrap();
        let line = text.strip_suffix('\n').unwrap();
        assert!(!line.contains('\n'), "{line}");
        let object: Value = serde_json::from_str(line).unwrap();
        assert!(object.is_object(), "{line}");
        (output.status.code().unwrap(), object)
    }

    /// Returns the text without what differs from one time to the next.
    fn masked(&self, text: &str) -> String {
        let place = self.place.path("");
        let place = place.to_str().unwrap().trim_end_matches('/');
        without_ids(&without_times(&text.replace(place, "[PLACE]")))
    }

    pub(super) fn is_there(&self, relative: &str) -> bool {
        Path::new(&self.place.path(relative)).exists()
    }
}

/// Returns the text with `[ID]` in place of the ids of versions, which every store gives differently.
fn without_ids(text: &str) -> String {
    const START: &str = "wandb-artifact://";
    let mut parts = text.split(START);
    let mut masked = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_hexdigit());
        // Not those that the test itself wrote.
        let is_id = 16 < part.len() - rest.len();
        masked.push_str(START);
        masked.push_str(if is_id { "[ID]" } else { "" });
        masked.push_str(if is_id { rest } else { part });
    }
    masked
}

fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=@%+,*[]".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.escape_debug())
}

/// Replaces points in time with their pattern, which is as wide.
fn without_times(text: &str) -> String {
    const PATTERN: &str = "dddd-dd-ddTdd:dd:ddZ";
    let is_time = |window: &str| {
        window.len() == PATTERN.len()
            && window
                .bytes()
                .zip(PATTERN.bytes())
                .all(|(found, wanted)| match wanted {
                    b'd' => found.is_ascii_digit(),
                    other => found == other,
                })
    };
    let mut masked = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if rest.get(..PATTERN.len()).is_some_and(is_time) {
            masked.push_str("YYYY-MM-DDThh:mm:ssZ");
            rest = &rest[PATTERN.len()..];
        } else {
            masked.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    masked
}
