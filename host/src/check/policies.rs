//! Whether Kubewarden is there, and which of its policies are this one.
//!
//! <https://docs.kubewarden.io/reference/CRDs>

use serde_json::Value;

use crate::check::finding::{Finding, Group, Status};
use crate::check::rights::Right;
use crate::check::webhook::Webhook;
use crate::check::words::{counted_as, shown};
use crate::cluster::connection::{Connection, Failure, Selection};

const GROUP: Group = Group::Policy;

/// The end of the path of this module in registries.
const MODULE: &str = "native-sidecar-policy";

/// A ClusterAdmissionPolicy of this module.
struct Policy<'a> {
    name: &'a str,
    spec: &'a Value,
    status: &'a str,
}

impl<'a> Policy<'a> {
    /// Reads a policy; None where it is of another module.
    fn of(policy: &'a Value) -> Option<Self> {
        let spec = &policy["spec"];
        let module = spec["module"].as_str()?.split('@').next()?;
        let path = module.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')).map_or(module, |(path, _)| path);
        path.ends_with(MODULE).then(|| Self {
            name: policy["metadata"]["name"].as_str().unwrap_or_default(),
            spec,
            status: policy["status"]["policyStatus"].as_str().unwrap_or_default(),
        })
    }

    fn mutates(&self) -> bool {
        self.spec["mutating"] == true
    }

    fn told(&self) -> String {
        let kind = if self.mutates() { "mutating" } else { "validating" };
        let mode = if self.spec["mode"] == "monitor" { ", monitor" } else { "" };
        let module = self.spec["module"].as_str().and_then(|module| module.rsplit_once(':')).map_or("", |(_, tag)| tag);
        let settings = match &self.spec["settings"] {
            Value::Object(settings) if !settings.is_empty() => Value::from(settings.clone()).to_string(),
            _ => "{}".to_owned(),
        };
        format!("{} ({kind}{mode}, {module}): {settings}", self.name)
    }
}

/// The settings of the policy of this module among these: of a validating one, where there are several.
pub fn settings(policies: &[Value]) -> Option<Value> {
    let own: Vec<Policy> = policies.iter().filter_map(Policy::of).collect();
    let policy = own.iter().find(|policy| !policy.mutates()).or(own.first())?;
    Some(policy.spec["settings"].clone()).filter(Value::is_object)
}

/// All ClusterAdmissionPolicies.
pub fn list(connection: &Connection) -> Result<Vec<Value>, Failure> {
    let mut policies = Vec::new();
    let path = "/apis/policies.kubewarden.io/v1/clusteradmissionpolicies";
    connection.list::<Failure>(path, &Selection::default(), |page| {
        policies.extend(page);
        Ok(())
    })?;
    Ok(policies)
}

/// What there is to say. None of `policies` means that the right to list them is missing.
pub fn check(policies: Option<&Result<Vec<Value>, Failure>>, webhooks: &[Webhook]) -> Vec<Finding> {
    let policies = match policies {
        Some(Ok(policies)) => policies,
        Some(Err(failure)) if failure.is_missing() => {
            let advice = "docs/adopting.md says what it is for. Without it, `review --cluster` shows the same.";
            return vec![Finding::other(GROUP.about("kubewarden"), Status::Warning, "Kubewarden is not there", advice)];
        }
        Some(Err(failure)) => {
            return vec![Finding::other(GROUP.about("unknown"), Status::Unknown, format!("not known: {failure}"), "")];
        }
        None => {
            let text = format!("not known: the right to {} is missing", Right::POLICIES);
            return vec![Finding::other(GROUP.about("unknown"), Status::Unknown, text, "")];
        }
    };
    let own: Vec<Policy> = policies.iter().filter_map(Policy::of).collect();
    if own.is_empty() {
        let advice = "kubectl apply -f deploy/audit.yaml is the first step: it warns, and denies nothing.";
        return vec![Finding::other(
            GROUP.about("none"),
            Status::Warning,
            "Kubewarden is there, and no policy of this module",
            advice,
        )];
    }
    let text = format!("{} of this module", counted_as(own.len(), "policy", "policies"));
    let mut findings = vec![Finding::good(GROUP.about("policies"), text).of(shown(own.iter().map(Policy::told)))];
    let inactive: Vec<String> = own
        .iter()
        .filter(|policy| policy.status != "active")
        .map(|policy| {
            format!("{} ({})", policy.name, if policy.status.is_empty() { "no status" } else { policy.status })
        })
        .collect();
    if !inactive.is_empty() {
        let advice = "kubectl describe clusteradmissionpolicy says why; until it is active it judges nothing.";
        findings
            .push(Finding::other(GROUP.about("inactive"), Status::Bad, "a policy is not active", advice).of(inactive));
    }
    let (mutating, validating): (Vec<&Policy>, Vec<&Policy>) = own.iter().partition(|policy| policy.mutates());
    if mutating.is_empty() {
        let advice =
            "A stripped sidecar with probes never reaches a validating policy: deploy/enforce.yaml has a mutating one.";
        findings.push(Finding::other(GROUP.about("not-mutating"), Status::Warning, "no policy repairs Pods", advice));
    }
    if validating.is_empty() {
        let advice = "Webhooks that come later can strip what the mutating policy saw: deploy/enforce.yaml has a validating one.";
        findings.push(Finding::other(
            GROUP.about("not-validating"),
            Status::Warning,
            "no policy sees what the other webhooks leave",
            advice,
        ));
    }
    findings.extend(order(&mutating, webhooks));
    findings.extend(left_out(&own));
    findings
}

/// Mutating policies whose webhooks are called behind those of injectors, which do not see the switch any more then.
fn order(mutating: &[&Policy], webhooks: &[Webhook]) -> Option<Finding> {
    let steers = mutating.iter().find(|policy| policy.spec["settings"]["injectedSidecars"] == "steer")?;
    let own = format!("clusterwide-{}", steers.name);
    let injectors = ["istio", "linkerd", "consul", "dapr"];
    let earlier: Vec<String> = webhooks
        .iter()
        .filter(|webhook| {
            let configuration = webhook.name.split('/').next().unwrap_or_default();
            configuration < own.as_str() && injectors.iter().any(|injector| webhook.name.contains(injector))
        })
        .map(|webhook| webhook.name.clone())
        .collect();
    let text = format!("webhooks of injectors are called before {own}, and do not see the switch that it sets");
    let advice =
        "The API server calls them by the names of their configurations: give the policy a name that sorts first.";
    (!earlier.is_empty()).then(|| Finding::other(GROUP.about("order"), Status::Warning, text, advice).of(earlier))
}

/// The namespaces that a policy leaves out, where its selector says so by name.
fn left_out(own: &[Policy]) -> Option<Finding> {
    let names = own.iter().flat_map(|policy| {
        let expressions = policy.spec["namespaceSelector"]["matchExpressions"].as_array();
        let by_name = expressions.into_iter().flatten().filter(|expression| {
            expression["key"] == "kubernetes.io/metadata.name" && expression["operator"] == "NotIn"
        });
        let names = by_name.flat_map(|expression| expression["values"].as_array().into_iter().flatten());
        let names: Vec<&str> = names.filter_map(Value::as_str).collect();
        (!names.is_empty()).then(|| format!("{}: {}", policy.name, names.join(", ")))
    });
    let names: Vec<String> = names.collect();
    (!names.is_empty()).then(|| Finding::good(GROUP.about("namespaces"), "namespaces that are left out").of(names))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(policies: Option<Result<Vec<Value>, Failure>>) -> Vec<String> {
        let line = |finding: &Finding| {
            format!("{} {} {}", finding.status.sign(), finding.text, finding.details.join("; ")).trim_end().to_owned()
        };
        check(policies.as_ref(), &[]).iter().map(line).collect()
    }

    fn policy(name: &str, module: &str, mutating: bool, status: &str) -> Value {
        json!({
            "metadata": {"name": name},
            "spec": {"module": module, "mutating": mutating, "settings": {"legacySidecars": "warn"}},
            "status": {"policyStatus": status},
        })
    }

    #[test]
    fn policies_of_this_module_are_told() {
        let module = "registry://example.com:5000/native-sidecar-policy:v0.1.0";
        let other = policy("other", "registry://example.com/other:v1", true, "active");
        let both = vec![policy("a", module, true, "active"), policy("b", module, false, "active"), other.clone()];
        let settings = "{\"legacySidecars\":\"warn\"}";
        let expected = [format!(
            "✔ 2 policies of this module a (mutating, v0.1.0): {settings}; b (validating, v0.1.0): {settings}"
        )];
        assert_eq!(told(Some(Ok(both))), expected);
        let one = vec![policy("b", module, false, "pending")];
        let expected = [
            format!("✔ 1 policy of this module b (validating, v0.1.0): {settings}"),
            "✘ a policy is not active b (pending)".to_owned(),
            "! no policy repairs Pods".to_owned(),
        ];
        assert_eq!(told(Some(Ok(one))), expected);
        assert_eq!(told(Some(Ok(vec![other]))), ["! Kubewarden is there, and no policy of this module"]);
    }

    #[test]
    fn what_is_not_there_or_not_known_is_told() {
        let failure = |code| Some(Err(Failure { code: Some(code), message: "no".to_owned() }));
        assert_eq!(told(failure(404)), ["! Kubewarden is not there"]);
        assert_eq!(told(failure(500)), ["? not known: no"]);
        let missing = "? not known: the right to list clusteradmissionpolicies.policies.kubewarden.io is missing";
        assert_eq!(told(None), [missing]);
    }
}
