//! A policy as a package: its metadata, and the module that holds them.

pub mod capabilities;
pub mod metadata;
pub mod section;
pub mod embedded;
