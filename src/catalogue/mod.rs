//! What is known of other people's containers.

pub mod glob;
pub mod sidecars;
pub mod injectors;
pub mod strippers;
