//! The feature gate `SidecarContainers`, as API servers and kubelets show it among their metrics.
//!
//! <https://kubernetes.io/docs/reference/command-line-tools-reference/feature-gates-removed/>

use native_sidecar_policy::describe::{SIDECARS_ALPHA, Version};

/// The first version in which the gate cannot be turned off.
pub const LOCKED: Version = Version::new(1, 33);

/// Whether there is a gate in this version that may be on or off, which only metrics tell.
pub fn is_open(version: Version) -> bool {
    (SIDECARS_ALPHA..LOCKED).contains(&version)
}

/// Whether the gate is on; None where the metrics do not say, as from Kubernetes 1.37 on.
pub fn of_metrics(metrics: &str) -> Option<bool> {
    let gate =
        |line: &&str| line.starts_with("kubernetes_feature_enabled{") && line.contains("name=\"SidecarContainers\"");
    let value = metrics.lines().find(gate)?.rsplit(' ').next()?;
    Some(value.trim().parse::<f64>().ok()? > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gate_is_read_out_of_metrics() {
        let metrics = |value: &str| {
            format!(
                "# TYPE kubernetes_feature_enabled gauge\n\
                kubernetes_feature_enabled{{name=\"ContainerCheckpoint\",stage=\"BETA\"}} 1\n\
                kubernetes_feature_enabled{{name=\"SidecarContainers\",stage=\"BETA\"}} {value}\n"
            )
        };
        assert_eq!(of_metrics(&metrics("1")), Some(true));
        assert_eq!(of_metrics(&metrics("0")), Some(false));
        assert_eq!(of_metrics(&metrics("x")), None);
        assert_eq!(of_metrics("kubernetes_feature_enabled{name=\"Other\",stage=\"\"} 1\n"), None);
    }
}
