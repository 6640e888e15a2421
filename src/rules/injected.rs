//! A sidecar that an injector or operator adds in the legacy form: it decides on the form, not the author of the Pod.

use crate::catalogue::sidecars::Owner;
use crate::kubernetes::pod::List;
use crate::rules::evidence::CATALOGUE;
use crate::rules::role::Role;
use crate::rules::rule::{About, Check, Repair, Rule};
use crate::settings::rule_settings::{IGNORE, REJECT, RuleSetting, WARN, repair};

/// What to do about it.
pub static SETTING: RuleSetting = RuleSetting {
    name: "injectedSidecars",
    choices: &[
        WARN,
        REJECT,
        repair("steer", "set the annotation by which the injector makes its sidecar native"),
        IGNORE,
    ],
    #[cfg(feature = "describe")]
    text: "What to do about a legacy sidecar that an injector or an operator adds. Its container is never moved; the message \
           names the switch of its injector.",
};

/// The rule.
pub static RULE: Rule = Rule {
    id: "injected",
    check: Some(Check {
        list: List::Containers,
        setting: &SETTING,
        find: |facts, index, _| match facts.roles.get(index)? {
            Role::Injected(entry) => Some(CATALOGUE.says_of(entry.product)),
            _ => None,
        },
        problem: |finding| format!("is injected in the legacy form ({})", finding.evidence),
        remedy: |finding| {
            let entry = finding.template.well_known(finding.container);
            match entry.map(|entry| (entry.owner, entry.instead)) {
                Some((Owner::Injector { name, switch }, _)) => format!("Switch {name} to native sidecars: {switch}."),
                Some((Owner::Operator { name }, None)) => format!("Only {name} can change that."),
                Some((Owner::Operator { name }, Some(instead))) => format!("Only {name} can change that; {instead}."),
                Some((Owner::Author, _)) | None => String::new(),
            }
        },
        repair: Some(Repair::Steer),
        spares_main: false,
    }),
    #[cfg(feature = "describe")]
    text: TEXT,
};

/// Returns that an injector is not switched to the native form, and why.
pub fn not_steered(about: About, injector: &str, why: &str) -> String {
    format!("{}: {injector} is not switched to native sidecars: {why}.", about.object)
}

/// Its section of the documentation.
#[cfg(feature = "describe")]
const TEXT: &str = r#"# An injector or operator adds a sidecar in the legacy form

An injector or operator, such as Istio or Dapr, adds a sidecar to `containers`. An annotation, a
label or an owner of the object shows that; without such a sign the container is taken for its
author's.

## Why it matters

Like every legacy sidecar, it keeps a Job from completing and may end before the app. If it were
moved, its injector would add it again: only the injector can change it. The message names its
switch.

## Warned about

```yaml
apiVersion: v1
kind: Pod
metadata:
  name: shop
  annotations:
    sidecar.istio.io/status: '{"containers":["istio-proxy"]}'
spec:
  containers:
    - name: shop
      image: registry.example.com/shop:1
    - name: istio-proxy
      image: docker.io/istio/proxyv2:1.27.0
```

## Fine

```yaml
apiVersion: v1
kind: Pod
metadata:
  name: shop
  annotations:
    sidecar.istio.io/nativeSidecar: "true"
spec:
  initContainers:
    - name: istio-proxy
      image: docker.io/istio/proxyv2:1.27.0
      restartPolicy: Always
  containers:
    - name: shop
      image: registry.example.com/shop:1
```

## Settings

- `injectedSidecars`: `warn`, `reject`, `steer` (sets the switch) or `ignore`
- `steerInjectors`: injectors whose switch is set on Pods without their mark, too
- `catalogue`: whether the built-in list of sidecars is used
- `exemptContainers`: names that no rule touches
"#;
