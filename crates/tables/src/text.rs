//! Values as JSON text, byte for byte as Python writes them: ASCII, sorted keys, a space after `,` and `:`.

use crate::Cell;

impl Cell {
    /// Returns the value as in a table's file; see [`TableReader`](crate::TableReader) for deviations from JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut text = Vec::new();
        write_cell(&mut text, self);
        // All that is written is ASCII.
        String::from_utf8_lossy(&text).into_owned()
    }
}

pub(super) fn write_cell(out: &mut Vec<u8>, cell: &Cell) {
    match cell {
        Cell::Null => out.extend_from_slice(b"null"),
        Cell::Bool(true) => out.extend_from_slice(b"true"),
        Cell::Bool(false) => out.extend_from_slice(b"false"),
        Cell::Number(number) | Cell::Timestamp(number) => number.write(out),
        Cell::String(text) => write_text(out, text),
        Cell::List(items) => write_list(out, items),
        Cell::Dict(fields) => {
            out.push(b'{');
            for (place, (key, value)) in fields.iter().enumerate() {
                separate(out, place);
                write_text(out, key);
                out.extend_from_slice(b": ");
                write_cell(out, value);
            }
            out.push(b'}');
        }
    }
}

pub(super) fn write_list(out: &mut Vec<u8>, items: &[Cell]) {
    out.push(b'[');
    for (place, item) in items.iter().enumerate() {
        separate(out, place);
        write_cell(out, item);
    }
    out.push(b']');
}

/// Writes a separator, unless this is the first item.
pub(super) fn separate(out: &mut Vec<u8>, place: usize) {
    if place != 0 {
        out.extend_from_slice(b", ");
    }
}

pub(super) fn write_text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| !is_plain(byte)) {
        // All before is ASCII, so this is the beginning of a character.
        let (plain, special) = rest.split_at(at);
        out.extend_from_slice(plain.as_bytes());
        let mut letters = special.chars();
        escape(out, letters.next().expect("something is not plain"));
        rest = letters.as_str();
    }
    out.extend_from_slice(rest.as_bytes());
    out.push(b'"');
}

const fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\'
}

fn escape(out: &mut Vec<u8>, letter: char) {
    let short = match letter {
        '"' => b'"',
        '\\' => b'\\',
        '\n' => b'n',
        '\r' => b'r',
        '\t' => b't',
        '\u{8}' => b'b',
        '\u{c}' => b'f',
        _ => {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                out.extend_from_slice(b"\\u");
                for shift in [12, 8, 4, 0] {
                    out.push(b"0123456789abcdef"[usize::from(*unit >> shift & 15)]);
                }
            }
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_ascii() {
        let text = "é\u{2028}\u{7f}\0\u{1f}\n\t\u{8}\u{c}\r\"\\/😀~";
        let expected = r#""\u00e9\u2028\u007f\u0000\u001f\n\t\b\f\r\"\\/\ud83d\ude00~""#;
        assert_eq!(Cell::from(text).to_json(), expected);
    }

    #[test]
    fn values_are_spaced_and_sorted() {
        let value = Cell::from([
            ("b", Cell::from(vec![1, 2])),
            ("a", Cell::Null),
            (
                "é",
                Cell::from(vec![Cell::from(f64::NAN), Cell::from(f64::INFINITY)]),
            ),
            ("B", Cell::Dict([].into())),
        ]);
        let expected = r#"{"B": {}, "a": null, "b": [1, 2], "\u00e9": [null, Infinity]}"#;
        assert_eq!(value.to_json(), expected);
    }
}
