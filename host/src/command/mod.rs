//! The commands of the command line, each with its arguments.

pub mod settings;
pub mod configuration;
mod files;
mod policy_file;
mod progress;
mod printer;
pub mod run;
pub mod annotate;
pub mod push;
pub mod review;
