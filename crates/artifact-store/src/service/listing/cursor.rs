//! Where a listing goes on.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::Value;

use crate::StoreError;

/// How much of a foreign cursor an error shows.
const SHOWN_CHARS: usize = 64;

/// Where an item stands in an order: it says so also when the item is gone.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Position {
    /// What the fields of the order hold.
    pub(super) keys: Vec<Value>,
    /// The number of the item.
    pub(super) number: i64,
}

/// Returns a position in an order as text.
pub(super) fn encode(order: &str, position: &Position) -> String {
    let content = serde_json::json!([order, position.keys, position.number]);
    BASE64.encode(content.to_string())
}

/// Returns the position that a cursor stands for; it must be one in this order.
pub(super) fn decode(order: &str, cursor: &str) -> Result<Position, StoreError> {
    let bytes = BASE64.decode(cursor).map_err(|_| foreign(cursor))?;
    let content = serde_json::from_slice::<(String, Vec<Value>, i64)>(&bytes);
    let (of_order, keys, number) = content.map_err(|_| foreign(cursor))?;
    if of_order != order {
        return Err(StoreError::rejected(format!(
            "the cursor is of a listing ordered by {of_order}, not by {order}: leave it out to start anew"
        )));
    }
    Ok(Position { keys, number })
}

/// Returns the error that no listing gave this cursor out.
pub(super) fn foreign(cursor: &str) -> StoreError {
    let shown: String = cursor.chars().take(SHOWN_CHARS).collect();
    StoreError::rejected(format!(
        "no listing gave out the cursor {shown:?}: leave it out to start anew"
    ))
}
