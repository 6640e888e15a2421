//! JSON as it came: borrowed, with places, and edited in place.

pub mod path;
pub mod malformed;
pub mod view;
pub mod read;
pub mod counterpart;
pub mod items;
pub mod tree;
pub mod jsonpath;
