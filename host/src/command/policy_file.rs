//! Finds the policy module where nobody says where it is.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The names that the build gives it.
const NAMES: [&str; 2] = ["policy.wasm", "annotated-policy.wasm"];

/// The module in the current folder, or else in the folder that the build of this program stands in.
pub fn find() -> Result<PathBuf> {
    let program = std::env::current_exe().ok();
    let build = program.as_deref().and_then(|program| program.ancestors().find(|folder| folder.ends_with("target")));
    let folders = [Some(Path::new("")), build.and_then(Path::parent)];
    let candidates = folders.into_iter().flatten().flat_map(|folder| NAMES.map(|name| folder.join(name)));
    let mut files = candidates.filter(|path| path.is_file());
    files.next().context("policy.wasm not found: run `make policy.wasm`, or say where it is with --policy")
}
