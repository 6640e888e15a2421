//! Shows what the policy promises: it makes requests of every kind, knows what the API server would say, and holds the policy to
//! properties. Tests and fuzzers call the same.

#![forbid(unsafe_code)]

pub mod schema;
pub mod api_server;
pub mod admission;
pub mod spelled;
pub mod lossless;
pub mod generate;
pub mod properties;
pub mod mixture;
pub mod shrink;
