//! A live cluster, as far as a reader with few rights may ask it: objects are read, and written only as dry runs.

pub mod connection;
mod field_masks;
mod resources;
pub mod lookups;
pub mod workloads;
