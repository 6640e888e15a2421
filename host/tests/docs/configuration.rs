//! docs/configuration.md and docs/config.schema.json, made of what the keys of the configuration file are.

use boon::{Compiler, Draft, Schemas};
use native_sidecar::command::configuration::{self, FILE, KEYS, Kind};
use native_sidecar_policy::describe;

use crate::page;

/// Where editors find the schema.
const SCHEMA: &str =
    "https://raw.githubusercontent.com/native-sidecar-policy/native-sidecar-policy/main/docs/config.schema.json";

/// Where that looks for the one of the settings.
const SETTINGS_SCHEMA: &str =
    "https://raw.githubusercontent.com/native-sidecar-policy/native-sidecar-policy/main/docs/settings.schema.json";

/// The example of the page.
const EXAMPLE: &str = "settings:
  legacySidecars: convert
  convertTemplates: true
  strippedSidecars: warn
exclude: [vendor, 'test/**']
failOn: warned
baseline: native-sidecar-baseline.json
";

/// What a configuration file may say.
const GOOD: [&str; 9] = [
    EXAMPLE,
    "",
    "{}",
    "settings:\nexclude:\nfailOn:\nbaseline:\n",
    "settings: {}",
    "settings:\nsettingsPath: deploy/audit.yaml\nsettingsPolicy: native-sidecars-audit\n",
    "settingsPath:\nsettingsPolicy:\nsettings: {sidecarNames: [a]}\n",
    "exclude: []",
    "failOn: never",
];

/// What it may not.
const BAD: [&str; 12] = [
    "[]",
    "settings",
    "setting: {}",
    "settings: []",
    "settings: warn",
    "settingsPath: 1",
    "settings: {}\nsettingsPath: a.yaml\n",
    "settingsPolicy: a",
    "exclude: test",
    "exclude: [1]",
    "failOn: error",
    "baseline: true",
];

#[test]
fn the_schema_accepts_what_a_review_accepts() {
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.set_default_draft(Draft::V2020_12);
    compiler.add_resource(SCHEMA, configuration::schema(SCHEMA)).unwrap();
    compiler.add_resource(SETTINGS_SCHEMA, describe::schema(SETTINGS_SCHEMA)).unwrap();
    let index = compiler.compile(SCHEMA, &mut schemas).unwrap();
    let accepts = |text: &str| schemas.validate(&yaml::parse(text).unwrap(), index).is_ok();
    for (texts, expected) in [(&GOOD[..], true), (&BAD[..], false)] {
        for text in texts {
            assert_eq!((configuration::check(text).is_ok(), accepts(text)), (expected, expected), "{text}");
        }
    }
    // Only the policy knows what is wrong with its settings.
    let settings = "settings: {legacySidecars: move}";
    assert!(configuration::check(settings).is_ok() && !accepts(settings));
}

fn value(kind: Kind) -> String {
    match kind {
        Kind::Settings => "[settings](settings.md)".to_owned(),
        Kind::Text => "text".to_owned(),
        Kind::Texts => "list of texts".to_owned(),
        Kind::Word(words) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" "),
    }
}

#[test]
fn the_page_is_that_of_the_keys() {
    let schema = serde_json::to_string_pretty(&configuration::schema(SCHEMA)).unwrap();
    page::bless("docs/config.schema.json", &(schema + "\n"));
    let rows: String =
        KEYS.iter().map(|key| format!("| `{}` | {} | {} |\n", key.name, value(key.kind), key.text)).collect();
    let text = format!(
        "<!-- Generated from host/src/command/configuration.rs: BLESS=1 cargo test --workspace --test docs -->\n\n\
        # Configuration of a repository\n\n\
        `{FILE}` holds what every `native-sidecar review` in a repository needs. It is looked for in the working folder and the\n\
        folders above it, as far as the one with `.git`. `--config FILE` names another file; with `--no-config` none is read. What the\n\
        command line says takes precedence over the file.\n\n\
        ```yaml\n# yaml-language-server: $schema={SCHEMA}\n{EXAMPLE}```\n\n\
        | key | value | meaning |\n|---|---|---|\n{rows}\n\
        An unknown key is an error. The first line of the example tells an editor where the JSON Schema of all keys and settings\n\
        is: [config.schema.json](config.schema.json).\n",
    );
    page::bless("docs/configuration.md", &text);
}
