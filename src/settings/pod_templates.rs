//! The setting `podTemplates`: where the objects of more kinds have their Pod templates.

use crate::json::jsonpath::JsonPath;
use crate::kubernetes::kinds::{self, Kind};

/// An entry of the setting `podTemplates`: where the objects of a kind have their Pod templates.
pub struct PodTemplatePath {
    /// The kind's group; empty for the core group.
    pub group: String,
    /// The kind.
    pub kind: String,
    /// The way to the templates.
    pub path: JsonPath,
}

impl PodTemplatePath {
    /// Reads `GROUP/KIND=JSONPATH`. The error says what is wrong with it, in words that follow the text itself.
    pub fn new(text: &str) -> Result<Self, String> {
        const FORM: &str = "is not of the form GROUP/KIND=JSONPATH, as argoproj.io/Rollout=$.spec.template is";
        let (group_kind, path) = text.split_once('=').ok_or(FORM)?;
        let (group, kind) = group_kind.split_once('/').ok_or(FORM)?;
        if kind.is_empty() || kind.contains('/') {
            return Err(FORM.to_owned());
        }
        if kinds::is_built_in(group, kind) {
            return Err(format!("names {kind}, whose Pod template the policy knows by itself"));
        }
        if !path.starts_with('$') {
            return Err("has a JSONPath that does not start with $".to_owned());
        }
        let path = JsonPath::new(path).ok_or_else(|| {
            format!(
                "has a JSONPath that cannot be read (.name, ['name'], [0], [1:], [0,1], [*], [?(@.name == 'text')] and one .. can): {path}"
            )
        })?;
        Ok(Self { group: group.to_owned(), kind: kind.to_owned(), path })
    }
}

/// Where the Pod templates of one kind are.
#[derive(Debug)]
pub enum Templates<'s> {
    /// Where the policy knows it by itself, in every object of this kind.
    At(&'static Kind),
    /// Wherever the JSONPaths of the setting `podTemplates` lead to.
    Selected(Vec<&'s JsonPath>),
}

/// Where the Pod templates of this kind are; None for kinds without any.
pub fn templates<'s>(group: &str, kind: &str, paths: &'s [PodTemplatePath]) -> Option<Templates<'s>> {
    if let Some(known) = kinds::built_in(group, kind) {
        return Some(Templates::At(known));
    }
    let paths: Vec<_> =
        paths.iter().filter(|entry| entry.group == group && entry.kind == kind).map(|entry| &entry.path).collect();
    (!paths.is_empty()).then_some(Templates::Selected(paths))
}
