//! A known sidecar in `containers`: it keeps a Job from completing, ends before the app, and starts in no order.

use crate::kubernetes::pod::List;
use crate::rules::evidence::DECLARATION;
use crate::rules::role::Role;
use crate::rules::rule::{Check, Repair, Rule};
use crate::settings::rule_settings::{IGNORE, REJECT, RuleSetting, WARN, repair};

/// What to do about it.
pub static SETTING: RuleSetting = RuleSetting {
    name: "legacySidecars",
    choices: &[
        REJECT,
        WARN,
        repair("convert", "move the container to `initContainers`, with `restartPolicy: Always`"),
        IGNORE,
    ],
    #[cfg(feature = "describe")]
    text: "What to do about a known sidecar among the regular containers.",
};

/// The rule.
pub static RULE: Rule = Rule {
    id: "legacy",
    check: Some(Check {
        list: List::Containers,
        setting: &SETTING,
        find: |facts, index, container| match facts.roles.get(index)? {
            Role::Sidecar(evidence) => Some(evidence.clone()),
            // Of this and what is injected, the stricter counts: a declaration makes nothing laxer.
            Role::Injected(_) => facts.template.declares(container.name()).then(|| DECLARATION.says()),
            _ => None,
        },
        problem: |finding| format!("is a sidecar in the legacy form ({})", finding.evidence),
        remedy: |_| "Move it to initContainers and set restartPolicy: Always on it.".to_owned(),
        repair: Some(Repair::Convert),
        spares_main: true,
    }),
    #[cfg(feature = "describe")]
    text: TEXT,
};

/// Its section of the documentation.
#[cfg(feature = "describe")]
const TEXT: &str = r#"# A known sidecar stands in containers

A container that is known to be a sidecar stands in `containers`. It is known by `sidecarNames`,
`sidecarImages`, the built-in catalogue of names and images, or the annotation
`sidecars.kubewarden.io/native` of its author.

## Why it matters

A Job never completes while it runs, init containers cannot use it, and when the Pod stops it may
end before the app that it serves.

## Denied

```yaml
apiVersion: v1
kind: Pod
metadata: {name: shop}
spec:
  containers:
    - name: shop
      image: registry.example.com/shop:1
    - name: cloud-sql-proxy
      image: gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.14.1
```

## Fine

```yaml
apiVersion: v1
kind: Pod
metadata: {name: shop}
spec:
  initContainers:
    - name: cloud-sql-proxy
      image: gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.14.1
      restartPolicy: Always
  containers:
    - name: shop
      image: registry.example.com/shop:1
```

## Settings

- `legacySidecars`: `reject`, `warn`, `convert` (moves it) or `ignore`
- `sidecarNames`, `sidecarImages`, `catalogue`: which containers are sidecars
- `exemptContainers`: names that no rule touches
- `startFirst`: which ones a conversion puts ahead of all init containers
- `convertTemplates`: whether workloads are changed, too
"#;
