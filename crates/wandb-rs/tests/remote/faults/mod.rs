//! Our client against a server that fails, a line that breaks, and answers that nobody should believe.

#[cfg(feature = "cli")]
mod command;
mod hostile;
mod key;
mod message;
mod proxy;
mod secrets;
mod servers;
mod step;
mod table;
mod work;
