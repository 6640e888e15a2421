//! From request to answer: what comes in is read, judged, repaired and answered, Pod template by Pod template.

use std::cell::OnceCell;

use k8s_openapi::Resource;
use k8s_openapi::api::apps::v1::DaemonSet;
use serde_json::value::RawValue;

use crate::answer::response::Answer;
use crate::answer::verdict::Verdict;
use crate::catalogue::injectors::{INJECTORS, Injector};
use crate::cluster::host::{Cluster, Host};
use crate::cluster::nodes::{Nodes, Support};
use crate::cluster::owner::Owner;
use crate::cluster::placement::Placement;
use crate::cluster::webhooks;
use crate::inject::{self, Refusal};
use crate::json::counterpart::counterpart;
use crate::json::jsonpath;
use crate::json::malformed::Malformed;
use crate::json::path::{Path, Step};
use crate::json::read;
use crate::json::view::text;
use crate::kubernetes::kinds::Pods;
use crate::kubernetes::labels::Labels;
use crate::kubernetes::metadata::{Metadata, Object, OwnerReference};
use crate::kubernetes::pod::{List, PodSpec, PodTemplate};
use crate::kubernetes::scheduling::Pin;
use crate::repair::consequences::Work;
use crate::repair::lists::Lists;
use crate::repair::outcome::{NotRepaired, Outcome};
use crate::repair::plan::Plan;
use crate::repair::planner::{self, Changes, Surroundings};
use crate::request::{Operation, Request, in_object, in_old_object};
use crate::rules::facts::Facts;
use crate::rules::history::{self, History, Sources};
use crate::rules::nodes::Native;
use crate::rules::rule::{About, Finding};
use crate::rules::template::{Around, Template};
use crate::rules::{self, injected, stripped};
use crate::settings::action::Action;
use crate::settings::injections::{Injection, Strategy};
use crate::settings::pod_templates::{self, Templates};
use crate::settings::{Settings, UnsupportedNodes};

/// Judges the payload of the call `validate`.
pub fn judge(payload: &[u8], host: Host) -> Vec<u8> {
    let (request, settings) = match Request::read(payload) {
        Ok(read) => read,
        Err(error) => return Answer::malformed("The request", &error).into_json(),
    };
    let settings = match Settings::read(settings, &rules::settings()) {
        Ok(settings) => settings,
        Err(errors) => return Answer::unusable_settings(&errors).into_json(),
    };
    let answer = judge_request(&request, &settings, &Cluster::new(host));
    answer.unwrap_or_else(|error| Answer::malformed(&reference(&request, None), &error)).into_json()
}

fn judge_request<'a>(request: &Request<'a>, settings: &Settings, cluster: &Cluster) -> Result<Answer<'a>, Malformed> {
    let (group, kind) = request.group_kind()?;
    let templates = pod_templates::templates(group, kind, &settings.pod_templates);
    let Some(templates) = templates else { return Ok(Answer::accept()) };
    let Some(operation) = request.operation()? else { return Ok(Answer::accept()) };
    if request.is_for_subresource() {
        return Ok(Answer::accept());
    }
    let read: Object;
    let metadata = match &request.pod {
        Some(pod) => pod.value.metadata.as_ref(),
        None => {
            read = read::document(request.object()?.get()).map_err(in_object)?;
            read.metadata.as_ref()
        }
    };
    let none = Metadata::default();
    let subject = Subject {
        request,
        metadata: metadata.unwrap_or(&none),
        operation,
        pods: match templates {
            Templates::At(kind) => kind.pods,
            Templates::Selected(_) => Pods::Controller,
        },
        is_selected: matches!(templates, Templates::Selected(_)),
        settings,
        cluster,
        raw: OnceCell::new(),
        reference: OnceCell::new(),
    };
    let mut verdict = Verdict::default();
    match templates {
        Templates::At(_) if subject.is_pod() && subject.metadata.is_mirror() => {}
        Templates::At(kind) => subject.judge(Path::of(kind.template), &mut verdict)?,
        Templates::Selected(paths) => {
            let object = read::document(request.object()?.get()).map_err(in_object)?;
            for path in jsonpath::places(&object, &paths) {
                subject.judge(path, &mut verdict)?;
            }
        }
    }
    if verdict.has_stripped() && settings.webhook_lookup {
        let labels = Labels(subject.metadata.labels);
        let suspects = cluster.webhooks().and_then(|list| webhooks::suspects(&list, request, labels));
        verdict.suspects(subject.reference(), suspects);
    }
    verdict.answer(|| subject.reference(), || request.object())
}

/// How messages name the object: `KIND/NAMESPACE/NAME`, with `*` for what the API server adds to a `generateName`.
fn reference(request: &Request, metadata: Option<&Metadata>) -> String {
    let Ok((_, kind)) = request.group_kind() else { return "The request".to_owned() };
    let none = Metadata::default();
    let metadata = metadata.unwrap_or(&none);
    let namespace = [request.namespace(), text(&metadata.namespace)].into_iter().find(|text| !text.is_empty());
    let name = [text(&metadata.name), request.name()].into_iter().find(|text| !text.is_empty());
    let prefix = text(&metadata.generate_name);
    let mut reference = kind.to_owned();
    for part in namespace.into_iter().chain(name.or((!prefix.is_empty()).then_some(prefix))) {
        reference.push('/');
        reference.push_str(part);
    }
    if name.is_none() && !prefix.is_empty() {
        reference.push('*');
    }
    reference
}

/// The object of a request, what the request does to it, and what it is judged by.
struct Subject<'v> {
    request: &'v Request<'v>,
    metadata: &'v Metadata<'v>,
    operation: Operation,
    /// Who has the Pods that it describes.
    pods: Pods,
    /// Whether the settings say where its templates are: what makes its Pods may complete these.
    is_selected: bool,
    settings: &'v Settings<'v>,
    cluster: &'v Cluster<'v>,
    /// The object as a whole, once it is needed.
    raw: OnceCell<&'v RawValue>,
    /// How messages name it, once there is one.
    reference: OnceCell<String>,
}

impl<'v> Subject<'v> {
    /// Judges the Pod template at this place.
    fn judge(&self, path: Path<'static>, verdict: &mut Verdict) -> Result<(), Malformed> {
        if !self.is_pod() && self.is_unchanged(&path)? {
            return Ok(());
        }
        let read;
        let pod = match &self.request.pod {
            Some(pod) => &pod.value,
            None => {
                read = self.template(&path)?;
                &read
            }
        };
        let Some(spec) = &pod.spec else {
            // What else is there says whether this is a template at all.
            let is_partial = self.is_selected && pod.metadata.is_some() && !pod.has_others;
            return if is_partial { Ok(()) } else { Err(in_object(Malformed::new(path.key("spec"), "missing"))) };
        };
        if !self.is_selected {
            check_names(spec, &path).map_err(in_object)?;
        }
        let injections = self.injections(pod)?;
        let around = Around {
            metadata: self.metadata,
            annotations: &|| self.annotations(&Path::default()).unwrap_or(Labels(None)),
            template_annotations: &|| self.annotations(&path).unwrap_or(Labels(None)),
            is_pod: self.is_pod(),
            is_of_daemon_set: self.is_of_daemon_set(),
        };
        let is_stored_pod = self.is_pod() && self.is_update();
        let template = Template::new(self.settings, pod, spec, around, &injections, is_stored_pod);
        let owner = self.owner(&template);
        if let Some(owner) = &owner {
            self.compare(&template, owner, &path, verdict);
        }
        let history = self.history(&template, &path, owner.as_ref())?;
        let facts = Facts::new(template, history);
        let template = &facts.template;
        let findings = rules::findings(&facts);
        let injectors = self.waiting_injectors(template, &path)?;
        let mut missing: Vec<_> = template.missing_injections().collect();
        if findings.is_empty() && template.native().is_none() && injectors.is_empty() && missing.is_empty() {
            return Ok(());
        }
        let about = About { object: self.reference(), template: &path.0 };
        let spec_path = path.clone().key("spec");
        let read_spec = || Ok(read::raw_at(self.raw()?.get(), &spec_path.0)?.map_or("{}", RawValue::get));
        let placement = Placement::new(self.settings, self.cluster, &spec_path, &read_spec);
        let minimum = |injector: &Injector| injector.minimum.max(self.settings.minimum_node_version);
        let placement = placement.also_of(injectors.iter().map(|injector| minimum(injector)));
        let placement = if template.is_stored_pod { placement.unasked() } else { placement };
        let placement = if self.is_of_daemon_set() { placement.bound() } else { placement };
        let surroundings = Surroundings {
            not_changeable: self.not_changeable(),
            changes: self.changes(),
            work: Work {
                is_of_jobs: self.is_of_jobs(),
                failure_policy: if findings.is_empty() { None } else { self.failure_policy(&path)? },
            },
            lists: Lists(&path.0),
            placement: &placement,
        };
        let (mut plan, outcomes) = planner::plan(&facts, &surroundings, &findings).map_err(in_object)?;
        for (finding, outcome) in findings.iter().zip(&outcomes) {
            verdict.finding(about, finding, outcome);
        }
        let native = first_native(template, &findings, &outcomes);
        let needs_nodes = native.is_some() || missing.iter().any(|injection| injection.strategy.depends_on_nodes());
        let nodes = if needs_nodes { placement.nodes().map_err(in_object)? } else { None };
        let refused = self.inject(&missing, spec, &spec_path, &read_spec, &placement, &mut plan)?;
        for (injection, why) in &refused {
            verdict.not_injected(about, &injection.name, why);
        }
        missing.retain(|injection| !refused.iter().any(|(refused, _)| refused.name == injection.name));
        if matches!(text(&spec.restart_policy), "Never" | "OnFailure") {
            for injection in missing.iter().filter(|injection| !plan.declare.contains(&injection.name)) {
                verdict.keeps_running(about, &injection.name);
            }
        }
        if let Some(nodes) = nodes {
            let is_refused = placement.refusal().map_err(in_object)?.is_some();
            let native = native.or_else(|| if is_refused { None } else { first_injected(&missing) });
            if let Some(native) = native {
                let pin = placement.pin().map_err(in_object)?;
                plan.pin = self.report_nodes(nodes, pin, about, native, &surroundings, verdict);
            }
        }
        for injector in injectors {
            // Pinned, it only lands where they are supported.
            let kept = match plan.pin {
                Some(_) => None,
                None => placement.keeps_injector(minimum(injector)).map_err(in_object)?,
            };
            match kept {
                None => plan.switch_on.push(injector.switch),
                Some(why) => verdict.not_steered(about, injector.product, &why),
            }
        }
        verdict.plan(path.clone(), plan);
        Ok(())
    }

    /// The injections that are for this Pod.
    fn injections(&self, pod: &PodTemplate) -> Result<Vec<&'v Injection>, Malformed> {
        if !self.is_pod() || self.is_update() || self.settings.injections.is_empty() {
            return Ok(Vec::new());
        }
        let annotations = self.annotations(&Path::default())?;
        let labels = Labels(pod.labels());
        Ok(self.settings.injections.iter().filter(|injection| injection.is_for(labels, annotations)).collect())
    }

    /// Plans what is injected, and returns what is not.
    fn inject<'i, 's>(
        &self,
        missing: &[&'i Injection],
        spec: &PodSpec,
        spec_path: &Path,
        read_spec: &dyn Fn() -> Result<&'s str, Malformed>,
        placement: &Placement,
        plan: &mut Plan,
    ) -> Result<Vec<Refusal<'i>>, Malformed> {
        if missing.is_empty() {
            return Ok(Vec::new());
        }
        let is_supported = match missing.iter().any(|injection| injection.strategy.depends_on_nodes()) {
            true => placement.nodes().map_err(in_object)?.is_none_or(|nodes| matches!(nodes.support, Support::Yes)),
            false => true,
        };
        let refusal = placement.refusal().map_err(in_object)?;
        let is_dropped = placement.dropped().is_some();
        let target = |injection: &Injection| match (&refusal, injection.strategy) {
            (Some(why), Strategy::Native) => Err(why.clone()),
            (Some(why), Strategy::Universal) if is_dropped => Err(why.clone()),
            _ => Ok(injection.target(is_supported && !is_dropped)),
        };
        let value = read::document(read_spec()?).map_err(|error| in_object(error.within(spec_path)))?;
        Ok(inject::plan(missing, spec, &value, self.settings.api_server_version, target, plan))
    }

    /// The injectors that are to be switched to the native form.
    fn waiting_injectors(&self, template: &Template, path: &Path) -> Result<Vec<&'static Injector>, Malformed> {
        let is_asked = self.settings.actions.of(&injected::SETTING) == Action::Repair;
        if !is_asked || template.is_stored_pod || self.not_changeable().is_some() {
            return Ok(Vec::new());
        }
        let (labels, annotations) = (Labels(template.pod.labels()), self.annotations(path)?);
        let waits = |injector: &&Injector| {
            let always = self.settings.steer_injectors.contains(&injector.name);
            injector.waits_for_switch(always, labels, annotations) && !template.has_container_of(injector)
        };
        Ok(INJECTORS.iter().filter(waits).collect())
    }

    /// All annotations of the template at this place.
    fn annotations(&self, path: &Path) -> Result<Labels<'v>, Malformed> {
        let place = path.clone().key("metadata").key("annotations");
        read::raw_at(self.raw()?.get(), &place.0).map(Labels).map_err(in_object)
    }

    /// What is known of the past of the template's init containers, where one of them could be stripped.
    fn history(&self, template: &Template, path: &Path, owner: Option<&Owner>) -> Result<History, Malformed> {
        if !stripped::has_suspects(template) {
            return Ok(History::default());
        }
        let (request, metadata, old_object) = (self.request, self.metadata, self.old());
        let old_path = self.old_path(path)?;
        let old_steps = old_path.as_ref().map(|path| path.0.as_slice());
        History::collect(template.pod, Sources { request, metadata, old_object, steps: &path.0, old_steps, owner })
    }

    /// The controller that makes this Pod, if it is to be compared with its template. A Pod that has all the init containers
    /// it was sent with, each of them native, can't have lost any.
    fn owner(&self, template: &Template) -> Option<Owner> {
        let is_asked = self.settings.owner_lookup && self.settings.actions.of(&stripped::SETTING) != Action::Ignore;
        let is_new_pod = self.is_pod() && !self.is_update();
        let reference = self.metadata.controller().filter(|_| is_asked && is_new_pod)?;
        if !stripped::has_suspects(template) && history::has_all_that_was_sent(self.metadata, template.spec) {
            return None;
        }
        let labels = Labels(template.pod.labels());
        Owner::look_up(reference, self.request.namespace(), labels, self.cluster)
    }

    /// Says what a Pod lacks of its controller's template.
    fn compare(&self, template: &Template, owner: &Owner, path: &Path, verdict: &mut Verdict) {
        let about = About { object: self.reference(), template: &path.0 };
        match &owner.sidecars {
            Err(error) => verdict.not_compared(about, owner, error),
            Ok(sidecars) => template.missing(sidecars).for_each(|sidecar| verdict.missing(about, owner, sidecar)),
        }
    }

    /// Says what it means where a Pod with a native sidecar may land. Returns the label that it has to be pinned to.
    fn report_nodes(
        &self,
        nodes: &Nodes,
        pin: Option<&Pin>,
        about: About,
        native: Native,
        surroundings: &Surroundings,
        verdict: &mut Verdict,
    ) -> Option<Pin> {
        let Settings { unsupported_nodes, node_label, minimum_node_version, .. } = self.settings;
        let unsupported = match &nodes.support {
            Support::Yes => return None,
            Support::NoNode => {
                verdict.no_node(about, *minimum_node_version);
                return None;
            }
            Support::No(unsupported) => unsupported,
        };
        match (unsupported_nodes, node_label, &surroundings.not_changeable, pin) {
            (UnsupportedNodes::Reject, ..) => verdict.reject_nodes(about, native, unsupported),
            (UnsupportedNodes::Pin, Some(label), None, Some(pin)) => {
                verdict.pinned(about, unsupported, label);
                return Some(pin.clone());
            }
            (UnsupportedNodes::Pin, Some(_), kept, _) => {
                verdict.warn_of_nodes(about, native, unsupported, kept.as_ref());
            }
            _ => verdict.warn_of_nodes(about, native, unsupported, None),
        }
        None
    }

    /// The template at this place.
    fn template(&self, path: &Path) -> Result<PodTemplate<'v>, Malformed> {
        let template = read::at(self.raw()?.get(), &path.0).map_err(in_object)?;
        template.ok_or_else(|| in_object(Malformed::new(path, "missing")))
    }

    /// Whether the template is just as it is stored.
    fn is_unchanged(&self, path: &Path) -> Result<bool, Malformed> {
        let Some((old, old_path)) = self.old().zip(self.old_path(path)?) else { return Ok(false) };
        let new = read::raw_at(self.raw()?.get(), &path.0).map_err(in_object)?;
        let old = read::raw_at(old.get(), &old_path.0).map_err(in_old_object)?;
        Ok(matches!((new, old), (Some(new), Some(old)) if read::same(new, old)))
    }

    /// Where the stored object has the template that is at this place; None where it has no such template.
    fn old_path<'p>(&self, path: &Path<'p>) -> Result<Option<Path<'p>>, Malformed> {
        let Some(old) = self.old() else { return Ok(None) };
        Ok(counterpart(self.raw()?.get(), old.get(), path))
    }

    /// What keeps this object from being changed, whatever the findings.
    fn not_changeable(&self) -> Option<NotRepaired> {
        if self.is_pod() {
            None
        } else if !self.settings.convert_templates {
            Some(NotRepaired::Template)
        } else if let Some(owner) = self.metadata.controller() {
            Some(NotRepaired::Owned(text(&owner.kind).to_owned(), text(&owner.name).to_owned()))
        } else if self.pods == Pods::Job && self.is_update() {
            Some(NotRepaired::JobUpdate)
        } else {
            None
        }
    }

    /// Who is changed where something is to be converted.
    fn changes(&self) -> Changes {
        match self.not_changeable() {
            None if self.is_pod() => Changes::Pod,
            // The author of an object with a controller wrote that one.
            Some(NotRepaired::Template) if self.metadata.controller().is_none() => Changes::Later,
            _ => Changes::Template,
        }
    }

    /// The `podFailurePolicy` of the Job whose template is at this place.
    fn failure_policy(&self, path: &Path) -> Result<Option<&'v RawValue>, Malformed> {
        let Some((_, job)) = path.0.split_last().filter(|_| self.is_of_jobs()) else { return Ok(None) };
        let policy = [job, &[Step::key("podFailurePolicy")]].concat();
        read::raw_at(self.raw()?.get(), &policy).map_err(in_object)
    }

    fn is_of_jobs(&self) -> bool {
        matches!(self.pods, Pods::Job | Pods::Jobs)
    }

    fn is_pod(&self) -> bool {
        self.pods == Pods::Itself
    }

    fn is_of_daemon_set(&self) -> bool {
        let is_owner = |owner: &OwnerReference| text(&owner.kind) == DaemonSet::KIND;
        self.pods == Pods::DaemonSet || self.is_pod() && self.metadata.controller().is_some_and(is_owner)
    }

    fn is_update(&self) -> bool {
        self.operation == Operation::Update
    }

    /// The stored object: what the request says of it counts only where it replaces one.
    fn old(&self) -> Option<&'v RawValue> {
        self.request.old_object.filter(|_| self.is_update())
    }

    fn reference(&self) -> &str {
        self.reference.get_or_init(|| reference(self.request, Some(self.metadata)))
    }

    fn raw(&self) -> Result<&'v RawValue, Malformed> {
        if let Some(raw) = self.raw.get() {
            return Ok(raw);
        }
        let object = self.request.object()?;
        Ok(self.raw.get_or_init(|| object))
    }
}

/// A container that is native, or that the plan makes so: the first one that no setting exempts.
fn first_native<'v>(template: &Template<'v>, findings: &[Finding<'v>], outcomes: &[Outcome]) -> Option<Native<'v>> {
    let there = template.native().map(|(index, container)| Native::Container(List::InitContainers, index, container));
    let mut planned = findings.iter().zip(outcomes).filter(|(_, outcome)| matches!(outcome, Outcome::Repaired(_)));
    let planned = planned.next().map(|(finding, _)| finding);
    there.or_else(|| planned.map(|finding| Native::Container(finding.check.list, finding.index, finding.container)))
}

/// The first injection that makes the Pod need nodes which know native sidecars.
fn first_injected<'i>(missing: &[&'i Injection]) -> Option<Native<'i>> {
    let native = missing.iter().find(|injection| injection.strategy == Strategy::Native);
    native.map(|injection| Native::Injected(&injection.name))
}

/// Refuses containers without a name: nothing could be said of them.
fn check_names(spec: &PodSpec, path: &Path) -> Result<(), Malformed> {
    for list in [List::InitContainers, List::Containers] {
        if let Some(index) = list.of(spec).iter().position(|container| container.name().is_empty()) {
            let place = path.clone().key("spec").key(list.field()).index(index);
            return Err(Malformed::new(place, "a container without a name"));
        }
    }
    Ok(())
}
