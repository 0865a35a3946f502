//! History, system metrics and console output of a run, as clients read them back.

use std::collections::BTreeMap;

use artifact_core::records::{RunLine, RunStorageId, RunStream};
use async_graphql::{Context, Result, SimpleObject};
use serde_json::{Map, Value, json};

use crate::graphql::connection::PageInfo;
use crate::graphql::context::request_context;
use crate::graphql::scalars::{Int64, Json, JsonString};

/// Lines per read of the store.
const BATCH: u32 = 2_000;
/// Maximum size of a page of console lines.
const MAX_CONSOLE_PAGE: u32 = 10_000;
/// Number of samples if the client names none. Source: the default of the official client.
const SAMPLES: i32 = 500;
/// Size of a page of console lines if the client names none.
const CONSOLE_PAGE: i32 = 1000;

/// A page of console lines.
#[derive(SimpleObject)]
pub(crate) struct ConsoleLines {
    edges: Vec<ConsoleEdge>,
    page_info: PageInfo,
}

/// A console line of a page.
#[derive(SimpleObject)]
pub(crate) struct ConsoleEdge {
    node: ConsoleLine,
    cursor: String,
}

/// A console line.
#[derive(SimpleObject)]
pub(crate) struct ConsoleLine {
    number: Int64,
    timestamp: Option<String>,
    level: Option<String>,
    label: Option<String>,
    line: String,
}

/// A history as requested by clients that can read Parquet.
#[derive(SimpleObject)]
pub(crate) struct ParquetHistory {
    parquet_urls: Vec<String>,
    live_data: Vec<Json>,
}

impl ParquetHistory {
    /// Returns the whole history as live data.
    pub(super) fn of(context: &Context<'_>, run: &RunStorageId) -> Result<Self> {
        let mut live_data = Vec::new();
        for_each_row(context, run, RunStream::History, |_, row| {
            live_data.push(Json(Value::Object(row)));
        })?;
        Ok(Self {
            parquet_urls: Vec::new(),
            live_data,
        })
    }
}

/// Returns the last line of a stream, as JSON text of a list of JSON texts.
pub(super) fn tail(
    context: &Context<'_>,
    run: &RunStorageId,
    stream: RunStream,
) -> Result<JsonString> {
    let last = request_context(context)
        .service
        .last_lines(run, stream, 1)?;
    let texts: Vec<String> = last.into_iter().map(|line| line.text).collect();
    JsonString::of(&texts)
}

/// Statistics of a key of a history.
struct KeyStatistics {
    /// The type of its first value.
    kind: &'static str,
    count: u64,
    previous: Value,
}

/// Returns the keys of a history with their counts and types, and its last step.
pub(super) fn history_keys(context: &Context<'_>, run: &RunStorageId) -> Result<Json> {
    let mut last_step = None;
    let mut known: BTreeMap<String, KeyStatistics> = BTreeMap::new();
    for_each_row(context, run, RunStream::History, |_, row| {
        last_step = last_step.max(step(&row));
        for (key, value) in row {
            if let Some(known) = known.get_mut(&key) {
                known.count += 1;
                known.previous = value;
            } else {
                let first = KeyStatistics {
                    kind: type_name(&value),
                    count: 1,
                    previous: value,
                };
                known.insert(key, first);
            }
        }
    })?;
    let keys = known.into_iter().map(|(name, key)| {
        let about = json!({
            "typeCounts": [{ "type": key.kind, "count": key.count }],
            "monotonic": false,
            "previousValue": key.previous,
        });
        (name, about)
    });
    let keys: Map<String, Value> = keys.collect();
    Ok(Json(
        json!({ "sets": [], "keys": keys, "lastStep": last_step.unwrap_or(-1) }),
    ))
}

/// Returns the lines of the history in a half-open range of steps, or an even sample of all lines.
pub(super) fn history_between(
    context: &Context<'_>,
    run: &RunStorageId,
    min_step: Option<Int64>,
    max_step: Option<Int64>,
    samples: Option<i32>,
) -> Result<Vec<JsonString>> {
    let (Some(min), Some(max)) = (min_step, max_step) else {
        return sampled(context, run, RunStream::History, samples);
    };
    let most = u32::try_from(limit(samples)).unwrap_or(u32::MAX);
    let service = &request_context(context).service;
    let lines = service.history_lines(run, min.0, max.0, most)?;
    Ok(json_strings(lines))
}

/// Returns an even sample of the lines of a stream.
pub(super) fn sampled(
    context: &Context<'_>,
    run: &RunStorageId,
    stream: RunStream,
    samples: Option<i32>,
) -> Result<Vec<JsonString>> {
    let service = &request_context(context).service;
    let chosen = evenly(service.line_numbers(run, stream)?, limit(samples));
    Ok(json_strings(service.lines_at(run, stream, &chosen)?))
}

/// Returns an even sample of the rows of the history that have all requested keys. The last step of a spec is
/// included, unlike that of [`history_between`].
pub(super) fn sampled_history(
    context: &Context<'_>,
    run: &RunStorageId,
    spec: &JsonString,
) -> Result<Json> {
    let spec: Value = serde_json::from_str(&spec.0)?;
    let keys: Option<Vec<&str>> = spec["keys"]
        .as_array()
        .map(|keys| keys.iter().filter_map(Value::as_str).collect());
    let bound = |name: &str| spec[name].as_i64();
    // Keeps only the numbers of candidates in memory, and reads the sampled ones again.
    let mut wanted = Vec::new();
    for_each_row(context, run, RunStream::History, |number, row| {
        let step = step(&row).unwrap_or_default();
        if keys
            .as_ref()
            .is_none_or(|keys| keys.iter().all(|key| row.contains_key(*key)))
            && bound("minStep").is_none_or(|min| min <= step)
            && bound("maxStep").is_none_or(|max| step <= max)
        {
            wanted.push(number);
        }
    })?;
    let samples = spec["samples"]
        .as_u64()
        .and_then(|samples| i32::try_from(samples).ok());
    let chosen = evenly(wanted, limit(samples));
    let lines = request_context(context)
        .service
        .lines_at(run, RunStream::History, &chosen)?;
    let rows = lines.iter().filter_map(|line| parse(&line.text));
    let cut = rows.map(|mut row| {
        if let Some(keys) = &keys {
            row.retain(|key, _| keys.contains(&key.as_str()));
        }
        Value::Object(row)
    });
    Ok(Json(Value::Array(cut.collect())))
}

/// Returns a page of console lines, or the last lines.
pub(super) fn console_lines(
    context: &Context<'_>,
    run: &RunStorageId,
    first: Option<i32>,
    after: Option<&str>,
    last: Option<i32>,
) -> Result<ConsoleLines> {
    let service = &request_context(context).service;
    let wanted = u32::try_from(last.or(first).unwrap_or(CONSOLE_PAGE)).unwrap_or_default();
    let wanted = wanted.min(MAX_CONSOLE_PAGE);
    let (mut lines, has_more);
    if last.is_some() {
        lines = service.last_lines(run, RunStream::Console, wanted)?;
        has_more = false;
    } else {
        let from = match after.filter(|after| !after.is_empty()) {
            Some(after) => {
                after
                    .parse::<u64>()
                    .map_err(|_| "the cursor is not one of a console")?
                    + 1
            }
            None => 0,
        };
        lines = service.lines(run, RunStream::Console, from, wanted + 1)?;
        has_more = (wanted as usize) < lines.len();
        lines.truncate(wanted as usize);
    }
    let edges: Vec<_> = lines.into_iter().map(console_edge).collect();
    let end_cursor = edges.last().map(|edge| edge.cursor.clone());
    Ok(ConsoleLines {
        edges,
        page_info: PageInfo {
            end_cursor,
            has_next_page: has_more,
        },
    })
}

/// Splits a console line into its parts. It is plain text, which may begin with `ERROR ` and a time, or a JSON object
/// of the parts.
fn console_edge(line: RunLine) -> ConsoleEdge {
    let parts = parse(&line.text).filter(|parts| parts.contains_key("content"));
    let part = |name: &str| {
        let parts = parts.as_ref()?;
        parts.get(name)?.as_str().map(str::to_owned)
    };
    let is_error = line.text.starts_with("ERROR ");
    ConsoleEdge {
        cursor: line.number.to_string(),
        node: ConsoleLine {
            number: Int64::of(line.number),
            timestamp: part("ts"),
            level: part("level").or_else(|| is_error.then(|| "error".to_owned())),
            label: part("label"),
            line: part("content").unwrap_or(line.text),
        },
    }
}

/// Calls `each` with every row of a stream and its line number, in order; skips lines that are not JSON objects.
fn for_each_row(
    context: &Context<'_>,
    run: &RunStorageId,
    stream: RunStream,
    mut each: impl FnMut(u64, Map<String, Value>),
) -> Result<()> {
    let service = &request_context(context).service;
    let mut from = 0;
    loop {
        let lines = service.lines(run, stream, from, BATCH)?;
        let Some(last) = lines.last() else {
            return Ok(());
        };
        from = last.number + 1;
        for line in lines {
            if let Some(row) = parse(&line.text) {
                each(line.number, row);
            }
        }
    }
}

fn json_strings(lines: Vec<RunLine>) -> Vec<JsonString> {
    let texts = lines.into_iter().map(|line| JsonString(line.text));
    texts.collect()
}

fn parse(text: &str) -> Option<Map<String, Value>> {
    serde_json::from_str(text).ok()
}

fn step(row: &Map<String, Value>) -> Option<i64> {
    row.get("_step")?.as_i64()
}

fn limit(samples: Option<i32>) -> usize {
    usize::try_from(samples.unwrap_or(SAMPLES)).unwrap_or_default()
}

fn evenly<T>(items: Vec<T>, wanted: usize) -> Vec<T> {
    let all = items.len();
    if all <= wanted {
        return items;
    }
    let mut next = 0;
    let chosen = items.into_iter().enumerate().filter(|(index, _)| {
        let is_chosen = next < wanted && *index == next * (all - 1) / (wanted - 1).max(1);
        next += usize::from(is_chosen);
        is_chosen
    });
    chosen.map(|(_, item)| item).collect()
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "nil",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "list",
        Value::Object(_) => "map",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_even_and_keep_both_ends() {
        let all: Vec<usize> = (0..100).collect();
        let chosen = evenly(all.clone(), 5);
        assert_eq!(chosen, [0, 24, 49, 74, 99]);
        assert_eq!(evenly(all.clone(), 100), all);
        assert_eq!(evenly(all.clone(), 0), [0_usize; 0]);
        assert_eq!(evenly(all, 1), [0]);
    }
}
