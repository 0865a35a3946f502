//! The GraphQL part of the protocol: each resolver calls the engine's method of the same name.

#![expect(
    clippy::unused_async,
    clippy::used_underscore_binding,
    reason = "resolvers are async, and read all their arguments, by the form that the macro wants"
)]

mod connection;
mod context;
mod document;
mod enums;
mod limits;
mod mutation;
mod query;
mod scalars;
mod types;

use async_graphql::{EmptySubscription, Schema};

pub(crate) use context::RequestContext;
pub(crate) use document::{DocumentCache, fill_in_defaults};
use mutation::Mutation;
use query::Query;

/// The schema of the protocol.
pub(crate) type WandbSchema = Schema<Query, Mutation, EmptySubscription>;

/// Maximum depth of a query, in fields; the deepest of the official client has 11.
const MAX_QUERY_DEPTH: usize = 24;
/// Maximum depth of a document, in braces.
const MAX_DOCUMENT_DEPTH: usize = 48;
/// Maximum number of fields in a query, with those in fragments counted at each use.
const MAX_FIELDS: usize = 2_000;

/// Returns the schema.
pub(crate) fn schema() -> WandbSchema {
    Schema::build(Query, Mutation::default(), EmptySubscription)
        .limit_depth(MAX_QUERY_DEPTH)
        .limit_recursive_depth(MAX_DOCUMENT_DEPTH)
        .limit_complexity(MAX_FIELDS)
        .finish()
}

/// Returns the schema in the schema definition language.
#[must_use]
pub fn schema_sdl() -> String {
    schema().sdl()
}
