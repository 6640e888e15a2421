//! What the containers of a Pod ask for together, and what its own `spec.resources` allow them: the rules of the API server
//! and the scheduler.
//!
//! <https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#resource-sharing-within-containers> and
//! <https://kubernetes.io/docs/tasks/configure-pod-container/assign-pod-level-resources/>

use std::fmt;

use serde_json::value::RawValue;

use crate::json::by_name::ByName;
use crate::json::path::Step;
use crate::json::read;
use crate::kubernetes::quantity::Quantity;

/// How a container takes part in what its Pod asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Runs {
    /// In `containers`: as long as the Pod.
    Regular,
    /// In `initContainers`, as a native sidecar: from its turn on.
    Native,
    /// In `initContainers`: once, at its turn.
    Once,
}

/// A container, as what its Pod asks for depends on it: how it runs, and its `resources`. Those of `initContainers` have their
/// order.
pub type Share<'a> = (Runs, Option<&'a RawValue>);

/// Amounts by the name of the resource; None is one that can't be read.
pub type Amounts = ByName<Option<Quantity>>;

/// What a Pod would ask for although it may not.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Excess {
    /// The resource.
    pub resource: String,
    /// How much of it the containers would ask for.
    pub asked: Quantity,
    /// The field of the Pod's `spec.resources` that has less: `requests` or `limits`.
    pub field: &'static str,
    /// How much that is.
    pub allowed: Quantity,
}

/// Returns what the containers request together, as the scheduler counts it: regular containers and native sidecars all the
/// time, and what runs once beside the sidecars before it.
pub fn requests<'a>(shares: impl IntoIterator<Item = Share<'a>>) -> Amounts {
    let (mut always, mut sidecars, mut peak) = (Amounts::default(), Amounts::default(), Amounts::default());
    for (runs, resources) in shares {
        let mut own = own_requests(resources);
        match runs {
            Runs::Regular => add(&mut always, &own),
            Runs::Native => {
                add(&mut always, &own);
                add(&mut sidecars, &own);
            }
            Runs::Once => {
                add(&mut own, &sidecars);
                raise(&mut peak, &own);
            }
        }
    }
    raise(&mut always, &peak);
    always
}

/// Returns what a Pod with this `spec.resources` would ask for too much, where `before` are its containers now, and `after`
/// those that it is to have. `is_defaulted` is whether the API server has set the Pod's defaults by what is there now, as it
/// does before it asks webhooks; in a template it sets none.
pub fn excess(pod: &RawValue, before: &[Share], after: &[Share], is_defaulted: bool) -> Option<Excess> {
    let (was, will) = (requests(before.iter().copied()), requests(after.iter().copied()));
    let (pod_requests, pod_limits) = (amounts(Some(pod), "requests"), amounts(Some(pod), "limits"));
    let asked_for = |resource: &str| {
        let of = |amounts: &Amounts| amounts.get(resource).copied();
        if let Some(request) = of(&pod_requests) {
            return Some(("requests", request));
        }
        let limit = of(&pod_limits);
        let defaulted = match is_huge_pages(resource) {
            true if pod_limits.is_empty() && pod_requests.is_empty() => None,
            true => limit.or_else(|| of(&was)),
            false if pod_limits.is_empty() => None,
            false => of(&was).or(limit),
        };
        defaulted.filter(|_| is_defaulted).map(|request| ("requests", request)).or(limit.map(|limit| ("limits", limit)))
    };
    for (resource, asked) in will.iter() {
        let there = was.get(resource).copied().unwrap_or(Some(Quantity::default()));
        let Some((field, Some(allowed))) = asked_for(resource).filter(|_| is_of_pods(resource)) else { continue };
        if let (Some(asked), Some(there)) = (*asked, there)
            && asked > there
            && asked > allowed
        {
            return Some(Excess { resource: resource.to_owned(), asked, field, allowed });
        }
    }
    over_limit(after, &pod_limits).filter(|_| over_limit(before, &pod_limits).is_none())
}

/// Returns the resources of which a Pod with this `spec.resources` requests more for these containers than it did before, with
/// both amounts. What it requests itself stays.
pub fn raised(pod: Option<&RawValue>, before: &Amounts, after: &[Share]) -> Vec<(String, Quantity, Quantity)> {
    let own = amounts(pod, "requests");
    let now = requests(after.iter().copied());
    let raised = now.iter().filter_map(|(resource, now)| {
        let (before, now) = (before.get(resource).copied().unwrap_or(Some(Quantity::default()))?, (*now)?);
        let is_own = own.get(resource).is_some() && is_of_pods(resource);
        (!is_own && now > before).then(|| (resource.to_owned(), before, now))
    });
    raised.collect()
}

/// The first limit of a regular container that is above that of its Pod. The API server does not compare those of
/// `initContainers`.
fn over_limit(shares: &[Share], pod_limits: &Amounts) -> Option<Excess> {
    let regular = shares.iter().filter(|(runs, _)| *runs == Runs::Regular);
    regular.map(|(_, resources)| amounts(*resources, "limits")).find_map(|limits| {
        limits.iter().find_map(|(resource, asked)| {
            let (asked, allowed) = ((*asked)?, (*pod_limits.get(resource)?)?);
            let excess = || Excess { resource: resource.to_owned(), asked, field: "limits", allowed };
            (asked > allowed).then(excess)
        })
    })
}

/// Whether Pods have amounts of this resource themselves.
fn is_of_pods(resource: &str) -> bool {
    matches!(resource, "cpu" | "memory") || is_huge_pages(resource)
}

fn is_huge_pages(resource: &str) -> bool {
    resource.starts_with("hugepages-")
}

/// What a container requests: its limit, where it does not say.
fn own_requests(resources: Option<&RawValue>) -> Amounts {
    let mut own = amounts(resources, "limits");
    for (resource, amount) in amounts(resources, "requests").iter() {
        *own.get_or_insert(resource, None) = *amount;
    }
    own
}

/// The amounts in this field of `resources`.
fn amounts(resources: Option<&RawValue>, field: &str) -> Amounts {
    let list = resources.and_then(|resources| read::raw_at(resources.get(), &[Step::key(field)]).ok()?);
    let amount = |raw: &RawValue| match read::text(raw) {
        Some(text) => Quantity::read(text.trim()),
        None if raw.get() == "null" => Some(Quantity::default()),
        None => Quantity::read(raw.get()),
    };
    let members = list.map(|list| read::children(list.get())).unwrap_or_default();
    let mut amounts = Amounts::default();
    for (step, raw) in members {
        if let Step::Key(name) = step {
            *amounts.get_or_insert(&name, None) = amount(raw);
        }
    }
    amounts
}

fn add(sum: &mut Amounts, amounts: &Amounts) {
    for (resource, amount) in amounts.iter() {
        let sum = sum.get_or_insert(resource, Some(Quantity::default()));
        *sum = sum.zip(*amount).map(|(sum, amount)| sum + amount);
    }
}

fn raise(most: &mut Amounts, amounts: &Amounts) {
    for (resource, amount) in amounts.iter() {
        let most = most.get_or_insert(resource, *amount);
        *most = most.zip(*amount).map(|(most, amount)| most.max(amount));
    }
}

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { resource, asked, field, allowed } = self;
        write!(f, "{resource} {field} of {asked} in its containers, and spec.resources.{field} has {allowed}")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use serde_json::value::to_raw_value;

    use super::Runs::{Native, Once, Regular};
    use super::*;

    /// A container that asks for CPU, in the words of a test: `REQUEST`, `/LIMIT` or both.
    fn resources(cpu: &str) -> Box<RawValue> {
        let (request, limit) = cpu.split_once('/').unwrap_or((cpu, ""));
        let list = |amount: &str| if amount.is_empty() { json!(null) } else { json!({"cpu": amount}) };
        to_raw_value(&json!({"requests": list(request), "limits": list(limit)})).unwrap_or_default()
    }

    fn read(shares: &[(Runs, &str)]) -> Vec<(Runs, Box<RawValue>)> {
        shares.iter().map(|(runs, cpu)| (*runs, resources(cpu))).collect()
    }

    fn borrowed(shares: &[(Runs, Box<RawValue>)]) -> Vec<Share<'_>> {
        shares.iter().map(|(runs, resources)| (*runs, Some(&**resources))).collect()
    }

    fn cpu(shares: &[(Runs, &str)]) -> String {
        match requests(borrowed(&read(shares))).get("cpu") {
            Some(Some(cpu)) => cpu.to_string(),
            Some(None) => "not known".to_owned(),
            None => "none".to_owned(),
        }
    }

    /// The cases of Kubernetes' own `TestPodRequestsAndLimits`, and some of the rules beside.
    #[test]
    fn requests_are_counted_as_kubernetes_does() {
        for (shares, expected) in [
            (&[(Regular, "1"), (Regular, "2")] as &[_], "3"),
            // Something that runs once counts only where it asks for more.
            (&[(Once, "9"), (Regular, "1")], "9"),
            (&[(Once, "1"), (Once, "2"), (Regular, "4")], "4"),
            (&[(Once, "5"), (Once, "3"), (Regular, "1")], "5"),
            // Native sidecars count all the time.
            (&[(Native, "1"), (Native, "2"), (Regular, "1")], "4"),
            // What runs once has only the sidecars before it beside it.
            (&[(Native, "2"), (Once, "5"), (Regular, "1")], "7"),
            (&[(Once, "5"), (Native, "2"), (Regular, "1")], "5"),
            (&[(Once, "2"), (Native, "1"), (Once, "2"), (Native, "2"), (Regular, "1")], "4"),
            (&[(Native, "1"), (Native, "1"), (Once, "10"), (Regular, "4")], "12"),
            (&[(Native, "1"), (Once, "4"), (Native, "3"), (Once, "5"), (Native, "2"), (Regular, "1")], "9"),
            // A limit stands for a request that is not there.
            (&[(Regular, "/3"), (Regular, "1/3")], "4"),
            (&[(Regular, "0/3")], "0"),
            (&[(Once, "/3"), (Native, "/1"), (Regular, "")], "3"),
            (&[(Regular, "")], "none"),
            (&[(Regular, "x"), (Regular, "1")], "not known"),
            (&[], "none"),
        ] {
            assert_eq!(cpu(shares), expected, "{shares:?}");
        }
    }

    /// What is too much for a Pod-level `resources`, with containers in the words of a test.
    fn too_much(pod: serde_json::Value, before: &[(Runs, &str)], after: &[(Runs, &str)], is_defaulted: bool) -> String {
        let pod = to_raw_value(&pod).unwrap_or_default();
        let excess = excess(&pod, &borrowed(&read(before)), &borrowed(&read(after)), is_defaulted);
        excess.map(|excess| excess.to_string()).unwrap_or_default()
    }

    #[test]
    fn pod_level_resources_are_checked_as_the_api_server_does() {
        let last = [(Once, "1"), (Native, "500m"), (Regular, "500m")];
        let first = [(Native, "500m"), (Once, "1"), (Regular, "500m")];
        let legacy = [(Once, "1"), (Regular, "500m"), (Regular, "500m")];
        let above = |field: &str, allowed: &str, asked: &str| {
            format!("cpu {field} of {asked} in its containers, and spec.resources.{field} has {allowed}")
        };
        let requests = |cpu: &str| json!({"requests": {"cpu": cpu}});
        let limits = |cpu: &str| json!({"limits": {"cpu": cpu}});
        let none = String::new();
        assert_eq!(too_much(requests("1"), &legacy, &first, true), above("requests", "1", "1500m"));
        assert_eq!(too_much(requests("1500m"), &legacy, &first, true), none);
        assert_eq!(too_much(requests("1"), &legacy, &last, true), none);
        // It was too much before.
        assert_eq!(too_much(requests("500m"), &legacy, &last, true), none);
        // The API server has set the request of a Pod with limits alone to what was there, and will set that of a template to
        // what it becomes.
        assert_eq!(too_much(limits("2"), &legacy, &first, true), above("requests", "1", "1500m"));
        assert_eq!(too_much(limits("2"), &legacy, &first, false), none);
        assert_eq!(too_much(limits("1"), &legacy, &first, false), above("limits", "1", "1500m"));
        assert_eq!(
            too_much(json!({"limits": {"memory": "1Gi"}}), &legacy, &first, true),
            above("requests", "1", "1500m")
        );
        assert_eq!(too_much(json!({"limits": {"memory": "1Gi"}}), &legacy, &first, false), none);
        // Where no container asks for it, the request is the limit.
        let (idle, asking) = ([(Regular, "")], [(Native, "500m"), (Regular, "")]);
        assert_eq!(too_much(limits("1"), &idle, &asking, true), none);
        assert_eq!(too_much(limits("100m"), &idle, &asking, true), above("requests", "100m", "500m"));
        // Of what the Pod does not have at all nothing is known to be too much.
        assert_eq!(too_much(json!({"requests": {"memory": "1Gi"}}), &idle, &asking, true), none);
        assert_eq!(too_much(json!({}), &legacy, &first, true), none);
        assert_eq!(too_much(json!({"requests": {"cpu": "x"}}), &legacy, &first, true), none);
        // No limit of a regular container may be above that of the Pod.
        let limited = [(Regular, ""), (Regular, "0/2")];
        assert_eq!(too_much(limits("1"), &idle, &limited, true), above("limits", "1", "2"));
        assert_eq!(too_much(limits("1"), &idle, &[(Regular, ""), (Native, "0/2")], true), none);
        assert_eq!(too_much(limits("1"), &limited, &limited, true), none);
    }

    #[test]
    fn only_what_pods_can_have_is_compared() {
        let excess_of = |resource: &str, pod: serde_json::Value| {
            let container = to_raw_value(&json!({"requests": {resource: "64Mi"}, "limits": {resource: "64Mi"}}));
            let (container, pod) = (container.unwrap_or_default(), to_raw_value(&pod).unwrap_or_default());
            let share = (Regular, Some(&*container));
            excess(&pod, &[share], &[share, share], true).map(|excess| excess.to_string()).unwrap_or_default()
        };
        let above = "hugepages-2Mi requests of 128Mi in its containers, and spec.resources.requests has 64Mi";
        assert_eq!(excess_of("hugepages-2Mi", json!({"limits": {"hugepages-2Mi": "64Mi"}})), above);
        // The API server has set limit and request to what was there.
        assert_eq!(excess_of("hugepages-2Mi", json!({"requests": {"cpu": "1"}})), above);
        assert_eq!(excess_of("hugepages-2Mi", json!({})), "");
        assert_eq!(excess_of("ephemeral-storage", json!({"limits": {"cpu": "1"}})), "");
    }
}
