//! What holds of every case. Each says whether it had anything to show, or how the policy broke it.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::admission::{Answer, Case, text};
use crate::api_server::{defaults, refusals};
use crate::generate::words::RUN_ONCE;
use crate::lossless::{self, Allowed, DECLARATION};
use crate::spelled::Spelled;

/// Whether a property had anything to show; the error is how it was broken.
pub type Shown = Result<bool, String>;

/// A case, and what the policy answers to it.
#[derive(Debug)]
pub struct Judged<'c> {
    /// The case.
    pub case: &'c Case,
    /// The answer, as bytes.
    bytes: Vec<u8>,
    /// The answer.
    pub answer: Answer,
}

impl<'c> Judged<'c> {
    /// Judges a case. An error is what no answer should be.
    pub fn new(case: &'c Case) -> Result<Self, String> {
        let bytes = case.bytes(&case.payload());
        let answer = serde_json::from_slice(&bytes);
        let answer = answer.map_err(|error| format!("{error} in {}", String::from_utf8_lossy(&bytes)))?;
        Ok(Self { case, bytes, answer })
    }
}

/// A property.
#[derive(Clone, Copy, Debug)]
pub struct Property {
    /// What it is called.
    pub name: &'static str,
    /// What it says of every case.
    pub says: &'static str,
    /// Looks whether it holds of a case.
    pub check: fn(&Judged) -> Shown,
}

const fn property(name: &'static str, says: &'static str, check: fn(&Judged) -> Shown) -> Property {
    Property { name, says, check }
}

/// All properties.
pub const PROPERTIES: [Property; 13] = [
    property("total", "there is an answer, it is JSON, and a denial says why", total),
    property("deterministic", "asked again, the policy answers the same bytes", deterministic),
    property("lossless", "what is not planned stays as it is: fields, order, spelling", lossless),
    property("idempotent", "the changed object is accepted, and not changed again", idempotent),
    property("never-worse", "what the API server takes it takes changed, and nothing new is found", never_worse),
    property("reverted", "what is converted can be taken back by hand, and is what it was", reverted),
    property("stripped", "a declared native sidecar that loses restartPolicy is rejected", stripped),
    property("declared", "a declaration lets nothing through that is rejected without it", declared),
    property("restored", "restore gives back the object that lost it", restored),
    property("order", "the order of the members of objects changes nothing", order),
    property("bystander", "a main container more changes no other finding", bystander),
    property("run-once", "nothing that runs once becomes Always", run_once),
    property("settings", "validate and validate_settings agree on which settings are valid", settings),
];

/// Looks whether all of them hold of a case. The error says which does not, and how.
pub fn check(case: &Case) -> Result<(), String> {
    let judged = Judged::new(case)?;
    let broken =
        |property: &Property| (property.check)(&judged).err().map(|error| format!("{}: {error}", property.name));
    PROPERTIES.iter().find_map(broken).map_or(Ok(()), Err)
}

fn total(Judged { answer, .. }: &Judged) -> Shown {
    if !answer.accepted && answer.message.as_deref().unwrap_or_default().is_empty() {
        return Err("a denial without a message".to_owned());
    }
    if !answer.accepted && answer.mutated_object.is_some() {
        return Err("a denied object is changed".to_owned());
    }
    if let Some(warning) = answer.warnings.iter().flatten().find(|warning| warning.chars().count() >= 256) {
        return Err(format!("Kubernetes would cut {warning:?}"));
    }
    if let Some(control) = answer.words().chars().find(|c| c.is_control() && *c != '\n') {
        return Err(format!("a message has the character {control:?}"));
    }
    Ok(true)
}

fn deterministic(Judged { case, bytes, .. }: &Judged) -> Shown {
    match case.bytes(&case.payload()) == *bytes {
        true => Ok(true),
        false => Err("two answers".to_owned()),
    }
}

/// The names of the containers that injections bring.
fn injected(case: &Case) -> BTreeSet<String> {
    let injections = case.settings["injections"].as_array().into_iter().flatten();
    let names = injections.filter_map(|injection| injection["name"].as_str());
    names.flat_map(|name| [name.to_owned(), format!("{name}-helper"), format!("{name}-legacy")]).collect()
}

fn lossless(Judged { case, answer, .. }: &Judged) -> Shown {
    let Some(after) = &answer.mutated_object else { return Ok(false) };
    let read = |json: &str| Spelled::read(json).map_err(|error| format!("{error} in {json}"));
    let before = read(&text(case.object()))?;
    lossless::check(&before, &read(after.get())?, &Allowed { containers: injected(case) })?;
    Ok(true)
}

fn idempotent(Judged { case, answer, .. }: &Judged) -> Shown {
    let Some(mutated) = &answer.mutated_object else { return Ok(false) };
    let again = case.answer_to(&case.payload_with(mutated))?;
    match (again.accepted, &again.mutated_object) {
        (true, None) => Ok(true),
        (true, Some(again)) => Err(format!("{mutated} is changed again to {again}")),
        (false, _) => Err(format!("{mutated} is denied: {}", again.message.unwrap_or_default())),
    }
}

/// Whether an injection would be refused in any Pod: what is wrong with it the API server is left to say.
fn are_injections_sound(case: &Case) -> bool {
    let injections = case.settings["injections"].as_array().into_iter().flatten();
    let alone = |injection: &Value, list: &str| {
        let mut container = injection["container"].clone();
        let members = container.as_object_mut()?;
        members.insert("name".to_owned(), injection["name"].clone());
        let mut spec = json!({"containers": [{"name": "main-of-pod", "image": "a"}], "volumes": injection["volumes"]});
        // Volumes of the Pod or of other injections, and claims, are looked for when it is injected.
        let mounts = injection["container"]["volumeMounts"].as_array().into_iter().flatten();
        let devices = injection["container"]["volumeDevices"].as_array().into_iter().flatten();
        let has_all = mounts.chain(devices).all(|used| {
            injection["volumes"].as_array().into_iter().flatten().any(|volume| volume["name"] == used["name"])
        });
        for used in ["volumeMounts", "volumeDevices"].iter().filter(|_| !has_all) {
            members.shift_remove(*used);
        }
        if let Some(resources) = members.get_mut("resources").and_then(Value::as_object_mut) {
            resources.shift_remove("claims");
        }
        members.shift_remove("env");
        if list == "initContainers" {
            members.insert("restartPolicy".to_owned(), json!("Always"));
        }
        let containers = spec.as_object_mut()?.entry(list).or_insert_with(|| json!([]));
        containers.as_array_mut()?.push(container);
        // Of these the Pod decides.
        for field in ["procMount", "windowsOptions"] {
            let context = spec.pointer_mut(&format!("/{list}")).and_then(Value::as_array_mut)?.last_mut()?;
            if let Some(context) = context.get_mut("securityContext").and_then(Value::as_object_mut) {
                context.shift_remove(field);
            }
        }
        let mut pod = json!({"metadata": {"name": "p"}, "spec": spec});
        defaults::fill_in(&mut pod);
        Some(refusals("Pod", &pod).is_empty())
    };
    let mut lists = injections.flat_map(|injection| ["containers", "initContainers"].map(|list| (injection, list)));
    lists.all(|(injection, list)| alone(injection, list).unwrap_or(false))
}

fn never_worse(judged: &Judged) -> Shown {
    // The API server has set the defaults of a Pod when it asks.
    let mut object = judged.case.object().clone();
    if judged.case.is_pod() {
        defaults::fill_in(&mut object);
    }
    let is_same = object == *judged.case.object();
    let case = judged.case.with_object(object);
    let defaulted = if is_same { None } else { Some(Judged::new(&case)?) };
    let answer = &defaulted.as_ref().unwrap_or(judged).answer;
    let Some(mut mutated) = answer.mutated() else { return Ok(false) };
    let again = case.answer_to(&case.payload_with(answer.mutated_object.as_deref().ok_or("no object")?))?;
    let kept = |answer: &Answer| -> BTreeSet<_> {
        answer.findings().into_iter().map(|(rule, name, _)| (rule, name)).collect()
    };
    let before = kept(answer);
    let refused = refusals(case.kind(), case.object());
    // What two have the same name of is not told apart.
    let is_ambiguous = refused.iter().any(|refusal| refusal.field.ends_with(".name"));
    // Whether nodes support what is native now is asked for what is native now.
    let mut new = kept(&again).into_iter().filter(|found| !before.contains(found) && found.0 != "nodes");
    if let Some(new) = new.next().filter(|_| !is_ambiguous) {
        return Err(format!("{new:?} is found that was not: {}", again.words()));
    }
    if !refused.is_empty() || !are_injections_sound(&case) {
        return Ok(false);
    }
    if case.is_pod() {
        defaults::fill_in(&mut mutated);
    }
    match refusals(case.kind(), &mutated).first() {
        None => Ok(true),
        Some(refusal) => Err(format!("the API server would refuse {mutated}: {refusal}")),
    }
}

/// Only conversions, and nothing that keeps the Pod from them.
fn reverted(Judged { case, .. }: &Judged) -> Shown {
    let mut case = (*case).clone();
    let kept = ["legacySidecars", "sidecarNames", "sidecarImages", "startFirst", "misplacedRestartPolicy", "catalogue"];
    if let Some(settings) = case.settings.as_object_mut() {
        settings.retain(|name, _| kept.contains(&name.as_str()));
    }
    let case = case.with_setting("strippedSidecars", json!("ignore")).with_setting("legacySidecars", json!("convert"));
    if !case.is_pod() {
        return Ok(false);
    }
    let answer = case.answer()?;
    let Some(mutated) = answer.mutated() else { return Ok(false) };
    let before = &expected(&case);
    let mut back = mutated.clone();
    let list = |of: &Value, name: &str| of["spec"][name].as_array().cloned().unwrap_or_default();
    let position = |list: &[Value], name: &Value| list.iter().position(|container| container["name"] == *name);
    let mut moved = Vec::new();
    let mut inits = list(&mutated, "initContainers");
    let mut regular = list(before, "containers");
    // By hand they go by their names.
    let names: Vec<_> = regular.iter().map(|container| container["name"].to_string()).collect();
    if names.iter().collect::<BTreeSet<_>>().len() != names.len() {
        return Ok(false);
    }
    for container in &mut regular {
        let name = container["name"].clone();
        if position(&list(&mutated, "containers"), &name).is_some() {
            continue;
        }
        let at = position(&inits, &name).ok_or_else(|| format!("{name} is gone"))?;
        let mut taken = inits.remove(at);
        let was = container.get("restartPolicy").cloned();
        if let Some(members) = taken.as_object_mut() {
            members.shift_remove("restartPolicy");
            members.extend(was.map(|was| ("restartPolicy".to_owned(), was)));
        }
        moved.push(name);
        *container = taken;
    }
    let put = |back: &mut Value, name: &str, list: Vec<Value>| match before["spec"].get(name) {
        Some(there) if there.is_null() && list.is_empty() => back["spec"][name] = Value::Null,
        Some(_) => back["spec"][name] = json!(list),
        None => drop(back["spec"].as_object_mut().and_then(|spec| spec.shift_remove(name))),
    };
    put(&mut back, "initContainers", inits);
    put(&mut back, "containers", regular);
    let has = |path: &str| before.pointer(path).cloned();
    for (parent, name) in [("/metadata/annotations", DECLARATION), ("/metadata", "annotations"), ("", "metadata")] {
        let was = has(&format!("{parent}/{}", name.replace('/', "~1")));
        if let Some(members) = back.pointer_mut(parent).and_then(Value::as_object_mut) {
            match was {
                None => drop(members.shift_remove(name)),
                Some(was) if name == DECLARATION || was.is_null() => drop(members.insert(name.to_owned(), was)),
                Some(_) => {}
            }
        }
    }
    match back == *before {
        true => Ok(!moved.is_empty()),
        false => Err(format!("{back} is not {before}")),
    }
}

/// A Pod that declares all its native sidecars, and the same without `restartPolicy` on one of them, with its name.
fn stripped_pod(case: &Case) -> Option<(Case, Case, String)> {
    if !(case.is_pod() && case.is_create()) {
        return None;
    }
    let mut pod = case.object().clone();
    defaults::fill_in(&mut pod);
    let inits = pod["spec"]["initContainers"].as_array()?;
    let regular = pod["spec"]["containers"].as_array();
    let all: Vec<_> = inits.iter().chain(regular.into_iter().flatten()).map(|container| &container["name"]).collect();
    let is_unique = |name: &Value| all.iter().filter(|other| **other == name).count() == 1;
    let native = |init: &Value| init["restartPolicy"] == "Always" && is_unique(&init["name"]);
    let names: Vec<String> =
        inits.iter().filter(|init| native(init)).filter_map(|init| init["name"].as_str().map(str::to_owned)).collect();
    let name = names.first()?.clone();
    let annotations = json!({DECLARATION: names.join(",")});
    match pod.get_mut("metadata").filter(|metadata| metadata.is_object()) {
        Some(metadata) => metadata["annotations"] = annotations,
        None => pod["metadata"] = json!({"annotations": annotations}),
    }
    let whole = case.with_object(pod);
    let mut lacking = whole.clone();
    let inits = lacking.request["object"]["spec"]["initContainers"].as_array_mut()?;
    let init = inits.iter_mut().find(|init| init["name"] == name.as_str())?;
    init.as_object_mut()?.shift_remove("restartPolicy");
    Some((whole, lacking, name))
}

fn stripped(Judged { case, .. }: &Judged) -> Shown {
    let case = case.with_setting("strippedSidecars", json!("reject")).with_setting("exemptContainers", json!([]));
    let Some((_, lacking, name)) = stripped_pod(&case).filter(|_| case.has_valid_settings()) else { return Ok(false) };
    let answer = lacking.answer()?;
    let found = answer.findings().contains(&("stripped".to_owned(), name.clone(), "rejected".to_owned()));
    match !answer.accepted && (found || answer.code == Some(400)) {
        true => Ok(found),
        false => Err(format!("{name} has lost restartPolicy, and nobody rejects it: {}", answer.words())),
    }
}

fn declared(Judged { case, answer, .. }: &Judged) -> Shown {
    if answer.code != Some(403) || !(case.is_pod() && case.is_create()) {
        return Ok(false);
    }
    let names = |list: &str| {
        let containers = case.object()["spec"][list].as_array().into_iter().flatten();
        containers.filter_map(|container| container["name"].as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    // What is to be restored it may settle.
    let is_settled = case.settings["strippedSidecars"] == "restore";
    if is_settled || case.object()["metadata"]["annotations"].get(DECLARATION).is_some() {
        return Ok(false);
    }
    let (inits, regular) = (names("initContainers"), names("containers"));
    for more in [[inits.clone(), regular.clone()].concat(), inits, regular] {
        let mut pod = case.object().clone();
        let Some(Value::Object(metadata)) = pod.get_mut("metadata") else { return Ok(false) };
        let annotations = metadata.entry("annotations").or_insert_with(|| json!({}));
        let Value::Object(annotations) = annotations else { return Ok(false) };
        annotations.insert(DECLARATION.to_owned(), json!(more.join(",")));
        let answer = case.with_object(pod).answer()?;
        if answer.accepted {
            return Err(format!("it is let through with the declaration {:?}: {}", more.join(","), answer.words()));
        }
    }
    Ok(true)
}

fn restored(Judged { case, .. }: &Judged) -> Shown {
    let mut case = (*case).clone();
    case.settings = json!({"strippedSidecars": "restore", "legacySidecars": "ignore"});
    let Some((whole, lacking, name)) = stripped_pod(&case) else { return Ok(false) };
    let (before, answer) = (whole.answer()?, lacking.answer()?);
    if !before.accepted || before.mutated_object.is_some() || answer.code == Some(400) {
        return Ok(false);
    }
    // With another that is stripped as well, that one may take what the Pod has left.
    if before.findings().iter().any(|(rule, ..)| rule == "stripped") {
        return Ok(false);
    }
    // What the API server would have refused for what it asks for is not restored.
    let refused = refusals("Pod", whole.object());
    if answer.mutated_object.is_none() && refused.iter().any(|refusal| refusal.field.starts_with("spec.resources")) {
        return Ok(false);
    }
    match answer.mutated() {
        Some(mutated) if mutated == expected(&whole) => Ok(true),
        Some(mutated) => Err(format!("{name} is restored to {mutated}, and was {}", expected(&whole))),
        None => Err(format!("{name} is not restored: {}", answer.words())),
    }
}

/// The object of a case, as it is spelled.
fn expected(case: &Case) -> Value {
    serde_json::from_str(&text(case.object())).unwrap_or_default()
}

/// The same value with the members of its objects in the opposite order, but for those whose order is that of messages.
fn turned(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let keeps = |name: &str| matches!(name, "limits" | "requests");
            let turned = |(name, value): (&String, &Value)| {
                (name.clone(), if keeps(name) { value.clone() } else { turned(value) })
            };
            members.iter().rev().map(turned).collect::<Map<_, _>>().into()
        }
        Value::Array(elements) => elements.iter().map(turned).collect(),
        other => other.clone(),
    }
}

fn order(Judged { case, answer: one, .. }: &Judged) -> Shown {
    let other = case.with_object(turned(case.object()));
    // Several Pod templates are judged in their order, and what is spelled as an object with a member twice has one that counts.
    if case.settings["podTemplates"].to_string().contains('*') || case.payload().contains(r#"{"a":1,"a":2}"#) {
        return Ok(false);
    }
    let two = other.answer()?;
    // Of several things that can't be read the first is told.
    if one.code == Some(400) && two.code == Some(400) {
        return Ok(false);
    }
    let is_same = one.accepted == two.accepted && one.words() == two.words() && one.mutated() == two.mutated();
    match is_same {
        true => Ok(true),
        false => Err(format!("{} and {}; {:?} and {:?}", one.words(), two.words(), one.mutated(), two.mutated())),
    }
}

fn bystander(Judged { case, .. }: &Judged) -> Shown {
    const NAMES: [&str; 2] = ["zz-main", "zz-bystander"];
    let with = |count: usize| {
        let mut object = case.object().clone();
        let containers = object.pointer_mut("/spec/containers")?.as_array_mut()?;
        containers
            .extend(NAMES[..count].iter().map(|name| json!({"name": name, "image": "registry.example.com/zz:1"})));
        Some(case.with_object(object))
    };
    let (true, Some(one), Some(two)) = (case.is_pod(), with(1), with(2)) else { return Ok(false) };
    let (one, two) = (one.answer()?, two.answer()?);
    // A wildcard of the settings makes sidecars of these as well.
    let is_told = |answer: &Answer| {
        answer.words().contains("zz-") || answer.findings().iter().any(|(_, name, _)| name.starts_with("zz-"))
    };
    if is_told(&one) || is_told(&two) || one.code == Some(400) {
        return Ok(false);
    }
    match (one.accepted, one.words(), one.findings()) == (two.accepted, two.words(), two.findings()) {
        true => Ok(true),
        false => Err(format!("{} and then {}", one.words(), two.words())),
    }
}

fn run_once(Judged { case, answer, .. }: &Judged) -> Shown {
    let Some(mutated) = answer.mutated() else { return Ok(false) };
    let globs = case.settings["sidecarNames"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let has_wildcards = globs.into_iter().any(|glob| glob.contains(['*', '?', '[']));
    // Whatever may tell of the past.
    let object = case.object();
    let told = [&object["metadata"], &case.request["oldObject"], &case.settings].map(ToString::to_string).join("");
    let told = case.cluster.0.values().fold(told, |told, answer| told + answer);
    let is_told = |init: &Value| init["name"].as_str().is_none_or(|name| told.contains(name));
    let mut shown = false;
    let mut look = |before: &Value, after: &Value| -> Result<(), String> {
        let list = |of: &Value| of["initContainers"].as_array().cloned().unwrap_or_default();
        let after = list(after);
        for init in list(before) {
            let is_decided = init["restartPolicy"].as_str().is_some_and(|policy| !matches!(policy, "" | "Always"));
            let is_once = RUN_ONCE.iter().any(|(name, _)| init["name"] == *name) && init["restartPolicy"].is_null();
            let is_once = is_once && !is_told(&init);
            // A probe and a glob together are a proof.
            let is_clue = has_wildcards && init.as_object().is_some_and(|init| init.len() > 2);
            if !(is_decided || is_once && !is_clue) {
                continue;
            }
            shown = true;
            let same = after.iter().filter(|other| other["name"] == init["name"]);
            if same.into_iter().all(|other| other["restartPolicy"] == "Always") {
                return Err(format!("{} restarts for ever", init["name"]));
            }
        }
        Ok(())
    };
    let mut pending = vec![(case.object(), &mutated)];
    while let Some((before, after)) = pending.pop() {
        if before["initContainers"].is_array() {
            look(before, after)?;
        }
        match before {
            Value::Object(members) => {
                pending.extend(members.iter().filter_map(|(name, value)| Some((value, after.get(name)?))))
            }
            Value::Array(elements) => pending.extend(elements.iter().zip(after.as_array().into_iter().flatten())),
            _ => {}
        }
    }
    Ok(shown)
}

fn settings(Judged { case, answer, .. }: &Judged) -> Shown {
    let refused =
        answer.message.as_deref().unwrap_or_default().starts_with("The settings of the policy are not valid: ");
    let is_read = answer.code != Some(400) || refused;
    match case.has_valid_settings() != refused {
        true => Ok(true),
        false if !is_read => Ok(false),
        false => Err(format!("validate_settings says {}: {}", !refused, answer.words())),
    }
}
