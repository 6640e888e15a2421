//! What the tests of the real module share.

use std::path::{Path, PathBuf};

/// The policy module: the one that NATIVE_SIDECAR_POLICY names, or else the one in the root of the repository.
pub fn policy() -> PathBuf {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policy.wasm");
    let path = std::env::var_os("NATIVE_SIDECAR_POLICY").map_or(built, PathBuf::from);
    assert!(path.is_file(), "{} is missing: run `make policy.wasm` first", path.display());
    path.canonicalize().expect("a path that exists")
}
