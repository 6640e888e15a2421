//! JSON as it came: borrowed, with places, and edited in place.

pub mod by_name;
pub mod items;
pub mod jsonpath;
pub mod malformed;
pub mod path;
pub mod read;
pub mod tree;
pub mod view;
