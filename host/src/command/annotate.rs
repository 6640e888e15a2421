//! `annotate`: writes the metadata of the policy into its module, as `kwctl annotate` does.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::command::run::warn;
use crate::engine::{self, Engine};
use crate::package::capabilities;
use crate::package::metadata::{ExecutionMode, Metadata, USAGE};
use crate::package::section;
use crate::source::replace;

/// Arguments of `annotate`: those of `kwctl annotate`.
#[derive(Args, Debug)]
pub struct AnnotateArgs {
    /// The module to annotate
    #[arg(value_name = "MODULE")]
    module: PathBuf,

    /// File with the metadata
    #[arg(long, short, value_name = "FILE")]
    metadata_path: PathBuf,

    /// File with the documentation of the policy: its README
    #[arg(long, short, value_name = "FILE")]
    usage_path: Option<PathBuf>,

    /// File to write
    #[arg(long, short, value_name = "FILE")]
    output_path: PathBuf,
}

/// Writes the annotated module.
pub fn run(args: &AnnotateArgs) -> Result<()> {
    let usage = args.usage_path.as_deref().map(read_text).transpose()?;
    let module = engine::read_module(&args.module)?;
    let name = args.metadata_path.display();
    let mut metadata = Metadata::from_yaml(&read_text(&args.metadata_path)?).with_context(|| format!("{name}"))?;
    if metadata.execution_mode != ExecutionMode::KubewardenWapc {
        bail!("{name}: executionMode must be kubewarden-wapc");
    }
    let problems = metadata.problems();
    if !problems.is_empty() {
        bail!("{name}: {}", problems.join("; "));
    }
    let engine = Engine::new(&module).with_context(|| format!("cannot load {}", args.module.display()))?;
    metadata.protocol_version = Some(engine.protocol_version()?);
    let declared = metadata.host_capabilities.clone().unwrap_or_default();
    for difference in capabilities::differences(&capabilities::used(&module)?, &declared) {
        warn(&format!("{name}: {difference}"));
    }
    if let Some(usage) = usage {
        metadata.annotations.get_or_insert_default().insert(USAGE.to_owned(), usage);
    }
    replace::replace(&args.output_path, &section::annotated(&module, &metadata)?)
        .with_context(|| format!("cannot write {}", args.output_path.display()))
}

fn read_text(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}
