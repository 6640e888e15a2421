//! JSON as it came: borrowed, with places, and edited in place.

pub mod by_name;
pub mod path;
pub mod malformed;
pub mod view;
mod block;
mod scanner;
mod deserializer;
pub mod sourced;
pub mod read;
pub mod readable;
pub mod counterpart;
pub mod items;
pub mod tree;
pub mod jsonpath;
