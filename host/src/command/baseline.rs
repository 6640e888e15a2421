//! A baseline: a file with the findings that are known, so that only new ones count.
//!
//! It is made for review in git: a finding is a line, and says neither where in the file it is nor the text of the message,
//! which change without it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use native_sidecar_review::findings::{Finding, Suppression};
use native_sidecar_review::reviewer::Review;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::report::paths::{self, CLUSTER};
use crate::source::replace;

/// The version of the format.
const VERSION: u64 = 1;

/// A finding as the file has it. Two that are the same are two lines.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// The manifest, seen from the folder of the baseline; or what reports call a cluster.
    file: String,
    /// Kind, namespace and name.
    object: String,
    rule: String,
    /// The container; empty where the finding is about none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    container: String,
    /// The path in the object, where there is no container that says it better: indices change.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    path: String,
}

/// The file as a whole.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    #[serde(rename = "version")]
    _version: u64,
    findings: Vec<Entry>,
}

/// A baseline, while a review goes on.
#[derive(Debug)]
pub struct Baseline {
    path: PathBuf,
    /// How often each finding is known and has not been found yet.
    left: BTreeMap<Entry, usize>,
    /// What is found, where the baseline is to be written.
    found: Option<Vec<Entry>>,
    /// The files that were reviewed to their ends, as entries name them.
    reviewed: BTreeSet<String>,
}

impl Baseline {
    /// Reads a baseline. One that is to be written takes in everything that is found, and need not be there yet.
    pub fn open(path: &Path, is_written: bool) -> Result<Self> {
        let mut left = BTreeMap::new();
        let name = path.display();
        if is_written && !folder(path).is_dir() {
            bail!("cannot write baseline {name}: no such folder");
        }
        if !is_written || path.exists() {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("cannot read baseline {name} (--write-baseline writes one)"))?;
            for entry in entries(&text).with_context(|| format!("cannot read baseline {name}"))? {
                *left.entry(entry).or_default() += 1;
            }
        }
        Ok(Self { path: path.to_owned(), left, found: is_written.then(Vec::new), reviewed: BTreeSet::new() })
    }

    /// Takes the known findings of an object out of its verdict.
    pub fn suppress(&mut self, file: &str, review: &mut Review) {
        let (file, object) = (self.name(file), review.object());
        review.suppress(|finding| self.knows(entry(&file, &object, finding)).then_some(Suppression::Baseline));
    }

    /// A file, or all of a cluster, was reviewed to its end.
    pub fn reviewed(&mut self, file: &str) {
        self.reviewed.insert(self.name(file));
    }

    /// Returns how many entries stand for nothing any more: their files were reviewed without finding it, or are gone.
    pub fn gone(&self) -> usize {
        self.left.iter().filter(|(entry, _)| self.is_gone(entry)).map(|(_, count)| count).sum()
    }

    /// Writes the baseline, if it is to be written. Entries of files that were not reviewed now stay in it.
    pub fn write(&self) -> Result<()> {
        let Some(found) = &self.found else { return Ok(()) };
        let kept = self.left.iter().filter(|(entry, _)| !self.is_gone(entry));
        let kept = kept.flat_map(|(entry, count)| std::iter::repeat_n(entry, *count));
        let text = text(found.iter().chain(kept).collect());
        let name = self.path.display();
        replace::replace(&self.path, text.as_bytes()).with_context(|| format!("cannot write baseline {name}"))
    }

    /// Where the baseline is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn knows(&mut self, entry: Entry) -> bool {
        let count = self.left.get_mut(&entry).filter(|count| **count > 0);
        let is_known = count.map(|count| *count -= 1).is_some();
        match &mut self.found {
            Some(found) => found.push(entry),
            None => return is_known,
        }
        true
    }

    fn is_gone(&self, entry: &Entry) -> bool {
        let is_there = || entry.file == CLUSTER || folder(&self.path).join(&entry.file).exists();
        self.reviewed.contains(&entry.file) || !is_there()
    }

    /// What entries call a file or a cluster.
    fn name(&self, file: &str) -> String {
        if file == CLUSTER {
            return file.to_owned();
        }
        paths::relative(Path::new(file), folder(&self.path)).unwrap_or_else(|_| file.to_owned())
    }
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn entry(file: &str, object: &str, finding: &Finding) -> Entry {
    let Finding { rule, container, path, .. } = finding;
    Entry {
        file: file.to_owned(),
        object: object.to_owned(),
        rule: rule.id.to_owned(),
        container: container.clone(),
        path: if container.is_empty() { path.clone() } else { String::new() },
    }
}

fn entries(text: &str) -> Result<Vec<Entry>> {
    let value: Value = serde_json::from_str(text)?;
    match &value["version"] {
        Value::Number(version) if version.as_u64() == Some(VERSION) => {}
        Value::Number(version) => bail!("it has version {version}, and this program knows version {VERSION}"),
        _ => bail!("it has no version, so it is no baseline"),
    }
    Ok(serde_json::from_str::<Content>(text)?.findings)
}

/// The text of the file: a line for each finding, in order.
fn text(mut entries: Vec<&Entry>) -> String {
    entries.sort();
    let line = |entry: &&Entry| format!("\n    {}", serde_json::to_string(entry).unwrap_or_default());
    let lines = entries.iter().map(line).collect::<Vec<_>>().join(",");
    let end = if lines.is_empty() { "" } else { "\n  " };
    format!("{{\n  \"version\": {VERSION},\n  \"findings\": [{lines}{end}]\n}}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_container(file: &str, container: &str) -> Entry {
        Entry {
            file: file.to_owned(),
            object: "Pod shop/a".to_owned(),
            rule: "legacy".to_owned(),
            container: container.to_owned(),
            path: String::new(),
        }
    }

    fn error(text: &str) -> String {
        format!("{:#}", entries(text).unwrap_err())
    }

    #[test]
    fn a_baseline_is_a_line_for_each_finding() {
        let (a, b) = (of_container("a.yaml", "x"), of_container("b.yaml", ""));
        let expected = r#"{
  "version": 1,
  "findings": [
    {"file":"a.yaml","object":"Pod shop/a","rule":"legacy","container":"x"},
    {"file":"a.yaml","object":"Pod shop/a","rule":"legacy","container":"x"},
    {"file":"b.yaml","object":"Pod shop/a","rule":"legacy"}
  ]
}
"#;
        assert_eq!(text(vec![&b, &a, &a]), expected);
        assert_eq!(entries(expected).unwrap(), [a.clone(), a, b]);
        assert_eq!(text(Vec::new()), "{\n  \"version\": 1,\n  \"findings\": []\n}\n");
    }

    #[test]
    fn what_is_no_baseline_is_refused() {
        assert_eq!(error("{"), "EOF while parsing an object at line 1 column 1");
        assert_eq!(error("[]"), "it has no version, so it is no baseline");
        assert_eq!(error("{\"version\": 2}"), "it has version 2, and this program knows version 1");
        assert_eq!(error("{\"version\": 1}"), "missing field `findings` at line 1 column 14");
        let unknown = "{\"version\": 1,\n\"findings\": [{\"line\": 1}]}";
        let expected =
            "unknown field `line`, expected one of `file`, `object`, `rule`, `container`, `path` at line 2 column 20";
        assert_eq!(error(unknown), expected);
    }

    #[test]
    fn entries_of_a_cluster_stay_until_all_of_it_is_reviewed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("baseline.json");
        let entry = of_container(CLUSTER, "x");
        std::fs::write(&path, text(vec![&entry])).unwrap();
        let mut baseline = Baseline::open(&path, true).unwrap();
        assert_eq!((baseline.name(CLUSTER).as_str(), baseline.gone()), (CLUSTER, 0));
        baseline.write().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text(vec![&entry]));
        baseline.reviewed(CLUSTER);
        assert_eq!(baseline.gone(), 1);
    }

    #[test]
    fn a_finding_is_known_as_often_as_the_baseline_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("baseline.json");
        for file in ["a.yaml", "other.yaml"] {
            std::fs::write(folder.path().join(file), "").unwrap();
        }
        let (a, other, removed) =
            (of_container("a.yaml", "x"), of_container("other.yaml", "x"), of_container("removed.yaml", "x"));
        std::fs::write(&path, text(vec![&a, &a, &other, &removed])).unwrap();

        let mut baseline = Baseline::open(&path, false).unwrap();
        baseline.reviewed(&folder.path().join("a.yaml").display().to_string());
        assert_eq!(baseline.gone(), 3);
        assert_eq!([(); 3].map(|()| baseline.knows(a.clone())), [true, true, false]);
        assert_eq!(baseline.gone(), 1);
        baseline.write().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text(vec![&a, &a, &other, &removed]));

        let mut baseline = Baseline::open(&path, true).unwrap();
        assert!(baseline.knows(a.clone()) && baseline.knows(of_container("a.yaml", "y")));
        baseline.reviewed(&folder.path().join("a.yaml").display().to_string());
        baseline.write().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text(vec![&a, &of_container("a.yaml", "y"), &other]));
    }
}
