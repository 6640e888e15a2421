//! The files of the cases in `tests/cases`, and the request that a case is about.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use native_sidecar_review::manifest::{self, Kinds};
use serde_json::{Value, json};

/// The folders of all cases, by their names: `GROUP/CASE`.
pub fn folders() -> BTreeMap<String, PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases");
    let cases = entries(&root).into_iter().flat_map(|(group, folder)| {
        entries(&folder).into_iter().map(move |(case, folder)| (format!("{group}/{case}"), folder))
    });
    let cases: BTreeMap<_, _> = cases.collect();
    assert!(!cases.is_empty(), "there are no cases in {}", root.display());
    cases
}

/// What is in a folder, by name.
pub fn entries(folder: &Path) -> BTreeMap<String, PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let entries = entries.map(|entry| entry.expect("a folder can be read"));
    entries.map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path())).collect()
}

/// The value in a file of a case, which is JSON or YAML as its name says; None where there is no such file.
pub fn value(folder: &Path, name: &str) -> Option<Value> {
    let text = text(folder, name)?;
    let value = match [".yaml", ".yml"].iter().any(|yaml| name.ends_with(yaml)) {
        true => yaml::parse(&text).map_err(|error| error.to_string()),
        false => serde_json::from_str(&text).map_err(|error| error.to_string()),
    };
    Some(value.unwrap_or_else(|error| panic!("{}: {error}", folder.join(name).display())))
}

fn text(folder: &Path, name: &str) -> Option<String> {
    let file = folder.join(name);
    file.exists().then(|| fs::read_to_string(file).expect("the files of a case can be read"))
}

/// The AdmissionRequest of a case; None where the case is about the settings alone.
pub fn request(folder: &Path) -> Option<Value> {
    value(folder, "request.json").or_else(|| made_request(folder))
}

/// The request that `review` would make of `object.yaml`; an UPDATE where there is also `old.yaml`.
fn made_request(folder: &Path) -> Option<Value> {
    let text = text(folder, "object.yaml")?;
    let document = yaml::documents(&text).next().and_then(Result::ok);
    let document = document.unwrap_or_else(|| panic!("{}: object.yaml is no YAML", folder.display()));
    let settings = value(folder, "settings.json").unwrap_or_else(|| json!({}));
    let made = manifest::objects(&document)
        .first()
        .and_then(|object| Kinds::new(&settings).request(object, "case".to_owned()));
    let mut request = made.unwrap_or_else(|| panic!("{}: no request is made of object.yaml", folder.display()));
    if let Some(old_object) = value(folder, "old.yaml") {
        request.operation = "UPDATE".to_owned();
        request.old_object = Some(old_object);
    }
    Some(serde_json::to_value(request).expect("a request is JSON"))
}
