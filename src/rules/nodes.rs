//! A native sidecar in a Pod that may land on nodes which do not support it.

use std::fmt::Display;

use crate::cluster::nodes::Unsupported;
use crate::kubernetes::labels::NodeLabel;
use crate::kubernetes::pod::{Container, List};
use crate::kubernetes::version::Version;
use crate::rules::rule::{About, Rule};

/// The rule.
pub static RULE: Rule = Rule {
    id: "nodes",
    check: None,
    #[cfg(feature = "describe")]
    text: TEXT,
};

/// What is a native sidecar, or becomes one.
#[derive(Clone, Copy, Debug)]
pub enum Native<'v> {
    /// A container in this list, at this index.
    Container(List, usize, &'v Container<'v>),
    /// A container that is injected, with this name.
    Injected(&'v str),
}

/// Returns why the nodes can't be relied on, naming so many of them. `kept` is why the Pod is not pinned to others.
pub fn problem(
    about: About,
    native: Native,
    unsupported: &Unsupported,
    kept: Option<&dyn Display>,
    named: usize,
) -> String {
    let subject = match native {
        Native::Container(list, index, container) => about.subject(list, index, container),
        Native::Injected(name) => format!("{}: sidecar {name:?} of injections", about.object),
    };
    let remedy = match (kept, unsupported) {
        (Some(kept), _) => format!(" Not pinned: {kept}."),
        (None, Unsupported::Nodes { .. }) => " Update them, or keep the Pod off them.".to_owned(),
        (None, Unsupported::Skew { .. } | Unsupported::Unknown(_)) => String::new(),
    };
    format!("{subject}: {}.{remedy}", unsupported.clause(named))
}

/// Returns what it means that the Pod is kept to nodes with this label.
pub fn pinned(about: About, unsupported: &Unsupported, NodeLabel { key, value }: &NodeLabel) -> String {
    let missing = match unsupported {
        Unsupported::Nodes { has_labelled: false, .. } => " There is no such node yet.",
        _ => "",
    };
    format!("{}: the Pod now needs a node with {key}={value}: {}.{missing}", about.object, unsupported.clause(1))
}

/// Returns that no node takes the Pod now.
pub fn no_node(about: About, minimum: Version) -> String {
    let object = about.object;
    format!("{object}: no node of the cluster takes this Pod now. Native sidecars need nodes of {minimum} or newer.")
}

/// Its section of the documentation.
#[cfg(feature = "describe")]
const TEXT: &str = r#"# The nodes may not support native sidecars

A Pod with a native sidecar may land on nodes that do not support it, or nobody can tell whether
they do.

## Why it matters

Native sidecars need kubelets of 1.29. Below 1.28 the sidecar is an init container that never ends,
so the Pod hangs in `Init`; 1.28 ends sidecars too early.

## With these settings

```yaml
nodeCheck: apiServerVersion
apiServerVersion: "1.30"
```

## Denied

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

## Fine

With `apiServerVersion: "1.32"` the same Pod is, as no node may then be older than 1.29. So is one
without a sidecar:

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

- `nodeCheck`: `none`, `apiServerVersion` or `nodes`
- `unsupportedNodes`: `reject`, `warn`, `legacy` or `pin` (to nodes with `nodeLabel`)
- `apiServerVersion`: from which the oldest possible node follows
- `minimumNodeVersion`: `1.28` where only the start order matters
- `nodeLabel`: marks nodes that support native sidecars
"#;
