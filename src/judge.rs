//! From request to answer: reads, decides, plans and applies, for every Pod template of the object.

use std::cell::OnceCell;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::answer::Answer;
use crate::catalogue::injectors::{INJECTORS, Injector};
use crate::cluster::nodes::{Nodes, Support};
use crate::cluster::owner::Owner;
use crate::cluster::webhooks;
use crate::cluster::{Cluster, Host};
use crate::json::jsonpath;
use crate::json::malformed::Malformed;
use crate::json::path::{Path, Step};
use crate::json::read;
use crate::json::view::text;
use crate::kubernetes::labels::Labels;
use crate::kubernetes::metadata::{Metadata, Object};
use crate::kubernetes::pod::List;
use crate::kubernetes::pod::{PodSpec, PodTemplate};
use crate::kubernetes::scheduling::Constraints;
use crate::kubernetes::scheduling::Pin;
use crate::kubernetes::version::Version;
use crate::repair::apply;
use crate::repair::obstacles::Kept;
use crate::repair::outcome::Outcome;
use crate::repair::plan::Plan;
use crate::repair::planner::{self as plan, Surroundings};
use crate::request::{Operation, Request, in_object, in_old_object};
use crate::rules::finding::{self, About, Finding, Native, NodesText, Rule};
use crate::rules::history::{self, Sources, Traces};
use crate::rules::template::Case;
use crate::settings::action::Action;
use crate::settings::injections::{Injection, Strategy};
use crate::settings::pod_templates::{self, Templates};
use crate::settings::rule_settings::{self, RULE_SETTINGS};
use crate::settings::{NodeCheck, Settings, UnsupportedNodes};

/// Judges the payload of the call `validate`.
pub fn judge(payload: &[u8], host: Host) -> Vec<u8> {
    let (request, settings) = match Request::read(payload) {
        Ok(read) => read,
        Err(error) => return Answer::malformed("The request", &error).into_json(),
    };
    let settings = match Settings::read(settings, &RULE_SETTINGS) {
        Ok(settings) => settings,
        Err(errors) => return Answer::unusable_settings(&errors).into_json(),
    };
    let answer = judge_request(&request, &settings, &Cluster::new(host));
    answer.unwrap_or_else(|error| Answer::malformed(&reference(&request, None), &error)).into_json()
}

fn judge_request<'a>(request: &Request<'a>, settings: &Settings, cluster: &Cluster) -> Result<Answer<'a>, Malformed> {
    let (group, kind) = request.group_kind()?;
    let Some(templates) = pod_templates::templates(group, kind, settings) else { return Ok(Answer::accept()) };
    let Some(operation) = request.operation()? else { return Ok(Answer::accept()) };
    if request.is_for_subresource() {
        return Ok(Answer::accept());
    }
    let read: Object;
    let metadata = match &request.pod {
        Some(pod) => pod.metadata.as_ref(),
        None => {
            read = read::document(request.object()?.get()).map_err(in_object)?;
            read.metadata.as_ref()
        }
    };
    let none = Metadata::default();
    let metadata = metadata.unwrap_or(&none);
    let (raw, reference) = (OnceCell::new(), OnceCell::new());
    let subject = Subject {
        request,
        raw: &raw,
        is_update: operation == Operation::Update,
        // What the request says of a stored object counts only where it replaces one.
        old: request.old_object.filter(|_| operation == Operation::Update),
        metadata,
        reference: &reference,
        is_pod: group.is_empty() && kind == "Pod",
        is_job: group == "batch" && kind == "Job",
        is_of_jobs: group == "batch",
        is_daemon_set: group == "apps" && kind == "DaemonSet",
        settings,
        cluster,
    };
    let mut verdict = Verdict::default();
    if !(subject.is_pod && metadata.is_mirror()) {
        match templates {
            Templates::At(steps) => subject.judge(Path::of(steps), &mut verdict)?,
            Templates::Selected(paths) => {
                for path in jsonpath::places(request.object()?, &paths) {
                    subject.judge(path, &mut verdict)?;
                }
            }
        }
    }
    if let Some(is_rejected) = verdict.stripped.filter(|_| settings.webhook_lookup) {
        let suspects = cluster.webhooks().and_then(|list| webhooks::suspects(&list, request, Labels(metadata.labels)));
        let lines = finding::suspects(subject.reference(), suspects);
        if is_rejected { verdict.rejections.extend(lines) } else { verdict.warnings.extend(lines) }
    }
    verdict.answer(|| subject.reference(), || request.object())
}

/// How messages name the object: `KIND/NAMESPACE/NAME`, with `*` for what the API server adds to a `generateName`.
fn reference(request: &Request, metadata: Option<&Metadata>) -> String {
    let Ok((_, kind)) = request.group_kind() else { return "The request".to_owned() };
    let field = |of: fn(&Metadata) -> String| metadata.map(of).unwrap_or_default();
    let prefix = field(|metadata| text(&metadata.generate_name).to_owned());
    let generated = if prefix.is_empty() { prefix } else { prefix + "*" };
    let names = [field(|metadata| text(&metadata.name).to_owned()), request.name().to_owned(), generated];
    let namespaces = [request.namespace().to_owned(), field(|metadata| text(&metadata.namespace).to_owned())];
    let first = |candidates: Vec<String>| candidates.into_iter().find(|candidate| !candidate.is_empty());
    let parts = [Some(kind.to_owned()), first(namespaces.into()), first(names.into())];
    parts.into_iter().flatten().collect::<Vec<_>>().join("/")
}

/// The object of a request, and what the request does to it.
#[derive(Clone, Copy)]
struct Subject<'v> {
    request: &'v Request<'v>,
    /// The object, once it is needed as a whole.
    raw: &'v OnceCell<&'v RawValue>,
    is_update: bool,
    /// The stored object, on UPDATE.
    old: Option<&'v RawValue>,
    metadata: &'v Metadata<'v>,
    /// How messages name it, once there is one.
    reference: &'v OnceCell<String>,
    is_pod: bool,
    is_job: bool,
    /// Whether its Pods belong to Jobs.
    is_of_jobs: bool,
    is_daemon_set: bool,
    settings: &'v Settings<'v>,
    cluster: &'v Cluster<'v>,
}

/// Where a Pod may land.
struct Ground {
    nodes: Nodes,
    /// Why native sidecars can't be relied on there, where that is so.
    why: Option<String>,
    /// What would keep it to nodes with the label of the settings, where anything can.
    pin: Option<Pin>,
}

impl<'v> Subject<'v> {
    fn reference(&self) -> &'v str {
        self.reference.get_or_init(|| reference(self.request, Some(self.metadata)))
    }

    fn raw(&self) -> Result<&'v RawValue, Malformed> {
        if let Some(raw) = self.raw.get() {
            return Ok(raw);
        }
        let object = self.request.object()?;
        Ok(self.raw.get_or_init(|| object))
    }

    /// Judges the Pod template at this place.
    fn judge(self, path: Path<'static>, verdict: &mut Verdict) -> Result<(), Malformed> {
        if !self.is_pod && self.is_unchanged(&path)? {
            return Ok(());
        }
        let read;
        let template = match &self.request.pod {
            Some(pod) => pod,
            None => {
                read = self.template(&path)?;
                &read
            }
        };
        let Some(spec) = &template.spec else { return Err(in_object(Malformed::new(path.key("spec"), "missing"))) };
        check_names(spec, &path).map_err(in_object)?;
        let injections = self.injections(template)?;
        let is_stored_pod = self.is_pod && self.is_update;
        let case = Case { settings: self.settings, template, spec, injections: &injections, is_stored_pod };
        let owner = self.owner(&case);
        if let Some(owner) = &owner {
            verdict.compare(&case, owner, About { object: self.reference(), template: &path.0 });
        }
        let mut traces = Traces::default();
        if case.suspects().next().is_some() {
            let (request, metadata, old_object, owner) = (self.request, self.metadata, self.old, owner.as_ref());
            traces = Traces::collect(template, Sources { request, metadata, old_object, steps: &path.0, owner })?;
        }
        let findings = case.findings(&traces);
        let steered = self.steer(&case, &path)?;
        let awaited: Vec<_> = case.awaited().collect();
        if findings.is_empty() && case.native().is_none() && steered.is_empty() && awaited.is_empty() {
            return Ok(());
        }
        let about = About { object: self.reference(), template: &path.0 };
        let awaits = |strategy| awaited.iter().find(|injection| injection.strategy == strategy);
        let injected = awaits(Strategy::Native).map(|injection| Native::Injected(&injection.name));
        let mut surroundings =
            Surroundings { frozen: self.frozen(), is_job: self.is_of_jobs, named_ports: None, steps: &path.0 };
        let planning = |surroundings| plan::plan(&case, surroundings, &findings).map_err(in_object);
        let (mut plan, mut outcomes) = planning(surroundings)?;
        let native = plan::native(&case, &findings, &outcomes).or(injected);
        let ground = match native.is_some() || awaits(Strategy::Auto).is_some() {
            true if !case.is_stored_pod => self.ground(&path, self.settings.minimum_node_version)?,
            _ => None,
        };
        let keeps_legacy = self.settings.unsupported_nodes == UnsupportedNodes::Legacy;
        if let Some(ground) = &ground {
            surroundings.named_ports = ground.nodes.named_ports;
            if keeps_legacy {
                surroundings.frozen = surroundings.frozen.or(ground.why.as_deref().map(Kept::Nodes));
            }
            (plan, outcomes) = planning(surroundings)?;
        }
        for (finding, outcome) in findings.iter().zip(&outcomes) {
            verdict.add(finding, outcome, about);
        }
        let why_not = ground.as_ref().and_then(|ground| ground.why.as_deref());
        let injected = injected.filter(|_| !keeps_legacy);
        for injection in awaited {
            let added = match why_not {
                Some(why) if keeps_legacy && injection.strategy == Strategy::Native => Err(why.to_owned()),
                _ => injection.add(spec, why_not.is_none(), &mut plan),
            };
            if let Err(why) = added {
                verdict.warnings.push(about.not_injected(&injection.name, &why));
            }
        }
        let native = plan::native(&case, &findings, &outcomes).or(injected);
        if let (Some(ground), Some(native)) = (&ground, native) {
            plan.pin = self.stand(ground, NodesText { about, native }, surroundings.frozen, verdict);
        }
        for (injector, ground) in steered {
            match ground.as_ref().and_then(|ground| ground.nodes.support.unsupported()) {
                None => plan.switch_on.push(injector.switch),
                Some(unsupported) => verdict.warnings.push(about.not_steered(injector.product, unsupported)),
            }
        }
        if !plan.is_empty() {
            verdict.plans.push((path, plan));
        }
        Ok(())
    }

    /// The injections that are for this Pod.
    fn injections(&self, template: &PodTemplate) -> Result<Vec<&Injection>, Malformed> {
        if !self.is_pod || self.is_update || self.settings.injections.is_empty() {
            return Ok(Vec::new());
        }
        let annotations = [Step::key("metadata"), Step::key("annotations")];
        let annotations = Labels(read::raw_at(self.raw()?.get(), &annotations).map_err(in_object)?);
        let labels = Labels(template.labels());
        Ok(self.settings.injections.iter().filter(|injection| injection.is_for(labels, annotations)).collect())
    }

    /// The injectors that are to be switched to the native form, each with the ground that it asks for.
    fn steer(self, case: &Case, path: &Path) -> Result<Vec<(&'static Injector, Option<Ground>)>, Malformed> {
        let is_asked = self.settings.actions.of(&rule_settings::INJECTED_SIDECARS) == Action::Repair;
        if !is_asked || case.is_stored_pod || self.frozen().is_some() {
            return Ok(Vec::new());
        }
        let steps = [&path.0[..], &[Step::key("metadata"), Step::key("annotations")]].concat();
        let annotations = Labels(read::raw_at(self.raw()?.get(), &steps).map_err(in_object)?);
        let labels = Labels(case.template.labels());
        let waiting = INJECTORS.iter().filter(|injector| {
            let always = self.settings.steer_injectors.contains(&injector.name);
            injector.waits_for_switch(always, labels, annotations) && !case.has_container_of(injector)
        });
        let minimum = |injector: &Injector| injector.minimum.max(self.settings.minimum_node_version);
        waiting.map(|injector| Ok((injector, self.ground(path, minimum(injector))?))).collect()
    }

    /// The controller that makes this Pod, if it is to be compared with its template. A Pod that has all the init containers
    /// it was sent with, each of them native, can't have lost any.
    fn owner(self, case: &Case) -> Option<Owner> {
        let is_asked =
            self.settings.owner_lookup && self.settings.actions.of(&rule_settings::STRIPPED_SIDECARS) != Action::Ignore;
        let reference = self.metadata.controller().filter(|_| is_asked && self.is_pod && !self.is_update)?;
        if case.suspects().next().is_none() && history::has_all_that_was_sent(self.metadata, case.spec) {
            return None;
        }
        Owner::look_up(reference, self.request.namespace(), self.cluster)
    }

    /// Where a Pod of this template may land, if anybody asks, and whether nodes there are of this version.
    fn ground(self, path: &Path, minimum: Version) -> Result<Option<Ground>, Malformed> {
        if self.settings.node_check == NodeCheck::None && self.settings.api_server_version.is_none() {
            return Ok(None);
        }
        let steps = [&path.0[..], &[Step::key("spec")]].concat();
        let spec: Value = read::at(self.raw()?.get(), &steps).map_err(in_object)?.unwrap_or_default();
        let constraints = Constraints::read(&spec, self.is_daemon_set);
        let constraints = constraints.map_err(|error| in_object(error.within(Path::of(&steps))))?;
        let nodes = Nodes::look_up(self.settings, minimum, &constraints, self.cluster);
        let why = nodes.support.unsupported().map(|unsupported| unsupported.clause(1));
        let pin = self.settings.node_label.as_ref().and_then(|label| constraints.pin(label));
        Ok(Some(Ground { nodes, why, pin }))
    }

    /// Says what it means where a Pod with a native sidecar may land. Returns the label that it has to be pinned to.
    fn stand(self, ground: &Ground, text: NodesText, frozen: Option<Kept>, verdict: &mut Verdict) -> Option<Pin> {
        let Settings { unsupported_nodes, node_label, minimum_node_version, .. } = self.settings;
        let unsupported = match &ground.nodes.support {
            Support::Yes => return None,
            Support::NoNode => {
                verdict.warnings.push(text.no_node(*minimum_node_version));
                return None;
            }
            Support::No(unsupported) => unsupported,
        };
        match (unsupported_nodes, node_label) {
            (UnsupportedNodes::Reject, _) => verdict.rejections.push(text.rejection(unsupported)),
            (UnsupportedNodes::Pin, Some(label)) => match (frozen, &ground.pin) {
                (None, Some(pin)) => {
                    verdict.consequences.push(text.pinned(unsupported, label));
                    return Some(pin.clone());
                }
                (frozen, _) => verdict.warnings.push(text.warning(unsupported, frozen)),
            },
            _ => verdict.warnings.push(text.warning(unsupported, None)),
        }
        None
    }

    /// The template at this place.
    fn template(&self, path: &Path) -> Result<PodTemplate<'v>, Malformed> {
        let template = read::at(self.raw()?.get(), &path.0).map_err(in_object)?;
        template.ok_or_else(|| in_object(Malformed::new(path, "missing")))
    }

    /// Whether the template is just as it is stored.
    fn is_unchanged(self, path: &Path) -> Result<bool, Malformed> {
        let Some(old) = self.old else { return Ok(false) };
        let new = read::raw_at(self.raw()?.get(), &path.0).map_err(in_object)?;
        let old = read::raw_at(old.get(), &path.0).map_err(in_old_object)?;
        Ok(matches!((new, old), (Some(new), Some(old)) if read::same(new, old)))
    }

    /// What keeps this object from being changed, whatever the findings.
    fn frozen(&self) -> Option<Kept<'_>> {
        if self.is_pod {
            None
        } else if !self.settings.convert_templates {
            Some(Kept::Template)
        } else if let Some(owner) = self.metadata.controller() {
            Some(Kept::Owned(text(&owner.kind), text(&owner.name)))
        } else if self.is_job && self.is_update {
            Some(Kept::JobUpdate)
        } else {
            None
        }
    }
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

/// What is to be told and done about an object, over all its templates.
#[derive(Default)]
struct Verdict {
    rejections: Vec<String>,
    warnings: Vec<String>,
    /// What the plans mean for the user.
    consequences: Vec<String>,
    plans: Vec<(Path<'static>, Plan)>,
    /// Whether a sidecar was stripped, and if so, whether that is rejected.
    stripped: Option<bool>,
}

impl Verdict {
    /// Adds what a Pod lacks of its controller's template.
    fn compare(&mut self, case: &Case, owner: &Owner, about: About) {
        match &owner.sidecars {
            Err(error) => self.warnings.push(about.not_compared(&owner.controller, error)),
            Ok(sidecars) => {
                for sidecar in case.missing(sidecars) {
                    self.stripped.get_or_insert(false);
                    self.warnings.push(about.missing(sidecar, &owner.controller));
                }
            }
        }
    }

    fn add(&mut self, finding: &Finding, outcome: &Outcome, about: About) {
        if finding.rule == Rule::Stripped {
            *self.stripped.get_or_insert(false) |= matches!(outcome, Outcome::Rejected);
        }
        match outcome {
            Outcome::Rejected => self.rejections.push(finding.text(about)),
            Outcome::Warned => self.warnings.push(finding.text(about)),
            Outcome::Kept(kept) => self.warnings.push(finding.text_kept(about, kept)),
            Outcome::Repaired(consequences) => self
                .consequences
                .extend(consequences.iter().map(|consequence| finding.text_consequence(about, consequence))),
        }
    }

    fn answer<'a, 'r>(
        self,
        reference: impl Fn() -> &'r str,
        object: impl FnOnce() -> Result<&'a RawValue, Malformed>,
    ) -> Result<Answer<'a>, Malformed> {
        let warnings = |texts: Vec<String>| texts.into_iter().map(|text| finding::warning(reference(), text)).collect();
        if !self.rejections.is_empty() {
            return Ok(Answer::deny(self.rejections.join("\n"), warnings(self.warnings)));
        }
        let warnings = warnings([self.warnings, self.consequences].concat());
        let answer = Answer { accepted: true, warnings, ..Answer::default() };
        if self.plans.is_empty() {
            return Ok(answer);
        }
        let object = object()?;
        read::check_nesting(object.get()).map_err(in_object)?;
        let mutated_object = Some(apply::apply(object, &self.plans).map_err(in_object)?);
        Ok(Answer { mutated_object, length: object.get().len() + 1024, ..answer })
    }
}
