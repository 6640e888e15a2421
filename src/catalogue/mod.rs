//! What is known of other people's containers.

pub mod glob;
pub mod injectors;
pub mod sidecars;
