//! What is known of other people's containers.

pub mod glob;
pub mod marks;
pub mod command;
pub mod injectors;
mod entry;
mod entries;
mod index;
pub mod sidecars;
pub mod strippers;
