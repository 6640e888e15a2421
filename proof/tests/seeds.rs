//! Writes what the fuzzer starts from into fuzz/corpus: the cases, as each target reads them.
#![allow(clippy::panic, clippy::unwrap_used, missing_docs)]

#[path = "../../host/tests/common/case_files.rs"]
#[allow(dead_code)]
mod case_files;

use std::fs;
use std::path::Path;

use serde_json::json;

#[test]
#[ignore = "writes files, for make fuzz"]
fn seeds() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    let write = |target: &str, name: &str, seed: &str| {
        let folder = corpus.join(target);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name.replace('/', "-")), seed).unwrap();
    };
    for (name, folder) in case_files::folders() {
        let settings = case_files::value(&folder, "settings.json").unwrap_or_else(|| json!({}));
        write("settings", &name, &settings.to_string());
        if let Some(request) = case_files::request(&folder) {
            write("validate", &name, &json!({"request": request, "settings": settings}).to_string());
        }
        if let Ok(object) = fs::read_to_string(folder.join("object.yaml")) {
            write("yaml", &name, &object);
        }
    }
}
