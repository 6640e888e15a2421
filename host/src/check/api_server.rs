//! Whether the API server keeps the field: <https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/>.

use native_sidecar_policy::describe::{SIDECARS_ALPHA, SIDECARS_BETA, Version};
use serde_json::Value;

use crate::check::finding::{Finding, Group, Status};
use crate::check::gate;
use crate::check::rights::Right;
use crate::cluster::connection::Failure;

/// The version that an answer to `/version` tells; None where it tells none.
pub fn version(answer: &Value) -> Option<Version> {
    answer["gitVersion"].as_str().and_then(Version::read)
}

/// What there is to say of the API server: its answer to `/version`, and its metrics, where they were asked for.
pub fn check(answer: &Value, metrics: Option<&Result<String, Failure>>) -> Vec<Finding> {
    const GROUP: Group = Group::ApiServer;
    let told = answer["gitVersion"].as_str().unwrap_or_default();
    let Some(version) = version(answer) else {
        let text = format!("its version cannot be read: {told:?}");
        return vec![Finding::other(
            GROUP.about("version"),
            Status::Unknown,
            text,
            "Ask whoever runs it whether it is 1.29 or newer.",
        )];
    };
    if version < SIDECARS_ALPHA {
        let text = format!("version {told}: it drops restartPolicy of init containers from every Pod");
        return vec![Finding::other(
            GROUP.about("version"),
            Status::Bad,
            text,
            "Update the control plane to 1.29 or newer.",
        )];
    }
    let mut findings = vec![Finding::good(GROUP.about("version"), format!("version {told}: it knows native sidecars"))];
    if version >= gate::LOCKED {
        findings
            .push(Finding::good(GROUP.about("gate"), "feature gate SidecarContainers: on, and cannot be turned off"));
        return findings;
    }
    let state = metrics.map(|metrics| metrics.as_ref().map(|metrics| gate::of_metrics(metrics)));
    findings.push(match state {
        Some(Ok(Some(true))) => Finding::good(GROUP.about("gate"), "feature gate SidecarContainers: on"),
        Some(Ok(Some(false))) => {
            let text = "feature gate SidecarContainers: off, so that the field is dropped from every new Pod";
            Finding::other(
                GROUP.about("gate"),
                Status::Bad,
                text,
                "Turn it on for API server and kubelets, or update to 1.33 or newer.",
            )
        }
        other => {
            let why = match other {
                Some(Err(failure)) => failure.to_string(),
                Some(Ok(_)) => "its metrics do not name it".to_owned(),
                None => format!("the right to {} is missing", Right::METRICS),
            };
            let default = if version >= SIDECARS_BETA {
                "It is on unless somebody turned it off"
            } else {
                "It is off by default"
            };
            let advice = format!("{default}; the dry runs below tell, too.");
            Finding::other(
                GROUP.about("gate"),
                Status::Unknown,
                format!("feature gate SidecarContainers: {why}"),
                advice,
            )
        }
    });
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(version: &str, metrics: Option<Result<&str, &str>>) -> Vec<String> {
        let failure = |message: &str| Failure { code: Some(403), message: message.to_owned() };
        let metrics = metrics.map(|metrics| metrics.map(str::to_owned).map_err(failure));
        let findings = check(&json!({"gitVersion": version}), metrics.as_ref());
        findings.iter().map(|finding| format!("{} {}", finding.status.sign(), finding.text)).collect()
    }

    #[test]
    fn the_version_and_the_gate_decide() {
        let gate = |value| format!("kubernetes_feature_enabled{{name=\"SidecarContainers\",stage=\"BETA\"}} {value}\n");
        assert_eq!(
            told("v1.27.3", None),
            ["✘ version v1.27.3: it drops restartPolicy of init containers from every Pod"]
        );
        let locked = "✔ feature gate SidecarContainers: on, and cannot be turned off";
        assert_eq!(told("v1.36.2", None), ["✔ version v1.36.2: it knows native sidecars", locked]);
        for (metrics, expected) in [
            (Some(Ok(gate(1))), "✔ feature gate SidecarContainers: on"),
            (
                Some(Ok(gate(0))),
                "✘ feature gate SidecarContainers: off, so that the field is dropped from every new Pod",
            ),
            (Some(Ok(String::new())), "? feature gate SidecarContainers: its metrics do not name it"),
            (Some(Err("forbidden")), "? feature gate SidecarContainers: forbidden"),
            (None, "? feature gate SidecarContainers: the right to get /metrics is missing"),
        ] {
            let metrics = metrics.as_ref().map(|metrics| metrics.as_deref().map_err(|error| *error));
            assert_eq!(told("v1.30.1", metrics)[1], expected);
        }
        assert_eq!(told("x", None), ["? its version cannot be read: \"x\""]);
    }
}
