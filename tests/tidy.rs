//! Versions and metadata are the same in all the policy's papers.
#![allow(clippy::panic, clippy::unwrap_used, missing_docs)]

use std::collections::BTreeSet;
use std::fs;

fn text(file: &str) -> String {
    fs::read_to_string(format!("{}/{file}", env!("CARGO_MANIFEST_DIR")))
        .unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// What follows `start` on the lines that begin with it, up to `end`.
fn all(file: &str, start: &str, end: &str) -> Vec<String> {
    let found: Vec<_> = text(file)
        .lines()
        .filter_map(|line| line.trim_start().trim_start_matches("- ").strip_prefix(start))
        .map(|rest| rest.split(end).next().unwrap_or(rest).trim().to_owned())
        .collect();
    assert!(!found.is_empty(), "{file} has no line {start}");
    found
}

#[test]
fn versions_agree() {
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(all("metadata.yml", "io.kubewarden.policy.version:", "\n"), [version]);
    assert_eq!(all("artifacthub-pkg.yml", "version:", "\n"), [version]);
    let released = all("CHANGELOG.md", "## ", "\n").into_iter().find(|heading| heading != "Unreleased");
    assert_eq!(released.as_deref(), Some(version));
}

#[test]
fn the_metadata_agree() {
    let resources = |file: &str| -> BTreeSet<String> {
        let text = text(file).replace("{apiVersion: ", "apiVersion: ").replace(", kind: ", "\nkind: ").replace('}', "");
        let section = text.split("ontextAwareResources:").nth(1).unwrap().to_owned();
        let lines: Vec<_> = section.lines().map(|line| line.trim().trim_start_matches("- ").to_owned()).collect();
        let pairs =
            lines.windows(2).filter(|pair| pair[0].starts_with("apiVersion: ") && pair[1].starts_with("kind: "));
        pairs.map(|pair| pair.join(" ")).collect()
    };
    let declared = resources("metadata.yml");
    assert_eq!(declared.len(), 7, "{declared:?}");
    assert_eq!(resources("artifacthub-pkg.yml"), declared);
}

#[test]
fn unsafe_code_is_forbidden() {
    for file in [
        "yaml/src/lib.rs",
        "review/src/lib.rs",
        "host/src/lib.rs",
        "host/src/main.rs",
        "host/build.rs",
        "proof/src/lib.rs",
    ] {
        assert!(text(file).contains("\n#![forbid(unsafe_code)]\n"), "{file}");
    }
    let policy = text("src/lib.rs");
    assert!(policy.contains("\n#![cfg_attr(not(target_arch = \"wasm32\"), forbid(unsafe_code))]\n"));
}
