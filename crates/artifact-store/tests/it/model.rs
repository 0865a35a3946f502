//! Random operations against a model of what a collection is.

use std::collections::BTreeMap;

use artifact_core::ports::{ArtifactChanges, ArtifactRecord, PageRequest};
use proptest::prelude::*;
use registry_conformance::Fixture;

use crate::store::Store;

/// Few of everything, so that operations meet.
const COLLECTIONS: [&str; 2] = ["one", "two"];
const ALIASES: [&str; 3] = ["best", "latest", "prod"];
const CONTENTS: u8 = 5;

#[derive(Debug, Clone)]
enum Operation {
    Log {
        collection: usize,
        content: u8,
        alias: Option<usize>,
    },
    /// Stored in whole, but not committed.
    Abandon {
        collection: usize,
        content: u8,
    },
    AddAlias {
        collection: usize,
        version: usize,
        alias: usize,
    },
    DeleteAlias {
        collection: usize,
        version: usize,
        alias: usize,
    },
    Reopen,
}

fn operation() -> impl Strategy<Value = Operation> {
    let (collection, alias) = (0..COLLECTIONS.len(), 0..ALIASES.len());
    let version = 0..4_usize;
    prop_oneof![
        4 => (collection.clone(), 0..CONTENTS, proptest::option::of(alias.clone()))
            .prop_map(|(collection, content, alias)| Operation::Log { collection, content, alias }),
        1 => (collection.clone(), 0..CONTENTS)
            .prop_map(|(collection, content)| Operation::Abandon { collection, content }),
        2 => (collection.clone(), version.clone(), alias.clone())
            .prop_map(|(collection, version, alias)| Operation::AddAlias { collection, version, alias }),
        2 => (collection, version, alias)
            .prop_map(|(collection, version, alias)| Operation::DeleteAlias { collection, version, alias }),
        1 => Just(Operation::Reopen),
    ]
}

/// A model of a collection: contents by index, and an index by alias.
#[derive(Debug, Default)]
struct Model {
    versions: Vec<u8>,
    aliases: BTreeMap<&'static str, usize>,
}

impl Model {
    fn log(&mut self, content: u8, alias: Option<&'static str>) {
        let index = self
            .versions
            .iter()
            .position(|known| *known == content)
            .unwrap_or_else(|| {
                self.versions.push(content);
                self.versions.len() - 1
            });
        self.aliases.extend(
            alias
                .into_iter()
                .chain(["latest"])
                .map(|alias| (alias, index)),
        );
    }

    fn aliases_of(&self, index: usize) -> Vec<&str> {
        let own = self.aliases.iter().filter(|(_, holder)| **holder == index);
        own.map(|(alias, _)| *alias).collect()
    }
}

async fn versions(fixture: &Fixture, collection: &str) -> Vec<ArtifactRecord> {
    let name = collection.parse().unwrap();
    let page = PageRequest::first(100);
    let listed = fixture
        .registry
        .versions(&fixture.project, &name, page)
        .await;
    let mut versions = listed.map(|page| page.items).unwrap_or_default();
    versions.reverse();
    versions
}

async fn run(operations: Vec<Operation>) {
    let store = Store::new();
    let mut fixture = store.fixture();
    let mut models = COLLECTIONS.map(|_| Model::default());
    for operation in operations {
        match operation {
            Operation::Log {
                collection,
                content,
                alias,
            } => {
                let alias = alias.map(|alias| ALIASES[alias]);
                let draft = fixture.draft(COLLECTIONS[collection]).file("n", [content]);
                let draft = alias
                    .into_iter()
                    .fold(draft, registry_conformance::Draft::alias);
                draft.log().await;
                models[collection].log(content, alias);
            }
            Operation::Abandon {
                collection,
                content,
            } => {
                let draft = fixture
                    .draft(COLLECTIONS[collection])
                    .file("n", [content, content]);
                let pending = draft.begin().await;
                draft.store(&pending).await;
            }
            Operation::AddAlias {
                collection,
                version,
                alias,
            } => {
                let versions = versions(&fixture, COLLECTIONS[collection]).await;
                let Some(record) = versions.get(version) else {
                    continue;
                };
                let changes = ArtifactChanges {
                    aliases_to_add: vec![ALIASES[alias].parse().unwrap()],
                    ..ArtifactChanges::default()
                };
                fixture
                    .registry
                    .update_artifact(&record.id, changes)
                    .await
                    .unwrap();
                models[collection].aliases.insert(ALIASES[alias], version);
            }
            Operation::DeleteAlias {
                collection,
                version,
                alias,
            } => {
                let versions = versions(&fixture, COLLECTIONS[collection]).await;
                let Some(record) = versions.get(version) else {
                    continue;
                };
                let changes = ArtifactChanges {
                    aliases_to_delete: vec![ALIASES[alias].parse().unwrap()],
                    ..ArtifactChanges::default()
                };
                fixture
                    .registry
                    .update_artifact(&record.id, changes)
                    .await
                    .unwrap();
                let aliases = &mut models[collection].aliases;
                if aliases.get(ALIASES[alias]) == Some(&version) {
                    aliases.remove(ALIASES[alias]);
                }
            }
            Operation::Reopen => {
                drop(fixture);
                fixture = store.fixture();
            }
        }
    }
    for (model, collection) in models.iter().zip(COLLECTIONS) {
        let versions = versions(&fixture, collection).await;
        assert_eq!(versions.len(), model.versions.len());
        for (index, (record, content)) in versions.iter().zip(&model.versions).enumerate() {
            assert_eq!(record.version.get() as usize, index);
            let aliases: Vec<&str> = record.aliases.iter().map(AsRef::as_ref).collect();
            assert_eq!(aliases, model.aliases_of(index));
            let stored = fixture.draft(collection).fetch(&record.id, &["n"]).await;
            assert_eq!(stored, [[*content]]);
        }
    }
    drop(fixture);
    assert!(store.leftovers().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_collection_is_what_the_model_says(operations in proptest::collection::vec(operation(), 1..30)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(run(operations));
    }
}
