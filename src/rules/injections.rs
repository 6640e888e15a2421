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

/// Its section of the documentation.
#[cfg(feature = "describe")]
const TEXT: &str = r#"# A sidecar of the settings is not injected

A sidecar of the setting `injections` is meant for this Pod, but the Pod does not get it.

## Why it matters

The policy never makes a Pod worse to inject something. The Pod then runs without that sidecar, where:

- a container or another volume of the Pod has a name that comes along, or nobody has a volume that
  the sidecar mounts;
- the API server would refuse the Pod: its own `spec.resources` would be exceeded; it is a Windows or
  HostProcess Pod and the sidecar is not made for that; it lacks a resource claim of the sidecar; a
  `sleep` in the sidecar's `lifecycle` is longer than the grace period; its `resizePolicy` restarts it
  and the Pod's `restartPolicy` is `Never`; block devices or `procMount` do not go with the Pod's
  `hostUsers`; `restartPolicyRules` do not go with the form;
- a container has the same port of the node, or Services would send it what they sent to another
  container whose port has that name;
- the nodes do not support it in that form;
- `strategy: universal` would make a Job fail: with `restartPolicy: OnFailure` the Job counts the
  planned first end as a failure.

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
