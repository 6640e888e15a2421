//! The rules that messages belong to, and what there is to know of each.
//!
//! The policy answers in text alone, as Kubewarden's protocol has no place for more. Which rule a message belongs to is
//! read off the fixed phrases of its text, here and nowhere else; a test holds them to all that the policy's cases say.

/// A rule.
#[derive(Debug, Eq, PartialEq)]
pub struct Rule {
    /// What it is called.
    pub id: &'static str,
    /// What it means, why it matters, an example, and its settings, as Markdown.
    pub text: &'static str,
    /// What its messages say, wherever the name of the object or the container does not stand.
    pub phrases: &'static [&'static str],
}

/// The rules. To the last, which has no phrases, belongs what no other says.
pub static RULES: [Rule; 8] = [
    Rule { id: "legacy", text: include_str!("rules/legacy.md"), phrases: &[" is a sidecar in the legacy form ("] },
    Rule {
        id: "stripped",
        text: include_str!("rules/stripped.md"),
        phrases: &[
            " has lost restartPolicy: Always (",
            " instead of Always (",
            " is missing from spec.initContainers.",
            ": not compared with its ",
            ": mutating webhooks that could have stripped it",
            ": which mutating webhooks could have stripped it",
            ": no mutating webhook is called for it,",
            ": and then, in their order: ",
            ": audit annotations patch.webhook.admission.k8s.io/",
        ],
    },
    Rule {
        id: "misplaced",
        text: include_str!("rules/misplaced.md"),
        phrases: &[", which makes no sidecar outside initContainers"],
    },
    Rule {
        id: "injected",
        text: include_str!("rules/injected.md"),
        phrases: &[" is injected in the legacy form (", " is not switched to native sidecars: "],
    },
    Rule { id: "converted", text: include_str!("rules/converted.md"), phrases: &[" is now a native sidecar: "] },
    Rule {
        id: "nodes",
        text: include_str!("rules/nodes.md"),
        phrases: &[
            ": native sidecars do not work on node",
            ": native sidecars need nodes of ",
            ": whether native sidecars work is not known",
            ": the Pod now needs a node with ",
            ": no node of the cluster takes this Pod now.",
        ],
    },
    Rule { id: "injections", text: include_str!("rules/injections.md"), phrases: &[" is not injected: "] },
    Rule { id: "policy", text: include_str!("rules/policy.md"), phrases: &[] },
];

impl Rule {
    /// The rule of this name.
    pub fn named(id: &str) -> Option<&'static Self> {
        RULES.iter().find(|rule| rule.id == id)
    }

    /// The rule that a message belongs to. A message may name the reason of another rule behind its own (a sidecar is not
    /// converted, as the nodes are too old), so what it says first counts.
    pub fn of(message: &str) -> &'static Self {
        let first = |rule: &Self| rule.phrases.iter().filter_map(|phrase| message.find(phrase)).min();
        let [.., other] = &RULES;
        RULES
            .iter()
            .filter_map(|rule| Some((first(rule)?, rule)))
            .min_by_key(|(place, _)| *place)
            .map_or(other, |(_, rule)| rule)
    }

    /// Its number among the rules.
    pub fn index(&self) -> usize {
        RULES.iter().position(|rule| rule == self).unwrap_or_default()
    }

    /// What it means, in one line.
    pub fn title(&self) -> &'static str {
        self.part(0).trim_start_matches("# ")
    }

    /// What it means, in a few sentences.
    pub fn summary(&self) -> &'static str {
        self.part(1)
    }

    fn part(&self, number: usize) -> &'static str {
        self.text.split("\n\n").nth(number).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_message_says_first_is_its_rule() {
        let rule = |message: &str| Rule::of(message).id;
        let kept = "Pod/a/b: container \"c\" at spec.containers[1] is a sidecar in the legacy form (sidecarNames: c). Not \
            converted: native sidecars do not work on node old-1 (v1.27.1: the Pod hangs in Init).";
        assert_eq!(rule(kept), "legacy");
        let steered = "Pod/a/b: Istio is not switched to native sidecars: native sidecars need nodes of 1.33.";
        assert_eq!(rule(steered), "injected");
        assert_eq!(
            rule("Pod/a/b: init container \"c\" at spec.initContainers[0]: native sidecars need nodes of 1.29."),
            "nodes"
        );
        assert_eq!(rule("The request cannot be judged: request.kind: missing"), "policy");
        assert_eq!(rule(""), "policy");
    }

    #[test]
    fn rules_are_found_by_name() {
        assert_eq!(
            RULES.each_ref().map(|rule| Rule::named(rule.id).map(Rule::index)),
            [0, 1, 2, 3, 4, 5, 6, 7].map(Some)
        );
        assert_eq!(Rule::named("other"), None);
        assert_eq!(
            Rule::named("misplaced").map(Rule::title),
            Some("restartPolicy: Always in containers makes no sidecar")
        );
    }
}
