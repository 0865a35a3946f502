//! Parts of listings that need not be read in whole: those in the order of the items' numbers, of which a filter lets
//! everything through.

use serde_json::{Value, json};

use super::cursor::Position;
use super::filter::Filter;
use super::order::Order;
use super::{LARGEST_SLICE, ListQuery, Listed, Slice};
use crate::StoreError;

/// Which items of a listing are wanted, by their numbers, the largest first.
#[derive(Debug)]
pub(in crate::service) struct Part {
    /// Only those with a smaller number.
    pub(in crate::service) before: Option<i64>,
    /// How many at most.
    pub(in crate::service) limit: u32,
    order: Order,
}

impl Part {
    /// Reads a query of a listing whose items all have the fields `fixed` and are ordered by `by_number`, one descending
    /// field that holds an item's number, unless the query says otherwise; `None` where it does, and where its filter asks
    /// for anything else.
    ///
    /// # Errors
    /// When the query cannot be read.
    pub(in crate::service) fn of(
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
    pub(in crate::service) fn cut<T>(
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
