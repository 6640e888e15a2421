//! Reviews of Kubernetes manifests: what native-sidecar-policy says of each object, and the text that it would make of them.
//!
//! The engine that runs the policy is behind one seam, [`judge::Judge`]. Nothing here reads files, prints, or knows an engine.

#![forbid(unsafe_code)]
// A test that fails by a panic has failed as it should.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod admission;
pub mod judge;
pub mod lookup;
pub mod session;
pub mod host_calls;
pub mod answer;

pub use native_sidecar_policy::describe;

pub mod manifest;
pub mod selector;
pub mod scope;
pub mod policy;
pub mod rules;
pub mod place;
pub mod template;
pub mod findings;
pub mod ignore;
pub mod change;
pub mod reviewer;
pub mod diff;
pub mod json;
