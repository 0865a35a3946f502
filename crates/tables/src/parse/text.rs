//! Texts in JSON, and their escapes.

use std::io::Read;

use super::Parser;
use crate::TableError;

impl<R: Read> Parser<R> {
    /// Reads a text, from its first quote to its last.
    pub(super) fn text(&mut self) -> Result<String, TableError> {
        self.next += 1;
        let mut text = Vec::new();
        loop {
            if self.peek()?.is_none() {
                return Err(self.cut_off());
            }
            let rest = &self.buffer[self.next..self.filled];
            let is_plain = |byte: &u8| *byte >= b' ' && *byte != b'"' && *byte != b'\\';
            let length = rest.iter().take_while(|byte| is_plain(byte)).count();
            text.extend_from_slice(&rest[..length]);
            self.next += length;
            match rest.get(length) {
                None => {}
                Some(b'"') => {
                    self.next += 1;
                    return String::from_utf8(text)
                        .map_err(|_| self.wrong("a text that is not UTF-8"));
                }
                Some(b'\\') => {
                    self.next += 1;
                    self.escape(&mut text)?;
                }
                Some(found) => return Err(self.unexpected(*found, "what may be in a text")),
            }
        }
    }

    fn escape(&mut self, text: &mut Vec<u8>) -> Result<(), TableError> {
        let byte = self.byte()?;
        text.push(match byte {
            b'"' | b'\\' | b'/' => byte,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'b' => 8,
            b'f' => 12,
            b'u' => return self.unicode(text),
            _ => return Err(self.wrong(format!("`\\{}` is no escape", byte.escape_ascii()))),
        });
        Ok(())
    }

    /// Reads the digits after `\u`. An unpaired surrogate, which Python may hold but no other text can, becomes U+FFFD or an
    /// error.
    fn unicode(&mut self, text: &mut Vec<u8>) -> Result<(), TableError> {
        let mut units = vec![self.unit()?];
        while let Some(0xd800..0xdc00) = units.last() {
            // The other half should follow, but what follows may be anything.
            if self.peek()? != Some(b'\\') {
                break;
            }
            self.next += 1;
            if self.peek()? != Some(b'u') {
                self.push_units(text, &units)?;
                return self.escape(text);
            }
            self.next += 1;
            units.push(self.unit()?);
        }
        self.push_units(text, &units)
    }

    fn unit(&mut self) -> Result<u16, TableError> {
        let mut unit = 0;
        for _ in 0..4 {
            let byte = self.byte()?;
            let digit = char::from(byte).to_digit(16);
            let digit = digit.ok_or_else(|| self.wrong("four hex digits have to follow `\\u`"))?;
            unit = unit << 4 | u16::try_from(digit).expect("a digit is below 16");
        }
        Ok(unit)
    }

    fn byte(&mut self) -> Result<u8, TableError> {
        let byte = self.peek()?.ok_or_else(|| self.cut_off())?;
        self.next += 1;
        Ok(byte)
    }

    fn push_units(&mut self, text: &mut Vec<u8>, units: &[u16]) -> Result<(), TableError> {
        for letter in char::decode_utf16(units.iter().copied()) {
            let letter = letter.or_else(|error| self.unpaired(error.unpaired_surrogate()))?;
            text.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
        }
        Ok(())
    }

    fn unpaired(&mut self, unit: u16) -> Result<char, TableError> {
        if self.refuses_surrogates {
            return Err(TableError::UnpairedSurrogate {
                place: format!("byte {} of the table's file", self.position()),
                unit,
            });
        }
        self.replaced_surrogates += 1;
        Ok(char::REPLACEMENT_CHARACTER)
    }
}
