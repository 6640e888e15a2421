//! The findings once more, from a plain walk over `serde_json::Value`: what the borrowed view is held to.
//!
//! It is written for its differences: every field is looked up by name in the tree, nothing is shared with `view` or `traces`.

use serde_json::Value;

use crate::catalogue::sidecars::{self as catalogue, Owner};
use crate::kubernetes::image::Repository;
use crate::settings::Settings;
use crate::settings::action::Action;

/// Where a finding is, and of which rule: `legacy containers[1] Reject`.
pub type Found = String;

/// The findings for a new Pod, in their order.
pub fn findings(pod: &Value, settings: &Settings) -> Vec<Found> {
    let annotations = &pod["metadata"]["annotations"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let declared: Vec<String> = text(&annotations["sidecars.kubewarden.io/native"])
        .split(',')
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .collect();
    let list = |pod: &Value, name: &str| pod["spec"][name].as_array().cloned().unwrap_or_default();
    let applied: Value = serde_json::from_str(&text(&annotations["kubectl.kubernetes.io/last-applied-configuration"]))
        .unwrap_or_default();
    let status: Value = serde_json::from_str(&text(&annotations["sidecar.istio.io/status"])).unwrap_or_default();
    let labels = serde_json::value::to_raw_value(&pod["metadata"]["labels"]).ok();
    let well_known =
        |container: &Value| catalogue::find(&text(&container["name"]), &text(&container["image"]), labels.as_deref());
    let in_catalogue = |container: &Value| settings.catalogue.then(|| well_known(container)).flatten();
    let named = |container: &Value| settings.sidecar_names.iter().any(|glob| glob.matches(&text(&container["name"])));
    let is_exempt =
        |container: &Value| settings.exempt_containers.iter().any(|glob| glob.matches(&text(&container["name"])));
    let is_native = |container: &Value| container["restartPolicy"] == "Always";

    let mut found = Vec::new();
    for (index, init) in list(pod, "initContainers").iter().enumerate() {
        if settings.stripped_sidecars == Action::Ignore || is_native(init) || is_exempt(init) {
            continue;
        }
        let name = text(&init["name"]);
        let has_policy = !text(&init["restartPolicy"]).is_empty();
        let managed = pod["metadata"]["managedFields"].as_array().into_iter().flatten().any(|entry| {
            let inits = &entry["fieldsV1"]["f:spec"]["f:initContainers"];
            let inits = inits.as_object().into_iter().flatten();
            inits.into_iter().any(|(key, fields)| {
                let key: Value =
                    key.strip_prefix("k:").and_then(|key| serde_json::from_str(key).ok()).unwrap_or_default();
                key["name"] == name.as_str() && !fields["f:restartPolicy"].is_null()
            })
        });
        let was_applied =
            list(&applied, "initContainers").iter().any(|init| init["name"] == name.as_str() && is_native(init));
        let has_native_fields = ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"]
            .iter()
            .any(|field| !init[*field].is_null());
        let by_istio = name == "istio-proxy"
            && ["initContainers", "containers"]
                .iter()
                .any(|list| status[*list].as_array().into_iter().flatten().any(|name| name == "istio-proxy"));
        let by_catalogue = in_catalogue(init).is_some_and(|entry| !entry.also_runs_once && entry.kept.is_none());
        let is_stripped = declared.contains(&name)
            || was_applied
            || has_native_fields
            || !has_policy && (managed || by_istio || named(init) || by_catalogue);
        if is_stripped {
            found.push(format!("stripped initContainers[{index}] {:?}", settings.stripped_sidecars));
        }
    }

    #[derive(Clone, Copy, PartialEq)]
    enum Known {
        Main,
        Sidecar { by_catalogue: bool },
        Injected,
        Kept,
    }
    let containers = list(pod, "containers");
    let mut known: Vec<Known> = containers
        .iter()
        .map(|container| {
            let repository = text(&container["image"]);
            let repository = Repository::of(&repository);
            let by_image = || {
                let globs = settings.sidecar_images.iter();
                globs.into_iter().any(|glob| repository.spellings().any(|each| glob.matches(&each)))
            };
            match in_catalogue(container) {
                _ if is_exempt(container) => Known::Main,
                _ if named(container) || by_image() || declared.contains(&text(&container["name"])) => {
                    Known::Sidecar { by_catalogue: false }
                }
                None => Known::Main,
                Some(entry) if entry.kept.is_some() => Known::Kept,
                Some(entry) if entry.owner == Owner::Author => Known::Sidecar { by_catalogue: true },
                Some(_) => Known::Injected,
            }
        })
        .collect();
    if !known.contains(&Known::Main) {
        for known in &mut known {
            if matches!(known, Known::Injected | Known::Sidecar { by_catalogue: true }) {
                *known = Known::Main;
            }
        }
    }
    for (index, (container, known)) in containers.iter().zip(known).enumerate() {
        let (rule, action) = match known {
            Known::Sidecar { .. } => ("legacy", settings.legacy_sidecars),
            Known::Injected => ("injected", settings.injected_sidecars),
            Known::Main | Known::Kept => ("", Action::Ignore),
        };
        let misplaced = settings.misplaced_restart_policy;
        let is_misplaced = is_native(container) && !is_exempt(container) && misplaced >= action;
        let (rule, action) = if is_misplaced { ("misplaced", misplaced) } else { (rule, action) };
        if action != Action::Ignore {
            found.push(format!("{rule} containers[{index}] {action:?}"));
        }
    }
    found
}

mod tests {
    use std::fs;
    use std::path::Path;

    use serde_json::json;
    use serde_json::value::RawValue;

    use super::*;
    use crate::kubernetes::metadata::Metadata;
    use crate::request::Request;
    use crate::rules::history::{Sources, Traces};
    use crate::rules::template::Case;

    /// The findings from the view; None where it can't be read.
    fn from_view(payload: &str, settings: &Settings) -> Option<Vec<Found>> {
        let (request, _) = Request::read(payload.as_bytes()).ok()?;
        let template = request.pod.as_ref()?;
        let spec = template.spec.as_ref()?;
        let none = Metadata::default();
        let metadata = template.metadata.as_ref().unwrap_or(&none);
        let sources = Sources { request: &request, metadata, old_object: None, steps: &[], owner: None };
        let traces = Traces::collect(template, sources).ok()?;
        let case = Case { settings, template, spec, injections: &[], is_stored_pod: false };
        let findings = case.findings(&traces).into_iter().map(|finding| {
            let rule = format!("{:?}", finding.rule).to_lowercase();
            format!("{rule} {}[{}] {:?}", finding.list.field(), finding.index, finding.action)
        });
        Some(findings.collect())
    }

    /// Every value in this document, to be changed.
    fn values<'v>(value: &'v mut Value, each: &mut dyn FnMut(&mut Value)) {
        each(value);
        match value {
            Value::Object(members) => members.values_mut().for_each(|value| values(value, each)),
            Value::Array(elements) => elements.iter_mut().for_each(|value| values(value, each)),
            _ => {}
        }
    }

    #[test]
    fn the_view_and_the_tree_agree() -> Result<(), String> {
        let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
        let (mut compared, mut unreadable, mut with_findings) = (0, 0, 0);
        let groups = fs::read_dir(cases).map_err(|error| error.to_string())?.flatten();
        let folders = groups.filter_map(|group| fs::read_dir(group.path()).ok()).flat_map(Iterator::flatten);
        for folder in folders {
            let read = |name: &str| fs::read_to_string(folder.path().join(name)).ok();
            let request = || serde_json::from_str::<Value>(&read("request.json")?).ok();
            let object = || serde_yaml::from_str::<Value>(&read("object.yaml")?).ok();
            let Some(mut object) = object().or_else(|| request()?.get("object").cloned()) else { continue };
            let mut written: Value =
                read("settings.json").and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_else(|| json!({}));
            // Injections and their evidence are the one thing that this walk leaves out.
            if let Some(settings) = written.as_object_mut() {
                settings.remove("injections");
            }
            let written = RawValue::from_string(written.to_string()).map_err(|error| error.to_string())?;
            let Ok(settings) = Settings::read(Some(&written)) else { continue };
            let mut pods = Vec::new();
            values(&mut object, &mut |value| {
                if value["spec"]["containers"].is_array() {
                    pods.push(value.clone());
                }
            });
            for pod in pods {
                // The Pod itself, and with each of its values in turn replaced by something else.
                let mut count = 0;
                values(&mut pod.clone(), &mut |_| count += 1);
                for changed in 0..=count {
                    for new in [json!(null), json!("Always"), json!("istio-proxy"), json!([]), json!({}), json!(7)] {
                        let (mut pod, mut index) = (pod.clone(), 0);
                        values(&mut pod, &mut |value| {
                            index += 1;
                            if index == changed {
                                *value = new.clone();
                            }
                        });
                        let kind = json!({"group": "", "version": "v1", "kind": "Pod"});
                        let payload =
                            json!({"request": {"kind": kind, "operation": "CREATE", "object": pod}}).to_string();
                        match from_view(&payload, &settings) {
                            None => unreadable += 1,
                            Some(found) => {
                                compared += 1;
                                with_findings += usize::from(!found.is_empty());
                                assert_eq!(found, findings(&pod, &settings), "{payload}");
                            }
                        }
                        if changed == 0 {
                            break;
                        }
                    }
                }
            }
        }
        assert!(
            compared > 20_000 && with_findings > 5_000 && unreadable > 1_000,
            "{compared} {with_findings} {unreadable}"
        );
        Ok(())
    }
}
