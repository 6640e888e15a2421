//! The code is a house with one direction: what a crate's `lib.rs` declares first imports nothing of what it declares later,
//! and so within each folder. The order of the `mod` lines is the order of the rooms; ARCHITECTURE.md shows the same.
#![allow(clippy::panic, clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};

/// The crates, from the one that knows nothing of ours to the ones that users call; then the one that shows what they promise.
const CRATES: [&str; 6] = ["src", "yaml/src", "review/src", "host/src", "playground/engine/src", "proof/src"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A file of a crate, and the path of the module that it is: `json::path`; empty for `lib.rs`.
struct Module {
    file: PathBuf,
    path: String,
    text: String,
}

/// The modules that a file declares, in its order.
fn declared(text: &str) -> impl Iterator<Item = &str> {
    let name = |line| str::strip_suffix(str::strip_prefix(line, "mod ")?, ';');
    // Tests may look at anything.
    text.lines().filter_map(move |line| name(line.strip_prefix("pub ").unwrap_or(line))).filter(|name| *name != "tests")
}

/// Adds the modules below this file, in their order, and then the file itself.
fn add(file: &Path, folder: &Path, path: &str, modules: &mut Vec<Module>) {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    for name in declared(&text) {
        let below = if path.is_empty() { name.to_owned() } else { format!("{path}::{name}") };
        let own = folder.join(name);
        let inner = own.join("mod.rs");
        let file = if inner.exists() { inner } else { own.with_extension("rs") };
        add(&file, &own, &below, modules);
    }
    modules.push(Module { file: file.to_owned(), path: path.to_owned(), text });
}

fn modules(crate_folder: &str) -> Vec<Module> {
    let folder = root().join(crate_folder);
    let mut modules = Vec::new();
    add(&folder.join("lib.rs"), &folder, "", &mut modules);
    assert!(modules.len() > 3, "{crate_folder} has {} modules", modules.len());
    modules
}

/// The paths that a text imports from its own crate, each with the line that it is on. A group in braces is several paths.
fn imports(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (start, _) in text.match_indices("crate::") {
        let line_start = text[..start].rfind('\n').map_or(0, |end| end + 1);
        if text[line_start..start].trim_start().starts_with("//") {
            continue;
        }
        let line = text[..start].lines().count().max(1);
        let rest = &text[start + "crate::".len()..];
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(rest.len());
        let (path, behind) = rest.split_at(end);
        match behind.strip_prefix('{') {
            Some(group) => {
                let group = &group[..group.find("};").unwrap_or(group.len())];
                found.extend(group.split(',').map(|name| (line, format!("{path}{}", name.trim()))));
            }
            None => found.push((line, path.to_owned())),
        }
    }
    found
}

/// The module that a path leads into: the longest that the path starts with.
fn target(path: &str, modules: &[Module]) -> Option<usize> {
    let starts = |module: &Module| path == module.path || path.starts_with(&format!("{}::", module.path));
    let found = modules.iter().enumerate().filter(|(_, module)| !module.path.is_empty() && starts(module));
    found.max_by_key(|(_, module)| module.path.len()).map(|(index, _)| index)
}

/// What imports against the direction, as `FILE:LINE imports MODULE`.
fn backward(modules: &[Module]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (index, module) in modules.iter().enumerate() {
        // Tests may look at anything.
        let code = module.text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let name = module.file.strip_prefix(root()).unwrap_or(&module.file).display();
        for (line, path) in imports(code) {
            if let Some(target) = target(&path, modules).filter(|target| *target > index) {
                wrong.push(format!("{name}:{line} imports {}, which comes later", modules[target].path));
            }
        }
        if let Some(at) = code.find("super::") {
            wrong.push(format!("{name}:{} says super:: in place of a path from the crate", code[..at].lines().count()));
        }
    }
    wrong
}

#[test]
fn nothing_imports_against_the_direction() {
    let wrong: Vec<_> = CRATES.iter().flat_map(|folder| backward(&modules(folder))).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_import_against_the_direction_is_found() {
    let module = |path: &str, text: &str| Module { file: path.into(), path: path.to_owned(), text: text.to_owned() };
    let modules = [
        module("a::b", "//! crate::c\n\nuse crate::a::{self, d::E};\nuse crate::a;\n"),
        module("a::d", "fn f() { crate::c::g() }\n#[cfg(test)]\nmod tests {\n    use crate::c;\n}\n"),
        module("a", "use crate::a::b;\nuse super::c;\n"),
        module("c", "use crate::a::d::E;\n"),
    ];
    assert_eq!(
        backward(&modules),
        [
            "a::b:3 imports a, which comes later",
            "a::b:3 imports a::d, which comes later",
            "a::b:4 imports a, which comes later",
            "a::d:1 imports c, which comes later",
            "a:2 says super:: in place of a path from the crate",
        ]
    );
}

/// The first column of the tables under a heading of ARCHITECTURE.md.
fn shown(heading: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let section = text.split("\n## ").find(|section| section.starts_with(heading)).unwrap_or_default();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |"));
    rows.map(|(name, _)| name.to_owned()).collect()
}

/// Whether a file declares others, and nothing of its own.
fn is_list(module: &Module) -> bool {
    let is_first = module.file.ends_with("mod.rs") || module.file.ends_with("lib.rs");
    is_first && !module.text.contains("fn ")
}

#[test]
fn the_architecture_shows_the_rooms_in_their_order() {
    for folder in CRATES {
        let name = |module: Module| module.file.strip_prefix(root().join(folder)).unwrap().display().to_string();
        // A file that only declares others is told of by them.
        let modules = modules(folder).into_iter().filter(|module| !is_list(module));
        let rooms: Vec<_> = modules.map(name).collect();
        assert_eq!(shown(&format!("{folder}/\n")), rooms, "ARCHITECTURE.md on {folder}/");
    }
}
