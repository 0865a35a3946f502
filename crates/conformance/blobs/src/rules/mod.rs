//! The rules, by the part of the contract that they hold.

pub(crate) mod content;
pub(crate) mod parts;
pub(crate) mod writers;
