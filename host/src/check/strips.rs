//! Who strips the field: what the trials and the webhooks' selectors tell together.

use std::collections::{BTreeMap, BTreeSet};

use native_sidecar_review::selector::Answer;

use crate::check::finding::{Finding, Group, Status};
use crate::check::trial::Outcome;
use crate::check::webhook::Webhook;
use crate::check::words::{counted, shown};

const GROUP: Group = Group::Strips;

/// A trial that was made.
#[derive(Clone, Debug)]
pub struct Run {
    /// What the Pod was made from.
    pub subject: String,
    /// Its namespace.
    pub namespace: String,
    /// What has become of it.
    pub outcome: Outcome,
    /// Whether each of the webhooks was called for it, in their order.
    pub called: Vec<Answer>,
}

/// Who may have stripped the field in some runs.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Culprits {
    /// The webhooks, by their index; none where no webhook was called.
    webhooks: BTreeSet<usize>,
    /// What was stripped.
    subjects: Vec<String>,
}

/// What there is to say. `webhooks` are not known where the right to list them is missing.
pub fn check(runs: &[Run], webhooks: Option<&[Webhook]>) -> Vec<Finding> {
    let mut findings: Vec<Finding> =
        culprits(runs, webhooks.unwrap_or_default()).iter().map(|group| lost(group, webhooks)).collect();
    let namespaces: BTreeSet<&str> = runs.iter().map(|run| run.namespace.as_str()).collect();
    let kept = runs.iter().filter(|run| run.outcome == Outcome::Kept).count();
    if kept > 0 {
        let text =
            format!("{kept} of {} dry runs in {} kept the field", runs.len(), counted(namespaces.len(), "namespace"));
        findings.push(Finding::good(GROUP.about("kept"), text));
    }
    findings.extend(without_dry_run(runs, webhooks.unwrap_or_default()));
    findings.extend(refused(runs));
    findings
}

/// Of each run that lost the field: the webhooks that were called there, and were not surely called where it was kept.
///
/// Where that leaves one, it is the one; and what it was called for needs no other. Where it leaves none, because a webhook
/// decides by itself what it works on, all that were called are left.
fn culprits(runs: &[Run], webhooks: &[Webhook]) -> Vec<Culprits> {
    let is = |called: Answer, run: &Run| {
        (0..webhooks.len()).filter(|index| run.called.get(*index) == Some(&called)).collect()
    };
    let kept: BTreeSet<usize> = runs
        .iter()
        .filter(|run| run.outcome == Outcome::Kept)
        .flat_map(|run| -> BTreeSet<usize> { is(Answer::Yes, run) })
        .collect();
    let candidates = |run: &Run| -> BTreeSet<usize> {
        let (surely, perhaps): (BTreeSet<usize>, BTreeSet<usize>) = (is(Answer::Yes, run), is(Answer::Unknown, run));
        let called = &surely | &perhaps;
        let left = &called - &kept;
        if left.is_empty() { called } else { left }
    };
    let lost: Vec<(&Run, BTreeSet<usize>)> =
        runs.iter().filter(|run| run.outcome == Outcome::Lost).map(|run| (run, candidates(run))).collect();
    let certain: BTreeSet<usize> =
        lost.iter().filter(|(_, left)| left.len() == 1).flat_map(|(_, left)| left.iter().copied()).collect();
    let mut groups: BTreeMap<BTreeSet<usize>, Vec<String>> = BTreeMap::new();
    for (run, left) in lost {
        let explained = &left & &certain;
        let left = if explained.is_empty() { left } else { explained };
        groups.entry(left).or_default().push(run.subject.clone());
    }
    // What several groups have in common explains them all.
    let common = groups.keys().cloned().reduce(|a, b| &a & &b).filter(|common| !common.is_empty() && groups.len() > 1);
    match common {
        Some(webhooks) => vec![Culprits { webhooks, subjects: groups.into_values().flatten().collect() }],
        None => groups.into_iter().map(|(webhooks, subjects)| Culprits { webhooks, subjects }).collect(),
    }
}

fn lost(Culprits { webhooks: indices, subjects }: &Culprits, webhooks: Option<&[Webhook]>) -> Finding {
    let named: Vec<&Webhook> =
        indices.iter().filter_map(|index| webhooks.and_then(|webhooks| webhooks.get(*index))).collect();
    let told: Vec<String> = named.iter().map(|webhook| webhook.told()).collect();
    const UNTIL: &str = "Until then, strippedSidecars: restore in a mutating policy puts the field back.";
    let (text, advice) = match told.as_slice() {
        [one] => (
            format!("webhook {one} strips restartPolicy: Always"),
            format!("Update it, or keep it from these Pods. {UNTIL}"),
        ),
        [] if webhooks.is_none() => (
            "something strips restartPolicy: Always".to_owned(),
            format!(
                "With the right to list mutatingwebhookconfigurations.admissionregistration.k8s.io this check names it. {UNTIL}"
            ),
        ),
        [] => (
            "something strips restartPolicy: Always, and it is not a webhook".to_owned(),
            "Look at the API server: its version, its feature gates, its own admission plugins.".to_owned(),
        ),
        several => (
            format!(
                "one of these webhooks strips restartPolicy: Always; they are called in this order: {}",
                several.join(", ")
            ),
            format!(
                "Update those that are old. The API server's audit log tells which one it is (docs/adopting.md). {UNTIL}"
            ),
        ),
    };
    Finding::other(GROUP.about("stripper"), Status::Bad, text, advice).of(shown(subjects.iter().cloned()))
}

/// Webhooks that take no dry runs, and what they hide.
fn without_dry_run(runs: &[Run], webhooks: &[Webhook]) -> Vec<Finding> {
    let mut hidden: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for run in runs {
        if let Outcome::NoDryRun(name) = &run.outcome {
            let full = webhooks
                .iter()
                .find(|webhook| webhook.refuses_dry_runs() && webhook.name.rsplit('/').next() == Some(name.as_str()));
            let name = full.map_or_else(|| name.clone(), Webhook::told);
            hidden.entry(name).or_default().push(run.subject.clone());
        }
    }
    let finding = |(webhook, subjects): (String, Vec<String>)| {
        let text = format!(
            "webhook {webhook} takes no dry runs, so it is not known what admission does to {}",
            counted(subjects.len(), "Pod")
        );
        let advice = "Its sideEffects have to be None or NoneOnDryRun. Until then, look at a Pod that runs: \
            kubectl get pod POD -o yaml.";
        Finding::other(GROUP.about("no-dry-run"), Status::Unknown, text, advice).of(shown(subjects))
    };
    hidden.into_iter().map(finding).collect()
}

/// Runs that were refused.
fn refused(runs: &[Run]) -> Option<Finding> {
    let refused: Vec<String> = runs
        .iter()
        .filter_map(|run| match &run.outcome {
            Outcome::Refused(message) => Some(format!("{}: {message}", run.subject)),
            _ => None,
        })
        .collect();
    let text = match refused.len() {
        1 => "1 dry run was refused, and so tells nothing".to_owned(),
        count => format!("{count} dry runs were refused, and so tell nothing"),
    };
    (!refused.is_empty()).then(|| Finding::other(GROUP.about("refused"), Status::Unknown, text, "").of(shown(refused)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::webhook::webhooks;
    use serde_json::json;

    /// Five webhooks, `a` to `e`.
    fn five() -> Vec<Webhook> {
        let webhook = |name: &str| {
            json!({"metadata": {"name": name}, "webhooks": [
                {"name": "w", "admissionReviewVersions": [], "clientConfig": {}, "sideEffects": if name == "e" { "Some" } else { "None" }},
            ]})
        };
        webhooks(["a", "b", "c", "d", "e"].map(webhook).into())
    }

    /// A run; an upper-case letter is a webhook that is surely called, a lower-case one is called perhaps.
    fn run(subject: &str, called: &str, outcome: Outcome) -> Run {
        let is = |letter: char| match called {
            _ if called.contains(letter.to_ascii_uppercase()) => Answer::Yes,
            _ if called.contains(letter) => Answer::Unknown,
            _ => Answer::No,
        };
        Run {
            subject: subject.to_owned(),
            namespace: "n".to_owned(),
            outcome,
            called: "abcde".chars().map(is).collect(),
        }
    }

    fn told(runs: &[Run]) -> Vec<String> {
        let line = |finding: &Finding| {
            let details = finding.details.join(", ");
            format!("{} {} [{details}]", finding.status.sign(), finding.text)
        };
        check(runs, Some(&five())).iter().map(line).collect()
    }

    #[test]
    fn the_one_that_was_called_only_where_the_field_was_lost_is_named() {
        let runs = [run("x", "ABC", Outcome::Lost), run("y", "AC", Outcome::Kept), run("z", "BD", Outcome::Lost)];
        let expected =
            ["✘ webhook b/w strips restartPolicy: Always [x, z]", "✔ 1 of 3 dry runs in 1 namespace kept the field []"];
        assert_eq!(told(&runs), expected);
    }

    #[test]
    fn two_strippers_are_told_apart() {
        let runs = [run("x", "AB", Outcome::Lost), run("y", "AC", Outcome::Lost), run("z", "A", Outcome::Kept)];
        let expected = [
            "✘ webhook b/w strips restartPolicy: Always [x]",
            "✘ webhook c/w strips restartPolicy: Always [y]",
            "✔ 1 of 3 dry runs in 1 namespace kept the field []",
        ];
        assert_eq!(told(&runs), expected);
    }

    #[test]
    fn several_are_narrowed_down_by_what_their_runs_have_in_common() {
        let runs = [run("x", "ABC", Outcome::Lost), run("y", "BCD", Outcome::Lost)];
        let expected =
            "✘ one of these webhooks strips restartPolicy: Always; they are called in this order: b/w, c/w [x, y]";
        assert_eq!(told(&runs), [expected]);
    }

    #[test]
    fn one_that_is_called_perhaps_is_not_cleared_by_a_run_that_kept_the_field() {
        let runs = [run("x", "Ab", Outcome::Lost), run("y", "Ab", Outcome::Kept)];
        assert_eq!(told(&runs)[0], "✘ webhook b/w strips restartPolicy: Always [x]");
    }

    #[test]
    fn one_that_decides_by_itself_is_among_those_that_were_called() {
        let runs = [run("x", "AB", Outcome::Lost), run("y", "AB", Outcome::Kept)];
        let expected =
            "✘ one of these webhooks strips restartPolicy: Always; they are called in this order: a/w, b/w [x]";
        assert_eq!(told(&runs)[0], expected);
    }

    #[test]
    fn what_no_webhook_is_called_for_is_the_servers_own() {
        assert_eq!(
            told(&[run("x", "", Outcome::Lost)]),
            ["✘ something strips restartPolicy: Always, and it is not a webhook [x]"]
        );
        let unknown = check(&[run("x", "", Outcome::Lost)], None);
        assert_eq!(unknown[0].text, "something strips restartPolicy: Always");
    }

    #[test]
    fn what_is_hidden_is_told() {
        let runs = [
            run("x", "E", Outcome::NoDryRun("w".to_owned())),
            run("y", "A", Outcome::Refused("exceeded quota".to_owned())),
        ];
        let expected = [
            "? webhook e/w takes no dry runs, so it is not known what admission does to 1 Pod [x]",
            "? 1 dry run was refused, and so tells nothing [y: exceeded quota]",
        ];
        assert_eq!(told(&runs), expected);
    }
}
