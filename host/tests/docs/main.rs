//! The documentation, held to what it is about.
//!
//! docs/settings.md, docs/configuration.md, their schemas, docs/sidecars.md, docs/terminal.svg, and the rules and examples in
//! docs/rules.md are generated: `BLESS=1` writes them anew.
//! The commands in all documents are run, but for those whose block says what they need that is not here.
#![allow(clippy::panic, clippy::unwrap_used, missing_docs)]

#[path = "../common/case_files.rs"]
mod case_files;
mod commands;
#[path = "../common/mod.rs"]
mod common;
mod configuration;
mod links;
mod messages;
mod page;
mod rules;
mod settings;
mod sidecars;
mod terminal;
