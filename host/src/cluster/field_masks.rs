//! Field masks: of an object, a policy asks its host for some fields alone.
//!
//! A mask is a path of names with dots between them; it passes through lists. What is not on the way to the end of a mask is
//! left out. The metadata of an object always stays, without what is of no use to a policy:
//! <https://docs.kubewarden.io/reference/spec/host-capabilities/kubernetes>

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// The annotation with the whole object once more.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// What is always kept.
const ALWAYS: [&str; 3] = ["apiVersion", "kind", "metadata"];

/// Masks, as a tree of names. One without names keeps everything below it.
#[derive(Debug, Default)]
pub struct FieldMasks(BTreeMap<String, FieldMasks>);

impl FieldMasks {
    /// The tree of these masks.
    pub fn new(masks: &BTreeSet<String>) -> Self {
        let mut root = Self::default();
        for mask in masks {
            mask.split('.').fold(&mut root, |tree, name| tree.0.entry(name.to_owned()).or_default());
        }
        root
    }

    /// Leaves out of an object what Kubewarden leaves out, too.
    pub fn apply(&self, object: &mut Value) {
        if let Some(metadata) = object["metadata"].as_object_mut() {
            metadata.shift_remove("managedFields");
            if let Some(Value::Object(annotations)) = metadata.get_mut("annotations") {
                annotations.shift_remove(LAST_APPLIED);
            }
        }
        if let (Value::Object(members), false) = (object, self.0.is_empty()) {
            members.retain(|name, value| {
                ALWAYS.contains(&name.as_str()) || self.0.get(name).map(|masks| masks.prune(value)).is_some()
            });
        }
    }

    fn prune(&self, value: &mut Value) {
        match value {
            _ if self.0.is_empty() => {}
            Value::Object(members) => {
                members.retain(|name, value| self.0.get(name).map(|masks| masks.prune(value)).is_some());
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.prune(item)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn masked(masks: &[&str], mut object: Value) -> Value {
        FieldMasks::new(&masks.iter().map(|mask| (*mask).to_owned()).collect()).apply(&mut object);
        object
    }

    #[test]
    fn what_is_masked_stays_and_metadata_too() {
        let webhooks = json!([{"name": "a", "rules": [{"operations": ["CREATE"]}], "sideEffects": "None"}]);
        let object = json!({"kind": "X", "metadata": {"name": "x", "labels": {"a": "b"}}, "webhooks": webhooks, "spec": {"a": 1}});
        let expected = json!({
            "kind": "X", "metadata": {"name": "x", "labels": {"a": "b"}},
            "webhooks": [{"name": "a", "rules": [{"operations": ["CREATE"]}]}],
        });
        assert_eq!(masked(&["metadata.name", "webhooks.name", "webhooks.rules"], object.clone()), expected);
        assert_eq!(masked(&[], object.clone()), object);
        assert_eq!(masked(&["spec"], object)["spec"], json!({"a": 1}));
    }

    #[test]
    fn what_no_policy_reads_is_left_out() {
        let annotations = json!({LAST_APPLIED: "{}", "a": "b"});
        let object = json!({"metadata": {"managedFields": [{}], "annotations": annotations}});
        assert_eq!(masked(&[], object), json!({"metadata": {"annotations": {"a": "b"}}}));
    }
}
