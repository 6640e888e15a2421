//! native-sidecar-policy outside a cluster: the real module in an embedded engine.
//!
//! [`engine::Engine`] is the host of the module. On it stand the commands: [`command::run`], [`command::annotate`] and
//! [`command::push`] do what kwctl's commands of these names do, and [`command::review`] shows a person what the policy says
//! of manifests.

#![forbid(unsafe_code)]
// A test that fails by a panic has failed as it should.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod package;
pub mod engine;
pub mod cluster;
pub mod check;
pub mod report;
mod source;
pub mod command;
