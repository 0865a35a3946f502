//! Runs.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{EntityName, InvalidValue, ProjectAddress, RunId, Timestamp};

/// Address of a run: `entity/project/id`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RunAddress {
    /// The project that the run belongs to.
    pub project: ProjectAddress,
    /// The run within it.
    pub id: RunId,
}

impl fmt::Display for RunAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.project, self.id)
    }
}

/// A registry's id of a run; opaque, and unlike the [`RunId`] unique in the registry.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RunStorageId(pub String);

/// A run.
///
/// A registry elsewhere does not report every field: those it leaves out are `None` or empty.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Its id in the registry.
    pub id: RunStorageId,
    /// Its address.
    pub address: RunAddress,
    /// The name for people: as given, or one that the registry made up; the run's id where there is neither.
    pub display_name: String,
    /// A longer description.
    pub description: Option<String>,
    /// Free text.
    pub notes: Option<String>,
    /// Free labels.
    pub tags: Vec<String>,
    /// The group of runs it belongs to.
    pub group: Option<String>,
    /// The kind of work it does, such as `train`.
    pub job_type: Option<String>,
    /// The commit of the program.
    pub commit: Option<String>,
    /// The repository of the program.
    pub repo: Option<String>,
    /// The program.
    pub program: Option<String>,
    /// The machine.
    pub host: Option<String>,
    /// The sweep that it is part of.
    pub sweep: Option<String>,
    /// Its configuration.
    pub config: RunConfig,
    /// Its summary.
    pub summary: Map<String, Value>,
    /// Its state.
    pub state: RunState,
    /// The exit code, once it has ended and where the registry reports it.
    pub exit_code: Option<i32>,
    /// The account that created it.
    pub created_by: Option<EntityName>,
    /// When it was first seen.
    pub created_at: Timestamp,
    /// When it last sent anything.
    pub heartbeat_at: Timestamp,
}

/// Changes to a run, or the fields of a new one; `None` leaves a field as it is. Source: `UpsertBucketInput` of the wire
/// protocol.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RunChanges {
    /// The name for people.
    pub display_name: Option<String>,
    /// A longer description.
    pub description: Option<String>,
    /// Free text.
    pub notes: Option<String>,
    /// All free labels.
    pub tags: Option<Vec<String>>,
    /// The group of runs it belongs to.
    pub group: Option<String>,
    /// The kind of work it does.
    pub job_type: Option<String>,
    /// The commit of the program.
    pub commit: Option<String>,
    /// The repository of the program.
    pub repo: Option<String>,
    /// The program.
    pub program: Option<String>,
    /// The machine.
    pub host: Option<String>,
    /// The sweep that it is part of.
    pub sweep: Option<String>,
    /// The whole configuration.
    pub config: Option<RunConfig>,
    /// The whole summary.
    pub summary: Option<Map<String, Value>>,
    /// The state.
    pub state: Option<RunState>,
}

/// Configuration of a run, in the protocol's form: `{"key": {"value": …}}`, with the client's own part under `_wandb`.
///
/// Source: section 2.3 of the wire protocol.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunConfig(Map<String, Value>);

impl RunConfig {
    /// The key of the client's own part.
    const CLIENT_KEY: &str = "_wandb";

    /// Returns the configuration with these values, marked as that of a run that a client started.
    ///
    /// `client` is added to the client's own part.
    #[must_use]
    pub fn started(values: Map<String, Value>, client: Map<String, Value>) -> Self {
        let mut own = client;
        // By `t` clients recognise a run that was started.
        own.entry("t").or_insert_with(|| json!({}));
        let values = values.into_iter();
        let wrapped = values.map(|(key, value)| (key, json!({ "value": value })));
        let own = (Self::CLIENT_KEY.to_owned(), json!({ "value": own }));
        Self(wrapped.chain([own]).collect())
    }

    /// Returns the values, without the client's own part.
    #[must_use]
    pub fn values(&self) -> Map<String, Value> {
        let values = self.0.iter().filter(|(key, _)| *key != Self::CLIENT_KEY);
        values
            .map(|(key, value)| (key.clone(), unwrapped(value).clone()))
            .collect()
    }

    /// Returns every value, the client's own part included, as filters of listings see them.
    #[must_use]
    pub fn all_values(&self) -> Map<String, Value> {
        let values = self.0.iter();
        values
            .map(|(key, value)| (key.clone(), unwrapped(value).clone()))
            .collect()
    }

    /// Returns the client's own part, where there is one.
    #[must_use]
    pub fn client(&self) -> Option<&Map<String, Value>> {
        self.0.get(Self::CLIENT_KEY)?.get("value")?.as_object()
    }

    /// Returns whether a client started the run, as opposed to a run that only logged artifacts.
    #[must_use]
    pub fn is_started(&self) -> bool {
        self.client().is_some_and(|own| own.contains_key("t"))
    }
}

impl From<Map<String, Value>> for RunConfig {
    /// Takes a configuration that is in the protocol's form.
    fn from(wrapped: Map<String, Value>) -> Self {
        Self(wrapped)
    }
}

/// Returns the value inside `{"value": …}`; a value without that wrapper is returned as it is.
fn unwrapped(value: &Value) -> &Value {
    value.get("value").unwrap_or(value)
}

/// The state of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RunState {
    /// It has not ended, and has sent something in the last five minutes.
    Running,
    /// It ended with exit code 0.
    Finished,
    /// It ended with another exit code.
    Failed,
    /// It has not ended, and has sent nothing for five minutes.
    Crashed,
    /// It was interrupted to continue later.
    Preempting,
    /// It was created and has not started.
    Pending,
}

/// Every state, in the protocol's words.
const STATES: [(RunState, &str); 6] = [
    (RunState::Running, "running"),
    (RunState::Finished, "finished"),
    (RunState::Failed, "failed"),
    (RunState::Crashed, "crashed"),
    (RunState::Preempting, "preempting"),
    (RunState::Pending, "pending"),
];

impl RunState {
    /// Returns the protocol's word for the state.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        let found = STATES.iter().find(|(state, _)| *state == self);
        found.map_or("running", |(_, word)| word)
    }

    /// Returns whether the run has ended.
    #[must_use]
    pub fn is_ended(self) -> bool {
        matches!(self, Self::Finished | Self::Failed | Self::Crashed)
    }
}

impl FromStr for RunState {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = STATES.iter().find(|(_, word)| *word == text);
        found.map(|(state, _)| *state).ok_or_else(|| {
            let words = STATES.map(|(_, word)| word).join(", ");
            InvalidValue::new("run state", text, format!("it is none of {words}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_state_is_an_error_that_lists_the_known_ones() {
        for (state, word) in STATES {
            assert_eq!(word.parse(), Ok(state));
            assert_eq!(state.as_str(), word);
        }
        let error = "asleep".parse::<RunState>().unwrap_err().to_string();
        assert!(
            error.contains("asleep") && error.contains("preempting"),
            "{error}"
        );
    }

    #[test]
    fn configuration_hides_the_wrapping_and_the_clients_part() {
        let wrapped = json!({
            "lr": {"value": 0.1, "desc": null},
            "bare": 3,
            "_wandb": {"value": {"t": {"1": []}}},
        });
        let config: RunConfig = serde_json::from_value(wrapped.clone()).unwrap();
        assert_eq!(Value::from(config.values()), json!({"lr": 0.1, "bare": 3}));
        assert!(config.is_started());
        assert_eq!(serde_json::to_value(&config).unwrap(), wrapped);
    }

    #[test]
    fn a_started_configuration_reads_back() {
        let values = json!({"lr": 0.1, "layers": {"value": 2}});
        let values = values.as_object().unwrap();
        let config = RunConfig::started(values.clone(), Map::new());
        assert_eq!(config.values(), *values);
        assert!(config.is_started());
        assert!(!RunConfig::default().is_started());
    }
}
