//! The invariants that hold for all cases.

use std::cell::RefCell;
use std::collections::BTreeSet;

use native_sidecar::engine::host_calls::HostCalls;
use serde_json::{Map, Value, json};

use crate::support::{Case, answer};

/// Judges a request in place of that of the case.
fn judge(case: &Case, request: &Value) -> Value {
    let payload = json!({"request": request, "settings": case.settings}).to_string();
    serde_json::from_slice(&answer("validate", payload.as_bytes(), &case.host())).unwrap()
}

/// Each request, its settings, and the object as the policy wants it stored.
fn mutations() -> Vec<(Case, Value, Value)> {
    let requests = Case::all().into_iter().filter_map(|case| Some((case.request.clone()?, case)));
    let mutations = requests.filter_map(|(request, case)| {
        let mutated = judge(&case, &request).get("mutated_object")?.clone();
        Some((case, request, mutated))
    });
    let mutations: Vec<_> = mutations.collect();
    assert!(mutations.len() > 10, "only {} cases mutate", mutations.len());
    mutations
}

#[test]
fn answers_are_deterministic() {
    for case in Case::all() {
        assert_eq!(case.answer(), case.answer(), "{}", case.name);
    }
}

/// A Pod is read while it is passed over, where its kind comes before it.
#[test]
fn the_order_of_a_request_does_not_matter() {
    for case in Case::all() {
        let Some(Value::Object(mut request)) = case.request.clone() else { continue };
        let kind = request.shift_remove("kind").unwrap_or_default();
        request.insert("kind".to_owned(), kind);
        let answer: Value = serde_json::from_slice(&case.answer()).unwrap();
        assert_eq!(judge(&case, &Value::Object(request)), answer, "{}", case.name);
    }
}

#[test]
fn warnings_are_shorter_than_kubernetes_cuts_them() {
    for case in Case::all().iter().filter(|case| case.request.is_some()) {
        let answer: Value = serde_json::from_slice(&case.answer()).unwrap();
        for warning in answer["warnings"].as_array().into_iter().flatten() {
            assert!(warning.as_str().unwrap().chars().count() < 256, "{}: {warning}", case.name);
        }
    }
}

#[test]
fn mutated_objects_are_accepted_as_they_are() {
    for (case, mut request, mutated) in mutations() {
        request["object"] = mutated;
        let answer = judge(&case, &request);
        assert_eq!(answer["accepted"], true, "{}: {answer}", case.name);
        assert_eq!(answer.get("mutated_object"), None, "{}", case.name);
    }
}

/// Settings that are those of one of each of these lists.
fn combined(lists: &[Vec<Value>]) -> Vec<Value> {
    let one = |all: Vec<Value>, list: &Vec<Value>| {
        let with = |settings: &Value, more: &Value| {
            let mut settings = settings.clone();
            settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            settings
        };
        all.iter().flat_map(|settings| list.iter().map(move |more| with(settings, more))).collect()
    };
    lists.iter().fold(vec![json!({})], one)
}

/// Whatever makes the policy know a sidecar, it stands by those that it has injected itself, in whichever form.
#[test]
fn what_is_injected_is_left_alone() {
    let strategies = ["native", "legacy", "auto", "universal"];
    let injection = |name: &str, image: &str, strategy: &str, mounts: &str, brings: &str| {
        let mounts = json!([{"name": mounts, "mountPath": "/state"}]);
        json!({"name": name, "podSelector": {}, "strategy": strategy, "volumes": [{"name": brings, "emptyDir": {}}],
            "container": {"image": image, "command": ["run"], "volumeMounts": mounts,
                "resources": {"requests": {"cpu": "100m"}}}})
    };
    let proxy = |strategy| {
        let image = "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.14.1";
        injection("cloud-sql-proxy", image, strategy, "theirs", "ours")
    };
    let shipper = |strategy| injection("shipper", "registry.example.com/shipper:1", strategy, "ours", "theirs");
    // The first alone has a volume that nobody brings.
    let mut injections = vec![json!({"injections": [proxy("native")]})];
    for one in strategies {
        injections.push(json!({"injections": [injection("vpn", "fluent/fluent-bit:3", one, "state", "state")]}));
        injections.extend(strategies.map(|other| json!({"injections": [proxy(one), shipper(other)]})));
    }
    let settings = combined(&[
        injections,
        vec![
            json!({}),
            json!({"catalogue": false}),
            json!({"sidecarNames": ["vpn", "cloud-sql-proxy", "ship*"]}),
            json!({"sidecarNames": ["*"], "startFirst": ["*"], "misplacedRestartPolicy": "convert"}),
            json!({"sidecarImages": ["*"]}),
            json!({"exemptContainers": ["vpn", "shipper"]}),
        ],
        ["reject", "warn", "convert", "ignore"].map(|word| json!({"legacySidecars": word})).to_vec(),
        vec![
            json!({"nodeCheck": "nodes", "unsupportedNodes": "legacy"}),
            json!({"nodeCheck": "apiServerVersion", "apiServerVersion": "1.36"}),
        ],
    ]);
    let app = json!({"name": "app", "image": "shop", "resources": {"requests": {"cpu": "100m"}}});
    let collector = json!({"name": "fluent-bit", "image": "cr.fluentbit.io/fluent/fluent-bit:3"});
    let migrate = json!({"name": "migrate", "image": "migrate"});
    let specs = [
        json!({}),
        json!({"containers": [app]}),
        json!({"containers": [collector]}),
        json!({"containers": [app, collector], "initContainers": [migrate], "restartPolicy": "OnFailure"}),
        json!({"containers": [app], "resources": {"requests": {"cpu": "250m"}, "limits": {"cpu": "1"}}}),
    ];
    let host = HostCalls::default();
    let judge = |spec: &Value, settings: &Value| -> Value {
        let request = json!({"kind": {"group": "", "version": "v1", "kind": "Pod"}, "operation": "CREATE",
            "object": spec, "name": "p", "namespace": "shop", "uid": "u"});
        let payload = json!({"request": request, "settings": settings}).to_string();
        serde_json::from_slice(&answer("validate", payload.as_bytes(), &host)).unwrap()
    };
    let mut injected = 0;
    for spec in &specs {
        for settings in &settings {
            let first = judge(&json!({"metadata": {"name": "p"}, "spec": spec}), settings);
            assert!(first["code"] != 400 && first["code"] != 500, "{settings}: {first}");
            let Some(mutated) = first.get("mutated_object") else { continue };
            let again = judge(mutated, settings);
            assert_eq!(again["accepted"], true, "{spec} {settings}: {again}");
            assert_eq!(again.get("mutated_object"), None, "{spec} {settings}");
            injected += 1;
        }
    }
    assert!(injected > 2000, "only {injected} Pods were changed");
}

/// Adds a member that nobody knows to every object in this value.
fn sprinkle(value: &mut Value) -> usize {
    match value {
        Value::Object(members) => {
            let below: usize = members.values_mut().map(sprinkle).sum();
            members.insert("x-future".to_owned(), json!({"é": [1e3, 1.0, u64::MAX, i64::MIN, null, "\u{1f980}\n\""]}));
            below + 1
        }
        Value::Array(elements) => elements.iter_mut().map(sprinkle).sum(),
        _ => 0,
    }
}

/// Removes them again.
fn sweep(value: &mut Value) -> usize {
    match value {
        Value::Object(members) => {
            let found = usize::from(members.remove("x-future").is_some());
            found + members.values_mut().map(sweep).sum::<usize>()
        }
        Value::Array(elements) => elements.iter_mut().map(sweep).sum(),
        _ => 0,
    }
}

#[test]
fn unknown_fields_are_neither_lost_nor_changed() {
    for (case, mut request, plain) in mutations() {
        let original = request.clone();
        let mut sprinkled = sprinkle(&mut request["object"]);
        // A volume with a member more is another volume than the one that comes along with an injection.
        let is_injection = case.settings.get("injections").is_some();
        if let Some(volumes) = request.pointer_mut("/object/spec/volumes").filter(|_| is_injection) {
            sprinkled -= sweep(volumes);
            assert_eq!(Some(&*volumes), original.pointer("/object/spec/volumes"));
        }
        sprinkle(&mut request["oldObject"]);
        let answer = judge(&case, &request);
        let mut mutated = answer["mutated_object"].clone();
        assert_eq!(sweep(&mut mutated), sprinkled, "{}", case.name);
        assert_eq!(mutated, plain, "{}", case.name);
    }
}

/// The names in every Pod spec in this value: of all containers, and of the regular ones.
fn names(value: &Value, found: &mut Vec<(Vec<String>, usize)>) {
    match value {
        Value::Object(members) => {
            let list = |name: &str| members.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
            let regular = list("containers");
            if !regular.is_empty() {
                let all = [list("initContainers"), regular.clone()].concat();
                found.push((all.iter().map(|container| container["name"].to_string()).collect(), regular.len()));
            }
            members.values().for_each(|value| names(value, found));
        }
        Value::Array(elements) => elements.iter().for_each(|value| names(value, found)),
        _ => {}
    }
}

#[test]
fn names_stay_unique_and_a_regular_container_stays() {
    for (case, request, mutated) in mutations() {
        let (mut before, mut after) = (Vec::new(), Vec::new());
        names(&request["object"], &mut before);
        names(&mutated, &mut after);
        assert_eq!(before.len(), after.len(), "{}: a Pod spec lost its last regular container", case.name);
        for ((before, _), (after, _)) in before.iter().zip(&after) {
            let sets: [BTreeSet<_>; 2] = [before, after].map(|names| names.iter().collect());
            let injections = case.settings["injections"].as_array().into_iter().flatten();
            let injected: usize =
                injections.map(|injection| if injection["strategy"] == "universal" { 3 } else { 1 }).sum();
            assert!(sets[0].is_subset(&sets[1]) && after.len() <= before.len() + injected, "{}", case.name);
            assert_eq!(after.len() - before.len(), sets[1].len() - sets[0].len(), "{}", case.name);
        }
    }
}

#[test]
fn patches_touch_only_what_is_planned() {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(members) => {
                members.remove("containers");
                members.remove("initContainers");
                members.remove("volumes");
                if let Some(annotations) = members.get_mut("annotations").and_then(Value::as_object_mut) {
                    annotations.remove("sidecars.kubewarden.io/native");
                    annotations.retain(|name, _| {
                        !["nativeSidecar", "native-sidecar", "dataplane-as-sidecar"]
                            .iter()
                            .any(|end| name.ends_with(end))
                    });
                }
                members.values_mut().for_each(strip);
                let is_empty = |value: Option<&Value>| value.and_then(Value::as_object).is_some_and(Map::is_empty);
                members.remove("nodeSelectorTerms");
                let required = "requiredDuringSchedulingIgnoredDuringExecution";
                for name in ["annotations", "metadata", required, "nodeAffinity", "affinity"] {
                    if is_empty(members.get(name)) || members.get(name).is_some_and(Value::is_null) {
                        members.remove(name);
                    }
                }
            }
            Value::Array(elements) => elements.iter_mut().for_each(strip),
            _ => {}
        }
    }
    for (case, mut request, mut mutated) in mutations() {
        strip(&mut request["object"]);
        strip(&mut mutated);
        assert_eq!(request["object"], mutated, "{}", case.name);
    }
}

/// A small generator of random numbers: the same ones in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }
}

#[test]
fn damaged_requests_get_an_answer() {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let values = ["null", "[]", "{}", "7", "-1e40", "\"\"", "\"Always\"", "true", "[null]", "{\"name\":[]}"];
    for case in Case::all() {
        let (function, payload) = case.call();
        for _ in 0..200 {
            let mut damaged = payload.clone();
            let at = random.below(damaged.len());
            match random.below(4) {
                0 => damaged[at] = u8::try_from(random.below(256)).unwrap(),
                1 => drop(damaged.drain(at..(at + random.below(40)).min(payload.len()))),
                2 => damaged.truncate(at),
                _ => {
                    // A value that is something else.
                    let start = at + damaged[at..].iter().position(|byte| *byte == b':').unwrap_or(0);
                    let end =
                        damaged[start..].iter().position(|byte| b",}".contains(byte)).map_or(start, |end| start + end);
                    let value = values[random.below(values.len())];
                    drop(damaged.splice((start + 1).min(end)..end, value.bytes()));
                }
            }
            let answered: Value = serde_json::from_slice(&answer(function, &damaged, &case.host())).unwrap();
            let verdict = answered.get("accepted").or(answered.get("valid")).and_then(Value::as_bool);
            let explained = verdict == Some(true) || answered["message"].as_str().is_some_and(|text| !text.is_empty());
            assert!(explained, "{}: {answered} to {}", case.name, String::from_utf8_lossy(&damaged));
        }
    }
}

#[test]
fn damaged_answers_of_the_host_get_an_answer() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut damages = 0;
    for case in Case::all() {
        let (_, payload) = case.call();
        for _ in 0..20 {
            let host = case.host();
            let random = RefCell::new(&mut random);
            let ask = |operation: &str, call: &[u8]| {
                let mut answer = host.call("kubewarden", "kubernetes", operation, call)?;
                let mut random = random.borrow_mut();
                let at = random.below(answer.len().max(1));
                match random.below(3) {
                    0 => answer.truncate(at),
                    1 => answer.iter_mut().skip(at).take(1).for_each(|byte| *byte = byte.wrapping_add(1)),
                    _ => drop(answer.drain(at..(at + random.below(40)).min(answer.len()))),
                }
                Ok(answer)
            };
            if case.request.is_none() || host.leftovers() == 0 {
                continue;
            }
            damages += 1;
            let answer: Value = serde_json::from_slice(&native_sidecar_policy::validate(&payload, &ask)).unwrap();
            assert!(answer["accepted"].is_boolean(), "{}: {answer}", case.name);
        }
    }
    assert!(damages > 500, "only {damages} answers were damaged");
}
