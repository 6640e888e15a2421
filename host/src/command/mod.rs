//! The commands of the command line, each with its arguments.

pub mod settings;
pub mod configuration;
mod baseline;
mod module;
mod cluster;
mod progress;
mod printer;
mod session;
mod list;
pub mod run;
pub mod annotate;
pub mod push;
pub mod review;
pub mod check;
pub mod rules;
pub mod sidecars;
pub mod shell;
