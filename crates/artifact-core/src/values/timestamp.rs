//! A point in time, as the caller's clock gave it.

/// Milliseconds since 1970-01-01T00:00:00Z.
///
/// The domain has no clock and no calendar: adapters and the facade bring both.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Returns the point that lies `milliseconds` after 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn from_unix_millis(milliseconds: i64) -> Self {
        Self(milliseconds)
    }

    /// Returns the milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn as_unix_millis(self) -> i64 {
        self.0
    }
}
