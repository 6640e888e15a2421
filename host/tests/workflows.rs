//! The workflows of .github/workflows: what they use is pinned, and what they run can be run.

#![allow(clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The workflows: name, text and value.
fn workflows() -> Vec<(String, String, Value)> {
    let entries = fs::read_dir(root().join(".github/workflows")).expect("a folder");
    let mut workflows = Vec::new();
    for entry in entries {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).expect("a text");
        let value = yaml::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        workflows.push((name, text, value));
    }
    workflows.sort_by(|a, b| a.0.cmp(&b.0));
    workflows
}

/// The jobs of a workflow, and the steps in them: everything that can use or run something.
fn parts(workflow: &Value) -> Vec<&Value> {
    let jobs: Vec<_> = workflow["jobs"].as_object().expect("jobs").values().collect();
    let steps = jobs.iter().filter_map(|job| job["steps"].as_array()).flatten();
    jobs.iter().copied().chain(steps).collect()
}

/// What is wrong with a line `uses: ACTION@COMMIT # VERSION`, if anything. Tags move, commits do not.
fn problem(line: &str) -> Option<&'static str> {
    let uses = line.trim().trim_start_matches("- ").trim_start_matches("uses: ");
    if let Some(path) = uses.strip_prefix("./") {
        return (!root().join(path).is_file()).then_some("no such file");
    }
    let Some((action, version)) = uses.split_once(" # v") else { return Some("no version behind it") };
    let Some((_, commit)) = action.split_once('@') else { return Some("not pinned") };
    let hex = |digit: char| digit.is_ascii_digit() || ('a'..='f').contains(&digit);
    if commit.len() != 40 || !commit.chars().all(hex) {
        return Some("not pinned by its full commit");
    }
    (!version.starts_with(|digit: char| digit.is_ascii_digit())).then_some("no version behind it")
}

#[test]
fn problems_are_found() {
    let commit = "143b9e4b11ddc47370482267383586e6f1bc7efe";
    assert_eq!(problem(&format!("  - uses: a/b@{commit} # v7.0.1")), None);
    assert_eq!(problem(&format!("    uses: a/b/.github/workflows/c.yml@{commit} # v7")), None);
    assert_eq!(problem("    uses: ./.github/workflows/test.yml"), None);
    assert_eq!(problem("    uses: ./.github/workflows/gone.yml"), Some("no such file"));
    assert_eq!(problem("  - uses: a/b@v7 # v7"), Some("not pinned by its full commit"));
    assert_eq!(problem(&format!("  - uses: a/b@{} # v7", &commit[..12])), Some("not pinned by its full commit"));
    assert_eq!(problem("  - uses: a/b # v7"), Some("not pinned"));
    assert_eq!(problem(&format!("  - uses: a/b@{commit}")), Some("no version behind it"));
    assert_eq!(problem(&format!("  - uses: a/b@{commit} # vx")), Some("no version behind it"));
}

#[test]
fn what_they_use_is_pinned() {
    let mut pins: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, text, workflow) in workflows() {
        let lines: Vec<_> = text.lines().filter(|line| line.contains("uses:")).collect();
        let uses = parts(&workflow).iter().filter(|part| part.get("uses").is_some()).count();
        assert_eq!(lines.len(), uses, "{name}: each on a line of its own");
        for line in lines {
            assert_eq!(problem(line), None, "{name}: {line}");
            if let Some((action, pin)) = line.split_once('@') {
                let words = action.rsplit(' ').next().unwrap_or_default().split('/');
                let repository = words.take(2).collect::<Vec<_>>().join("/");
                pins.entry(repository).or_default().insert(pin.to_owned());
            }
        }
    }
    assert_eq!(
        pins.keys().collect::<Vec<_>>(),
        ["actions/attest-build-provenance", "actions/checkout", "helm/kind-action", "kubewarden/github-actions"]
    );
    assert!(pins.values().all(|pins| pins.len() == 1), "one version of each: {pins:?}");
}

#[test]
fn what_they_run_is_shell_and_there() {
    let makefile = fs::read_to_string(root().join("Makefile")).expect("the Makefile");
    let targets: Vec<_> = makefile.lines().filter_map(|line| Some(line.split_once(':')?.0)).collect();
    let mut made = BTreeSet::new();
    for (name, _, workflow) in workflows() {
        let parts = parts(&workflow);
        for script in parts.iter().filter_map(|part| part["run"].as_str()) {
            assert!(!script.contains("${{"), "{name}: values come in by env, not as text of the script: {script}");
            let shell = Command::new("bash").arg("-n").stdin(Stdio::piped()).stderr(Stdio::piped()).spawn();
            let mut shell = shell.expect("bash");
            shell.stdin.take().expect("its input").write_all(script.as_bytes()).expect("to write");
            let output = shell.wait_with_output().expect("its end");
            assert!(output.status.success(), "{name}: {}{script}", String::from_utf8_lossy(&output.stderr));
            for line in script.lines() {
                made.extend(
                    line.trim().strip_prefix("make ").into_iter().flat_map(str::split_whitespace).map(str::to_owned),
                );
            }
        }
    }
    let expected = [
        "annotated-policy.wasm",
        "dist",
        "e2e-apiserver",
        "e2e-cluster",
        "e2e-tests",
        "playground",
        "playground-tests",
        "reproducible",
        "test",
    ];
    assert_eq!(made, expected.map(str::to_owned).into());
    for target in made {
        assert!(targets.contains(&&*target), "the Makefile makes no {target}");
    }
}

/// The platforms of the programs in a release, as the name of each archive ends.
const PLATFORMS: [(&str, &str); 4] = [
    ("x86_64-unknown-linux-musl", "linux_amd64"),
    ("aarch64-unknown-linux-musl", "linux_arm64"),
    ("x86_64-apple-darwin", "darwin_amd64"),
    ("aarch64-apple-darwin", "darwin_arm64"),
];

fn script(name: &str, args: &[&str]) -> (bool, String) {
    let output = Command::new(root().join("scripts").join(name)).args(args).output().expect("the script runs");
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    (output.status.success(), text.into_owned())
}

#[test]
fn every_platform_has_an_archive_with_all_that_belongs_to_the_program() {
    let workflows = workflows();
    let release = &workflows.iter().find(|(name, ..)| name == "release.yml").expect("the workflow").2;
    let matrix = release["jobs"]["programs"]["strategy"]["matrix"]["include"].as_array().expect("a matrix");
    let targets: Vec<_> = matrix.iter().filter_map(|entry| entry["target"].as_str()).collect();
    assert_eq!(targets, PLATFORMS.map(|(target, _)| target));

    let folder = tempfile::tempdir().expect("a folder");
    let dist = folder.path().display().to_string();
    // The real one is large to pack.
    let program = folder.path().join("program");
    let text = format!("#!/bin/sh\nexec '{}' \"$@\"\n", env!("CARGO_BIN_EXE_native-sidecar"));
    fs::write(&program, text).expect("to write");
    fs::set_permissions(&program, Permissions::from_mode(0o755)).expect("to make it a program");
    let program = program.display().to_string();
    let action = fs::read_to_string(root().join("action.yml")).expect("the action");
    for (target, platform) in PLATFORMS {
        let archive = format!("{dist}/native-sidecar_v1.2.3_{platform}.tar.gz");
        assert_eq!(script("dist.sh", &["v1.2.3", target, &program, &dist]), (true, format!("{archive}\n")));
        let listed = Command::new("tar").args(["-tzf", &archive]).output().expect("tar").stdout;
        let listed = String::from_utf8(listed).expect("a text");
        let files: BTreeSet<_> = listed.lines().filter(|name| !name.ends_with('/')).collect();
        let commands = ["", "-annotate", "-check", "-completions", "-push", "-review", "-rules", "-run", "-sidecars"];
        let pages = commands.map(|command| format!("man/native-sidecar{command}.1"));
        let others = ["LICENSE", "native-sidecar"];
        let completions = ["native-sidecar.bash", "native-sidecar.fish", "_native-sidecar"];
        let completions = completions.map(|name| format!("completions/{name}"));
        let expected = pages.iter().chain(&completions).map(String::as_str).chain(others);
        assert_eq!(files, expected.collect(), "{platform}");
        assert!(action.contains(&format!("platform={platform} ")), "action.yml does not know {platform}");
    }
    let (is_packed, message) = script("dist.sh", &["v1.2.3", "riscv64gc-unknown-linux-gnu", &program, &dist]);
    assert!(!is_packed && message.ends_with("releases have no archive for riscv64gc-unknown-linux-gnu\n"), "{message}");
}

#[test]
fn the_plugin_for_krew_is_there_for_every_platform() {
    let sums = tempfile::NamedTempFile::new().expect("a file");
    let sum = |platform: &str| format!("{platform:0<64}").replace('_', "0");
    let lines = PLATFORMS.map(|(_, platform)| format!("{}  native-sidecar_v1.2.3_{platform}.tar.gz\n", sum(platform)));
    fs::write(&sums, lines.concat()).expect("to write");
    let path = sums.path().display().to_string();
    let (is_filled, text) = script("krew-manifest.sh", &["v1.2.3", &path]);
    assert!(is_filled && !text.contains("{{"), "{text}");
    let plugin = yaml::parse(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!((&plugin["metadata"]["name"], &plugin["spec"]["version"]), (&"native-sidecar".into(), &"v1.2.3".into()));
    let platforms = plugin["spec"]["platforms"].as_array().expect("platforms").iter().map(|entry| {
        let labels = &entry["selector"]["matchLabels"];
        let word = |name: &str| labels[name].as_str().expect("a label").to_owned();
        let platform = format!("{}_{}", word("os"), word("arch"));
        let address = "https://github.com/native-sidecar-policy/native-sidecar-policy/releases/download/v1.2.3";
        assert_eq!(entry["uri"], format!("{address}/native-sidecar_v1.2.3_{platform}.tar.gz"));
        assert_eq!(entry["sha256"], sum(&platform));
        platform
    });
    assert_eq!(platforms.collect::<BTreeSet<_>>(), PLATFORMS.map(|(_, platform)| platform.to_owned()).into());
    fs::write(&sums, &lines[0]).expect("to write");
    let (is_filled, message) = script("krew-manifest.sh", &["v1.2.3", &path]);
    assert!(!is_filled && message.ends_with("no checksum of native-sidecar_v1.2.3_linux_arm64.tar.gz\n"), "{message}");
}

#[test]
fn no_job_may_do_more_than_it_says() {
    let workflows = workflows();
    let names: Vec<_> = workflows.iter().map(|(name, ..)| &**name).collect();
    assert_eq!(names, ["e2e.yml", "playground.yml", "release.yml", "test.yml"]);
    for (name, _, workflow) in workflows {
        assert_eq!(workflow["permissions"], serde_json::json!({"contents": "read"}), "{name}");
        for (id, job) in workflow["jobs"].as_object().expect("jobs") {
            assert!(job.get("uses").is_some() || job["timeout-minutes"].is_u64(), "{name}: {id} has no time limit");
        }
    }
}

#[test]
fn the_hook_and_the_action_use_options_that_there_are() {
    let help = Command::new(env!("CARGO_BIN_EXE_native-sidecar")).args(["review", "--help"]).output().expect("help");
    let help = String::from_utf8(help.stdout).expect("a text");
    for name in ["action.yml", ".pre-commit-hooks.yaml"] {
        let text = fs::read_to_string(root().join(name)).expect("the file");
        yaml::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let lines = text.lines().filter(|line| line.contains(" review ") && !line.trim_start().starts_with('#'));
        let options: Vec<_> = lines.flat_map(str::split_whitespace).filter(|word| word.starts_with("--")).collect();
        assert!(!options.is_empty(), "{name}");
        for option in options {
            assert!(help.contains(&format!("{option} ")) || help.contains(&format!("{option}\n")), "{name}: {option}");
        }
    }
}
