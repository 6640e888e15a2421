//! The commands of the command line, each with its arguments.

pub mod settings;
mod policy_file;
mod progress;
mod printer;
pub mod run;
pub mod annotate;
pub mod push;
pub mod review;
