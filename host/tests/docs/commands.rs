//! The commands in the documents work.
//!
//! A block of `console` or `sh` is run, in a copy of the examples, with the program and the module that the build made. A
//! block that needs more says so behind its language, as in `console cluster`. Lines behind `$` are commands, and what
//! follows them has to be what they print; a block without `$` is a script that has to end with 0.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::common;
use crate::page::{self, Block};
use crate::settings::complete;

/// What a block may need that is not here, and the words by which it can be told.
const NEEDS: &[(&str, &[&str])] = &[
    ("cluster", &["kubectl", "helm", "check", "--cluster"]),
    ("kwctl", &["kwctl"]),
    ("build", &["make", "cargo"]),
    ("helm", &["helm"]),
    ("install", &["cargo", "curl", "docker", "krew"]),
    ("kustomize", &["kustomize"]),
    ("release", &["cosign"]),
];

fn commands() -> Vec<Block> {
    let blocks = page::documents().into_iter().flat_map(|file| page::blocks(&file));
    let is_shell = |block: &Block| {
        block.info.first().is_some_and(|language| ["console", "sh", "bash", "shell"].contains(&language.as_str()))
    };
    blocks.filter(is_shell).collect()
}

/// The commands of a session, each with what it prints.
fn session(text: &str) -> Vec<(String, String)> {
    let mut commands: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        match (line.strip_prefix("$ "), commands.last_mut()) {
            (Some(command), _) => commands.push((command.to_owned(), String::new())),
            (None, Some((command, printed))) if printed.is_empty() && command.ends_with('\\') => {
                *command += &format!("\n{line}")
            }
            (None, Some((_, printed))) => *printed += &format!("{line}\n"),
            (None, None) => panic!("a session starts with a command: {line}"),
        }
    }
    commands
}

/// Runs commands as at the root of a repository in which `make` has been run.
pub fn run(commands: &str, folder: &Path) -> Output {
    let path = std::env::var("PATH").unwrap_or_default();
    Command::new("sh")
        .args(["-e", "-c", &format!("exec 2>&1\n{commands}")])
        .current_dir(folder)
        .env_clear()
        .env("PATH", format!("{}:{path}", folder.join("target/debug").display()))
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// A folder with what the commands may read and write.
pub fn workplace() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for name in ["target/debug", "examples"] {
        fs::create_dir_all(at(name)).unwrap();
    }
    for entry in fs::read_dir(page::root().join("examples")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), at("examples").join(entry.file_name())).unwrap();
    }
    symlink(env!("CARGO_BIN_EXE_native-sidecar"), at("target/debug/native-sidecar")).unwrap();
    for name in ["policy.wasm", "annotated-policy.wasm"] {
        symlink(common::policy(), at(name)).unwrap();
    }
    for name in ["deploy", "tests", "README.md", "metadata.yml"] {
        symlink(page::root().join(name), at(name)).unwrap();
    }
    folder
}

#[test]
fn commands_print_what_the_documents_say() {
    let mut failures = Vec::new();
    let mut count = 0;
    for block in commands().iter().filter(|block| block.info.len() == 1) {
        let folder = workplace();
        count += 1;
        if !block.text.lines().any(|line| line.starts_with("$ ")) {
            let output = run(&block.text, folder.path());
            if !output.status.success() {
                failures.push(format!(
                    "{}: {}\n{}",
                    block.place,
                    output.status,
                    String::from_utf8_lossy(&output.stdout)
                ));
            }
            continue;
        }
        for (command, expected) in session(&block.text) {
            let output = run(&command, folder.path());
            let printed = String::from_utf8_lossy(&output.stdout);
            // 1 is a denial, which the session shows.
            let is_answer = output.status.code().is_some_and(|code| code == 0 || code == 1 && !expected.is_empty());
            if printed.trim_end() != expected.trim_end() || !is_answer {
                let diff = similar::TextDiff::from_lines(expected.as_str(), &printed);
                let diff = diff.unified_diff().header("the document", "what is printed").to_string();
                failures.push(format!("{}: {command}: {}\n{diff}", block.place, output.status));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(count > 3, "only {count} blocks were run");
}

#[test]
fn what_is_not_run_says_why() {
    for block in commands().iter().filter(|block| block.info.len() > 1) {
        let need = NEEDS.iter().find(|(need, _)| block.info[1..] == [*need]);
        let Some((need, programs)) = need else {
            panic!("{}: nobody knows the mark {:?}", block.place, &block.info[1..])
        };
        let words = || block.text.split(|c: char| c.is_whitespace() || "|()$;".contains(c));
        assert!(
            words().any(|word| programs.contains(&word)),
            "{}: nothing in it needs a {need}; let it run",
            block.place
        );
        let parsed = Command::new("sh").args(["-n", "-c", &block.text]).output().unwrap();
        assert!(parsed.status.success(), "{}: {}", block.place, String::from_utf8_lossy(&parsed.stderr));
        let is_ours = |word: &&str| {
            ["deploy/", "examples/", "tests/", "scripts/", "docs/"].iter().any(|start| word.starts_with(start))
        };
        for word in words().filter(is_ours) {
            assert!(page::root().join(word).exists(), "{}: there is no {word}", block.place);
        }
    }
}

#[test]
fn settings_in_the_documents_are_valid() {
    let known = native_sidecar_settings();
    let mut count = 0;
    for block in page::documents().iter().flat_map(|file| page::blocks(file)).filter(|block| block.info == ["yaml"]) {
        for document in yaml::documents(&block.text) {
            let value = document.unwrap_or_else(|error| panic!("{}: {error}", block.place)).value;
            let settings = match value["kind"].as_str() {
                Some("ClusterAdmissionPolicy") => value["spec"]["settings"].clone(),
                Some(_) => continue,
                None if value["spec"]["settings"].is_object() => value["spec"]["settings"].clone(),
                // On the page of the settings each is shown alone.
                None => match value {
                    Value::Object(mut members) if members.keys().all(|name| known.contains(name)) => {
                        if members.len() == 1 {
                            complete(&mut members);
                        }
                        Value::Object(members)
                    }
                    _ => continue,
                },
            };
            let answer = native_sidecar_policy::validate_settings(settings.to_string().as_bytes());
            let answer: Value = serde_json::from_slice(&answer).unwrap();
            assert!(answer["valid"] == true, "{}: {}", block.place, answer["message"]);
            count += 1;
        }
    }
    assert!(count > 20, "only {count} blocks have settings");
}

fn native_sidecar_settings() -> Vec<String> {
    native_sidecar_policy::describe::settings().fields.iter().map(|field| field.name.to_owned()).collect()
}
