//! The requests that an API server sends to a policy, as far as files say: its rules and selectors.
//!
//! What files do not say is never guessed: the object is judged, and [`Scope::notes`] says so.
//!
//! <https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#matching-requests-rules>

use k8s_openapi::api::admissionregistration::v1::{MatchCondition, RuleWithOperations};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde::Deserialize;
use serde_json::Value;

use crate::manifest::{self, Kinds, Object};
use crate::selector::{self, Answer};

/// The label of every namespace that has its name.
const NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// The operation that a review asks about.
const OPERATION: &str = "CREATE";

/// The fields of a policy's `spec` that say which requests it gets.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Scope {
    rules: Option<Vec<RuleWithOperations>>,
    match_policy: Option<MatchPolicy>,
    namespace_selector: Option<LabelSelector>,
    object_selector: Option<LabelSelector>,
    match_conditions: Option<Vec<MatchCondition>>,
    /// Whether the policy is one of a namespace.
    #[serde(skip)]
    is_namespaced: bool,
}

/// Which versions of a resource a rule means.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
enum MatchPolicy {
    /// Those that it names.
    Exact,
    /// All: the API server converts an object into a version that the rule names.
    Equivalent,
}

/// What the rules look at.
struct Subject<'o> {
    group: &'o str,
    /// None for any.
    version: Option<&'o str>,
    kind: &'o str,
    /// Whether it certainly is in a namespace.
    is_namespaced: bool,
}

impl Scope {
    /// Reads the `spec` of a policy; `namespace` is that of an AdmissionPolicy, None for a ClusterAdmissionPolicy.
    ///
    /// An AdmissionPolicy that names no namespace judges objects of all.
    pub fn read(spec: &Value, namespace: Option<Option<&str>>) -> Result<Self, String> {
        let mut scope: Self = serde_json::from_value(spec.clone()).map_err(|error| format!("spec: {error}"))?;
        if let Some(namespace) = namespace {
            scope.is_namespaced = true;
            // Kubewarden gives its webhook just this selector.
            let label = namespace.map(|name| [(NAME_LABEL.to_owned(), name.to_owned())].into());
            scope.namespace_selector = Some(LabelSelector { match_labels: label, match_expressions: None });
        }
        for (name, selector) in
            [("namespaceSelector", &scope.namespace_selector), ("objectSelector", &scope.object_selector)]
        {
            if let Some(mistake) = selector.as_ref().and_then(selector::mistake) {
                return Err(format!("spec.{name} has a requirement that Kubernetes does not take: {mistake}"));
            }
        }
        Ok(scope)
    }

    /// Returns why the policy never sees an object that is created; None where it does, or may.
    pub fn leaves_out(&self, object: &Object) -> Option<&'static str> {
        let (group, version) = manifest::group_version(&object.api_version);
        let is_namespaced = object.namespace().is_some();
        let subject = Subject { group, version: Some(version), kind: &object.kind, is_namespaced };
        let by_namespace =
            if self.is_namespaced { "not in the namespace of" } else { "not selected by the namespaceSelector of" };
        let answers = [
            (self.matches(&subject), "not matched by the rules of"),
            (self.selects_namespace(object.namespace()), by_namespace),
            (self.selects_labels(object), "not selected by the objectSelector of"),
        ];
        answers.into_iter().find(|(answer, _)| *answer == Answer::No).map(|(_, reason)| reason)
    }

    /// Returns what is not applied, or only in part, to objects of these kinds.
    pub fn notes(&self, kinds: &Kinds) -> Vec<String> {
        let mut notes = Vec::new();
        if self.rules().is_empty() {
            notes.push("it has no rules, so every object is judged".to_owned());
        }
        let is_undecided = |group, kind| {
            let subject = Subject { group, version: None, kind, is_namespaced: true };
            self.matches(&subject) == Answer::Unknown
        };
        let undecided = kinds.added().filter(|(group, kind)| is_undecided(group, kind));
        let undecided: Vec<_> =
            undecided.map(|(group, kind)| format!("{group}/{kind}").trim_start_matches('/').to_owned()).collect();
        if !undecided.is_empty() {
            let names = undecided.join(", ");
            notes.push(format!("its rules are not applied to {names}, whose resource is not known here"));
        }
        let keys = self.namespace_selector.as_ref().map(selector::keys).unwrap_or_default();
        let unknown: Vec<_> = keys.into_iter().filter(|key| *key != NAME_LABEL).collect();
        if !unknown.is_empty() {
            let names = unknown.join(", ");
            notes.push(format!("its namespaceSelector is not applied to labels that files do not say: {names}"));
        }
        if self.selects_namespace(Some("default")) == Answer::No {
            notes.push("objects that name no namespace are judged, too".to_owned());
        }
        let conditions: Vec<_> = self.match_conditions.iter().flatten().map(|each| each.name.as_str()).collect();
        if !conditions.is_empty() {
            notes.push(format!("its matchConditions are not evaluated: {}", conditions.join(", ")));
        }
        notes
    }

    fn rules(&self) -> &[RuleWithOperations] {
        self.rules.as_deref().unwrap_or_default()
    }

    fn matches(&self, subject: &Subject) -> Answer {
        let answers = self.rules().iter().map(|rule| self.rule_matches(rule, subject));
        answers.max().unwrap_or(Answer::Yes)
    }

    fn rule_matches(&self, rule: &RuleWithOperations, subject: &Subject) -> Answer {
        let is_exact = self.match_policy == Some(MatchPolicy::Exact);
        let version = subject.version.filter(|_| is_exact);
        let is_meant = has(&rule.operations, OPERATION)
            && has(&rule.api_groups, subject.group)
            && version.is_none_or(|version| has(&rule.api_versions, version));
        let in_scope = match rule.scope.as_deref() {
            None | Some("*") => Answer::Yes,
            Some(scope) if subject.is_namespaced || subject.is_known() => (scope == "Namespaced").into(),
            Some(_) => Answer::Unknown,
        };
        let resources = rule.resources.iter().flatten().map(|resource| subject.is_of(resource));
        Answer::from(is_meant).min(in_scope).min(resources.max().unwrap_or(Answer::No))
    }

    /// Of an object that names no namespace, kubectl decides that.
    fn selects_namespace(&self, namespace: Option<&str>) -> Answer {
        let Some(selector) = &self.namespace_selector else { return Answer::Yes };
        selector::selects(selector, |key| if key == NAME_LABEL { namespace.map(Some) } else { None })
    }

    fn selects_labels(&self, object: &Object) -> Answer {
        let Some(selector) = &self.object_selector else { return Answer::Yes };
        let labels = object.value.pointer("/metadata/labels");
        selector::selects(selector, |key| Some(labels.and_then(|labels| labels.get(key)?.as_str())))
    }
}

impl Subject<'_> {
    fn is_known(&self) -> bool {
        manifest::is_known(self.group, self.kind)
    }

    /// Whether an entry of a rule's `resources` means it. One with a subresource means no object that is created.
    fn is_of(&self, resource: &str) -> Answer {
        let (resource, subresource) = resource.split_once('/').unwrap_or((resource, "*"));
        match resource {
            _ if subresource != "*" => Answer::No,
            "*" => Answer::Yes,
            _ if resource == manifest::usual_resource(self.kind) => Answer::Yes,
            _ if self.is_known() => Answer::No,
            _ => Answer::Unknown,
        }
    }
}

/// Whether a list of a rule has this entry, or the one for all.
fn has(list: &Option<Vec<String>>, wanted: &str) -> bool {
    list.iter().flatten().any(|entry| entry == "*" || entry == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn scope(spec: Value) -> Scope {
        Scope::read(&spec, None).unwrap()
    }

    fn rule(groups: &[&str], resources: &[&str]) -> Value {
        json!({"apiGroups": groups, "apiVersions": ["v1"], "resources": resources, "operations": ["CREATE", "UPDATE"]})
    }

    /// Why an object with this type and metadata is left out, in its last words but one.
    fn left_out(scope: &Scope, api_version: &str, kind: &str, metadata: Value) -> Option<&'static str> {
        let value = json!({"metadata": metadata});
        let (api_version, kind) = (api_version.to_owned(), kind.to_owned());
        scope.leaves_out(&Object { api_version, kind, value: &value, node: None, item: None })
    }

    fn is_matched(rule: Value, api_version: &str, kind: &str) -> bool {
        left_out(&scope(json!({"rules": [rule]})), api_version, kind, json!({})).is_none()
    }

    fn notes(spec: Value, pod_templates: &[&str]) -> Vec<String> {
        scope(spec).notes(&Kinds::new(&json!({"podTemplates": pod_templates})))
    }

    #[test]
    fn rules_name_groups_and_resources() {
        let rows: [(&[&str], &[&str], bool); 9] = [
            (&["apps"], &["deployments"], true),
            (&["*"], &["*"], true),
            (&["apps"], &["*/*"], true),
            (&["apps"], &["deployments/*"], true),
            (&["apps"], &["deployments/scale"], false),
            (&["apps"], &["*/scale"], false),
            (&["apps"], &["statefulsets", "daemonsets"], false),
            (&[""], &["deployments"], false),
            (&["apps"], &[], false),
        ];
        for (groups, resources, expected) in rows {
            assert_eq!(
                is_matched(rule(groups, resources), "apps/v1", "Deployment"),
                expected,
                "{groups:?} {resources:?}"
            );
        }
        let two = scope(json!({"rules": [rule(&[""], &["pods"]), rule(&["batch"], &["jobs"])]}));
        assert_eq!(left_out(&two, "batch/v1", "Job", json!({})), None);
        assert_eq!(left_out(&two, "batch/v1", "CronJob", json!({})), Some("not matched by the rules of"));
    }

    #[test]
    fn rules_are_about_creating() {
        let with = |operations: Value| {
            let mut rule = rule(&[""], &["pods"]);
            rule["operations"] = operations;
            is_matched(rule, "v1", "Pod")
        };
        assert!(with(json!(["CREATE"])) && with(json!(["*"])));
        assert!(!with(json!(["UPDATE", "DELETE"])) && !with(json!([])));
    }

    #[test]
    fn versions_count_where_they_have_to_be_exact() {
        let is_left_out = |policy: &str| {
            let spec = json!({"rules": [rule(&["batch"], &["cronjobs"])], "matchPolicy": policy});
            left_out(&scope(spec), "batch/v1beta1", "CronJob", json!({})).is_some()
        };
        assert!(is_left_out("Exact"));
        assert!(!is_left_out("Equivalent"));
    }

    #[test]
    fn a_scope_is_cluster_or_namespaced() {
        let with = |scope: &str, api_version: &str, kind: &str| {
            let mut rule = rule(&["*"], &["*"]);
            rule["scope"] = json!(scope);
            is_matched(rule, api_version, kind)
        };
        assert!(with("*", "v1", "Pod") && with("Namespaced", "v1", "Pod"));
        assert!(!with("Cluster", "v1", "Pod"));
        // Nothing says whether objects of this kind have a namespace.
        assert!(with("Cluster", "example.com/v1", "Runner"));
    }

    #[test]
    fn a_resource_that_is_not_known_is_judged() {
        let of_group = |group: &str| is_matched(rule(&[group], &["proxies"]), "example.com/v1", "Proxy");
        assert!(of_group("example.com"));
        assert!(!of_group("example.org"));
        let spec = |resources: &[&str]| json!({"rules": [rule(&["example.com"], resources)]});
        let text = "its rules are not applied to example.com/Proxy, whose resource is not known here";
        assert_eq!(notes(spec(&["proxies"]), &["example.com/Proxy=$"]), [text]);
        for resources in [&["*"][..], &["runners", "proxys"]] {
            assert_eq!(notes(spec(resources), &["example.com/Proxy=$"]), Vec::<String>::new());
        }
    }

    #[test]
    fn without_rules_everything_is_judged() {
        for spec in [json!({}), json!({"rules": []}), json!({"rules": null})] {
            assert_eq!(left_out(&scope(spec.clone()), "v1", "Pod", json!({})), None);
            assert_eq!(notes(spec, &[]), ["it has no rules, so every object is judged"]);
        }
    }

    #[test]
    fn namespaces_are_known_by_their_names() {
        let expression =
            |key: &str, operator: &str, value: &str| json!({"key": key, "operator": operator, "values": [value]});
        let spec = |expressions: Value| json!({"rules": [rule(&[""], &["pods"])], "namespaceSelector": {"matchExpressions": expressions}});
        let of = |spec: &Value, metadata: Value| left_out(&scope(spec.clone()), "v1", "Pod", metadata);
        let reason = Some("not selected by the namespaceSelector of");
        let not_system = spec(json!([expression(NAME_LABEL, "NotIn", "kube-system")]));
        assert_eq!(of(&not_system, json!({"namespace": "kube-system"})), reason);
        assert_eq!(of(&not_system, json!({"namespace": "shop"})), None);
        assert_eq!(of(&not_system, json!({})), None);
        assert_eq!(notes(not_system, &[]), Vec::<String>::new());

        let only_shop = spec(json!([expression(NAME_LABEL, "In", "shop")]));
        assert_eq!(of(&only_shop, json!({"namespace": "blog"})), reason);
        assert_eq!(of(&only_shop, json!({})), None);
        assert_eq!(notes(only_shop, &[]), ["objects that name no namespace are judged, too"]);

        let by_label = spec(json!([expression("env", "In", "prod"), expression(NAME_LABEL, "NotIn", "kube-system")]));
        assert_eq!(of(&by_label, json!({"namespace": "shop"})), None);
        assert_eq!(of(&by_label, json!({"namespace": "kube-system"})), reason);
        let text = "its namespaceSelector is not applied to labels that files do not say: env";
        assert_eq!(notes(by_label, &[]), [text]);
    }

    #[test]
    fn objects_are_selected_by_their_labels() {
        let spec = json!({"rules": [rule(&["*"], &["*"])], "objectSelector": {"matchLabels": {"team": "web"}}});
        let of = |metadata: Value| left_out(&scope(spec.clone()), "v1", "Pod", metadata);
        assert_eq!(of(json!({"labels": {"team": "web"}})), None);
        for metadata in [json!({}), json!({"labels": null}), json!({"labels": {"team": "db"}})] {
            assert_eq!(of(metadata), Some("not selected by the objectSelector of"));
        }
    }

    #[test]
    fn an_admission_policy_is_about_its_namespace() {
        // The selector is none that an AdmissionPolicy has.
        let spec = json!({"rules": [rule(&["*"], &["*"])], "namespaceSelector": {"matchLabels": {"env": "prod"}}});
        let shop = Scope::read(&spec, Some(Some("shop"))).unwrap();
        assert_eq!(left_out(&shop, "v1", "Pod", json!({"namespace": "shop"})), None);
        assert_eq!(left_out(&shop, "v1", "Pod", json!({})), None);
        assert_eq!(left_out(&shop, "v1", "Pod", json!({"namespace": "blog"})), Some("not in the namespace of"));
        assert_eq!(shop.notes(&Kinds::default()), ["objects that name no namespace are judged, too"]);
        let anywhere = Scope::read(&spec, Some(None)).unwrap();
        assert_eq!(left_out(&anywhere, "v1", "Pod", json!({"namespace": "blog"})), None);
    }

    #[test]
    fn conditions_are_named() {
        let conditions = json!([{"name": "a", "expression": "false"}, {"name": "b", "expression": "true"}]);
        let spec = json!({"rules": [rule(&["*"], &["*"])], "matchConditions": conditions});
        assert_eq!(notes(spec, &[]), ["its matchConditions are not evaluated: a, b"]);
    }

    #[test]
    fn what_kubernetes_does_not_take_is_refused() {
        let refused = |spec: Value| Scope::read(&spec, None).unwrap_err();
        assert_eq!(refused(json!({"rules": "pods"})), "spec: invalid type: string \"pods\", expected a sequence");
        let text = "spec: unknown variant `Loose`, expected `Exact` or `Equivalent`";
        assert_eq!(refused(json!({"matchPolicy": "Loose"})), text);
        let selector = json!({"matchExpressions": [{"key": "env", "operator": "Contains", "values": ["x"]}]});
        let text = "spec.objectSelector has a requirement that Kubernetes does not take: Contains on the label env";
        assert_eq!(refused(json!({"objectSelector": selector})), text);
    }
}
