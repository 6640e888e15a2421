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

/// Its section of the documentation.
#[cfg(feature = "describe")]
const TEXT: &str = r#"# A conversion has a consequence

The policy converts a sidecar to the native form, and something in the Pod means something else from
then on: a `preStop` that only sleeps, a missing `startupProbe`, a named port, a call by which a Job
asks its sidecar to quit.

## Why it matters

The Pod works as before or better, but has something in it that is of no use any more, or that
should be changed for the native form to do its work.

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
