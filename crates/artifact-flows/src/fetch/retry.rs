//! How often one stream may fail before its file does.

use std::time::Duration;

/// How often a stream may break off in a row.
const BREAKS: u32 = 5;

/// How often its ticket may expire in a row.
const EXPIRIES: u32 = 3;

/// How many bytes between two failures make them two stories, and not one that goes on.
const WORTH: u64 = 1 << 20;

/// How long to wait before the first try; each further wait is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(50);

/// What is left of the patience with one stream.
///
/// A large file may break off often, as long as it gets on in between.
#[derive(Debug, Default)]
pub(crate) struct Patience {
    breaks: u32,
    expiries: u32,
    /// Bytes since the last failure.
    since: u64,
}

impl Patience {
    /// Bytes arrived.
    pub(crate) const fn arrive(&mut self, bytes: u64) {
        self.since += bytes;
        if WORTH <= self.since {
            self.breaks = 0;
            self.expiries = 0;
        }
    }

    /// The stream broke off. Waits a little; `false` when it is time to give up.
    pub(crate) async fn after_break(&mut self) -> bool {
        self.since = 0;
        if self.breaks == BREAKS {
            return false;
        }
        // A line that broke for somebody else mostly is there again at once.
        tokio::time::sleep(FIRST_WAIT * (1 << self.breaks)).await;
        self.breaks += 1;
        true
    }

    /// The ticket expired; `false` when it is time to give up.
    pub(crate) const fn after_expiry(&mut self) -> bool {
        self.since = 0;
        if self.expiries == EXPIRIES {
            return false;
        }
        self.expiries += 1;
        true
    }
}
