//! The library, from files on a disk to versions and back.
#![expect(clippy::unwrap_used, reason = "test code")]

mod clients;
mod drafting;
mod drafts;
#[cfg(feature = "file")]
mod golden;
mod labels;
mod logging;
#[cfg(feature = "file")]
mod mission;
mod reading;
mod resolvers;
mod tables;
mod tree;
mod without_async;
