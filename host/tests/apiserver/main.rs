//! What the program does with a real API server: `make e2e-apiserver`, with `KUBEBUILDER_ASSETS` as setup-envtest prints it.
#![allow(clippy::panic, clippy::unwrap_used, missing_docs)]

#[path = "../common/case_files.rs"]
mod case_files;
mod cases;
mod certificates;
mod clients;

mod review;
mod rights;
mod server;
mod strips;
#[allow(dead_code, reason = "the other tests of the cases use the rest")]
#[path = "../cases/support.rs"]
mod support;
mod webhooks;
#[allow(dead_code, reason = "the tests with the stand-in use the rest")]
#[path = "../cluster/world.rs"]
mod world;
