//! The policy's settings, as the command line gives them.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use native_sidecar_review::manifest::{self, Object};
use native_sidecar_review::policy::{self, Policy};
use serde_json::{Map, Value};
use yaml::Document;

/// Where the settings come from.
#[derive(Args, Clone, Debug, Default)]
pub struct SettingsArgs {
    /// The policy's settings, as JSON
    #[arg(long, value_name = "JSON", conflicts_with = "settings_path")]
    pub settings_json: Option<String>,

    /// File with the policy's settings, as YAML or JSON, or the manifest of a ClusterAdmissionPolicy or AdmissionPolicy
    #[arg(long, short, value_name = "FILE")]
    pub settings_path: Option<PathBuf>,

    /// Name of the policy to use, where --settings-path holds several
    #[arg(long, value_name = "[NAMESPACE/]NAME", requires = "settings_path")]
    pub settings_policy: Option<String>,
}

impl SettingsArgs {
    /// The settings; `{}` where none are given.
    pub fn read(&self) -> Result<Value> {
        Ok(self.find()?.0)
    }

    /// Returns the settings, and the policy where they are in its manifest.
    pub fn read_with_policy(&self) -> Result<(Value, Option<Policy>)> {
        let (settings, policy) = self.find()?;
        Ok((settings, policy.transpose()?))
    }

    /// Whether the command line says nothing of settings.
    pub fn is_empty(&self) -> bool {
        self.settings_json.is_none() && self.settings_path.is_none()
    }

    fn find(&self) -> Result<Found> {
        let (settings, policy) = match (&self.settings_path, &self.settings_json) {
            (Some(path), _) => from_file(path, self.settings_policy.as_deref())?,
            (None, Some(json)) => {
                (serde_json::from_str(json).map_err(|error| anyhow!("Cannot parse settings JSON: {error}"))?, None)
            }
            (None, None) => (Value::Null, None),
        };
        match settings {
            Value::Object(_) => Ok((settings, policy)),
            Value::Null => Ok((Value::Object(Map::new()), policy)),
            _ => bail!("Invalid settings in CRD, not an object"),
        }
    }
}

/// Settings, and the policy with them where there is one, or what is wrong with the rest of its manifest.
type Found = (Value, Option<Result<Policy>>);

/// The settings in a file: those of a policy, where it holds policies, or else all that it says.
fn from_file(path: &Path, chosen: Option<&str>) -> Result<Found> {
    let name = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| anyhow!("Cannot open settings file {name}: {error}"))?;
    let cannot_parse = |error: yaml::Error| anyhow!("Cannot parse settings file {name}: {error}");
    let documents: Vec<Document> = yaml::documents(&text).collect::<Result<_, _>>().map_err(cannot_parse)?;
    let objects: Vec<Object> = documents.iter().flat_map(manifest::objects).collect();
    let (policies, others): (Vec<&Object>, Vec<&Object>) = objects.iter().partition(|object| policy::is_policy(object));
    let named = || policies.iter().map(|object| policy::title(object)).collect::<Vec<_>>().join(", ");
    let is_chosen = |policy: &&&Object| chosen.is_none_or(|chosen| names(policy).iter().any(|name| name == chosen));
    match (policies.iter().filter(is_chosen).collect::<Vec<_>>().as_slice(), chosen) {
        ([object], _) => {
            let settings = object.value.pointer("/spec/settings").cloned().unwrap_or_default();
            let policy = Policy::read(object).map_err(|error| anyhow!("{}: {error}", policy::title(object)));
            Ok((settings, Some(policy.with_context(|| format!("Settings file {name}")))))
        }
        ([], Some(chosen)) if !policies.is_empty() => {
            bail!("Settings file {name} holds no policy {chosen}, only {}", named())
        }
        ([], _) => match others.first() {
            Some(object) => bail!(
                "Settings file {name} holds {}, which has no settings; it can be settings, or the manifest of a \
                ClusterAdmissionPolicy or AdmissionPolicy",
                policy::title(object)
            ),
            None if chosen.is_some() => bail!("Settings file {name} holds no policy; leave out --settings-policy"),
            None => Ok((yaml::parse(&text).map_err(cannot_parse)?, None)),
        },
        _ => bail!("Settings file {name} holds several policies: {}; choose one with --settings-policy", named()),
    }
}

/// What a policy goes by: its name alone, and with its namespace.
fn names(object: &Object) -> [String; 2] {
    let name = object.name();
    let full = format!("{}/{name}", object.namespace().unwrap_or_default());
    [name, full]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(json: &str) -> Result<Value, String> {
        let settings_json = Some(json.to_owned());
        SettingsArgs { settings_json, ..SettingsArgs::default() }.read().map_err(|error| error.to_string())
    }

    #[test]
    fn settings_are_an_object_or_nothing() {
        assert_eq!(SettingsArgs::default().read().unwrap(), json!({}));
        assert_eq!(read("null"), Ok(json!({})));
        assert_eq!(read("{\"a\":1}"), Ok(json!({"a": 1})));
        for text in ["[]", "1", "\"x\""] {
            assert_eq!(read(text), Err("Invalid settings in CRD, not an object".to_owned()));
        }
        assert_eq!(
            read("{"),
            Err("Cannot parse settings JSON: EOF while parsing an object at line 1 column 1".to_owned())
        );
    }

    #[test]
    fn a_file_holds_settings() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, "sidecarNames:\n- log*\n").unwrap();
        let settings_path = Some(file.path().to_owned());
        let args = SettingsArgs { settings_path, ..SettingsArgs::default() };
        assert_eq!(args.read().unwrap(), json!({"sidecarNames": ["log*"]}));
        std::fs::write(&file, "").unwrap();
        assert_eq!(args.read().unwrap(), json!({}));
        std::fs::write(&file, "a: [\n").unwrap();
        let expected =
            format!("Cannot parse settings file {}: line 1, column 4: unclosed bracket '['", file.path().display());
        assert_eq!(args.read().unwrap_err().to_string(), expected);
        let args = SettingsArgs { settings_path: Some("/nowhere".into()), ..SettingsArgs::default() };
        let expected = "Cannot open settings file /nowhere: No such file or directory (os error 2)";
        assert_eq!(args.read().unwrap_err().to_string(), expected);
    }

    /// What a file with this text gives, with `FILE` for its name.
    fn file(text: &str, chosen: Option<&str>) -> Result<Value, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, text).unwrap();
        let settings_path = Some(file.path().to_owned());
        let args = SettingsArgs { settings_path, settings_policy: chosen.map(str::to_owned), settings_json: None };
        args.read().map_err(|error| error.to_string().replace(&file.path().display().to_string(), "FILE"))
    }

    fn policy(kind: &str, metadata: &str, settings: &str) -> String {
        format!("---\napiVersion: policies.kubewarden.io/v1\nkind: {kind}\nmetadata: {metadata}\nspec: {settings}\n")
    }

    #[test]
    fn the_settings_of_a_policy_are_found_in_its_manifest() {
        let warn = policy("ClusterAdmissionPolicy", "{name: a}", "{settings: {legacySidecars: warn}}");
        assert_eq!(file(&warn, None), Ok(json!({"legacySidecars": "warn"})));
        assert_eq!(file(&policy("AdmissionPolicy", "{name: a}", "{module: m}"), None), Ok(json!({})));
        let role = "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: r}\n";
        assert_eq!(file(&(role.to_owned() + &warn), None), Ok(json!({"legacySidecars": "warn"})));
        let list = format!("apiVersion: v1\nkind: List\nitems:\n- {}", warn[4..].trim_end().replace('\n', "\n  "));
        assert_eq!(file(&list, None), Ok(json!({"legacySidecars": "warn"})));
    }

    #[test]
    fn of_several_policies_one_is_chosen() {
        let text = policy("ClusterAdmissionPolicy", "{name: a}", "{settings: {legacySidecars: warn}}")
            + &policy("AdmissionPolicy", "{name: a, namespace: shop}", "{settings: {}}");
        let several = "Settings file FILE holds several policies: ClusterAdmissionPolicy a, AdmissionPolicy shop/a; choose \
            one with --settings-policy";
        assert_eq!(file(&text, None), Err(several.to_owned()));
        assert_eq!(file(&text, Some("a")), Err(several.to_owned()));
        assert_eq!(file(&text, Some("/a")), Ok(json!({"legacySidecars": "warn"})));
        assert_eq!(file(&text, Some("shop/a")), Ok(json!({})));
        let none = "Settings file FILE holds no policy b, only ClusterAdmissionPolicy a, AdmissionPolicy shop/a";
        assert_eq!(file(&text, Some("b")), Err(none.to_owned()));
    }

    #[test]
    fn the_rest_of_a_policy_matters_where_it_is_asked_for() {
        let text = policy("ClusterAdmissionPolicy", "{name: a}", "{mode: audit, settings: {legacySidecars: warn}}");
        assert_eq!(file(&text, None), Ok(json!({"legacySidecars": "warn"})));
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, text).unwrap();
        let args = SettingsArgs { settings_path: Some(file.path().to_owned()), ..SettingsArgs::default() };
        let expected = format!(
            "Settings file {}: ClusterAdmissionPolicy a: spec: unknown variant `audit`, expected `protect` or `monitor`",
            file.path().display()
        );
        assert_eq!(format!("{:#}", args.read_with_policy().unwrap_err()), expected);
    }

    #[test]
    fn other_manifests_are_no_settings() {
        let group = policy("ClusterAdmissionPolicyGroup", "{name: g}", "{}");
        let message = "Settings file FILE holds ClusterAdmissionPolicyGroup g, which has no settings; it can be settings, \
            or the manifest of a ClusterAdmissionPolicy or AdmissionPolicy";
        assert_eq!(file(&group, None), Err(message.to_owned()));
        let no_policy = "Settings file FILE holds no policy; leave out --settings-policy";
        assert_eq!(file("legacySidecars: warn", Some("a")), Err(no_policy.to_owned()));
        let two = "Cannot parse settings file FILE: line 3, column 1: more than one document";
        assert_eq!(file("legacySidecars: warn\n---\ncatalogue: true\n", None), Err(two.to_owned()));
    }
}
