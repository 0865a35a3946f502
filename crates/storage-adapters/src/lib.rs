//! storage-adapters
