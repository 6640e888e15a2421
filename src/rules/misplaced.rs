//! `restartPolicy: Always` of a container in `containers`: it makes no sidecar there.

use crate::json::view::text;
use crate::kubernetes::pod::List;
use crate::rules::evidence::{Source, Strength};
use crate::rules::facts::Facts;
use crate::rules::role::Role;
use crate::rules::rule::{Check, Repair, Rule};
use crate::settings::rule_settings::{IGNORE, REJECT, RuleSetting, WARN, repair};

/// It says so itself.
static RESTART_POLICY: Source = Source::new("restartPolicy", "restartPolicy: Always", "").own_word();

/// What to do about it.
pub static SETTING: RuleSetting = RuleSetting {
    name: "misplacedRestartPolicy",
    choices: &[WARN, REJECT, repair("convert", "move the container to `initContainers`"), IGNORE],
    #[cfg(feature = "describe")]
    text: "What to do about `restartPolicy: Always` on a regular container, where it makes no sidecar.",
};

/// The rule.
pub static RULE: Rule = Rule {
    id: "misplaced",
    check: Some(Check {
        list: List::Containers,
        setting: &SETTING,
        find: |facts, index, container| {
            container.restarts_always().then(|| {
                RESTART_POLICY.says().only(match facts.roles.get(index) {
                    Some(Role::Main) if restarts_otherwise(facts) => Strength::Open,
                    _ => Strength::Proof,
                })
            })
        },
        problem: |finding| format!("has {}, which makes no sidecar outside initContainers", finding.evidence),
        remedy: |finding| {
            match finding.evidence.strength {
                Strength::Proof => "Move it to initContainers, or remove its restartPolicy.",
                _ => "If it is a sidecar, move it to initContainers; if it is to restart by itself, it may stay.",
            }
            .to_owned()
        },
        repair: Some(Repair::Convert),
        spares_main: false,
    }),
    #[cfg(feature = "describe")]
    text: TEXT,
};

/// Whether the other containers of the Pod restart less than always, so that one of them may be meant to: from 1.35 on
/// <https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#container-restart-rules>.
fn restarts_otherwise(facts: &Facts) -> bool {
    !matches!(text(&facts.template.spec.restart_policy), "" | "Always")
}

/// Its section of the documentation.
#[cfg(feature = "describe")]
const TEXT: &str = r#"# restartPolicy: Always in containers makes no sidecar

A container in `containers` has `restartPolicy: Always` of its own. Only in `initContainers` does
that make a native sidecar.

## Why it matters

Its author meant a sidecar and has an ordinary container. Depending on its version, Kubernetes
refuses the field there or restarts the container like any other, and a Job still waits for it.

## Warned about

```yaml
apiVersion: v1
kind: Pod
metadata: {name: shop}
spec:
  containers:
    - name: shop
      image: registry.example.com/shop:1
    - name: logshipper
      image: registry.example.com/logshipper:1
      restartPolicy: Always
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
  containers:
    - name: shop
      image: registry.example.com/shop:1
```

## Settings

- `misplacedRestartPolicy`: `warn`, `reject`, `convert` (moves it) or `ignore`
- `exemptContainers`: names that no rule touches
- `startFirst`: which ones a conversion puts ahead of all init containers
- `convertTemplates`: whether workloads are changed, too
"#;
