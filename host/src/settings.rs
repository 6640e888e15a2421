//! The policy's settings, as the command line gives them.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};
use clap::Args;
use serde_json::{Map, Value};

use crate::yaml;

/// Where the settings come from.
#[derive(Args, Clone, Debug, Default)]
pub struct SettingsArgs {
    /// The policy's settings, as JSON
    #[arg(long, value_name = "JSON")]
    pub settings_json: Option<String>,

    /// File with the policy's settings, as YAML or JSON; goes before --settings-json
    #[arg(long, short, value_name = "FILE")]
    pub settings_path: Option<PathBuf>,
}

impl SettingsArgs {
    /// The settings; `{}` where none are given.
    pub fn read(&self) -> Result<Value> {
        let settings = match (&self.settings_path, &self.settings_json) {
            (Some(path), _) => from_file(path)?,
            (None, Some(json)) => {
                serde_json::from_str(json).map_err(|error| anyhow!("Cannot parse settings JSON: {error}"))?
            }
            (None, None) => Value::Null,
        };
        match settings {
            Value::Object(_) => Ok(settings),
            Value::Null => Ok(Value::Object(Map::new())),
            _ => bail!("Invalid settings in CRD, not an object"),
        }
    }
}

fn from_file(path: &Path) -> Result<Value> {
    let name = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| anyhow!("Cannot open settings file {name}: {error}"))?;
    yaml::parse(&text).map_err(|error| anyhow!("Cannot parse settings file {name}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(json: &str) -> Result<Value, String> {
        let settings_json = Some(json.to_owned());
        SettingsArgs { settings_json, settings_path: None }.read().map_err(|error| error.to_string())
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
    fn a_file_goes_first() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, "sidecarNames:\n- log*\n").unwrap();
        let args = SettingsArgs { settings_json: Some("{}".to_owned()), settings_path: Some(file.path().into()) };
        assert_eq!(args.read().unwrap(), json!({"sidecarNames": ["log*"]}));
        std::fs::write(&file, "").unwrap();
        assert_eq!(args.read().unwrap(), json!({}));
        std::fs::write(&file, "a: [\n").unwrap();
        let expected =
            format!("Cannot parse settings file {}: line 1, column 4: unclosed bracket '['", file.path().display());
        assert_eq!(args.read().unwrap_err().to_string(), expected);
        let args = SettingsArgs { settings_json: None, settings_path: Some("/nowhere".into()) };
        let expected = "Cannot open settings file /nowhere: No such file or directory (os error 2)";
        assert_eq!(args.read().unwrap_err().to_string(), expected);
    }
}
