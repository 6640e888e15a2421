//! The section of a module that holds the metadata.

use anyhow::{Context, Result};
use wasm_encoder::{CustomSection, Module, RawSection};
use wasmparser::{Parser, Payload};

use crate::package::metadata::Metadata;

/// The custom section that holds the metadata.
const SECTION: &str = "io.kubewarden.metadata";

/// Reads what an annotated module says of itself.
pub fn read(module: &[u8]) -> Result<Option<Metadata>> {
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::CustomSection(section) if section.name() == SECTION => {
                let metadata = serde_json::from_slice(section.data());
                return metadata.map(Some).with_context(|| format!("section {SECTION}"));
            }
            _ => {}
        }
    }
    Ok(None)
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
        let title = |module: &[u8]| read(module).unwrap().unwrap().annotations.unwrap()["title"].clone();

        assert!(read(&plain).unwrap().is_none());
        let first = annotated(&plain, &metadata("first")).unwrap();
        assert_eq!(title(&first), "first");
        assert!(first.starts_with(&plain));
        let again = annotated(&first, &metadata("again")).unwrap();
        assert_eq!(title(&again), "again");
        assert_eq!(again, annotated(&plain, &metadata("again")).unwrap());
    }
}
