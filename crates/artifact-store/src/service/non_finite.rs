//! Numbers that JSON does not have, in the way in which the official client writes them: `NaN`, `Infinity`, `-Infinity`.

use std::borrow::Cow;

const TOKENS: [&str; 3] = ["NaN", "-Infinity", "Infinity"];

/// Returns `text` as JSON that every parser reads: such numbers become texts of the same letters. What stands between
/// quotes stays.
pub(super) fn quoted(text: &str) -> Cow<'_, str> {
    if !TOKENS.iter().any(|token| text.contains(token)) {
        return Cow::Borrowed(text);
    }
    let mut result = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if first == '"' {
            let (string, after) = rest.split_at(end_of_string(rest));
            result.push_str(string);
            rest = after;
        } else if let Some(token) = TOKENS.iter().find(|token| rest.starts_with(**token)) {
            result.push('"');
            result.push_str(token);
            result.push('"');
            rest = &rest[token.len()..];
        } else {
            result.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    Cow::Owned(result)
}

/// Returns where the string ends with which `text` begins.
fn end_of_string(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_texts_and_texts_stay() {
        let text = r#"{"a":NaN,"NaN":[-Infinity,Infinity],"b":"\"NaN","é":"Infinity"}"#;
        let expected = r#"{"a":"NaN","NaN":["-Infinity","Infinity"],"b":"\"NaN","é":"Infinity"}"#;
        assert_eq!(quoted(text), expected);
        assert!(matches!(quoted(r#"{"a":1}"#), Cow::Borrowed(_)));
        for broken in ["NaN\"", "\"NaN", "\"\\", "{NaN"] {
            quoted(broken);
        }
    }
}
