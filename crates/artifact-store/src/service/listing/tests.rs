//! The laws of listings.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::filter::Filter;
use super::{ListQuery, Listable, count, select};

#[derive(Debug, Clone)]
struct Item(i64, Value);

impl Listable for Item {
    fn document(&self) -> Value {
        self.1.clone()
    }

    fn number(&self) -> i64 {
        self.0
    }
}

fn passes(filter: &Value, document: &Value) -> bool {
    let filter = Filter::parse(Some(&filter.to_string())).unwrap();
    filter.lets_through(document)
}

fn refusal(query: &ListQuery) -> String {
    let items = vec![Item(1, json!({"name": "a", "created_at": null}))];
    select(items, query, "+name").unwrap_err().to_string()
}

fn document() -> Value {
    json!({
        "name": "run-1", "state": "finished", "group": null, "tags": ["a", "b"], "number": 3, "ratio": 2.5,
        "created_at": "2024-05-01T10:00:00.000Z",
        "config": {"lr": 0.1, "optimizer.name": "adam", "model": {"layers": 4}},
        "summary_metrics": {"val/loss": 0.25, "acc.top1": 0.5},
    })
}

#[test]
fn each_operator_lets_through_what_it_says() {
    for (filter, expected) in [
        (json!({}), true),
        (json!({"name": "run-1"}), true),
        (json!({"name": "run-2"}), false),
        (json!({"name": "run-1", "state": "failed"}), false),
        (json!({"group": null}), true),
        (json!({"group": {"$exists": true}}), false),
        (json!({"missing": {"$exists": false}}), true),
        (json!({"number": {"$lt": 3}}), false),
        (json!({"number": {"$lte": 3.0}}), true),
        (json!({"number": {"$gt": 2, "$lt": 4}}), true),
        (json!({"number": {"$gte": 4}}), false),
        (json!({"number": {"$eq": 3.0}}), true),
        (json!({"number": {"$ne": 3}}), false),
        (json!({"number": {"$gt": "2"}}), false),
        (json!({"name": {"$in": ["x", "run-1"]}}), true),
        (json!({"name": {"$nin": ["x", "run-1"]}}), false),
        (json!({"name": {"$regex": "^run-[0-9]$"}}), true),
        (json!({"name": {"$regex": "^un"}}), false),
        (json!({"name": {"$contains": "un-"}}), true),
        (json!({"name": {"$not": {"$regex": "run"}}}), false),
        (json!({"tags": "a"}), true),
        (json!({"tags": ["a", "b"]}), true),
        (json!({"tags": {"$in": ["b", "c"]}}), true),
        (json!({"tags": {"$contains": "c"}}), false),
        (json!({"tags": {"$size": 2}}), true),
        (json!({"tags": {"$all": ["a", "b"]}}), true),
        (json!({"tags": {"$all": ["a", "c"]}}), false),
        (json!({"$or": [{"name": "x"}, {"state": "finished"}]}), true),
        (
            json!({"$nor": [{"name": "x"}, {"state": "finished"}]}),
            false,
        ),
        (json!({"$not": {"name": "x"}}), true),
        (json!({"$and": [{"name": "run-1"}, {"number": 4}]}), false),
    ] {
        assert_eq!(passes(&filter, &document()), expected, "{filter}");
    }
}

#[test]
fn fields_are_found_by_every_name_that_clients_use() {
    for filter in [
        json!({"createdAt": {"$exists": true}}),
        json!({"config.lr.value": 0.1}),
        json!({"config.lr": {"$lt": 1}}),
        json!({"config.optimizer.name.value": "adam"}),
        json!({"config.model.value.layers": 4}),
        json!({"config.model.layers": 4}),
        json!({"summary_metrics.val/loss": {"$lt": 0.3}}),
        json!({"summaryMetrics.acc.top1": 0.5}),
    ] {
        assert!(passes(&filter, &document()), "{filter}");
    }
}

#[test]
fn times_compare_however_they_are_written() {
    for (filter, expected) in [
        (json!({"createdAt": {"$gt": "2024-04-30"}}), true),
        (json!({"created_at": "2024-05-01T10:00:00Z"}), true),
        (json!({"created_at": "2024-05-01T12:00:00+02:00"}), true),
        (json!({"created_at": {"$gte": "2024-05-01T10:00:00"}}), true),
        (
            json!({"created_at": {"$lt": "2024-05-01T10:00:00.001Z"}}),
            true,
        ),
        (json!({"created_at": {"$gt": "2024-05-01T10:00:00"}}), false),
        (json!({"created_at": {"$lt": 1_714_557_600_001_i64}}), true),
    ] {
        assert_eq!(passes(&filter, &document()), expected, "{filter}");
    }
}

#[test]
fn filters_that_cannot_be_read_say_why() {
    let deep = "{\"$not\":".repeat(40) + "{}" + &"}".repeat(40);
    for (filter, reason) in [
        (r#"{"name": {"$foo": 1}}"#, "$foo"),
        (r#"{"$xor": []}"#, "$xor"),
        (r#"{"$and": {}}"#, "a list"),
        (r#"{"name": {"$in": "a"}}"#, "$in"),
        (r#"{"name": {"$regex": "("}}"#, "$regex"),
        (r#"{"name": {"$regex": "(a{1000}){1000}"}}"#, "$regex"),
        (r#"{"name": {"$size": -1}}"#, "$size"),
        ("[]", "object"),
        ("{", "JSON"),
        (&deep, "deep"),
        (&format!("{{\"name\":\"{}\"}}", "x".repeat(70_000)), "65536"),
    ] {
        let query = ListQuery {
            filter: Some(filter.to_owned()),
            ..ListQuery::default()
        };
        let error = refusal(&query);
        assert!(error.contains(reason), "{error}");
        assert!(error.len() < 1000, "{error}");
    }
}

#[test]
fn orders_and_cursors_that_are_not_ours_say_so() {
    let order = |text: &str| ListQuery {
        order: Some(text.to_owned()),
        ..ListQuery::default()
    };
    let error = refusal(&order("-colour"));
    assert!(error.contains("colour"), "{error}");
    assert!(error.contains("created_at, name"), "{error}");
    assert!(refusal(&order("+")).contains("-created_at"));

    for after in ["", "nonsense", "bm9uc2Vuc2U", "WyIrbmFtZSIsW10sMV0"] {
        let query = ListQuery {
            after: Some(after.to_owned()),
            ..ListQuery::default()
        };
        let error = refusal(&query);
        assert!(error.contains("cursor"), "{error}");
    }
    let items = vec![Item(1, json!({"name": "a"}))];
    let slice = select(items, &ListQuery::default(), "+name").unwrap();
    let query = ListQuery {
        after: Some(slice.items[0].cursor.clone()),
        ..order("-name")
    };
    let error = refusal(&query);
    assert!(
        error.contains("+name") && error.contains("-name"),
        "{error}"
    );
}

#[test]
fn a_slice_is_never_larger_than_ten_thousand() {
    let items: Vec<_> = (0..10_001).map(|n| Item(n, json!({"name": n}))).collect();
    for first in [None, Some(20_000)] {
        let query = ListQuery {
            first,
            ..ListQuery::default()
        };
        let slice = select(items.clone(), &query, "+name").unwrap();
        let seen = (slice.items.len(), slice.has_more, slice.total);
        assert_eq!(seen, (10_000, true, 10_001));
    }
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2_i64..3).prop_map(Value::from),
        (i64::MAX - 2..=i64::MAX).prop_map(Value::from),
        (-1.5_f64..1.5).prop_map(Value::from),
        "[a-c]{0,2}".prop_map(Value::from),
        prop::collection::vec("[a-c]", 0..3).prop_map(Value::from),
        Just(json!("x".repeat(300) + "y")),
        Just(json!("x".repeat(300) + "z")),
    ]
}

fn documents() -> impl Strategy<Value = Vec<Value>> {
    prop::collection::vec(
        (value(), value()).prop_map(|(a, b)| json!({"a": a, "b": {"c": b}})),
        0..24,
    )
}

fn test() -> impl Strategy<Value = Value> {
    let operator = prop::sample::select(vec!["$eq", "$ne", "$lt", "$gte", "$contains"]);
    let compared = (operator, value()).prop_map(|(operator, value)| json!({operator: value}));
    let listed = prop::collection::vec(value(), 0..3).prop_map(|list| json!({"$in": list}));
    prop_oneof![value(), compared, listed, Just(json!({"$exists": true}))]
}

fn filter() -> impl Strategy<Value = Value> {
    let field = prop::sample::select(vec!["a", "b.c", "missing"]);
    let leaf = (field, test()).prop_map(|(field, test)| json!({field: test}));
    leaf.prop_recursive(3, 12, 3, |inner| {
        let operator = prop::sample::select(vec!["$and", "$or", "$nor"]);
        (operator, prop::collection::vec(inner, 0..3))
            .prop_map(|(operator, parts)| json!({operator: parts}))
    })
}

proptest! {
    #[test]
    fn paging_yields_every_item_once(
        documents in documents(),
        order in prop::sample::select(vec!["+a", "-a", "b.c", "-b.c,+a", "+a,-b.c"]),
        filter in filter(),
        first in 1_u32..9,
    ) {
        let items: Vec<_> = (0..).zip(documents).map(|(number, document)| Item(number, document)).collect();
        let mut query = ListQuery {
            filter: Some(filter.to_string()),
            order: Some(order.to_owned()),
            ..ListQuery::default()
        };
        let whole = select(items.clone(), &query, "+a").unwrap();
        let expected = items.iter().filter(|item| passes(&filter, &item.1)).count() as u64;
        prop_assert_eq!(whole.total, expected);
        prop_assert_eq!(count(&items, query.filter.as_deref()).unwrap(), expected);

        query.first = Some(first);
        let mut numbers = Vec::new();
        // What was given out is gone when the next part is asked for.
        let mut left = items;
        loop {
            let slice = select(left.clone(), &query, "+a").unwrap();
            let seen: Vec<_> = slice.items.iter().map(|listed| listed.item.0).collect();
            left.retain(|item| !seen.contains(&item.0));
            numbers.extend(seen);
            prop_assert!(slice.items.len() <= first as usize);
            let Some(last) = slice.items.last().filter(|_| slice.has_more) else { break };
            query.after = Some(last.cursor.clone());
        }
        let expected: Vec<_> = whole.items.iter().map(|listed| listed.item.0).collect();
        prop_assert_eq!(numbers, expected);
    }

    #[test]
    fn reversing_the_order_reverses_the_listing(documents in documents()) {
        let items: Vec<_> = (0..).zip(documents).map(|(number, document)| Item(number, document)).collect();
        let numbers = |order: &str| -> Vec<i64> {
            let query = ListQuery { order: Some(order.to_owned()), ..ListQuery::default() };
            let slice = select(items.clone(), &query, "+a").unwrap();
            slice.items.into_iter().map(|listed| listed.item.0).collect()
        };
        let mut backwards = numbers("-a,-b.c");
        backwards.reverse();
        prop_assert_eq!(numbers("+a,+b.c"), backwards);
    }

    #[test]
    fn filters_keep_the_laws_of_logic(left in filter(), right in filter(), documents in documents()) {
        for document in documents {
            let (l, r) = (passes(&left, &document), passes(&right, &document));
            prop_assert_eq!(passes(&json!({"$not": left}), &document), !l);
            prop_assert_eq!(passes(&json!({"$and": [left, right]}), &document), l && r);
            prop_assert_eq!(passes(&json!({"$or": [left, right]}), &document), l || r);
            prop_assert_eq!(passes(&json!({"$nor": [left, right]}), &document), !(l || r));
        }
    }

    #[test]
    fn a_negated_test_lets_the_others_through(test in test(), documents in documents()) {
        for document in documents {
            prop_assert_eq!(
                passes(&json!({"a": {"$not": test}}), &document),
                !passes(&json!({"a": test}), &document)
            );
        }
    }

    #[test]
    fn no_text_makes_a_filter_panic(text in "[{}\\[\\]\":,$a-z0-9.\\\\(*]{0,60}") {
        let _ = Filter::parse(Some(&text)).map(|filter| filter.lets_through(&document()));
    }
}
