//! The policy inside this program.

use anyhow::Result;

use crate::package::metadata::Metadata;

/// The module, which build.rs has found or built.
pub static MODULE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/policy.wasm"));

/// The metadata, which is not yet in the module.
const METADATA: &str = include_str!("../../../metadata.yml");

/// The versions of this program and of the policy inside it.
pub const VERSIONS: &str = concat!(env!("CARGO_PKG_VERSION"), " (policy ", env!("POLICY_VERSION"), ")");

/// Returns what the policy asks of its host, and is.
pub fn metadata() -> Result<Metadata> {
    Metadata::from_yaml(METADATA)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_versions_are_those_of_the_program_and_of_the_metadata() {
        let annotations = metadata().unwrap().annotations.unwrap();
        let policy = &annotations["io.kubewarden.policy.version"];
        assert_eq!(VERSIONS, format!("{} (policy {policy})", env!("CARGO_PKG_VERSION")));
    }
}
