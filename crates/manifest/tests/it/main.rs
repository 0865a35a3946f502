//! Behaviour of the manifest file, against the facts of the wire protocol and the official client's own results.
#![expect(clippy::unwrap_used, reason = "test code")]

mod diff_and_merge;
mod file;
mod golden;
mod hostile;
mod laws;
