//! A container that the policy converts, and what that means beyond its form.

use std::fmt::Display;

use crate::rules::rule::{About, Finding, Rule};

/// The rule.
pub static RULE: Rule = Rule {
    id: "converted",
    check: None,
    #[cfg(feature = "describe")]
    text: TEXT,
};

/// Returns what the conversion of what was found means for the user.
pub fn text(about: About, finding: &Finding, consequence: &dyn Display) -> String {
    format!("{} is now a native sidecar: {consequence}", finding.subject(about))
}

/// Returns what the same means for the user of a workload, whose Pods are converted when they are made.
pub fn of_pods(about: About, finding: &Finding, consequence: &dyn Display) -> String {
    format!("{}: its Pods are converted: {consequence}", finding.subject(about))
}

/// Returns why it stays as it is in the Pods of a workload.
pub fn not_of_pods(about: About, finding: &Finding, why: &dyn Display) -> String {
    format!("{}: its Pods are not converted: {why}.", finding.subject(about))
}

/// Its section of the documentation.
#[cfg(feature = "describe")]
const TEXT: &str = r#"# A conversion has a consequence

The policy converts a sidecar to the native form, and something in the Pod means something else from
then on: a `startupProbe` or `postStart`, a `preStop` that only sleeps, a port, a sidecar that ends
by itself, what a Job expects of it. For a workload that stays as it is, the message speaks of its
Pods.

## Why it matters

A native sidecar starts before the app and ends after it. What was built for a regular container may
then wait for the app that waits for it, take time from the end of the Pod, or be cut off.

## With these settings

```yaml
legacySidecars: convert
sidecarNames: [logshipper]
```

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
      lifecycle:
        preStop:
          sleep: {seconds: 15}
```

## Fine

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
```

## Settings

- `legacySidecars`: `convert` makes conversions
- `misplacedRestartPolicy`: `convert` makes conversions
- `startFirst`: which sidecars go ahead of all init containers
- `nodeCheck`, `apiServerVersion`: where the versions of the cluster come from
"#;
