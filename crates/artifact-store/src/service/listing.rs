//! Listings as clients ask for them: filtered, ordered, page by page.

use serde_json::Value;

use crate::StoreError;

/// Which part of a listing is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListQuery {
    /// JSON text: `{"name": "…"}`, with the operators `$and $or $nor $not $lt $gt $lte $gte $eq $ne $in $nin $exists
    /// $regex $contains $size $all`.
    pub filter: Option<String>,
    /// A field after `+` or `-`, as `-created_at`; several are separated by commas.
    pub order: Option<String>,
    /// The cursor of the last item that the caller has.
    pub after: Option<String>,
    /// The most items wanted; never more than 10,000 are given at once.
    pub first: Option<u32>,
}

/// Part of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice<T> {
    /// The items.
    pub items: Vec<Listed<T>>,
    /// Whether more follow.
    pub has_more: bool,
    /// How many items the whole listing has.
    pub total: u64,
}

/// An item of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<T> {
    /// Where the listing can go on after this item, in a later query too, and also when the item is gone by then.
    pub cursor: String,
    /// The item.
    pub item: T,
}

/// An item that can be filtered and ordered.
pub(super) trait Listable {
    /// Returns the fields that a filter and an order may name, in `snake_case`; a name in `camelCase` means the same.
    /// Nested ones are named with dots.
    fn document(&self) -> Value;

    /// Returns what tells it apart from all others; ties in the order are broken by it.
    fn number(&self) -> i64;
}

/// Takes the wanted part out of all items of a listing.
pub(super) fn select<T: Listable>(
    items: Vec<T>,
    query: &ListQuery,
    default_order: &str,
) -> Result<Slice<T>, StoreError> {
    let _ = (items, query, default_order);
    todo!()
}

/// How many of the items the query's filter lets through.
pub(super) fn count<T: Listable>(items: &[T], filter: Option<&str>) -> Result<u64, StoreError> {
    let _ = (items, filter);
    todo!()
}
