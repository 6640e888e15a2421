//! The configuration file of a repository: what a review is to do where the command line does not say it.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};
use clap::Args;
use native_sidecar_review::policy::Policy;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use yaml::{Content, Error, Node};

use crate::command::settings::SettingsArgs;

/// The name of the file.
pub const FILE: &str = ".native-sidecar.yaml";

/// How much a word has to look like a key to be taken for it, from 0 to 1.
const ALIKE: f64 = 0.6;

/// Where the configuration comes from.
#[derive(Args, Clone, Debug, Default)]
pub struct ConfigurationArgs {
    /// Configuration file; by default .native-sidecar.yaml here or in a folder above, as far as the one with .git
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Read no configuration file
    #[arg(long, conflicts_with = "config")]
    pub no_config: bool,
}

/// A key of the file, as people read of it.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What it says.
    pub text: &'static str,
    /// What its value is.
    pub kind: Kind,
}

/// What a value is.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// The settings of the policy.
    Settings,
    /// A text.
    Text,
    /// A list of texts.
    Texts,
    /// One of these words.
    Word(&'static [&'static str]),
}

/// The keys of the file.
pub const KEYS: [Key; 6] = [
    Key { name: "settings", text: "The policy's settings.", kind: Kind::Settings },
    Key {
        name: "settingsPath",
        text: "A file with the policy's settings, or the manifest of a policy, which is obeyed as a whole; in place of \
            `settings`. Relative to the folder of this file.",
        kind: Kind::Text,
    },
    Key {
        name: "settingsPolicy",
        text: "Of several policies in `settingsPath`: the one that is meant, as `[NAMESPACE/]NAME`.",
        kind: Kind::Text,
    },
    Key {
        name: "exclude",
        text: "Globs of files and folders that are not reviewed. Relative to the folder of this file.",
        kind: Kind::Texts,
    },
    Key {
        name: "failOn",
        text: "The mildest verdict that makes the exit code 1.",
        kind: Kind::Word(&["denied", "warned", "changed", "never"]),
    },
    Key {
        name: "baseline",
        text: "The file with the findings that are known. Relative to the folder of this file.",
        kind: Kind::Text,
    },
];

/// What a configuration file says.
#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
struct Values {
    settings: Option<Map<String, Value>>,
    settings_path: Option<PathBuf>,
    settings_policy: Option<String>,
    exclude: Option<Vec<String>>,
    fail_on: Option<String>,
    baseline: Option<PathBuf>,
}

/// The configuration of a repository; the default is that of one without a file.
#[derive(Debug, Default, PartialEq)]
pub struct Configuration {
    /// The file; None where there is none.
    pub file: Option<PathBuf>,
    /// Globs of what is not reviewed, which start at the folder of the file.
    pub exclude: Vec<String>,
    /// The mildest verdict that makes the exit code 1.
    pub fail_on: Option<String>,
    /// The file with the findings that are known, from the working folder.
    pub baseline: Option<PathBuf>,
    settings: Option<Map<String, Value>>,
    settings_file: SettingsFile,
}

/// A file with settings, from the working folder, and the policy in it.
#[derive(Debug, Default, PartialEq)]
struct SettingsFile {
    path: Option<PathBuf>,
    policy: Option<String>,
}

impl ConfigurationArgs {
    /// Reads the file that is meant.
    pub fn read(&self) -> Result<Configuration> {
        let found = || Some(find(&std::env::current_dir().ok()?)).flatten();
        match &self.config {
            _ if self.no_config => Ok(Configuration::default()),
            Some(file) => Configuration::read(file),
            None => found().map_or_else(|| Ok(Configuration::default()), |file| Configuration::read(&file)),
        }
    }
}

/// Returns the way from a folder to the nearest configuration file in it or above it, as far as the repository goes.
fn find(folder: &Path) -> Option<PathBuf> {
    let mut way = PathBuf::new();
    for above in folder.ancestors() {
        if above.join(FILE).exists() {
            return Some(way.join(FILE));
        }
        if above.join(".git").exists() {
            return None;
        }
        way.push("..");
    }
    None
}

impl Configuration {
    /// Returns the folder of the file; None where there is no file.
    pub fn folder(&self) -> Option<&Path> {
        let folder = self.file.as_deref()?.parent()?;
        Some(if folder.as_os_str().is_empty() { Path::new(".") } else { folder })
    }

    fn read(file: &Path) -> Result<Self> {
        let name = file.display();
        let text =
            std::fs::read_to_string(file).map_err(|error| anyhow!("Cannot open configuration file {name}: {error}"))?;
        let values =
            parse(&text).map_err(|Error { line, column, message }| anyhow!("{name}:{line}:{column}: {message}"))?;
        let from_here = |path: PathBuf| file.parent().unwrap_or(Path::new("")).join(path);
        Ok(Self {
            file: Some(file.to_owned()),
            exclude: values.exclude.unwrap_or_default(),
            fail_on: values.fail_on,
            baseline: values.baseline.map(from_here),
            settings: values.settings,
            settings_file: SettingsFile { path: values.settings_path.map(from_here), policy: values.settings_policy },
        })
    }

    /// Returns the settings, and the policy where they are in its manifest. Those of the command line go first.
    pub fn settings(&self, args: &SettingsArgs) -> Result<(Value, Option<Policy>)> {
        match &self.settings {
            Some(settings) if args.is_empty() => Ok((Value::Object(settings.clone()), None)),
            None if args.is_empty() => SettingsArgs {
                settings_json: None,
                settings_path: self.settings_file.path.clone(),
                settings_policy: self.settings_file.policy.clone(),
            }
            .read_with_policy(),
            _ => args.read_with_policy(),
        }
    }

    /// Returns an error about settings, with the file that they come from where the command line has none.
    pub fn blame(&self, args: &SettingsArgs, error: anyhow::Error) -> anyhow::Error {
        let settings_file = self.settings_file.path.as_ref();
        let origin = settings_file.or_else(|| self.file.as_ref().filter(|_| self.settings.is_some()));
        match origin.filter(|_| args.is_empty()) {
            Some(file) => error.context(file.display().to_string()),
            None => error,
        }
    }

    /// Returns what has to be known of the file: that it is in another folder, which nobody may think of.
    pub fn note(&self, args: &ConfigurationArgs) -> Option<String> {
        let file = self.file.as_ref().filter(|file| args.config.is_none() && file.as_path() != Path::new(FILE))?;
        Some(format!("configuration file {}", file.display()))
    }
}

fn at(node: &Node, message: String) -> Error {
    Error { line: node.line, column: node.column, message }
}

/// Reads the text of a file.
fn parse(text: &str) -> Result<Values, Error> {
    let mut documents = yaml::documents(text);
    let Some(document) = documents.next().transpose()? else { return Ok(Values::default()) };
    if let Some(second) = documents.next().transpose()? {
        return Err(at(&second.root, "more than one document".to_owned()));
    }
    let entries = match &document.root.content {
        Content::Mapping { entries, .. } => entries.as_slice(),
        _ if document.value.is_null() => return Ok(Values::default()),
        _ => return Err(at(&document.root, format!("no keys here; known are {}", names().join(", ")))),
    };
    let is_given = |key: &str| document.value.get(key).is_some_and(|value| !value.is_null());
    for entry in entries {
        let name = entry.name.as_deref().unwrap_or("<<");
        let Some(key) = KEYS.iter().find(|key| key.name == name) else {
            return Err(at(&entry.key, unknown(name)));
        };
        let value = &document.value[name];
        // Each key is read alone: serde does not say where the error is.
        Values::deserialize(json!({name: value})).map_err(|error| at(&entry.value, format!("{name}: {error}")))?;
        if let (Kind::Word(words), Some(word)) = (key.kind, value.as_str())
            && !words.contains(&word)
        {
            return Err(at(&entry.value, format!("{name}: {word:?} is none of {}", words.join(", "))));
        }
        if name == "settingsPath" && is_given(name) && is_given("settings") {
            return Err(at(&entry.key, "settings and settingsPath are both given; leave out one of them".to_owned()));
        }
        if name == "settingsPolicy" && is_given(name) && !is_given("settingsPath") {
            return Err(at(&entry.key, "settingsPolicy needs settingsPath".to_owned()));
        }
    }
    Values::deserialize(&document.value).map_err(|error| at(&document.root, error.to_string()))
}

fn names() -> [&'static str; KEYS.len()] {
    KEYS.map(|key| key.name)
}

/// What is told of a key that there is not.
fn unknown(name: &str) -> String {
    let likeness = |key: &&str| strsim::normalized_damerau_levenshtein(&key.to_lowercase(), &name.to_lowercase());
    let nearest = names().into_iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    match nearest.filter(|key| likeness(key) >= ALIKE) {
        Some(key) => format!("unknown key {name:?}; did you mean {key}?"),
        None => format!("unknown key {name:?}; known are {}", names().join(", ")),
    }
}

/// Returns the JSON Schema of the file, which has this address; that of the settings is in the same folder.
pub fn schema(address: &str) -> Value {
    let property = |key: &Key| {
        let mut schema = match key.kind {
            Kind::Settings => json!({"$ref": "settings.schema.json"}),
            Kind::Text => json!({"type": ["string", "null"]}),
            Kind::Texts => json!({"type": ["array", "null"], "items": {"type": "string"}}),
            Kind::Word(words) => {
                let words = words.iter().map(|word| json!(word)).chain([Value::Null]);
                json!({"enum": words.collect::<Vec<_>>()})
            }
        };
        schema["description"] = json!(key.text);
        (key.name.to_owned(), schema)
    };
    let has =
        |name: &str, kind: &str| json!({"type": "object", "properties": {name: {"type": kind}}, "required": [name]});
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": address,
        "title": format!("Configuration of native-sidecar: {FILE}"),
        "type": ["object", "null"],
        "properties": KEYS.iter().map(property).collect::<Map<_, _>>(),
        "additionalProperties": false,
        "allOf": [
            {"not": {"allOf": [has("settings", "object"), has("settingsPath", "string")]}},
            {"if": has("settingsPolicy", "string"), "then": has("settingsPath", "string")},
        ],
    })
}

/// Returns whether a text is a configuration, or where it is not and why.
pub fn check(text: &str) -> Result<()> {
    match parse(text) {
        Ok(_) => Ok(()),
        Err(Error { line, column, message }) => bail!("{line}:{column}: {message}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn refused(text: &str) -> String {
        check(text).unwrap_err().to_string()
    }

    #[test]
    fn all_keys_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        let text = "settingsPath: deploy/a.yaml\nsettingsPolicy: a\nexclude: ['test/**']\nfailOn: warned\nbaseline: known.json\n";
        fs::write(&file, text).unwrap();
        let configuration = Configuration::read(&file).unwrap();
        let policy = Some("a".to_owned());
        let expected = Configuration {
            file: Some(file),
            exclude: vec!["test/**".to_owned()],
            fail_on: Some("warned".to_owned()),
            baseline: Some(folder.path().join("known.json")),
            settings: None,
            settings_file: SettingsFile { path: Some(folder.path().join("deploy/a.yaml")), policy },
        };
        assert_eq!(configuration, expected);
        assert_eq!(parse("settings: {legacySidecars: warn}").unwrap().settings.unwrap()["legacySidecars"], "warn");
    }

    #[test]
    fn what_is_empty_says_nothing() {
        for text in ["", "# nothing yet\n", "---\n", "exclude:\nsettings:\nsettingsPath:\nfailOn:\n", "{}"] {
            assert_eq!(parse(text), Ok(Values::default()), "{text}");
        }
    }

    #[test]
    fn an_unknown_key_is_told_with_the_nearest() {
        assert_eq!(refused("exclude: []\nfail-on: never\n"), "2:1: unknown key \"fail-on\"; did you mean failOn?");
        assert_eq!(refused("  setting: {}"), "1:3: unknown key \"setting\"; did you mean settings?");
        assert_eq!(
            refused("policy_path: x"),
            "1:1: unknown key \"policy_path\"; known are settings, settingsPath, settingsPolicy, exclude, failOn, baseline"
        );
    }

    #[test]
    fn a_value_of_another_type_is_told_where_it_is() {
        assert_eq!(refused("exclude: tests"), "1:10: exclude: invalid type: string \"tests\", expected a sequence");
        assert_eq!(refused("settings:\n- a\n"), "2:3: settings: invalid type: sequence, expected a map");
        assert_eq!(refused("failOn: deny"), "1:9: failOn: \"deny\" is none of denied, warned, changed, never");
        let keys = "settings, settingsPath, settingsPolicy, exclude, failOn, baseline";
        assert_eq!(refused("- exclude"), format!("1:1: no keys here; known are {keys}"));
        assert_eq!(refused("exclude: []\n---\nfailOn: never\n"), "3:1: more than one document");
        assert_eq!(refused("exclude: [\n"), "1:10: unclosed bracket '['");
    }

    #[test]
    fn settings_come_from_one_place() {
        let both = "settings: {}\nsettingsPath: a.yaml\n";
        assert_eq!(refused(both), "2:1: settings and settingsPath are both given; leave out one of them");
        assert_eq!(refused("settings: {}\nsettingsPolicy: a\n"), "2:1: settingsPolicy needs settingsPath");
    }

    #[test]
    fn a_file_is_found_as_far_as_the_repository_goes() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("repository/apps/shop");
        fs::create_dir_all(&folder).unwrap();
        fs::write(root.path().join(FILE), "").unwrap();
        assert_eq!(find(&folder), Some(Path::new("../../..").join(FILE)));
        fs::create_dir(root.path().join("repository/.git")).unwrap();
        assert_eq!(find(&folder), None);
        fs::write(root.path().join("repository").join(FILE), "").unwrap();
        assert_eq!(find(&folder), Some(Path::new("../..").join(FILE)));
        fs::write(folder.join(FILE), "").unwrap();
        assert_eq!(find(&folder), Some(FILE.into()));
    }
}
