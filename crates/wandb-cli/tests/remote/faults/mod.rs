//! Our client against a server that fails, a line that breaks, and answers that nobody should believe.

mod command;
mod hostile;
mod key;
pub(crate) mod message;
pub(crate) mod proxy;
mod reading;
mod retries;
mod secrets;
mod servers;
mod step;
mod table;
mod work;
