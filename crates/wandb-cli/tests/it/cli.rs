//! The command: what it prints and how it ends.

mod curating;
mod errors;
mod generated;
mod json;
mod login;
mod modes;
mod settings;
mod shell;
mod status;
mod stories;
mod tables;
