//! native-sidecar-policy outside a cluster: the real module in an embedded engine.
//!
//! [`engine::Engine`] is the host of the module. On it stand three commands: [`run`] and [`annotate`] do what kwctl's
//! commands of these names do, and [`review`] shows a person what the policy says of manifests.

// A test that fails by a panic has failed as it should.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod admission;
pub mod annotate;
pub mod engine;
pub mod files;
pub mod host_calls;
pub mod manifest;
pub mod metadata;
pub mod place;
pub mod policy_file;
pub mod progress;
pub mod push;
pub mod report;
pub mod review;
pub mod reviewer;
pub mod rules;
pub mod run;
pub mod settings;
pub mod yaml;
