//! An init container that lost `restartPolicy: Always`: the Pod hangs in Init.

use crate::cluster::owner::Owner;
use crate::cluster::webhooks::Suspect;
use crate::kubernetes::pod::{Container, List};
use crate::rules::evidence::{CATALOGUE, DECLARATION, Evidence, INJECTIONS, SIDECAR_NAMES, Source};
use crate::rules::facts::Facts;
use crate::rules::history::Stored;
use crate::rules::rule::{About, Check, Finding, Repair, Rule};
use crate::rules::template::Template;
use crate::settings::action::Action;
use crate::settings::injections::Strategy;
use crate::settings::rule_settings::{IGNORE, REJECT, RuleSetting, WARN, repair};

/// It was native in the stored object and is otherwise unchanged.
static OLD_OBJECT: Source = Source::new("oldObject", "the stored object has it", "");
/// This manager set its `restartPolicy`.
static MANAGED_FIELDS: Source = Source::new("managedFields", "managedFields: ", " set it");
/// It is native in `kubectl.kubernetes.io/last-applied-configuration`.
static LAST_APPLIED: Source = Source::new("lastApplied", "kubectl.kubernetes.io/last-applied-configuration has it", "");
/// It has these fields, which only native sidecars may have.
static NATIVE_ONLY_FIELDS: Source = Source::new("nativeOnlyFields", "only native sidecars may have ", "");
/// `sidecar.istio.io/status` lists it.
static ISTIO_STATUS: Source = Source::new("istioStatus", "sidecar.istio.io/status lists it", "");
/// The template of this controller has it native.
static OWNER: Source = Source::new("owner", "its ", " has it");

/// What to do about it.
pub static SETTING: RuleSetting = RuleSetting {
    name: "strippedSidecars",
    choices: [REJECT, WARN, repair("restore", "put `restartPolicy: Always` back"), IGNORE],
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
        repair: Repair::Restore,
        spares_last: false,
    }),
    #[cfg(feature = "describe")]
    text: TEXT,
};

/// Returns whether some init container of this template could be stripped, and the settings want to know.
pub fn has_suspects(template: &Template) -> bool {
    template.settings.actions.of(&SETTING) != Action::Ignore && template.ordinary().next().is_some()
}

/// Why this init container must have been native once: the strongest evidence.
fn find<'f>(facts: &'f Facts<'f>, _: usize, container: &'f Container<'f>) -> Option<Evidence<'f>> {
    if container.restarts_always() {
        return None;
    }
    let (name, template) = (container.name(), &facts.template);
    let past = facts.history.of(name);
    let stored = past.and_then(|past| past.stored);
    if template.is_stored_pod && stored == Some(Stored::Ordinary) {
        // It was stored like this, and can't be changed any more: refusing updates would help nobody.
        return None;
    }
    // Another value is a decision, where the lack of any is none.
    let has_no_policy = container.restart_policy().is_empty();
    let manager = past.and_then(|past| past.manager.as_deref());
    let owner = past.and_then(|past| past.owner.as_deref());
    let fields: Vec<_> = container.native_only_fields().collect();
    if has_no_policy && stored == Some(Stored::Native) {
        Some(OLD_OBJECT.says())
    } else if let Some(manager) = manager.filter(|_| has_no_policy) {
        Some(MANAGED_FIELDS.says_of(manager))
    } else if template.declares(name) {
        Some(DECLARATION.says())
    } else if past.is_some_and(|past| past.applied_native) {
        Some(LAST_APPLIED.says())
    } else if !fields.is_empty() {
        Some(NATIVE_ONLY_FIELDS.says_of(fields.join(", ")))
    } else if let Some(owner) = owner.filter(|_| !has_no_policy) {
        Some(OWNER.says_of(owner))
    } else if !has_no_policy {
        None
    } else if past.is_some_and(|past| past.injected_by_istio) {
        Some(ISTIO_STATUS.says())
    } else if let Some(glob) = template.named_by_settings(name) {
        Some(SIDECAR_NAMES.says_of(glob.as_str()))
    } else if template.injection(name).is_some_and(|injection| injection.strategy != Strategy::Legacy) {
        Some(INJECTIONS.says())
    } else {
        let known = template.catalogue_entry(container);
        let known = known.filter(|known| !known.also_runs_once && known.kept.is_none());
        known.map(|entry| CATALOGUE.says_of(entry.product)).or(owner.map(|owner| OWNER.says_of(owner)))
    }
}

fn problem(finding: &Finding) -> String {
    match finding.container.restart_policy() {
        "" => format!("has lost restartPolicy: Always ({})", finding.evidence),
        other => format!("has restartPolicy: {other} instead of Always ({})", finding.evidence),
    }
}

fn remedy(finding: &Finding) -> String {
    let remedy = match finding.evidence.source == &OLD_OBJECT {
        true => "Put it back; to drop it on purpose, rename the container or set another value (Kubernetes 1.34+).",
        false => "Put it back and update the tool that drops it, or the Pod hangs in Init.",
    };
    remedy.to_owned()
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

/// Returns which webhooks could have stripped a sidecar, as lines shorter than `limit` characters.
pub fn suspects(object: &str, suspects: Result<Vec<Suspect>, String>, limit: usize) -> Vec<String> {
    let suspects = match suspects {
        Err(error) => {
            return vec![format!("{object}: which mutating webhooks could have stripped it is not known: {error}.")];
        }
        Ok(suspects) => suspects,
    };
    if suspects.is_empty() {
        return vec![format!(
            "{object}: no mutating webhook is called for it, so a client or a controller has stripped it."
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
                let then = if first.is_some() { "and then" } else { "mutating webhooks that could have stripped it" };
                lines.push(format!("{object}: {then}, in their order: {suspect}"));
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

An init container was meant as a native sidecar, but `restartPolicy: Always` is gone. Evidence is
the stored object, `managedFields`, the annotation of its author, what was applied, fields that only
native sidecars may have (probes, `lifecycle`), Istio's status, the catalogue, `sidecarNames`, or the
template of its controller.

## Why it matters

Without the field Kubernetes waits for the init container to end, which it never does: the Pod hangs
in `Init` and nothing says why. Mostly a webhook, a client or a CRD drops it that was built before
Kubernetes 1.28 and does not know the field.

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
