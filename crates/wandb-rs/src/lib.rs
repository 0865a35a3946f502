//! wandb-rs
