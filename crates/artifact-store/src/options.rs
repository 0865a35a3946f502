//! Options of an engine.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use artifact_core::Timestamp;

/// Options of an engine: its clock, by default the system's, and the location that its errors name.
#[derive(Clone)]
pub struct EngineOptions {
    pub(crate) location: Arc<str>,
    clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
}

impl EngineOptions {
    /// Sets the location of the store that errors name, such as its folder.
    #[must_use]
    pub fn location(mut self, location: impl fmt::Display) -> Self {
        self.location = location.to_string().into();
        self
    }

    /// Takes the time from `clock`.
    #[must_use]
    pub fn clock(mut self, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            location: "the artifact store".into(),
            clock: Arc::new(system_time),
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
