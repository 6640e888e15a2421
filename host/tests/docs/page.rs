//! What the tests of the documents share.

use std::fs;
use std::path::{Path, PathBuf};

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// The text of a file of the repository.
pub fn text(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The documents for users, by their paths in the repository.
pub fn documents() -> Vec<String> {
    let pages =
        fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut pages: Vec<_> = pages.filter(|name| name.ends_with(".md")).map(|name| format!("docs/{name}")).collect();
    pages.extend(["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "deploy/README.md"].map(str::to_owned));
    pages.sort();
    pages
}

/// Holds a file to its text, or writes it anew with `BLESS=1`.
pub fn bless(file: &str, text: &str) {
    let path = root().join(file);
    let there = fs::read_to_string(&path).unwrap_or_default();
    if there == text {
        return;
    }
    match std::env::var_os("BLESS") {
        Some(_) => fs::write(&path, text).unwrap(),
        None => {
            let diff = similar::TextDiff::from_lines(there.as_str(), text);
            let diff = diff.unified_diff().header(file, "what it should be").to_string();
            panic!("{diff}\n{file} is generated: BLESS=1 cargo test --workspace --test docs writes it anew");
        }
    }
}

/// A block of code in a document.
#[derive(Debug)]
pub struct Block {
    /// Where it starts: FILE:LINE.
    pub place: String,
    /// The words behind its opening fence: its language, and what it needs.
    pub info: Vec<String>,
    /// Its lines.
    pub text: String,
}

/// The blocks of code in a document.
pub fn blocks(file: &str) -> Vec<Block> {
    let text = text(file);
    let (mut blocks, mut open): (Vec<Block>, bool) = (Vec::new(), false);
    for (index, line) in text.lines().enumerate() {
        match line.trim_start().strip_prefix("```") {
            Some(_) if open => open = false,
            Some(info) => {
                let info = info.split_whitespace().map(str::to_owned).collect();
                blocks.push(Block { place: format!("{file}:{}", index + 1), info, text: String::new() });
                open = true;
            }
            None if open => blocks.last_mut().unwrap().text += &format!("{line}\n"),
            None => {}
        }
    }
    assert!(!open, "{file} has a block that does not end");
    blocks
}
