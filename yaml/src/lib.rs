//! YAML as Kubernetes reads it, with the place of every node in the text, and edits that keep comments, order and quotes.
//!
//! [`documents`] and [`parse`] read, [`emit`] writes values, and [`edit`] changes a text so that it says something else.

#![forbid(unsafe_code)]
// A test that fails by a panic has failed as it should.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod scalar;
mod parts;
mod read;
pub mod comments;
pub mod emit;
pub mod edit;

pub use read::{Content, Document, Documents, Entry, Error, Node, documents, parse};
