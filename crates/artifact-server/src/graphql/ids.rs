//! Ids that clients see and the engine does not know: base64 of a kind and a number, as W&B's are.

use async_graphql::ID;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

/// Returns the id of a thing.
pub(crate) fn encode(kind: &str, name: impl std::fmt::Display) -> ID {
    ID(BASE64.encode(format!("{kind}:{name}")))
}

/// Returns the number in an id of this kind.
pub(crate) fn number_in(kind: &str, id: &str) -> Option<i64> {
    let text = String::from_utf8(BASE64.decode(id).ok()?).ok()?;
    text.strip_prefix(kind)?.strip_prefix(':')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_round_trip_and_kinds_are_told_apart() {
        let id = encode("RunFile", 12);
        assert_eq!(number_in("RunFile", &id), Some(12));
        assert_eq!(number_in("Run", &id), None);
        assert_eq!(number_in("RunFile", "%"), None);
    }
}
