//! An init container that lost `restartPolicy: Always`: the Pod hangs in Init.

use crate::catalogue::command::ends_by_itself;
use crate::cluster::owner::Owner;
use crate::cluster::webhooks::Suspect;
use crate::kubernetes::pod::{Container, List};
use crate::kubernetes::version::Version;
use crate::rules::evidence::{CATALOGUE, DECLARATION, Evidence, INJECTIONS, SIDECAR_NAMES, Source, Strength};
use crate::rules::facts::Facts;
use crate::rules::history::{Past, Stored};
use crate::rules::rule::{About, Check, Finding, Repair, Rule};
use crate::rules::template::Template;
use crate::settings::action::Action;
use crate::settings::injections::Strategy;
use crate::settings::rule_settings::{IGNORE, REJECT, RuleSetting, WARN, repair};

/// The stored object has it native, and the new one has nothing else: at most it lacks more fields.
static OLD_OBJECT: Source = Source::new("oldObject", "the stored object has it", "");
/// The stored object has these fields of it, too.
static LOST: Source = Source::new("lost", "lost as well: ", "");
/// This manager set its `restartPolicy`, to a value that nobody knows.
static MANAGED_FIELDS: Source = Source::new("managedFields", "managedFields: ", " set it");
/// It is native, with the same image, in `kubectl.kubernetes.io/last-applied-configuration`.
static LAST_APPLIED: Source = Source::new("lastApplied", "kubectl.kubernetes.io/last-applied-configuration has it", "");
/// It has these fields, which only native sidecars may have.
static NATIVE_ONLY_FIELDS: Source = Source::new("nativeOnlyFields", "only native sidecars may have ", "");
/// It has `restartPolicyRules`, and no `restartPolicy`.
static RULES: Source = Source::new("restartPolicyRules", "restartPolicyRules need a restartPolicy", "");
/// `sidecar.istio.io/status` lists it.
static ISTIO_STATUS: Source = Source::new("istioStatus", "sidecar.istio.io/status lists it", "");
/// The template of this controller has it native.
static OWNER: Source = Source::new("owner", "its ", " has it");

/// The first release in which an init container may have a `restartPolicy` other than `Always`.
const OTHER_POLICIES: Version = Version::new(1, 35);

/// What to do about it.
pub static SETTING: RuleSetting = RuleSetting {
    name: "strippedSidecars",
    choices: &[REJECT, WARN, repair("restore", "put `restartPolicy: Always` back"), IGNORE],
    #[cfg(feature = "describe")]
    text: "What to do about an init container that lost `restartPolicy: Always`.",
};

/// The rule.
pub static RULE: Rule = Rule {
    id: "stripped",
    check: Some(Check {
        list: List::InitContainers,
        setting: &SETTING,
        find,
        problem,
        remedy,
        repair: Some(Repair::Restore),
        spares_main: false,
    }),
    #[cfg(feature = "describe")]
    text: TEXT,
};

/// Returns whether some init container of this template could be stripped, and the settings want to know.
pub fn has_suspects(template: &Template) -> bool {
    template.settings.actions.of(&SETTING) != Action::Ignore && template.ordinary().next().is_some()
}

/// Why this init container was native once, or may have been: the strongest evidence.
fn find<'f>(facts: &'f Facts<'f>, _: usize, container: &'f Container<'f>) -> Option<Evidence<'f>> {
    if container.restarts_always() {
        return None;
    }
    let past = facts.history.of(container.name());
    if facts.template.is_stored_pod && past.and_then(|past| past.stored) == Some(Stored::Ordinary) {
        // It was stored like this, and can't be changed any more: refusing updates would help nobody.
        return None;
    }
    if !container.restart_policy().is_empty() {
        // Another value is a decision, where the lack of any is none. It may contradict what else is said.
        let declared = facts.template.declares(container.name()).then(|| DECLARATION.says());
        let contradicted = declared.or_else(|| Some(OWNER.says_of(past?.owner.as_deref()?)));
        return contradicted.or_else(|| forbidden(container)).map(|evidence| evidence.only(Strength::Open));
    }
    proof(facts, past, container).or_else(|| clues(facts, past, container))
}

/// What proves by itself that it was native.
fn proof<'f>(facts: &'f Facts<'f>, past: Option<&'f Past>, container: &'f Container<'f>) -> Option<Evidence<'f>> {
    let (name, template) = (container.name(), &facts.template);
    if template.is_stored_pod && past.and_then(|past| past.stored) == Some(Stored::Native) {
        let lost = past.map(|past| past.lost.join(", ")).filter(|lost| !lost.is_empty());
        return Some(lost.map_or(OLD_OBJECT.says(), |lost| OLD_OBJECT.says().and(LOST.says_of(lost))));
    }
    if template.declares(name) {
        return Some(DECLARATION.says());
    }
    if past.is_some_and(|past| past.applied_native) {
        return Some(LAST_APPLIED.says());
    }
    if past.is_some_and(|past| past.injected_by_istio) {
        return Some(ISTIO_STATUS.says());
    }
    // What its command says of this one beats what names say of all.
    let runs_on = || ends_by_itself(container).is_none();
    if let Some(literal) = template.named_by_settings(name).filter(|glob| glob.is_literal() && runs_on()) {
        return Some(SIDECAR_NAMES.says_of(literal.as_str()));
    }
    if template.injection_of(container).is_some_and(|injection| injection.strategy != Strategy::Legacy) {
        return Some(INJECTIONS.says());
    }
    let known = template.catalogue_entry(container).filter(|entry| !entry.also_runs_once && entry.kept.is_none());
    if let Some(entry) = known.filter(|_| runs_on()) {
        return Some(CATALOGUE.says_of(entry.product));
    }
    past?.owner.as_deref().map(|owner| OWNER.says_of(owner))
}

/// What proves it only together with something else.
fn clues<'f>(facts: &'f Facts<'f>, past: Option<&'f Past>, container: &'f Container<'f>) -> Option<Evidence<'f>> {
    let template = &facts.template;
    let loss = past.and_then(|past| past.manager.as_deref()).map(|manager| MANAGED_FIELDS.says_of(manager));
    let hint = || {
        if ends_by_itself(container).is_some() {
            return None;
        }
        let glob = template.named_by_settings(container.name()).map(|glob| SIDECAR_NAMES.says_of(glob.as_str()));
        let known = || template.catalogue_entry(container).filter(|entry| entry.kept.is_none());
        glob.or_else(|| known().map(|entry| CATALOGUE.says_of(entry.product)))
    };
    let had_one_value = || template.settings.api_server_version.is_some_and(|version| version < OTHER_POLICIES);
    match (loss, forbidden(container)) {
        (Some(loss), Some(invalid)) => Some(loss.and(invalid)),
        (Some(loss), None) if had_one_value() => Some(loss),
        (Some(loss), None) => Some(match hint() {
            Some(hint) => loss.and(hint),
            None => loss.only(Strength::Open),
        }),
        (None, Some(invalid)) => Some(match hint() {
            Some(hint) => invalid.and(hint),
            None => invalid.only(Strength::Open),
        }),
        // Whoever goes back to an older template means it.
        (None, None) => (past?.stored == Some(Stored::Native)).then(|| OLD_OBJECT.says().only(Strength::Change)),
    }
}

/// What the API server refuses of it as it is.
fn forbidden<'f>(container: &Container) -> Option<Evidence<'f>> {
    let fields: Vec<_> = container.native_only_fields().collect();
    if !fields.is_empty() {
        return Some(NATIVE_ONLY_FIELDS.says_of(fields.join(", ")));
    }
    (container.has_restart_policy_rules() && container.restart_policy().is_empty()).then(|| RULES.says())
}

fn problem(finding: &Finding) -> String {
    let Finding { evidence, container, .. } = finding;
    match (container.restart_policy(), evidence.strength) {
        ("", Strength::Proof) => format!("has lost restartPolicy: Always ({evidence})"),
        ("", Strength::Open) if evidence.source == &MANAGED_FIELDS => {
            format!("has lost its restartPolicy ({evidence})")
        }
        ("", Strength::Open) => format!("has no restartPolicy: Always ({evidence})"),
        ("", Strength::Change) => format!("has no restartPolicy: Always any more ({evidence})"),
        (other, _) => format!("has restartPolicy: {other} ({evidence})"),
    }
}

fn remedy(finding: &Finding) -> String {
    let Evidence { source, strength, detail, .. } = &finding.evidence;
    let not_restored = match finding.template.settings.actions.of(&SETTING) {
        Action::Repair => " Not restored: either may be meant.",
        _ => "",
    };
    match (strength, *source) {
        (Strength::Change, _) => "Put it back, unless the container should run once from now on.".to_owned(),
        (Strength::Proof, source) if source == &OLD_OBJECT => {
            "Put it back and update the tool that drops it: a Pod cannot change in this.".to_owned()
        }
        (Strength::Proof, _) => "Put it back and update the tool that drops it, or the Pod hangs in Init.".to_owned(),
        (Strength::Open, source) if source == &DECLARATION => {
            format!("Set restartPolicy: Always, or take its name out of the annotation.{not_restored}")
        }
        (Strength::Open, source) if source == &OWNER => {
            format!("Set restartPolicy: Always as there, or change that as well.{not_restored}")
        }
        (Strength::Open, source) if source == &MANAGED_FIELDS => format!(
            "If it is a sidecar, set restartPolicy: Always; if it runs once, send it without restartPolicy and \
             managedFields.{not_restored}"
        ),
        (Strength::Open, _) => {
            let fields = if detail.is_empty() { "restartPolicyRules" } else { detail };
            let Finding { container, .. } = finding;
            let set = if container.restart_policy().is_empty() { "set it" } else { "set restartPolicy: Always" };
            format!("If it is a sidecar, {set}; if it runs once, remove {fields}.{not_restored}")
        }
    }
}

/// Returns that the Pod lacks a native sidecar which its controller's template has.
pub fn missing(about: About, sidecar: &str, owner: &Owner) -> String {
    let (object, owner) = (about.object, &owner.controller);
    format!(
        "{object}: native sidecar {sidecar:?} of its {owner} is missing from spec.initContainers. Look at the mutating webhooks."
    )
}

/// Returns that the Pod could not be compared with its controller's template.
pub fn not_compared(about: About, owner: &Owner, error: &str) -> String {
    format!("{}: not compared with its {}: {error}.", about.object, owner.controller)
}

/// Returns which webhooks could have stripped this sidecar, as lines shorter than `limit` characters.
pub fn suspects(object: &str, sidecar: &str, suspects: Result<Vec<Suspect>, String>, limit: usize) -> Vec<String> {
    let suspects = match suspects {
        Err(error) => {
            return vec![format!(
                "{object}: cannot tell which mutating webhooks could have stripped {sidecar:?}: {error}."
            )];
        }
        Ok(suspects) => suspects,
    };
    // Policies of Kubewarden see what they do to an object; this one is among them where it mutates.
    if suspects.iter().all(|suspect| suspect.is_kubewarden) {
        let but = if suspects.is_empty() { "" } else { " but those of Kubewarden" };
        return vec![format!(
            "{object}: no mutating webhook{but} is called for it, so a client or a controller has stripped {sidecar:?}."
        )];
    }
    let mut lines: Vec<String> = Vec::new();
    for suspect in &suspects {
        let suspect = suspect.to_string();
        match lines.last_mut() {
            Some(line) if line.chars().count() + suspect.chars().count() + 3 < limit => {
                line.push_str(", ");
                line.push_str(&suspect);
            }
            first => {
                let start = match first {
                    Some(_) => format!("{object}: and then"),
                    None => format!("{object}: mutating webhooks that could have stripped {sidecar:?}"),
                };
                lines.push(format!("{start}, in their order: {suspect}"));
            }
        }
    }
    let key = "patch.webhook.admission.k8s.io/round_N_index_M";
    lines.push(format!(
        "{object}: audit annotations {key} (level Request) tell what each has changed; [M] is its number here."
    ));
    lines
}

/// Its section of the documentation.
#[cfg(feature = "describe")]
const TEXT: &str = r#"# A native sidecar has lost restartPolicy: Always

An init container was meant as a native sidecar, but `restartPolicy: Always` is gone. Where that is
proved, `restore` puts it back. A probe alone, or `managedFields` alone, is no proof: the container
may be meant to run once, so it is refused and never repaired.

## Why it matters

Kubernetes waits for the init container to end, and it never does: the Pod hangs in `Init`, and
nothing says why. Mostly a webhook, a client or a CRD from before Kubernetes 1.28 drops the field.

## Denied

```yaml
apiVersion: v1
kind: Pod
metadata: {name: shop}
spec:
  initContainers:
    - name: logshipper
      image: registry.example.com/logshipper:1
      startupProbe:
        exec: {command: [/ready]}
  containers:
    - name: shop
      image: registry.example.com/shop:1
```

## Fine

```yaml
apiVersion: v1
kind: Pod
metadata: {name: shop}
spec:
  initContainers:
    - name: logshipper
      image: registry.example.com/logshipper:1
      restartPolicy: Always
      startupProbe:
        exec: {command: [/ready]}
  containers:
    - name: shop
      image: registry.example.com/shop:1
```

## Settings

- `strippedSidecars`: `reject`, `warn`, `restore` (puts it back) or `ignore`
- `sidecarNames`, `catalogue`: which init containers are sidecars
- `exemptContainers`: names that no rule touches
- `convertTemplates`: whether workloads are changed, too
- `ownerLookup`: compare a Pod with the template of its controller
- `webhookLookup`: name the webhooks that could have dropped it
"#;
