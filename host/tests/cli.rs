//! Every file `tests/cli/*.console` is a session at a terminal: commands behind `$`, what they print, and `? CODE`
//! where the exit code is not 0.
//!
//! A session starts in a folder with a copy of `tests/cli/files`, and `sh` runs its commands, so it can use pipes and
//! show what a command wrote. `BLESS=1` writes down what they print now.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli");

/// Runs the commands of a session and writes it down anew.
fn replay(session: &str, folder: &Path) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_native-sidecar"));
    let path =
        format!("{}:{}", program.parent().expect("a folder").display(), std::env::var("PATH").unwrap_or_default());
    let mut transcript = String::new();
    for command in session.lines().filter_map(|line| line.strip_prefix("$ ")) {
        let output = Command::new("sh")
            .args(["-c", &format!("exec 2>&1; {command}")])
            .current_dir(folder)
            .env_clear()
            .env("PATH", &path)
            .env("NATIVE_SIDECAR_POLICY", common::policy())
            .stdin(Stdio::null())
            .output()
            .expect("sh runs");
        let printed = String::from_utf8_lossy(&output.stdout);
        transcript += &format!("$ {command}\n{printed}");
        if !transcript.ends_with('\n') {
            transcript += "\n";
        }
        match output.status.code() {
            Some(0) => {}
            code => transcript += &format!("? {}\n", code.map_or("signal".to_owned(), |code| code.to_string())),
        }
    }
    transcript
}

fn copy_files(to: &Path) {
    for entry in fs::read_dir(Path::new(FOLDER).join("files")).expect("files") {
        let entry = entry.expect("a file");
        fs::copy(entry.path(), to.join(entry.file_name())).expect("a copy");
    }
}

#[test]
fn it_reviews_with_nothing_beside_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = folder.path().join("native-sidecar");
    fs::copy(env!("CARGO_BIN_EXE_native-sidecar"), &program).expect("a copy");
    fs::copy(Path::new(FOLDER).join("files/native.yaml"), folder.path().join("native.yaml")).expect("a copy");
    let mut review = Command::new(&program);
    review.args(["review", "native.yaml"]).current_dir(folder.path()).env_clear();
    let output = review.output().expect("the program runs");
    let printed = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{printed:?}");
    assert_eq!(printed.0.lines().last(), Some("1 object: 1 accepted"), "{printed:?}");
}

/// Replays a session. Returns how it differs from what is written down.
fn check(path: &Path) -> Option<String> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    assert!(name.ends_with(".console"), "{name} is no session");
    let session = fs::read_to_string(path).expect("a session");
    assert!(session.starts_with("$ "), "{name} has no command");
    let folder = tempfile::tempdir().expect("a folder");
    copy_files(folder.path());
    let transcript = replay(&session, folder.path());
    if transcript == session {
        return None;
    }
    if std::env::var_os("BLESS").is_some() {
        fs::write(path, transcript).expect("a session");
        return None;
    }
    let diff = similar::TextDiff::from_lines(&session, &transcript);
    Some(diff.unified_diff().header(&name, "what is printed now").to_string())
}

#[test]
fn sessions_print_what_they_should() {
    let mut sessions: Vec<PathBuf> =
        fs::read_dir(FOLDER).expect("sessions").map(|entry| entry.expect("a file").path()).collect();
    sessions.retain(|path| path.is_file());
    sessions.sort();
    assert!(!sessions.is_empty(), "no sessions");
    let failures = Mutex::new(Vec::new());
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some(path) = sessions.get(next.fetch_add(1, Ordering::Relaxed)) {
            failures.lock().expect("no other failure").extend(check(path));
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let failures = failures.into_inner().expect("no other failure");
    assert!(failures.is_empty(), "{}\nBLESS=1 accepts this", failures.join("\n"));
}
