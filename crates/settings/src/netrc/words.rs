//! The words of a netrc file.

use std::ops::Range;

use super::{NetrcError, Problem};

/// A word, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// What it says, without quotes.
    pub(super) text: String,
    /// Where it stands, quotes included.
    pub(super) span: Range<usize>,
    /// The line that it begins in, from 1 on.
    pub(super) line: usize,
}

/// Goes through the words of a netrc file.
#[derive(Debug, Clone)]
pub(super) struct Words<'a> {
    text: &'a str,
    at: usize,
    line: usize,
}

impl<'a> Words<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            line: 1,
        }
    }

    /// Returns the next word; a word may be in quotes, and a backslash takes the character after it as it is.
    pub(super) fn next(&mut self) -> Result<Option<Word>, NetrcError> {
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
    pub(super) fn look(&self) -> Result<Option<Word>, NetrcError> {
        self.clone().next()
    }

    /// Goes past a comment if one comes next, and returns where it stands. Quotes and backslashes mean nothing in it.
    pub(super) fn comment(&mut self) -> Option<Range<usize>> {
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
    pub(super) fn skip_macro(&mut self) -> bool {
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
