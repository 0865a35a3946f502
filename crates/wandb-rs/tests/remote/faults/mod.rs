//! Our client against a server that fails, a line that breaks, and answers that nobody should believe.

mod message;
mod proxy;
mod secrets;
mod step;
mod table;
mod work;
