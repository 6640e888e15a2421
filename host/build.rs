//! Finds the policy's module, which goes into the program: the one that `NATIVE_SIDECAR_MODULE` names, or policy.wasm,
//! which make has built, or else one that cargo builds here.

#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::{env, fs};

const MODULE: &str = "NATIVE_SIDECAR_MODULE";
const TARGET: &str = "wasm32-unknown-unknown";

/// Those of the Makefile. What make does after cargo, with wasm-opt, makes a smaller module that does the same.
const FLAGS: [&str; 6] = [
    "-C",
    "target-feature=+simd128",
    "-C",
    "llvm-args=-inline-threshold=100",
    "-C",
    "llvm-args=-inlinehint-threshold=120",
];

fn main() -> ExitCode {
    match embed() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            println!("cargo::error={message}");
            ExitCode::FAILURE
        }
    }
}

fn embed() -> Result<(), String> {
    let root = variable("CARGO_MANIFEST_DIR")?.join("..");
    let out = variable("OUT_DIR")?;
    println!("cargo::rustc-env=POLICY_VERSION={}", version(&root.join("metadata.yml"))?);
    println!("cargo::rerun-if-env-changed={MODULE}");
    let made = root.join("policy.wasm");
    let module = match env::var_os(MODULE).map(PathBuf::from).or(made.is_file().then_some(made)) {
        Some(module) => watched(&module),
        None => built(&root, &out)?,
    };
    match fs::copy(&module, out.join("policy.wasm")) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("cannot take {} into the program: {error}", module.display())),
    }
}

fn variable(name: &str) -> Result<PathBuf, String> {
    env::var_os(name).map(PathBuf::from).ok_or_else(|| format!("cargo has not set {name}"))
}

/// Has cargo run this again when the file changes.
fn watched(path: &Path) -> PathBuf {
    println!("cargo::rerun-if-changed={}", path.display());
    path.to_owned()
}

/// The version of the policy, in its metadata.
fn version(metadata: &Path) -> Result<String, String> {
    let name = metadata.display();
    let text = fs::read_to_string(watched(metadata)).map_err(|error| format!("cannot read {name}: {error}"))?;
    let version = text.lines().find_map(|line| line.trim().strip_prefix("io.kubewarden.policy.version: "));
    version.map(str::to_owned).ok_or_else(|| format!("{name} has no io.kubewarden.policy.version"))
}

/// Builds the module in a folder of its own: cargo holds the lock of the other one.
fn built(root: &Path, out: &Path) -> Result<PathBuf, String> {
    for source in ["src", "Cargo.toml", "Cargo.lock"] {
        watched(&root.join(source));
    }
    let rustc = variable("RUSTC")?;
    let printed = Command::new(rustc).args(["--print", "target-libdir", "--target", TARGET]).output();
    let library = printed.map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    if !library.is_ok_and(|library| library.is_dir()) {
        return Err(format!(
            "the policy's module is built for {TARGET}: run `rustup target add {TARGET}`, or say where the module is with \
            {MODULE}"
        ));
    }
    let target = out.join("module");
    let status = Command::new(variable("CARGO")?)
        .args(["build", "--locked", "--release", "--lib", "--package", "native-sidecar-policy", "--target", TARGET])
        .arg("--manifest-path")
        .arg(root.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(&target)
        .env("CARGO_ENCODED_RUSTFLAGS", flags(root).join("\x1f"))
        // Clippy's, where it is clippy that wants the program.
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .stdout(Stdio::null())
        .status();
    match status {
        Ok(status) if status.success() => Ok(target.join(TARGET).join("release").join("native_sidecar_policy.wasm")),
        Ok(status) => Err(format!("cargo cannot build the policy's module: {status}")),
        Err(error) => Err(format!("cannot run cargo: {error}")),
    }
}

/// The flags for rustc. The module holds names of source files: the same ones wherever it is built.
fn flags(root: &Path) -> Vec<String> {
    let home = env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo"));
    let crates = env::var_os("CARGO_HOME").map(PathBuf::from).or(home).map(|home| home.join("registry/src"));
    let here = root.canonicalize().ok();
    let renamed = [(crates, "crates"), (here, ".")];
    let renamed = renamed.into_iter().filter_map(|(path, name)| Some((path?, name)));
    let renamed = renamed.map(|(path, name)| format!("--remap-path-prefix={}={name}", path.display()));
    FLAGS.map(str::to_owned).into_iter().chain(renamed).collect()
}
