//! A pull parser for untrusted JSON: bounded in depth and size, and with the numbers that only Python writes.

mod text;

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read};

use crate::{Cell, Number, TableError, TableLimits};

/// The size of reads, in bytes.
const BUFFER: usize = 64 << 10;

/// Reads JSON from a stream.
#[derive(Debug)]
pub(super) struct Parser<R> {
    source: R,
    buffer: Vec<u8>,
    /// The position in the buffer, and its fill.
    next: usize,
    filled: usize,
    /// The number of bytes before this buffer.
    before: u64,
    /// The remaining nesting depth.
    depth: u32,
    /// The bound of the part being read.
    bound: Bound,
    /// Whether an unpaired surrogate is an error, rather than U+FFFD.
    refuses_surrogates: bool,
    /// The number of those that became U+FFFD.
    replaced_surrogates: u64,
    /// The index of the last item of the outermost list.
    item: usize,
}

#[derive(Debug)]
struct Bound {
    end: u64,
    limit: u64,
    what: String,
}

impl Cell {
    /// Reads a value from JSON as Python writes it: the views of tables beside the tables themselves.
    ///
    /// # Errors
    /// As those of [`TableReader`](crate::TableReader); `limits` bound the file as all but the rows of a table.
    pub fn read(source: impl Read, limits: &TableLimits) -> Result<Self, TableError> {
        let mut parser = Parser::new(source, limits.type_depth());
        parser.allow(limits.head_bytes, "the file");
        parser.value()
    }
}

impl<R: Read> Parser<R> {
    pub(super) fn new(source: R, depth: u32) -> Self {
        Self {
            source,
            buffer: vec![0; BUFFER],
            next: 0,
            filled: 0,
            before: 0,
            depth,
            bound: Bound {
                end: u64::MAX,
                limit: u64::MAX,
                what: "the file".to_owned(),
            },
            refuses_surrogates: false,
            replaced_surrogates: 0,
            item: 0,
        }
    }

    /// Sets whether an unpaired surrogate is an error; otherwise it becomes U+FFFD.
    #[must_use]
    pub(super) const fn refusing_surrogates(mut self, refuses: bool) -> Self {
        self.refuses_surrogates = refuses;
        self
    }

    /// Returns the number of unpaired surrogates that became U+FFFD.
    pub(super) const fn replaced_surrogates(&self) -> u64 {
        self.replaced_surrogates
    }

    /// Returns which item of a list was being read, where reading the list failed.
    pub(super) const fn item(&self) -> usize {
        self.item
    }

    /// Returns the number of bytes read.
    pub(super) const fn position(&self) -> u64 {
        self.before + self.next as u64
    }

    /// Lets the next `limit` bytes be read, and no more, as `what`.
    pub(super) fn allow(&mut self, limit: u64, what: impl Into<String>) {
        self.bound = Bound {
            end: self.position().saturating_add(limit),
            limit,
            what: what.into(),
        };
    }

    /// As [`allow`](Self::allow), for row after row, without an allocation for each.
    pub(super) fn allow_row(&mut self, limit: u64) {
        self.bound.end = self.position().saturating_add(limit);
        self.bound.limit = limit;
        if self.bound.what != "a row" {
            "a row".clone_into(&mut self.bound.what);
        }
    }

    /// Lets values be this deep in each other.
    pub(super) const fn set_depth(&mut self, depth: u32) {
        self.depth = depth;
    }

    pub(super) fn wrong(&self, what: impl Into<String>) -> TableError {
        TableError::Format {
            at: self.position(),
            what: what.into(),
        }
    }

    /// Returns the next byte without reading it; `None` at the end of the file.
    fn peek(&mut self) -> Result<Option<u8>, TableError> {
        if self.next == self.filled {
            self.refill()?;
        }
        Ok(self.buffer[..self.filled].get(self.next).copied())
    }

    fn refill(&mut self) -> Result<(), TableError> {
        self.before += self.filled as u64;
        self.next = 0;
        self.filled = 0;
        if self.bound.end <= self.before {
            return Err(TableError::Limit {
                what: self.bound.what.clone(),
                limit: self.bound.limit,
                unit: "bytes",
            });
        }
        loop {
            match self.source.read(&mut self.buffer) {
                Ok(count) => {
                    self.filled = count;
                    return Ok(());
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn cut_off(&self) -> TableError {
        TableError::CutOff {
            at: self.position(),
            within: self.bound.what.clone(),
        }
    }

    /// Skips white space, and returns the byte after it without reading it.
    fn peek_token(&mut self) -> Result<u8, TableError> {
        loop {
            match self.peek()? {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.next += 1,
                Some(byte) => return Ok(byte),
                None => return Err(self.cut_off()),
            }
        }
    }

    /// Reads `wanted`, after white space.
    pub(super) fn expect(&mut self, wanted: u8) -> Result<(), TableError> {
        let found = self.peek_token()?;
        if found != wanted {
            return Err(self.unexpected(found, &format!("`{}`", char::from(wanted))));
        }
        self.next += 1;
        Ok(())
    }

    fn unexpected(&self, found: u8, wanted: &str) -> TableError {
        self.wrong(format!("`{}` instead of {wanted}", found.escape_ascii()))
    }

    /// Skips to the next item of a list or object; returns whether there is one, rather than `close`.
    pub(super) fn next_item(&mut self, close: u8, is_first: bool) -> Result<bool, TableError> {
        let byte = self.peek_token()?;
        if byte == close {
            self.next += 1;
            return Ok(false);
        }
        if !is_first {
            if byte != b',' {
                let wanted = format!("`,` or `{}`", char::from(close));
                return Err(self.unexpected(byte, &wanted));
            }
            self.next += 1;
        }
        Ok(true)
    }

    /// Reads the name of a field, and the colon.
    pub(super) fn key(&mut self) -> Result<String, TableError> {
        let byte = self.peek_token()?;
        if byte != b'"' {
            return Err(self.unexpected(byte, "a name in quotes"));
        }
        let key = self.text()?;
        self.expect(b':')?;
        Ok(key)
    }

    /// Makes sure that nothing but white space is left.
    pub(super) fn end(&mut self) -> Result<(), TableError> {
        loop {
            match self.peek()? {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.next += 1,
                Some(found) => return Err(self.unexpected(found, "the end of the file")),
                None => return Ok(()),
            }
        }
    }

    /// Reads a value.
    pub(super) fn value(&mut self) -> Result<Cell, TableError> {
        self.value_at(1)
    }

    fn value_at(&mut self, level: u32) -> Result<Cell, TableError> {
        match self.peek_token()? {
            b'"' => self.text().map(Cell::String),
            byte @ (b'[' | b'{') => {
                if self.depth < level {
                    return Err(TableError::Limit {
                        what: format!("the depth of {}", self.bound.what),
                        limit: self.depth.into(),
                        unit: "levels",
                    });
                }
                self.next += 1;
                if byte == b'[' {
                    self.items(level)
                } else {
                    self.fields(level)
                }
            }
            _ => self.word(),
        }
    }

    fn items(&mut self, level: u32) -> Result<Cell, TableError> {
        let mut items = Vec::new();
        while self.next_item(b']', items.is_empty())? {
            if level == 1 {
                self.item = items.len();
            }
            items.push(self.value_at(level + 1)?);
        }
        Ok(Cell::List(items))
    }

    fn fields(&mut self, level: u32) -> Result<Cell, TableError> {
        let mut fields = BTreeMap::new();
        let mut is_first = true;
        while self.next_item(b'}', is_first)? {
            is_first = false;
            let key = self.key()?;
            fields.insert(key, self.value_at(level + 1)?);
        }
        Ok(Cell::Dict(fields))
    }

    /// Reads a number or a word.
    fn word(&mut self) -> Result<Cell, TableError> {
        let start = self.next;
        let is_part =
            |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
        let length = self.buffer[start..self.filled]
            .iter()
            .take_while(|byte| is_part(byte))
            .count();
        if start + length < self.filled {
            self.next += length;
            return self.as_word(start, length);
        }
        // It may continue in the next buffer.
        let mut word = self.buffer[start..self.filled].to_vec();
        self.next = self.filled;
        while let Some(byte) = self.peek()?.filter(is_part) {
            word.push(byte);
            self.next += 1;
        }
        of_word(&word).ok_or_else(|| self.bad_word(&word))
    }

    fn as_word(&self, start: usize, length: usize) -> Result<Cell, TableError> {
        let word = &self.buffer[start..start + length];
        of_word(word).ok_or_else(|| self.bad_word(word))
    }

    fn bad_word(&self, word: &[u8]) -> TableError {
        if word.is_empty() {
            let found = self.buffer[..self.filled].get(self.next).copied();
            return found.map_or_else(|| self.cut_off(), |found| self.unexpected(found, "a value"));
        }
        let shown = &word[..word.len().min(40)];
        self.wrong(format!("`{}` is no value", shown.escape_ascii()))
    }
}

fn of_word(word: &[u8]) -> Option<Cell> {
    match word {
        b"null" => Some(Cell::Null),
        b"true" => Some(Cell::Bool(true)),
        b"false" => Some(Cell::Bool(false)),
        _ => Number::parse(std::str::from_utf8(word).ok()?).map(Cell::Number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Cell, TableError> {
        let mut parser = Parser::new(text.as_bytes(), 8);
        let value = parser.value()?;
        parser.end()?;
        Ok(value)
    }

    /// Gives one byte at a time.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            let count = into.len().min(1);
            self.0.read(&mut into[..count])
        }
    }

    #[test]
    fn values_are_those_that_were_written() {
        let text = r#" { "a" : [1,-2.5,NaN,Infinity,-Infinity , 1e400] , "\u00e9\ud83d\ude00\n" : {"x":null,"y":true,"x":false} } "#;
        let expected = r#"{"a": [1, -2.5, null, Infinity, -Infinity, Infinity], "\u00e9\ud83d\ude00\n": {"x": false, "y": true}}"#;
        assert_eq!(read(text).unwrap().to_json(), expected);
        let mut slow = Parser::new(Slow(text.as_bytes()), 8);
        assert_eq!(slow.value().unwrap().to_json(), expected);
    }

    #[test]
    fn an_unpaired_surrogate_is_replaced_and_counted_or_refused() {
        for (text, unit, expected) in [
            (r#""\ud800""#, 0xd800, "\u{fffd}"),
            (r#""\ud800\n""#, 0xd800, "\u{fffd}\n"),
            (r#""\ud800\ud83d\ude00""#, 0xd800, "\u{fffd}😀"),
            (r#""\ude00x""#, 0xde00, "\u{fffd}x"),
        ] {
            let mut replacing = Parser::new(text.as_bytes(), 8);
            assert_eq!(replacing.value().unwrap(), Cell::from(expected), "{text}");
            assert_eq!(replacing.replaced_surrogates(), 1, "{text}");
            let mut refusing = Parser::new(text.as_bytes(), 8).refusing_surrogates(true);
            let refused = refusing.value();
            let is_it = matches!(&refused, Err(TableError::UnpairedSurrogate { unit: found, .. }) if *found == unit);
            assert!(is_it, "{text}: {refused:?}");
        }
    }

    #[test]
    fn what_is_no_json_is_told_with_its_place() {
        for (text, expected) in [
            ("", "the table's file is cut off after 0 bytes, in the file"),
            (
                "[1, ",
                "the table's file is cut off after 4 bytes, in the file",
            ),
            (
                "\"abc",
                "the table's file is cut off after 4 bytes, in the file",
            ),
            (
                "[1 2]",
                "byte 3 of the table's file: `2` instead of `,` or `]`",
            ),
            ("[1,]", "byte 3 of the table's file: `]` instead of a value"),
            (
                "{1:2}",
                "byte 1 of the table's file: `1` instead of a name in quotes",
            ),
            ("nul", "byte 3 of the table's file: `nul` is no value"),
            ("01", "byte 2 of the table's file: `01` is no value"),
            (
                "\"\n\"",
                "byte 1 of the table's file: `\\n` instead of what may be in a text",
            ),
            (r#""\x""#, "byte 3 of the table's file: `\\x` is no escape"),
            (
                "1 x",
                "byte 2 of the table's file: `x` instead of the end of the file",
            ),
            (
                "[[[[[[[[[1]]]]]]]]]",
                "the depth of the file is beyond the limit of 8 levels",
            ),
        ] {
            assert_eq!(read(text).unwrap_err().to_string(), expected, "{text:?}");
        }
    }
}
