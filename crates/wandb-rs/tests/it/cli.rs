//! The command: what it prints and how it ends.

mod errors;
mod generated;
mod json;
mod settings;
mod shell;
mod stories;
