//! MD5 of many independent messages at once.
//!
//! MD5 is a chain of dependent steps, so a single message cannot use more than a fraction of a
//! processor core. Several messages can: with AVX2, this crate advances sixteen of them side by
//! side, one per SIMD lane, eight times as fast as one by one. Messages of different lengths share
//! the lanes; a lane whose message ends takes the next one.
//!
//! ```
//! use md5_lanes::{Md5, digest_many};
//!
//! let digests = digest_many(&[b"first file", b"second file"]);
//! assert_eq!(digests, [Md5::digest(b"first file"), Md5::digest(b"second file")]);
//! ```
//!
//! * [`digest_many`] takes whole messages.
//! * [`update_many`] and [`finalize_many`] take messages that arrive in pieces. How the pieces are
//!   cut changes nothing about the digests, and [`Md5::update`] may be mixed in freely.
//! * [`Md5`] alone is an incremental MD5 in portable Rust.
//! * [`lanes`] says how many messages make a full batch on this processor. Twice as many or more
//!   even out messages of different lengths.
//!
//! The kernel is chosen at run time, see [`kernel`]. No function here starts a thread, does I/O or
//! reads the environment.
//!
//! MD5 protects against accidents only: two messages with the same digest are easy to make on
//! purpose.

mod batch;
mod block;
mod kernel;
#[cfg(target_arch = "x86_64")]
mod lanes;
mod md5;
mod padding;
mod rounds;
mod scalar;

pub use batch::{digest_many, finalize_many, kernel, lanes, update_many};
pub use md5::Md5;

/// An MD5 digest: 16 bytes.
pub type Digest = [u8; 16];
