//! Limits on the cost of a document, checked before it is parsed and before it is validated.
//!
//! The parser and the validator recurse into everything, and into a fragment at each use: nested brackets would
//! overflow the stack, and fragments that each use the next one twice would take exponential time.

use std::collections::HashMap;

use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};
use async_graphql::{Name, ServerError};

use super::MAX_DOCUMENT_DEPTH;

/// Maximum nesting of brackets of any kind.
const MAX_BRACKET_DEPTH: usize = 64;

/// Maximum number of selections in all operations and fragments, with those in fragments counted at each use.
const MAX_SELECTIONS: usize = 20_000;

/// Refuses text whose brackets are nested too deeply for the parser.
pub(super) fn check_nesting(text: &str) -> Result<(), ServerError> {
    let mut rest = text.as_bytes();
    let mut depth = 0_usize;
    while let [first, after @ ..] = rest {
        rest = match first {
            b'{' | b'[' | b'(' => {
                depth += 1;
                after
            }
            b'}' | b']' | b')' => {
                depth = depth.saturating_sub(1);
                after
            }
            b'#' => after_line(after),
            b'"' if after.starts_with(b"\"\"") => after_block_string(&after[2..]),
            b'"' => after_string(after),
            _ => after,
        };
        if MAX_BRACKET_DEPTH < depth {
            return Err(too_deep());
        }
    }
    Ok(())
}

fn after_line(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
    end.map_or(&[], |end| &text[end..])
}

fn after_string(mut text: &[u8]) -> &[u8] {
    loop {
        text = match text {
            [b'"' | b'\n' | b'\r', after @ ..] => return after,
            [b'\\', _, after @ ..] | [_, after @ ..] => after,
            [] => return text,
        };
    }
}

fn after_block_string(mut text: &[u8]) -> &[u8] {
    loop {
        text = match text {
            [b'"', b'"', b'"', after @ ..] => return after,
            [b'\\', b'"', b'"', b'"', after @ ..] | [_, after @ ..] => after,
            [] => return text,
        };
    }
}

/// Refuses documents that are too expensive to validate.
pub(super) fn check_cost(document: &ExecutableDocument) -> Result<(), ServerError> {
    let mut measured = CostCounter {
        document,
        fragments: HashMap::new(),
    };
    let mut selections = 0_usize;
    for (_, operation) in document.operations.iter() {
        let cost = measured.of(&operation.node.selection_set.node, 0)?;
        selections = selections.saturating_add(cost.selections);
    }
    for name in document.fragments.keys() {
        let cost = measured.of_fragment(name, 0)?;
        selections = selections.saturating_add(cost.selections);
    }
    if MAX_SELECTIONS < selections {
        return Err(ServerError::new("Query is too complex.", None));
    }
    Ok(())
}

/// Cost of a part of a document.
#[derive(Debug, Clone, Copy, Default)]
struct Cost {
    selections: usize,
    depth: usize,
}

/// Counts the cost of a document, and of each fragment only once, however often it is used.
struct CostCounter<'d> {
    document: &'d ExecutableDocument,
    /// The cost of each fragment; `None` while it is being counted.
    fragments: HashMap<&'d Name, Option<Cost>>,
}

impl<'d> CostCounter<'d> {
    /// Counts selections at depth `above`.
    fn of(&mut self, set: &'d SelectionSet, above: usize) -> Result<Cost, ServerError> {
        if MAX_DOCUMENT_DEPTH < above {
            return Err(too_deep());
        }
        let mut whole = Cost::default();
        for selection in &set.items {
            let part = match &selection.node {
                Selection::Field(field) => self.of(&field.node.selection_set.node, above + 1)?,
                Selection::InlineFragment(inline) => {
                    self.of(&inline.node.selection_set.node, above + 1)?
                }
                Selection::FragmentSpread(spread) => {
                    self.of_fragment(&spread.node.fragment_name.node, above + 1)?
                }
            };
            whole.selections = whole
                .selections
                .saturating_add(part.selections)
                .saturating_add(1);
            whole.depth = whole.depth.max(part.depth + 1);
        }
        Ok(whole)
    }

    /// Counts a fragment at depth `above`. A missing fragment costs nothing, and is left to the validator.
    fn of_fragment(&mut self, name: &Name, above: usize) -> Result<Cost, ServerError> {
        let Some((name, fragment)) = self.document.fragments.get_key_value(name) else {
            return Ok(Cost::default());
        };
        let cost = match self.fragments.get(name) {
            Some(Some(cost)) => *cost,
            Some(None) => {
                let message = format!("Cannot spread fragment \"{name}\" within itself.");
                return Err(ServerError::new(message, Some(fragment.pos)));
            }
            None => {
                self.fragments.insert(name, None);
                let cost = self.of(&fragment.node.selection_set.node, above)?;
                self.fragments.insert(name, Some(cost));
                cost
            }
        };
        if MAX_DOCUMENT_DEPTH < above + cost.depth {
            return Err(too_deep());
        }
        Ok(cost)
    }
}

fn too_deep() -> ServerError {
    ServerError::new("Query is nested too deep.", None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(text: &str) -> Result<(), String> {
        let document = async_graphql::parser::parse_query(text).unwrap();
        check_cost(&document).map_err(|error| error.message)
    }

    #[test]
    fn brackets_in_strings_and_comments_do_not_count() {
        let open = "{".repeat(100);
        for text in [
            format!("{{ a(b: \"{open}\") }}"),
            format!("{{ a(b: \"\\\"{open}\") }}"),
            format!("{{ a(b: \"\"\"{open} \\\"\"\" {open}\"\"\") }}"),
            format!("{{ a # {open}\n }}"),
        ] {
            assert!(check_nesting(&text).is_ok(), "{text}");
        }
        for text in [
            open.clone(),
            format!("\"\"{open}"),
            format!("#\n{open}"),
            format!("\"\n{open}"),
        ] {
            assert!(check_nesting(&text).is_err(), "{text}");
        }
    }

    #[test]
    fn fragments_count_wherever_they_are_used() {
        use std::fmt::Write as _;
        let doubling = |levels| {
            let mut text = String::from("{ ...f0 }");
            for n in 0..levels {
                let _ = write!(text, " fragment f{n} on T {{ ...f{0} ...f{0} }}", n + 1);
            }
            text + &format!(" fragment f{levels} on T {{ a }}")
        };
        assert_eq!(cost(&doubling(5)), Ok(()));
        assert_eq!(cost(&doubling(40)), Err("Query is too complex.".to_owned()));
        assert_eq!(
            cost(&doubling(60)),
            Err("Query is nested too deep.".to_owned())
        );
        let circle = "{ ...a } fragment a on T { ...b } fragment b on T { ...a }";
        assert!(cost(circle).unwrap_err().contains("within itself"));
        assert_eq!(cost("{ ...nothing }"), Ok(()));
    }
}
