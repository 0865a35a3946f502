//! Tables: their files, byte for byte, and what becomes of them in an artifact.

mod artifacts;
mod golden;
