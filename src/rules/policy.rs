//! A request or settings that can't be judged.

use crate::rules::rule::Rule;

/// The rule.
pub static RULE: Rule = Rule {
    id: "policy",
    check: None,
    #[cfg(feature = "describe")]
    text: TEXT,
};

/// Its section of the documentation.
#[cfg(feature = "describe")]
const TEXT: &str = r#"# The policy cannot judge the object

The object cannot be judged: it is not what Kubernetes would accept, or the policy itself has
failed. Every message that belongs to no other rule has this one, too.

## Why it matters

What is not understood is not let through: otherwise a Pod with a field of the wrong type would pass
unread.

## Denied

```yaml
apiVersion: v1
kind: Pod
metadata: {name: shop}
spec:
  containers: registry.example.com/shop:1
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
```

## Settings

- `podTemplates`: more kinds to judge, and where their Pod templates are
"#;
