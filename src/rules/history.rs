//! What an object still tells of the `restartPolicy` that its init containers once had.

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::cluster::owner::Owner;
use crate::json::by_name::ByName;
use crate::json::malformed::Malformed;
use crate::json::path::Step;
use crate::json::read::{self, Members};
use crate::json::view::{Text, text, view};
use crate::kubernetes::metadata::{Metadata, Object};
use crate::kubernetes::pod::{Container, PodSpec, PodTemplate};
use crate::request::{Request, in_object, in_old_object};
use crate::rules::template::ISTIO_SIDECAR;

/// Where one Pod template's history are to be looked for.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'v> {
    /// What the object came with.
    pub request: &'v Request<'v>,
    /// Its metadata.
    pub metadata: &'v Metadata<'v>,
    /// The stored object, on UPDATE.
    pub old_object: Option<&'v RawValue>,
    /// The way to the template.
    pub steps: &'v [Step<'v>],
    /// The way to it in the stored object, which may have another order; None where that has no such template.
    pub old_steps: Option<&'v [Step<'v>]>,
    /// The controller that makes the Pod, where it was looked up.
    pub owner: Option<&'v Owner>,
}

/// The past of the init containers of one Pod template, by their names.
#[derive(Debug, Default)]
pub struct History(ByName<Past>);

/// What is known of an init container's past.
#[derive(Debug, Default)]
pub struct Past {
    /// Itself, as it is to be, without its `restartPolicy`: to compare the stored one with.
    now: Value,
    /// How it is stored, on UPDATE.
    pub stored: Option<Stored>,
    /// The other fields that the stored one has, and that it has no more.
    pub lost: Vec<String>,
    /// Who set its `restartPolicy`, by `managedFields`.
    pub manager: Option<String>,
    /// Whether it was native when it was last applied.
    pub applied_native: bool,
    /// Whether Istio's status lists it as a sidecar.
    pub injected_by_istio: bool,
    /// The controller that makes the Pod, where it is native in the template there.
    pub owner: Option<String>,
}

/// How an init container is stored.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stored {
    /// In a form other than the native.
    Ordinary,
    /// As a native sidecar, and the new one has nothing that this has not: at most it lacks fields.
    Native,
    /// As a native sidecar, and the new one differs in more.
    NativeAndChanged,
}

view! {
    /// A manager's entry in `managedFields`:
    /// <https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management>.
    struct ManagedFields<'a> {
        manager: Text<'a> = "manager",
        fields: &'a RawValue = "fieldsV1",
    }
}

impl History {
    /// Collects the history of one template.
    pub fn collect(template: &PodTemplate, sources: Sources) -> Result<Self, Malformed> {
        let mut history = Self::default();
        history.add_stored(sources)?;
        history.add_managers(sources)?;
        history.add_applied(template, sources)?;
        let has_istio = template
            .spec
            .iter()
            .flat_map(PodSpec::init_containers)
            .any(|init| init.name() == ISTIO_SIDECAR && !init.restarts_always());
        if has_istio {
            history.add_injected(template);
        }
        history.add_owner(sources);
        Ok(history)
    }

    /// The past of the init container with this name, where anything is known of it.
    pub fn of(&self, name: &str) -> Option<&Past> {
        self.0.get(name)
    }

    fn past(&mut self, name: &str) -> &mut Past {
        self.0.get_or_insert(name, Past::default())
    }

    fn add_stored(&mut self, sources: Sources) -> Result<(), Malformed> {
        let (Some(old_object), Some(old_steps)) = (sources.old_object, sources.old_steps) else { return Ok(()) };
        let list = |object: &RawValue, steps: &[Step]| {
            let steps = [steps, &[Step::key("spec"), Step::key("initContainers")]].concat();
            read::at::<Vec<Value>>(object.get(), &steps).map(Option::unwrap_or_default)
        };
        for (name, _, others) in
            list(sources.request.object()?, sources.steps).map_err(in_object)?.into_iter().filter_map(taken_apart)
        {
            self.past(&name).now = others;
        }
        for (name, restart_policy, others) in
            list(old_object, old_steps).map_err(in_old_object)?.into_iter().filter_map(taken_apart)
        {
            let past = self.past(&name);
            let has = |field: &&String| past.now.get(field).is_some();
            past.lost =
                others.as_object().into_iter().flat_map(Map::keys).filter(|field| !has(field)).cloned().collect();
            past.stored = Some(match restart_policy == "Always" {
                true if lacks_at_most(&past.now, &others) => Stored::Native,
                true => Stored::NativeAndChanged,
                false => Stored::Ordinary,
            });
        }
        Ok(())
    }

    fn add_managers(&mut self, sources: Sources) -> Result<(), Malformed> {
        let Some(raw) = sources.metadata.managed_fields else { return Ok(()) };
        // They may be most of an object. As the API server writes them, this is found faster than by reading them.
        if !raw.get().contains("\"f:initContainers\"") {
            return Ok(());
        }
        // Lists in a custom resource have keys that nothing here knows: no evidence is to be had of what is in them.
        let Some(steps) = managed_steps(sources.steps) else { return Ok(()) };
        let in_managed_fields = |error: Malformed| in_object(error.within("metadata.managedFields"));
        let entries: Vec<ManagedFields> = read::document(raw.get()).map_err(in_managed_fields)?;
        for ManagedFields { manager, fields, .. } in entries {
            let Some(fields) = fields else { continue };
            let containers: Option<Members> = read::at(fields.get(), &steps).map_err(in_managed_fields)?;
            for (key, fields) in containers.unwrap_or_default().0 {
                let sets_policy = read::raw_at(fields.get(), &[Step::key("f:restartPolicy")]);
                if let (Ok(Some(_)), Some(name)) = (sets_policy, container_name(key.as_str())) {
                    self.past(&name).manager.get_or_insert_with(|| text(&manager).to_owned());
                }
            }
        }
        Ok(())
    }

    /// What was applied counts for a container that still has the same image: else it is another one by now.
    fn add_applied(&mut self, template: &PodTemplate, sources: Sources) -> Result<(), Malformed> {
        let Some(raw) = last_applied(sources.metadata) else { return Ok(()) };
        if let Some(old_object) = sources.old_object {
            let old: Object = read::document(old_object.get()).map_err(in_old_object)?;
            // What this request did not apply is old news: the object may have changed on purpose since.
            if old.metadata.as_ref().and_then(last_applied).map(RawValue::get) == Some(raw.get()) {
                return Ok(());
            }
        }
        // Only kubectl reads this annotation, and a hand may have written it: what can't be read is no evidence.
        let configuration: String = read::lenient(raw.get()).unwrap_or_default();
        let applied: Option<PodTemplate> = read::at(&configuration, sources.steps).unwrap_or_default();
        let applied = applied.and_then(|applied| applied.spec).unwrap_or_default();
        for container in template.spec.iter().flat_map(PodSpec::init_containers) {
            let is_it = |other: &&Container| other.name() == container.name() && other.image() == container.image();
            if applied.init_containers().iter().find(is_it).is_some_and(Container::restarts_always) {
                self.past(container.name()).applied_native = true;
            }
        }
        Ok(())
    }

    fn add_owner(&mut self, sources: Sources) {
        let Some(owner) = sources.owner else { return };
        for name in owner.sidecars.iter().flatten() {
            self.past(name).owner = Some(owner.controller.clone());
        }
    }

    fn add_injected(&mut self, template: &PodTemplate) {
        let status = template.annotations().and_then(|annotations| annotations.istio_status);
        // Only Istio reads this one: the same holds.
        let status: Value = status.and_then(read::text).and_then(|status| read::lenient(&status)).unwrap_or_default();
        let names = ["initContainers", "containers"].map(|list| status[list].as_array());
        if names.into_iter().flatten().flatten().any(|name| name == ISTIO_SIDECAR) {
            self.past(ISTIO_SIDECAR).injected_by_istio = true;
        }
    }
}

/// Whether `managedFields` show that a Pod has all the init containers that were sent. They are written down before admission
/// takes anything away; of a Pod without them, nothing is known.
pub fn has_all_that_was_sent(metadata: &Metadata, spec: &PodSpec) -> bool {
    let entries: Vec<ManagedFields> =
        metadata.managed_fields.and_then(|raw| read::lenient(raw.get())).unwrap_or_default();
    let mut fields = entries.iter().filter_map(|entry| entry.fields);
    let list = |fields: &'_ RawValue, name| {
        let list: Option<Members> = read::at(fields.get(), &[Step::key("f:spec"), Step::key(name)]).ok()?;
        Some(list?.0.into_iter().filter_map(|(key, _)| container_name(key.as_str())).collect::<Vec<_>>())
    };
    let is_there = |name: &String| spec.init_containers().iter().any(|container| container.name() == name);
    let mut tell_of_containers = false;
    fields.all(|fields| {
        tell_of_containers |= list(fields, "f:containers").is_some();
        list(fields, "f:initContainers").unwrap_or_default().iter().all(is_there)
    }) && tell_of_containers
}

/// The name of the container that a key of `fieldsV1` is about: `k:{"name":"a"}`.
fn container_name(key: &str) -> Option<String> {
    let key: Value = read::lenient(key.strip_prefix("k:")?)?;
    Some(key["name"].as_str()?.to_owned())
}

/// Whether something is what it was, but for fields that are gone: what a tool makes of it that does not know them. Such tools
/// also write empty values that were not there.
fn lacks_at_most(new: &Value, old: &Value) -> bool {
    match (new, old) {
        (Value::Object(new), Value::Object(old)) => new
            .iter()
            .all(|(name, value)| is_nothing(value) || old.get(name).is_some_and(|old| lacks_at_most(value, old))),
        (Value::Array(new), Value::Array(old)) => {
            new.len() == old.len() && new.iter().zip(old).all(|(new, old)| lacks_at_most(new, old))
        }
        _ => new == old,
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

/// Name, `restartPolicy` and all the rest of a container.
fn taken_apart(mut container: Value) -> Option<(String, Value, Value)> {
    let name = container.get("name")?.as_str()?.to_owned();
    let restart_policy = container.as_object_mut()?.remove("restartPolicy").unwrap_or_default();
    Some((name, restart_policy, container))
}

/// The way to the template's init containers in `fieldsV1`; None where it leads through a list.
fn managed_steps(steps: &[Step]) -> Option<Vec<Step<'static>>> {
    let own = steps.iter().map(|step| match step {
        Step::Key(name) => Some(Step::Key(format!("f:{name}").into())),
        Step::Index(_) => None,
    });
    own.chain([Some(Step::key("f:spec")), Some(Step::key("f:initContainers"))]).collect()
}

fn last_applied<'v>(metadata: &Metadata<'v>) -> Option<&'v RawValue> {
    metadata.annotations.as_ref()?.last_applied
}
