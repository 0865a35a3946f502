//! Parsing and checking of GraphQL documents before validation, with a cache of parsed documents.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_graphql::parser::types::{BaseType, ExecutableDocument, Type};
use async_graphql::parser::{parse_query, parse_schema};
use async_graphql::{Name, ServerError, Variables};

use super::WandbSchema;
use super::limits::{check_cost, check_nesting};

/// A parser of documents whose variables must have types of the schema, with a cache.
///
/// The validator assumes that the type of every variable with a default value exists. The cache pays because clients
/// send the same few documents again and again, and parsing one takes longer than executing it.
pub(crate) struct DocumentCache {
    types: HashSet<Name>,
    kept: Mutex<HashMap<String, Arc<ExecutableDocument>>>,
}

/// Maximum number of cached documents; all official clients together have fewer.
const MAX_CACHED: usize = 128;
/// Length of the longest document that is cached, in bytes; bounds the memory of the cache.
const MAX_CACHED_LENGTH: usize = 8 << 10;

/// Types that every schema has without a definition.
const BUILT_IN: [&str; 5] = ["Boolean", "Float", "ID", "Int", "String"];

impl DocumentCache {
    /// Creates a parser for the types of a schema.
    pub(crate) fn of(schema: &WandbSchema) -> Self {
        use async_graphql::parser::types::TypeSystemDefinition;
        let document = parse_schema(schema.sdl());
        let definitions = document.map(|document| document.definitions);
        let names = definitions
            .into_iter()
            .flatten()
            .filter_map(|definition| match definition {
                TypeSystemDefinition::Type(definition) => Some(definition.node.name.node),
                _ => None,
            });
        Self {
            types: names.chain(BUILT_IN.map(Name::new)).collect(),
            kept: Mutex::default(),
        }
    }

    /// Returns the parsed document, from the cache if possible.
    pub(crate) fn parse(&self, query: &str) -> Result<ExecutableDocument, ServerError> {
        let known = self.kept().get(query).map(Arc::clone);
        if let Some(document) = known {
            return Ok(ExecutableDocument::clone(&document));
        }
        let document = self.parse_uncached(query)?;
        if query.len() <= MAX_CACHED_LENGTH {
            let mut kept = self.kept();
            // A client that always sends new documents only makes the others be parsed again.
            if MAX_CACHED <= kept.len() {
                kept.clear();
            }
            kept.insert(query.to_owned(), Arc::new(document.clone()));
        }
        Ok(document)
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<String, Arc<ExecutableDocument>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn parse_uncached(&self, query: &str) -> Result<ExecutableDocument, ServerError> {
        check_nesting(query)?;
        let document = parse_query(query)?;
        check_cost(&document)?;
        let operations = document.operations.iter();
        let mut variables =
            operations.flat_map(|(_, operation)| &operation.node.variable_definitions);
        let unknown =
            variables.find(|variable| !self.types.contains(base(&variable.node.var_type.node)));
        match unknown {
            None => Ok(document),
            Some(variable) => {
                let name = base(&variable.node.var_type.node);
                let message = format!("Unknown type \"{name}\".");
                Err(ServerError::new(message, Some(variable.pos)))
            }
        }
    }
}

/// Sets the missing variables of an operation to their default values. Without a name, the operation is the only one.
///
/// The executor does so too, but only after it has evaluated `@include` and `@skip`.
pub(crate) fn fill_in_defaults(
    document: &ExecutableDocument,
    operation: Option<&str>,
    variables: &mut Variables,
) {
    let is_asked = |name: Option<&Name>| match operation {
        Some(asked) => name.is_some_and(|name| name == asked),
        None => true,
    };
    let mut operations = document.operations.iter();
    let asked = operations.find(|(name, _)| is_asked(*name));
    for variable in asked
        .into_iter()
        .flat_map(|(_, operation)| &operation.node.variable_definitions)
    {
        let variable = &variable.node;
        if let Some(default) = &variable.default_value {
            let given = variables.entry(variable.name.node.clone());
            given.or_insert_with(|| default.node.clone());
        }
    }
}

fn base(kind: &Type) -> &Name {
    match &kind.base {
        BaseType::Named(name) => name,
        BaseType::List(item) => base(item),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graphql::schema;

    #[test]
    fn variables_must_be_of_known_types() {
        let types = DocumentCache::of(&schema());
        for known in [
            "$a: Int = 3",
            "$a: [String!]! = []",
            "$a: ArtifactManifestType = FULL",
            "$a: JSONString",
        ] {
            assert!(
                types
                    .parse(&format!("query({known}) {{ viewer {{ id }} }}"))
                    .is_ok(),
                "{known}"
            );
        }
        let unknown = types.parse("query($a: [Nothing!] = [X]) { viewer { id } }");
        assert_eq!(unknown.unwrap_err().message, "Unknown type \"Nothing\".");
    }

    #[test]
    fn few_documents_are_kept_and_no_long_ones() {
        let documents = DocumentCache::of(&schema());
        for number in 0..3 * MAX_CACHED {
            let query = format!("{{ v{number}: viewer {{ id }} }}");
            for _ in 0..2 {
                documents.parse(&query).unwrap();
            }
        }
        let long = format!("{{ viewer {{ id }} }} # {}", "x".repeat(MAX_CACHED_LENGTH));
        documents.parse(&long).unwrap();
        let kept = documents.kept();
        assert!(kept.len() <= MAX_CACHED);
        assert!(!kept.contains_key(&long));
    }
}
