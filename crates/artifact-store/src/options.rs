//! What an engine takes from outside: time and randomness.

use std::fmt;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::Arc;
use std::time::SystemTime;

use artifact_core::Timestamp;

/// Where an engine gets time and randomness from; by default from the system.
#[derive(Clone)]
pub struct EngineOptions {
    clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    random: Arc<dyn Fn() -> u64 + Send + Sync>,
}

impl EngineOptions {
    /// Takes the time from `clock`.
    #[must_use]
    pub fn clock(mut self, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Takes randomness from `random`; it only keeps file names of several processes apart.
    #[must_use]
    pub fn random(mut self, random: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        self.random = Arc::new(random);
        self
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Returns a name that no other process and no other call gives.
    pub(crate) fn unique_name(&self) -> String {
        format!("{}-{:016x}", std::process::id(), (self.random)())
    }
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            clock: Arc::new(system_time),
            // The keys of the standard hash maps are random, which is enough to tell names apart.
            random: Arc::new(|| RandomState::new().build_hasher().finish()),
        }
    }
}

impl fmt::Debug for EngineOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("EngineOptions(..)")
    }
}

fn system_time() -> Timestamp {
    let since_epoch = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp::from_unix_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}
