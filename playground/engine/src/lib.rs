//! What `native-sidecar review` is made of, for a page: the policy itself runs beside it, in the browser's engine.

// A test that fails by a panic has failed as it should.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod module;
mod cluster;
mod settings;
mod report;
mod export;
mod page;
