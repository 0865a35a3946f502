//! The references of a version: whether what they name is still there, and what kind of digest they have.

mod check;
mod follow;

pub use check::{CheckedReference, ReferenceReport, ReferenceState, check_references};
pub(crate) use follow::{know_digests, known};
