//! What the policy's rules say of the workloads that run.

use std::collections::BTreeMap;

use native_sidecar_review::rules::Rule;

use crate::check::finding::{Finding, Group, Status};
use crate::check::words::{counted, counted_as, shown};
use crate::cluster::workloads::NotListed;

const GROUP: Group = Group::Workloads;

/// What the policy says of one object.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Judged {
    /// Its kind.
    pub kind: String,
    /// What it is called: `Job shop/report`.
    pub object: String,
    /// The rules that have found something, each with its message.
    pub rules: Vec<(&'static str, String)>,
}

/// What a rule's findings mean: the rule, how bad it is, what is so, what to do. What is not here is shown as a warning with
/// the policy's own words.
const MEANINGS: [(&str, Status, &str, &str); 4] = [
    (
        "stripped",
        Status::Bad,
        "lost restartPolicy: Always, so that new Pods hang in Init",
        "Put it back in the manifests, and update the tool that drops it.",
    ),
    (
        "legacy",
        Status::Warning,
        "sidecars in the legacy form",
        "Move them to initContainers with restartPolicy: Always: `review --fix` on the manifests does it.",
    ),
    (
        "misplaced",
        Status::Warning,
        "restartPolicy: Always in containers, where it makes no sidecar",
        "Move them to initContainers.",
    ),
    (
        "injected",
        Status::Warning,
        "sidecars that are injected in the legacy form",
        "Switch their injectors to the native form.",
    ),
];

/// The kinds whose legacy sidecars keep them from completing.
const COMPLETING: [&str; 2] = ["Job", "CronJob"];

/// What there is to say. `count` is how many objects were judged.
pub fn check(count: usize, judged: &[Judged], not_listed: &[NotListed]) -> Vec<Finding> {
    let mut by_rule: BTreeMap<&str, Vec<&Judged>> = BTreeMap::new();
    for object in judged {
        for (rule, _) in &object.rules {
            let objects = by_rule.entry(rule).or_default();
            if objects.last().is_none_or(|last| last.object != object.object) {
                objects.push(object);
            }
        }
    }
    let mut findings = Vec::new();
    if let Some(hanging) = by_rule.get("legacy").map(|objects| completing(objects)).filter(|names| !names.is_empty()) {
        let text = format!(
            "a Job whose sidecar is in the legacy form does not complete: {}",
            counted_as(hanging.len(), "Job or CronJob", "Jobs or CronJobs")
        );
        let advice = "Move the sidecars to initContainers with restartPolicy: Always. docs/adopting.md finds the Pods that hang.";
        findings.push(Finding::other(GROUP.about("hanging"), Status::Bad, text, advice).of(shown(hanging)));
    }
    for (rule, status, meaning, advice) in MEANINGS {
        let Some(objects) = by_rule.remove(rule) else { continue };
        let text = format!("{meaning}: {}", counted(objects.len(), "object"));
        let names = shown(objects.iter().map(|object| object.object.clone()));
        findings.push(Finding::other(GROUP.about(rule), status, text, advice).of(names));
    }
    for (rule, objects) in by_rule {
        let told = objects.iter().flat_map(|object| {
            let messages = object.rules.iter().filter(move |(of, _)| *of == rule);
            messages.map(|(_, message)| format!("{}: {message}", object.object))
        });
        let text = format!("rule {rule}: {}", counted(objects.len(), "object"));
        let advice = Rule::named(rule).map(|_| format!("`review --explain {rule}` says more.")).unwrap_or_default();
        findings.push(Finding::other(GROUP.about(rule), Status::Warning, text, advice).of(shown(told)));
    }
    let fine = count - judged.iter().filter(|object| !object.rules.is_empty()).count();
    if fine > 0 || count == 0 {
        findings.insert(
            0,
            Finding::good(
                GROUP.about("fine"),
                format!(
                    "{fine} of {}",
                    counted_as(count, "object is as it should be", "objects are as they should be")
                ),
            ),
        );
    }
    if !not_listed.is_empty() {
        let told = not_listed.iter().map(|NotListed { kind, failure }| format!("{kind}: {failure}"));
        findings.push(
            Finding::other(GROUP.about("not-listed"), Status::Unknown, "some kinds could not be listed", "").of(told),
        );
    }
    findings
}

fn completing(objects: &[&Judged]) -> Vec<String> {
    let completes = |object: &&&Judged| COMPLETING.contains(&object.kind.as_str());
    objects.iter().filter(completes).map(|object| object.object.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::connection::Failure;

    fn judged(kind: &str, name: &str, rules: &[&'static str]) -> Judged {
        let rules = rules.iter().map(|rule| (*rule, format!("says {rule}"))).collect();
        Judged { kind: kind.to_owned(), object: format!("{kind} shop/{name}"), rules }
    }

    #[test]
    fn jobs_come_first_since_they_hang() {
        let objects = [
            judged("Deployment", "a", &["legacy", "legacy"]),
            judged("Job", "b", &["legacy"]),
            judged("Pod", "c", &["stripped", "nodes"]),
        ];
        let failure = Failure { code: Some(403), message: "forbidden".to_owned() };
        let findings = check(5, &objects, &[NotListed { kind: "CronJob".to_owned(), failure }]);
        let line =
            |finding: &Finding| format!("{} {} [{}]", finding.status.sign(), finding.text, finding.details.join("; "));
        let expected = [
            "✔ 2 of 5 objects are as they should be []",
            "✘ a Job whose sidecar is in the legacy form does not complete: 1 Job or CronJob [Job shop/b]",
            "✘ lost restartPolicy: Always, so that new Pods hang in Init: 1 object [Pod shop/c]",
            "! sidecars in the legacy form: 2 objects [Deployment shop/a; Job shop/b]",
            "! rule nodes: 1 object [Pod shop/c: says nodes]",
            "? some kinds could not be listed [CronJob: forbidden]",
        ];
        assert_eq!(findings.iter().map(line).collect::<Vec<_>>(), expected);
    }
}
