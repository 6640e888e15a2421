//! `annotate`: writes the metadata of the policy into its module, as `kwctl annotate` does.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use wasm_encoder::{CustomSection, Module, RawSection};
use wasmparser::{Parser, Payload};

use crate::engine::{self, Engine};
use crate::files;
use crate::metadata::{ExecutionMode, Metadata, SECTION, USAGE};

/// Arguments of `annotate`: those of `kwctl annotate`.
#[derive(Args, Debug)]
pub struct AnnotateArgs {
    /// The module to annotate
    #[arg(value_name = "MODULE")]
    module: PathBuf,

    /// File with the metadata
    #[arg(long, short, value_name = "FILE")]
    metadata_path: PathBuf,

    /// File that says how to use the policy: its README
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
    if let Some(usage) = usage {
        metadata.annotations.get_or_insert_default().insert(USAGE.to_owned(), usage);
    }
    files::replace(&args.output_path, &annotated(&module, &metadata)?)
        .with_context(|| format!("cannot write {}", args.output_path.display()))
}

fn read_text(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// The module with the metadata as its last section, in the place of what was there before.
pub fn annotated(module: &[u8], metadata: &Metadata) -> Result<Vec<u8>> {
    let mut result = Module::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        match &payload {
            Payload::CustomSection(section) if section.name() == SECTION => continue,
            _ => {}
        }
        if let Some((id, range)) = payload.as_section() {
            result.section(&RawSection { id, data: module.get(range).context("the module ends too early")? });
        }
    }
    let metadata = serde_json::to_vec(metadata)?;
    result.section(&CustomSection { name: SECTION.into(), data: metadata.as_slice().into() });
    Ok(result.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_section_is_added_and_replaced_and_the_rest_stays() {
        let mut plain = Module::new();
        plain.section(&CustomSection { name: "other".into(), data: b"kept".as_slice().into() });
        let plain = plain.finish();
        let metadata = |title: &str| {
            Metadata::from_yaml(&format!("rules: []\nmutating: true\nannotations: {{title: {title}}}\n")).unwrap()
        };
        let title =
            |module: &[u8]| Metadata::from_module(module).unwrap().unwrap().annotations.unwrap()["title"].clone();

        assert!(Metadata::from_module(&plain).unwrap().is_none());
        let first = annotated(&plain, &metadata("first")).unwrap();
        assert_eq!(title(&first), "first");
        assert!(first.starts_with(&plain));
        let again = annotated(&first, &metadata("again")).unwrap();
        assert_eq!(title(&again), "again");
        assert_eq!(again, annotated(&plain, &metadata("again")).unwrap());
    }
}
