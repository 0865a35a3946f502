//! What has to hold of a document before it is validated.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_graphql::parser::types::{BaseType, ExecutableDocument, Type};
use async_graphql::parser::{parse_query, parse_schema};
use async_graphql::{Name, ServerError, Variables};

use super::WandbSchema;

/// Parses documents, all of whose variables must be of a schema's types.
///
/// The validator takes for granted that the type of every variable with a default value is one of them. Clients ask the
/// same few documents again and again, and parsing one takes longer than answering it: so the latest are kept.
pub(crate) struct Documents {
    types: HashSet<Name>,
    kept: Mutex<HashMap<String, Arc<ExecutableDocument>>>,
}

/// How many documents are kept; all official clients together have fewer.
const KEPT: usize = 128;
/// The longest text whose document is kept, in bytes: nobody should fill the memory with texts.
const LONGEST_KEPT: usize = 8 << 10;

/// Types that every schema has, and whose definitions are not written.
const BUILT_IN: [&str; 5] = ["Boolean", "Float", "ID", "Int", "String"];

impl Documents {
    /// Returns the types of a schema.
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

    /// Parses a document, or finds that it was parsed before.
    pub(crate) fn parse(&self, query: &str) -> Result<ExecutableDocument, ServerError> {
        let known = self.kept().get(query).map(Arc::clone);
        if let Some(document) = known {
            return Ok(ExecutableDocument::clone(&document));
        }
        let document = self.parse_anew(query)?;
        if query.len() <= LONGEST_KEPT {
            let mut kept = self.kept();
            // Whoever sends ever new documents makes the others be parsed again, and nothing worse.
            if KEPT <= kept.len() {
                kept.clear();
            }
            kept.insert(query.to_owned(), Arc::new(document.clone()));
        }
        Ok(document)
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<String, Arc<ExecutableDocument>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn parse_anew(&self, query: &str) -> Result<ExecutableDocument, ServerError> {
        let document = parse_query(query)?;
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

/// Gives the variables that are left out their default values.
///
/// The executor does so too, but only after it has decided which fields are included.
pub(crate) fn fill_in_defaults(document: &ExecutableDocument, variables: &mut Variables) {
    let operations = document.operations.iter();
    for variable in operations.flat_map(|(_, operation)| &operation.node.variable_definitions) {
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
        let types = Documents::of(&schema());
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
        let documents = Documents::of(&schema());
        for number in 0..3 * KEPT {
            let query = format!("{{ v{number}: viewer {{ id }} }}");
            for _ in 0..2 {
                documents.parse(&query).unwrap();
            }
        }
        let long = format!("{{ viewer {{ id }} }} # {}", "x".repeat(LONGEST_KEPT));
        documents.parse(&long).unwrap();
        let kept = documents.kept();
        assert!(kept.len() <= KEPT);
        assert!(!kept.contains_key(&long));
    }
}
