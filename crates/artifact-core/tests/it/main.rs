//! Laws of the domain, and the official client's own answers.
#![expect(clippy::unwrap_used, reason = "test code")]

mod addresses;
mod digests;
mod drafts;
mod hostile;
mod official;
mod paths;
mod texts;
