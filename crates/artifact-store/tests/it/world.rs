//! A store as a server sees it, with a clock that tests turn.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use artifact_core::records::{Run, RunAddress, RunChanges};
use artifact_core::{EntityName, ProjectAddress, Timestamp};
use artifact_store::service::{Caller, ListQuery, Service, StreamUpdate};
use artifact_store::{Engine, EngineOptions};
use serde_json::{Map, Value};

use crate::store::{Store, open_or_create};

/// 2024-05-01T00:00:00Z.
pub(crate) const START: i64 = 1_714_521_600_000;

/// A store as a server sees it.
pub(crate) struct World {
    pub(crate) engine: Engine,
    clock: Arc<AtomicI64>,
    pub(crate) store: Store,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::over(Store::new(), Arc::new(AtomicI64::new(START)))
    }

    fn over(store: Store, clock: Arc<AtomicI64>) -> Self {
        let now = Arc::clone(&clock);
        let options = EngineOptions::default()
            .clock(move || Timestamp::from_unix_millis(now.load(Ordering::SeqCst)));
        Self {
            engine: open_or_create(store.path(), options).unwrap(),
            clock,
            store,
        }
    }

    /// Ends the engine, and opens another over the same folder.
    pub(crate) fn reopened(self) -> Self {
        let Self {
            engine,
            clock,
            store,
        } = self;
        drop(engine);
        Self::over(store, clock)
    }

    /// Lets time go by.
    pub(crate) fn wait(&self, seconds: i64) {
        self.clock.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    pub(crate) fn operator(&self) -> Service {
        self.engine.service(Caller::Operator)
    }

    /// Adds an account; returns the store as it sees it.
    pub(crate) fn account(&self, name: &str) -> Service {
        self.operator()
            .add_account(&entity(name), &key_of(name))
            .unwrap();
        self.engine.service(Caller::Account(entity(name)))
    }

    /// Makes a run of the operator's.
    pub(crate) fn run(&self, path: &str) -> Run {
        let created = self
            .operator()
            .upsert_run(&run(path), &RunChanges::default());
        created.unwrap().0
    }
}

/// A valid key that only this name has.
pub(crate) fn key_of(name: &str) -> String {
    format!("local-{name:0>40}")
}

pub(crate) fn entity(name: &str) -> EntityName {
    name.parse().unwrap()
}

/// Reads `entity/project`.
pub(crate) fn project(path: &str) -> ProjectAddress {
    let (entity, project) = path.split_once('/').unwrap();
    ProjectAddress {
        entity: entity.parse().unwrap(),
        project: project.parse().unwrap(),
    }
}

/// Reads `entity/project/run`.
pub(crate) fn run(path: &str) -> RunAddress {
    let (address, id) = path.rsplit_once('/').unwrap();
    RunAddress {
        project: project(address),
        id: id.parse().unwrap(),
    }
}

/// Everything in the default order.
pub(crate) fn all() -> ListQuery {
    ListQuery::default()
}

/// Reads a JSON object.
pub(crate) fn object(value: Value) -> Map<String, Value> {
    serde_json::from_value(value).unwrap()
}

/// Changes that name a run.
pub(crate) fn named(name: &str) -> RunChanges {
    RunChanges {
        display_name: Some(name.to_owned()),
        ..RunChanges::default()
    }
}

/// The last message of a run.
pub(crate) fn ended(exit_code: i32) -> StreamUpdate {
    StreamUpdate {
        exit_code: Some(exit_code),
        ..StreamUpdate::default()
    }
}
