//! What containers and Pods ask for: amounts, Pod-level resources, resource claims, and what is restarted where they change.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::api_server::names::dns_label;
use crate::api_server::quantity::{self, Amounts, amounts, show};
use crate::api_server::refusal::Refusals;
use crate::api_server::spec::{Form, Spec, elements, text};

/// Resources of which containers may have more than they ask for.
const SHARED: [&str; 3] = ["cpu", "ephemeral-storage", "memory"];
const NO_AMOUNT: &str = "must be a valid resource quantity";

/// What is wrong with what a Pod and its containers ask for.
pub fn check(spec: &Spec, refusals: &mut Refusals) {
    let claims: BTreeSet<_> =
        elements(&spec.value["resourceClaims"]).iter().map(|claim| text(&claim["name"])).collect();
    check_pod_claims(spec, refusals);
    for container in spec.containers() {
        let resources = &container.value["resources"];
        check_amounts(resources, &container.at("resources"), is_of_containers, refusals);
        check_claims(resources, &claims, &container.at("resources.claims"), refusals);
        check_resize(spec, container.form, &container.value["resizePolicy"], &container.at("resizePolicy"), refusals);
    }
    check_pod(spec, refusals);
}

/// Whether Pods may have amounts of this resource themselves.
pub fn is_of_pods(resource: &str) -> bool {
    matches!(resource, "cpu" | "memory") || is_huge_pages(resource)
}

/// Whether this is a resource of pages of one size.
pub fn is_huge_pages(resource: &str) -> bool {
    resource.starts_with("hugepages-")
}

fn is_of_containers(resource: &str) -> bool {
    is_of_pods(resource) || resource == "ephemeral-storage" || resource.contains('/')
}

fn check_amounts(resources: &Value, place: &str, is_known: fn(&str) -> bool, refusals: &mut Refusals) {
    let limits = amounts(&resources["limits"]);
    let (mut has_pages, mut has_other) = (false, false);
    for field in ["limits", "requests"] {
        for (name, amount) in resources[field].as_object().into_iter().flatten() {
            let at = format!("{place}.{field}[{name}]");
            has_pages |= is_huge_pages(name);
            has_other |= matches!(name.as_str(), "cpu" | "memory");
            if !is_known(name) {
                refusals.invalid(&at, &json!(name), "must be a standard resource for containers");
            }
            match quantity::read(amount) {
                None => refusals.invalid(&at, amount, NO_AMOUNT),
                Some(number) if number < 0 => refusals.invalid(&at, amount, "must be greater than or equal to 0"),
                Some(number) if field == "requests" => {
                    let (shown, at) = (json!(show(number)), format!("{place}.requests"));
                    let is_shared = SHARED.contains(&name.as_str());
                    match limits.get(name) {
                        Some(limit) if !is_shared && *limit != number => {
                            refusals.invalid(at, &shown, format!("must be equal to {name} limit of {}", show(*limit)));
                        }
                        Some(limit) if number > *limit => {
                            let why = format!("must be less than or equal to {name} limit of {}", show(*limit));
                            refusals.invalid(at, &shown, why);
                        }
                        None if !is_shared => {
                            let why = "Limit must be set for non overcommitable resources";
                            refusals.required(format!("{place}.limits"), why);
                        }
                        _ => {}
                    }
                }
                Some(_) => {}
            }
        }
    }
    if has_pages && !has_other {
        refusals.forbidden(place, "HugePages require cpu or memory");
    }
}

fn check_pod_claims(spec: &Spec, refusals: &mut Refusals) {
    let mut names = BTreeSet::new();
    for (index, claim) in elements(&spec.value["resourceClaims"]).iter().enumerate() {
        let place = format!("{}[{index}]", spec.at("resourceClaims"));
        match text(&claim["name"]) {
            "" => refusals.required(format!("{place}.name"), ""),
            name if !names.insert(name) => refusals.duplicate(format!("{place}.name"), name),
            name => {
                dns_label(name).into_iter().for_each(|why| refusals.invalid(format!("{place}.name"), &json!(name), why))
            }
        }
        let sources =
            ["resourceClaimName", "resourceClaimTemplateName"].iter().filter(|field| !claim[**field].is_null());
        match sources.count() {
            0 => {
                refusals.invalid(place, claim, "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`")
            }
            1 => {}
            _ => {
                let why = "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified";
                refusals.invalid(place, claim, why);
            }
        }
    }
}

fn check_claims(resources: &Value, known: &BTreeSet<&str>, place: &str, refusals: &mut Refusals) {
    let mut names: BTreeSet<(&str, &str)> = BTreeSet::new();
    for (index, claim) in elements(&resources["claims"]).iter().enumerate() {
        let at = format!("{place}[{index}]");
        let (name, request) = (text(&claim["name"]), text(&claim["request"]));
        if name.is_empty() {
            refusals.required(at, "");
            continue;
        }
        let overlaps = |(other, part): &(&str, &str)| {
            *other == name && (part.is_empty() || request.is_empty() || *part == request)
        };
        if names.iter().any(overlaps) {
            refusals.duplicate(&at, name);
        }
        names.insert((name, request));
        if !known.contains(name) {
            let all: Vec<_> = known.iter().copied().filter(|name| !name.is_empty()).collect();
            let why = "must be one of the names in pod.spec.resourceClaims";
            let which = if all.is_empty() { " which is empty".to_owned() } else { format!(": {}", all.join(", ")) };
            refusals.not_found(at, name, format!("{why}{which}"));
        }
    }
}

fn check_resize(spec: &Spec, form: Form, policies: &Value, place: &str, refusals: &mut Refusals) {
    let mut names = BTreeSet::new();
    for (index, policy) in elements(policies).iter().enumerate() {
        let resource = text(&policy["resourceName"]);
        if !names.insert(resource) {
            refusals.duplicate(format!("{place}[{index}]"), resource);
        }
        for (value, words) in [
            (&policy["resourceName"], ["cpu", "memory"]),
            (&policy["restartPolicy"], ["NotRequired", "RestartContainer"]),
        ] {
            match text(value) {
                "" => refusals.required(place, ""),
                _ => refusals.one_of(place, value, &words),
            }
        }
        if spec.value["restartPolicy"] == "Never" && policy["restartPolicy"] != "NotRequired" {
            let why = "must be 'NotRequired' when pod `restartPolicy` is 'Never'";
            refusals.invalid(place, &policy["restartPolicy"], why);
        }
        if form == Form::Once && policy["restartPolicy"] == "RestartContainer" {
            let why = "must not be set to 'RestartContainer' for non-sidecar initContainers";
            refusals.invalid(format!("{place}[{index}].restartPolicy"), &policy["restartPolicy"], why);
        }
    }
}

/// Returns what the containers of a Pod ask for together, in this field of their `resources`.
pub fn together(spec: &Spec, field: &str) -> Amounts {
    let (mut sum, mut sidecars, mut peak) = (Amounts::new(), Amounts::new(), Amounts::new());
    let add = |to: &mut Amounts, own: &Amounts| {
        own.iter().for_each(|(name, amount)| *to.entry(name.clone()).or_default() += amount);
    };
    for container in spec.containers() {
        let mut own = amounts(&container.value["resources"][field]);
        match container.form {
            Form::Regular => add(&mut sum, &own),
            Form::Native => {
                add(&mut sum, &own);
                add(&mut sidecars, &own);
                own.clone_from(&sidecars);
            }
            Form::Once => add(&mut own, &sidecars),
        }
        if container.form != Form::Regular {
            for (name, amount) in own {
                let most = peak.entry(name).or_default();
                *most = amount.max(*most);
            }
        }
    }
    for (name, amount) in peak {
        let most = sum.entry(name).or_default();
        *most = amount.max(*most);
    }
    sum
}

fn check_pod(spec: &Spec, refusals: &mut Refusals) {
    let (pod, place) = (&spec.value["resources"], spec.at("resources"));
    if pod.is_null() {
        return;
    }
    if spec.system() == "windows" {
        return refusals.forbidden(place, "may not be set for a windows pod");
    }
    if !pod["claims"].is_null() {
        refusals.forbidden(format!("{place}.claims"), "claims may not be set for Resources at pod-level");
    }
    check_amounts(pod, &place, is_of_pods, refusals);
    let (requests, limits) = (amounts(&pod["requests"]), amounts(&pod["limits"]));
    let mut compare = |field: &str, allowed: &Amounts, is_meant: fn(&str) -> bool| {
        for (name, asked) in together(spec, field).iter().filter(|(name, _)| is_meant(name)) {
            if let Some(allowed) = allowed.get(name).filter(|allowed| asked > allowed) {
                let why = format!("must be greater than or equal to aggregate container {field} of {}", show(*asked));
                refusals.invalid(format!("{place}.{field}[{name}]"), &json!(show(*allowed)), why);
            }
        }
    };
    compare("requests", &requests, |_| true);
    compare("limits", &limits, is_huge_pages);
    for (index, container) in spec.regular().iter().enumerate() {
        for (name, limit) in amounts(&container.value["resources"]["limits"]) {
            if let Some(allowed) = limits.get(&name).filter(|allowed| limit > **allowed) {
                let why = format!("must be less than or equal to pod limits of {}", show(*allowed));
                refusals.invalid(format!("{place}.containers[{index}][{name}].limits"), &json!(show(limit)), why);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::api_server::tests::{native, once, regular, table};

    #[test]
    fn as_kubernetes_words_it() {
        let resources = |resources: Value| regular(json!({"resources": resources}));
        let pod = |container: Value, pod: Value| {
            let mut spec = native(json!({"resources": container}));
            spec["resources"] = pod;
            spec
        };
        let cpu = |amount: &str| json!({"requests": {"cpu": amount}});
        let restarts = json!({"resizePolicy": [{"resourceName": "cpu", "restartPolicy": "RestartContainer"}]});
        let mut never = native(restarts.clone());
        never["restartPolicy"] = json!("Never");
        let mut claims =
            resources(json!({"claims": [{"name": "gpu"}, {"name": "fpga"}, {"name": "fpga", "request": "a"}]}));
        claims["resourceClaims"] = json!([{"name": "fpga", "resourceClaimName": "c"}, {"name": "b"}]);
        table(&[
            (resources(json!({"requests": {"cpu": "1"}, "limits": {"cpu": 2, "example.com/gpu": "1"}})), &[]),
            (pod(cpu("500m"), cpu("1")), &[]),
            (native(restarts.clone()), &[]),
            (
                pod(cpu("1500m"), cpu("1")),
                &[
                    "spec.resources.requests[cpu]: Invalid value: \"1\": must be greater than or equal to aggregate container requests of 1500m",
                ],
            ),
            (
                pod(
                    json!({"limits": {"hugepages-2Mi": "4Mi", "cpu": "1"}}),
                    json!({"limits": {"hugepages-2Mi": "2Mi", "memory": "1Gi"}}),
                ),
                &[
                    // The request is set to the limit ahead of that.
                    "spec.resources.requests[hugepages-2Mi]: Invalid value: \"2Mi\": must be greater than or equal to aggregate container requests of 4Mi",
                    "spec.resources.limits[hugepages-2Mi]: Invalid value: \"2Mi\": must be greater than or equal to aggregate container limits of 4Mi",
                ],
            ),
            (
                resources(
                    json!({"requests": {"cpu": "3", "example.com/gpu": "1"}, "limits": {"cpu": "2", "storage": "x"}}),
                ),
                &[
                    "spec.containers[0].resources.limits[storage]: Invalid value: \"storage\": must be a standard resource for containers",
                    "spec.containers[0].resources.limits[storage]: Invalid value: \"x\": must be a valid resource quantity",
                    "spec.containers[0].resources.requests: Invalid value: \"3\": must be less than or equal to cpu limit of 2",
                    "spec.containers[0].resources.limits: Required value: Limit must be set for non overcommitable resources",
                    // The request is set to the limit ahead of that.
                    "spec.containers[0].resources.requests[storage]: Invalid value: \"storage\": must be a standard resource for containers",
                    "spec.containers[0].resources.requests[storage]: Invalid value: \"x\": must be a valid resource quantity",
                ],
            ),
            (
                once(restarts),
                &[
                    "spec.initContainers[0].resizePolicy[0].restartPolicy: Invalid value: \"RestartContainer\": must not be set to 'RestartContainer' for non-sidecar initContainers",
                ],
            ),
            (
                never,
                &[
                    "spec.initContainers[0].resizePolicy: Invalid value: \"RestartContainer\": must be 'NotRequired' when pod `restartPolicy` is 'Never'",
                ],
            ),
            (
                claims,
                &[
                    "spec.resourceClaims[1]: Invalid value: {\"name\":\"b\"}: must specify one of: `resourceClaimName`, `resourceClaimTemplateName`",
                    "spec.containers[0].resources.claims[0]: Not found: \"gpu\": must be one of the names in pod.spec.resourceClaims: b, fpga",
                    "spec.containers[0].resources.claims[2]: Duplicate value: \"fpga\"",
                ],
            ),
            (
                resources(json!({"claims": [{"name": "gpu"}]})),
                &[
                    "spec.containers[0].resources.claims[0]: Not found: \"gpu\": must be one of the names in pod.spec.resourceClaims which is empty",
                ],
            ),
        ]);
    }
}
