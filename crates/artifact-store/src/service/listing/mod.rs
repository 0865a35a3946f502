//! Listings as clients ask for them: filtered, ordered, page by page.

mod fields;
mod filter;
mod order;
#[cfg(test)]
mod tests;

use serde_json::{Value, json};

pub(super) use self::fields::time_text;
use self::filter::Filter;
use self::order::{Order, Position};
use crate::StoreError;

/// The most items that are given at once.
const LARGEST_SLICE: u32 = 10_000;

/// Which part of a listing is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListQuery {
    /// JSON text: `{"name": "…"}`, with the operators `$and $or $nor $not $lt $gt $lte $gte $eq $ne $in $nin $exists
    /// $regex $contains $size $all`.
    pub filter: Option<String>,
    /// A field after `+` or `-`, as `-created_at`; several are separated by commas. Texts are ordered by their first 256
    /// characters.
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
    /// The number of items in the whole listing.
    pub total: u64,
}

/// An item of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<T> {
    /// The cursor after this item; a later query can continue from it, even if the item is deleted by then.
    pub cursor: String,
    /// The item.
    pub item: T,
}

impl<T> Slice<T> {
    /// Returns the slice with other items.
    pub(crate) fn map<U>(self, mut change: impl FnMut(T) -> U) -> Slice<U> {
        let items = self.items.into_iter().map(|listed| Listed {
            cursor: listed.cursor,
            item: change(listed.item),
        });
        Slice {
            items: items.collect(),
            has_more: self.has_more,
            total: self.total,
        }
    }
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
    let filter = Filter::parse(query.filter.as_deref())?;
    let wanted = query.order.as_deref().map(str::trim);
    let order = Order::parse(wanted.filter(|o| !o.is_empty()).unwrap_or(default_order))?;
    let after = query.after.as_deref();
    let after = after.map(|text| order.position_of(text)).transpose()?;

    let mut found = Vec::new();
    for (index, item) in items.into_iter().enumerate() {
        let document = item.document();
        if index == 0 {
            order.check(&document)?;
        }
        if filter.lets_through(&document) {
            found.push((order.position(&document, item.number()), item));
        }
    }
    found.sort_unstable_by(|(left, _), (right, _)| order.compare(left, right));

    let total = found.len() as u64;
    let is_before = |position: &Position| {
        let after = after.as_ref();
        after.is_some_and(|after| order.compare(position, after).is_le())
    };
    let start = found.partition_point(|(position, _)| is_before(position));
    let limit = query.first.unwrap_or(LARGEST_SLICE).min(LARGEST_SLICE);
    let rest = found.len() - start;
    let items = found.into_iter().skip(start).take(limit as usize);
    let items = items.map(|(position, item)| Listed {
        cursor: order.cursor_at(&position),
        item,
    });
    Ok(Slice {
        items: items.collect(),
        has_more: (limit as usize) < rest,
        total,
    })
}

/// Returns the number of items that pass the query's filter.
pub(super) fn count<T: Listable>(items: &[T], filter: Option<&str>) -> Result<u64, StoreError> {
    let filter = Filter::parse(filter)?;
    let passed = items
        .iter()
        .filter(|item| filter.lets_through(&item.document()));
    Ok(passed.count() as u64)
}

/// Which items of a listing are wanted, by their numbers, the largest first.
#[derive(Debug)]
pub(super) struct Part {
    /// Only those with a smaller number.
    pub(super) before: Option<i64>,
    /// The maximum number of items.
    pub(super) limit: u32,
    order: Order,
}

impl Part {
    /// Reads a query of a listing whose items all have the fields `fixed` and are ordered by `by_number`, one descending
    /// field that holds an item's number, unless the query says otherwise; `None` where it does, and where its filter asks
    /// for anything else.
    ///
    /// # Errors
    /// When the query cannot be read.
    pub(super) fn of(
        query: &ListQuery,
        by_number: &str,
        fixed: &Value,
    ) -> Result<Option<Self>, StoreError> {
        let is_all = Filter::parse(query.filter.as_deref())?.decided_by(fixed) == Some(true);
        let wanted = query.order.as_deref().map_or("", str::trim);
        if !is_all || !(wanted.is_empty() || wanted == by_number) {
            return Ok(None);
        }
        let order = Order::parse(by_number)?;
        let after = query.after.as_deref();
        let after = after.map(|text| order.position_of(text)).transpose()?;
        let before = match after {
            Some(after) if after.keys != [json!(after.number)] => return Ok(None),
            after => after.map(|after| after.number),
        };
        Ok(Some(Self {
            before,
            limit: query.first.unwrap_or(LARGEST_SLICE).min(LARGEST_SLICE),
            order,
        }))
    }

    /// Makes a slice of `items`, which hold one more than the limit where more follow, of a listing of `total`.
    pub(super) fn cut<T>(
        &self,
        mut items: Vec<T>,
        total: u64,
        number: impl Fn(&T) -> i64,
    ) -> Slice<T> {
        let limit = self.limit as usize;
        let has_more = limit < items.len();
        items.truncate(limit);
        let listed = items.into_iter().map(|item| {
            let number = number(&item);
            let position = Position {
                keys: vec![json!(number)],
                number,
            };
            Listed {
                cursor: self.order.cursor_at(&position),
                item,
            }
        });
        Slice {
            items: listed.collect(),
            has_more,
            total,
        }
    }
}
