//! The GraphQL part of the protocol: each resolver asks the engine's method of the same name.

mod asker;
mod connection;
mod document;
mod enums;
mod ids;
mod mutation;
mod query;
mod scalars;
mod types;

use async_graphql::{EmptySubscription, Schema};

pub(crate) use asker::Asker;
pub(crate) use document::{Documents, fill_in_defaults};
use mutation::Mutation;
use query::Query;

/// The schema of the protocol.
pub(crate) type WandbSchema = Schema<Query, Mutation, EmptySubscription>;

/// The deepest query that is answered, in fields; the deepest of the official client has 11.
const DEEPEST: usize = 24;
/// The deepest document that is parsed, in braces.
const DEEPEST_DOCUMENT: usize = 48;
/// The most fields that a query may name, those in fragments counted where they are used.
const MOST_FIELDS: usize = 2_000;

/// Returns the schema.
pub(crate) fn schema() -> WandbSchema {
    Schema::build(Query, Mutation::default(), EmptySubscription)
        .limit_depth(DEEPEST)
        .limit_recursive_depth(DEEPEST_DOCUMENT)
        .limit_complexity(MOST_FIELDS)
        .finish()
}

/// Returns the schema in the language of schemas.
#[must_use]
pub fn schema_sdl() -> String {
    schema().sdl()
}
