//! The module of the policy that a command runs: the one inside this program, or one in a file.

use std::borrow::Cow;
use std::path::Path;

use anyhow::{Context, Result};

use crate::engine::{self, Engine};
use crate::package::metadata::Metadata;
use crate::package::{embedded, section};

/// The module of a policy.
pub struct Module {
    module: Cow<'static, [u8]>,
    /// What errors call it.
    name: String,
}

impl Module {
    /// The policy in this file, or else the one inside this program.
    pub fn read(file: Option<&Path>) -> Result<Self> {
        Ok(match file {
            Some(path) => Self { module: engine::read_module(path)?.into(), name: path.display().to_string() },
            None => Self { module: embedded::MODULE.into(), name: "the policy inside this program".to_owned() },
        })
    }

    /// Its metadata; of a module that was never annotated, none.
    pub fn metadata(&self) -> Result<Option<Metadata>> {
        match self.module {
            Cow::Borrowed(_) => embedded::metadata().map(Some),
            Cow::Owned(_) => section::read(&self.module),
        }
        .with_context(|| format!("cannot read {}", self.name))
    }

    /// Compiles it.
    pub fn engine(&self) -> Result<Engine> {
        Engine::new(&self.module).with_context(|| format!("cannot load {}", self.name))
    }
}
