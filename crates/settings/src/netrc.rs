//! The netrc file, in which programs store the credentials of machines.
//!
//! It belongs to many programs, so what is not ours stays in it byte for byte. The key of a server is the password of the
//! entry for its host, with the port where its URL has one. The `default` entry, which is for any machine, is not used:
//! its content was not meant for W&B.

use std::ops::Range;

/// A syntax error of a netrc file. It never repeats the content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct NetrcError {
    line: usize,
    problem: Problem,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Problem {
    #[error("a quote is not closed")]
    OpenQuote,
    #[error("a backslash at the end escapes nothing")]
    OpenBackslash,
    #[error("a word is missing after this one")]
    NoValue,
    #[error(
        "there should be `machine`, `default`, `macdef`, `login`, `password`, `account` or a comment"
    )]
    UnknownWord,
}

impl Problem {
    const fn at(self, line: usize) -> NetrcError {
        NetrcError {
            line,
            problem: self,
        }
    }
}

/// The password of an entry.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Password {
    pub(super) text: String,
    /// The line that the entry begins in, from 1 on.
    pub(super) line: usize,
}

/// Returns the password for a host; of several entries the last counts, as for the official client.
///
/// # Errors
/// [`NetrcError`] when the file has a form that netrc files do not have.
pub(crate) fn password(content: &[u8], host: &str) -> Result<Option<Password>, NetrcError> {
    let parsed = parse(&characters(content))?;
    let mut found = None;
    for entry in parsed
        .entries
        .into_iter()
        .filter(|entry| entry.is_for(host))
    {
        let line = entry.line;
        let password = entry.password.map(|text| Password {
            text: String::from_utf8_lossy(&bytes(&text)).into_owned(),
            line,
        });
        found = password.or(found);
    }
    Ok(found)
}

/// Returns the file with `key` as the password for a host. Entries of other machines, macros and comments stay as they are.
///
/// # Errors
/// [`NetrcError`] when the file has a form that netrc files do not have: it is left alone then.
pub(crate) fn with_password(content: &[u8], host: &str, key: &str) -> Result<Vec<u8>, NetrcError> {
    let key = characters(key.as_bytes());
    let section = format!("machine {host}\n  login user\n  password {key}\n");
    Ok(bytes(&with_section(&characters(content), host, &section)?))
}

/// Returns a character for each byte. The words that count are ASCII, and such a file declares no encoding.
fn characters(content: &[u8]) -> String {
    content.iter().copied().map(char::from).collect()
}

/// Returns the bytes of such characters.
fn bytes(characters: &str) -> Vec<u8> {
    let byte = |c| u8::try_from(c).expect("each was a byte");
    characters.chars().map(byte).collect()
}

fn with_section(text: &str, host: &str, section: &str) -> Result<String, NetrcError> {
    let parsed = parse(text)?;
    // Comments of the replaced part go behind it: there, unlike after an empty line, Python's parser knows them as such.
    let ours = parsed.entries.iter().filter(|entry| entry.is_for(host));
    let comments = ours.flat_map(|entry| entry.comments.clone());
    let comments = comments.flat_map(|comment| [&text[comment], "\n"]);
    let mut section = Some([section].into_iter().chain(comments).collect::<String>());
    let mut result = String::with_capacity(text.len() + 128);
    let mut copied = 0;
    for entry in parsed.entries {
        let is_ours = entry.is_for(host);
        // What is behind `default` is never reached by some programs.
        if !is_ours && entry.machine.is_some() {
            continue;
        }
        let end = if is_ours {
            entry.span.end
        } else {
            entry.span.start
        };
        let span = whole_lines(text, entry.span.start..end);
        result.push_str(&text[copied..span.start]);
        copied = span.end;
        if let Some(section) = section.take() {
            close_line(&mut result);
            result.push_str(&section);
        }
    }
    result.push_str(&text[copied..]);
    if let Some(section) = section {
        close_line(&mut result);
        if parsed.is_macro_open {
            // It would become a part of the macro.
            result.push('\n');
        }
        result.push_str(&section);
    }
    Ok(result)
}

fn close_line(text: &mut String) {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
}

/// Extends a removed range to the ends of its lines, where nothing else is on them.
fn whole_lines(text: &str, span: Range<usize>) -> Range<usize> {
    let before = text[..span.start].rfind('\n').map_or(0, |end| end + 1);
    let start = if text[before..span.start].trim().is_empty() {
        before
    } else {
        span.start
    };
    if span.is_empty() {
        return start..start;
    }
    let after = text[span.end..]
        .find('\n')
        .map_or(text.len(), |end| span.end + end + 1);
    let end = if text[span.end..after].trim().is_empty() {
        after
    } else {
        span.end
    };
    start..end
}

#[derive(Default)]
struct Parsed {
    entries: Vec<Entry>,
    /// Whether the file ends within a macro.
    is_macro_open: bool,
}

struct Entry {
    /// The machine; none for `default`.
    machine: Option<String>,
    password: Option<String>,
    line: usize,
    /// From its first word to its last.
    span: Range<usize>,
    /// The comments between them.
    comments: Vec<Range<usize>>,
}

impl Entry {
    fn is_for(&self, host: &str) -> bool {
        self.machine
            .as_deref()
            .is_some_and(|machine| machine.eq_ignore_ascii_case(host))
    }
}

fn parse(text: &str) -> Result<Parsed, NetrcError> {
    let mut words = Words::new(text);
    let mut parsed = Parsed::default();
    loop {
        if words.comment().is_some() {
            continue;
        }
        let Some(word) = words.next()? else {
            return Ok(parsed);
        };
        match word.text.as_str() {
            "machine" => {
                let name = value(&mut words, &word)?;
                parsed.entries.push(entry(&mut words, &word, Some(name))?);
            }
            "default" => parsed.entries.push(entry(&mut words, &word, None)?),
            "macdef" => {
                value(&mut words, &word)?;
                parsed.is_macro_open = !words.skip_macro();
            }
            _ => return Err(Problem::UnknownWord.at(word.line)),
        }
    }
}

fn entry(words: &mut Words<'_>, first: &Word, name: Option<Word>) -> Result<Entry, NetrcError> {
    let end = name.as_ref().map_or(first.span.end, |name| name.span.end);
    let mut entry = Entry {
        machine: name.map(|name| name.text),
        password: None,
        line: first.line,
        span: first.span.start..end,
        comments: Vec::new(),
    };
    loop {
        if let Some(comment) = words.comment() {
            entry.comments.push(comment);
            continue;
        }
        match words.look()? {
            Some(word) if matches!(&*word.text, "login" | "user" | "account" | "password") => {
                words.next()?;
                let value = value(words, &word)?;
                entry.span.end = value.span.end;
                if word.text == "password" {
                    entry.password = Some(value.text);
                }
            }
            _ => break,
        }
    }
    // What comes after the last word is not the entry's.
    let end = entry.span.end;
    entry.comments.retain(|comment| comment.start < end);
    Ok(entry)
}

fn value(words: &mut Words<'_>, keyword: &Word) -> Result<Word, NetrcError> {
    words.next()?.ok_or(Problem::NoValue.at(keyword.line))
}

/// A word and its position.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Word {
    /// Its text, without quotes.
    text: String,
    /// Its position, quotes included.
    span: Range<usize>,
    /// The line that it begins in, from 1 on.
    line: usize,
}

/// Goes through the words of a netrc file.
#[derive(Debug, Clone)]
struct Words<'a> {
    text: &'a str,
    at: usize,
    line: usize,
}

impl<'a> Words<'a> {
    const fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            line: 1,
        }
    }

    /// Returns the next word; a word may be in quotes, and a backslash takes the character after it as it is.
    fn next(&mut self) -> Result<Option<Word>, NetrcError> {
        self.skip_space();
        let (start, line) = (self.at, self.line);
        let is_quoted = self.peek() == Some('"');
        if is_quoted {
            self.step();
        }
        let mut text = String::new();
        loop {
            match self.peek() {
                None if is_quoted => return Err(Problem::OpenQuote.at(line)),
                Some('"') if is_quoted => {
                    self.step();
                    break;
                }
                None => break,
                Some(c) if c.is_ascii_whitespace() && !is_quoted => break,
                Some('\\') => {
                    self.step();
                    let escaped = self.step().filter(|c| *c != '\n');
                    text.push(escaped.ok_or(Problem::OpenBackslash.at(line))?);
                }
                Some(_) => text.extend(self.step()),
            }
        }
        let span = start..self.at;
        Ok((!span.is_empty()).then_some(Word { text, span, line }))
    }

    /// Returns the next word without going past it.
    fn look(&self) -> Result<Option<Word>, NetrcError> {
        self.clone().next()
    }

    /// Skips a comment if one comes next, and returns its position. Quotes and backslashes mean nothing in it.
    fn comment(&mut self) -> Option<Range<usize>> {
        self.skip_space();
        let start = self.at;
        (self.peek() == Some('#')).then(|| {
            self.skip_line();
            start..self.at
        })
    }

    fn skip_space(&mut self) {
        self.skip(|c| c.is_ascii_whitespace());
    }

    fn skip_line(&mut self) {
        self.skip(|c| c != '\n');
    }

    /// Goes past a macro, which ends with an empty line; returns whether there was one.
    fn skip_macro(&mut self) -> bool {
        self.skip_line();
        while self.step().is_some() {
            let begin = self.at;
            self.skip_line();
            if self.text[begin..self.at].trim_end_matches('\r').is_empty() && self.peek().is_some()
            {
                return true;
            }
        }
        false
    }

    fn skip(&mut self, is_skipped: impl Fn(char) -> bool) {
        while self.peek().is_some_and(&is_skipped) {
            self.step();
        }
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn step(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        self.line += usize::from(c == '\n');
        Some(c)
    }
}

#[cfg(test)]
mod tests;
