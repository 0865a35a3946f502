//! Tables: their files, byte for byte, and what becomes of them in an artifact.

mod arrow;
mod artifacts;
mod files;
mod golden;
mod rows;
