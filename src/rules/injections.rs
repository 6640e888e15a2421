//! A sidecar of the setting `injections` that a Pod does not get.

use crate::rules::rule::{About, Rule};

/// The rule.
pub static RULE: Rule = Rule {
    id: "injections",
    check: None,
    #[cfg(feature = "describe")]
    text: TEXT,
};

/// Returns that a sidecar is not injected, and why.
pub fn not_injected(about: About, name: &str, why: &str) -> String {
    format!("{}: sidecar {name:?} is not injected: {why}.", about.object)
}

/// Returns that a sidecar which is injected in the legacy form may keep its Pod from completing.
pub fn keeps_running(about: About, name: &str) -> String {
    format!(
        "{}: sidecar {name:?} is injected among the containers: the Pod completes only if it ends by itself. Leave such Pods \
         out of its podSelector, or make it native.",
        about.object
    )
}

/// Its section of the documentation.
#[cfg(feature = "describe")]
const TEXT: &str = r#"# A sidecar of the settings is not injected

A sidecar of the setting `injections` is meant for this Pod, but the Pod does not get it.

## Why it matters

It would make the Pod worse: the API server would refuse the Pod, a volume or a port would clash,
Services would reach the wrong container, a Job would fail, or the nodes do not support that form.
The message says which. The Pod runs without the sidecar.

## With these settings

```yaml
injections:
  - name: vpn
    container:
      image: registry.example.com/vpn:2
      volumeMounts: [{name: state, mountPath: /state}]
    podSelector: {matchLabels: {net: vpn}}
    strategy: native
```

## Warned about

```yaml
apiVersion: v1
kind: Pod
metadata:
  name: shop
  labels: {net: vpn}
spec:
  containers:
    - name: shop
      image: registry.example.com/shop:1
```

## Fine

```yaml
apiVersion: v1
kind: Pod
metadata:
  name: shop
  labels: {net: vpn}
spec:
  containers:
    - name: shop
      image: registry.example.com/shop:1
  volumes:
    - name: state
      emptyDir: {}
```

## Settings

- `injections`: the sidecars, what Pods they are for, and what volumes they bring along
- `nodeCheck`, `unsupportedNodes`: whether the nodes take them in the native form
"#;
