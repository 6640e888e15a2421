//! From request to answer: reads, decides, plans and applies, for every Pod template of the object.

use serde_json::value::RawValue;

use crate::answer::Answer;
use crate::decide::Case;
use crate::edit;
use crate::finding::{self, About, Finding, Kept, List};
use crate::kind;
use crate::path::Path;
use crate::plan::{self, Outcome, Plan, Surroundings};
use crate::read::{self, Malformed};
use crate::request::{Operation, Request, in_object, in_old_object};
use crate::settings::Settings;
use crate::traces::{Sources, Traces};
use crate::view::{Metadata, Object, PodTemplate, text};

/// Judges the payload of the call `validate`.
pub fn judge(payload: &[u8]) -> Vec<u8> {
    let (request, settings) = match Request::read(payload) {
        Ok(read) => read,
        Err(error) => return Answer::malformed("The request", &error).into_json(),
    };
    let settings = match Settings::read(settings) {
        Ok(settings) => settings,
        Err(errors) => return Answer::unusable_settings(&errors).into_json(),
    };
    let answer = judge_request(&request, &settings);
    answer.unwrap_or_else(|error| Answer::malformed(&reference(&request, None), &error)).into_json()
}

fn judge_request<'a>(request: &Request<'a>, settings: &Settings) -> Result<Answer<'a>, Malformed> {
    let (group, kind) = request.group_kind()?;
    let Some(templates) = kind::templates(group, kind, settings) else { return Ok(Answer::accept()) };
    let Some(operation) = request.operation()? else { return Ok(Answer::accept()) };
    if request.is_for_subresource() {
        return Ok(Answer::accept());
    }
    let raw = request.object()?;
    let object: Object = read::document(raw.get()).map_err(in_object)?;
    let metadata = object.metadata.unwrap_or_default();
    let reference = reference(request, Some(&metadata));
    let subject = Subject {
        raw,
        is_update: operation == Operation::Update,
        // What the request says of a stored object counts only where it replaces one.
        old: request.old_object.filter(|_| operation == Operation::Update),
        metadata: &metadata,
        reference: &reference,
        is_pod: group.is_empty() && kind == "Pod",
        is_job: group == "batch" && kind == "Job",
        is_of_jobs: group == "batch",
        settings,
    };
    let mut verdict = Verdict::default();
    if !(subject.is_pod && metadata.is_mirror()) {
        for path in templates.locate(raw)? {
            subject.judge(path, &mut verdict)?;
        }
    }
    verdict.answer(&reference, raw).map_err(in_object)
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
    raw: &'v RawValue,
    is_update: bool,
    /// The stored object, on UPDATE.
    old: Option<&'v RawValue>,
    metadata: &'v Metadata<'v>,
    reference: &'v str,
    is_pod: bool,
    is_job: bool,
    /// Whether its Pods belong to Jobs.
    is_of_jobs: bool,
    settings: &'v Settings,
}

impl Subject<'_> {
    /// Judges the Pod template at this place.
    fn judge(self, path: Path<'static>, verdict: &mut Verdict) -> Result<(), Malformed> {
        if !self.is_pod && self.is_unchanged(&path)? {
            return Ok(());
        }
        let template = self.template(&path).map_err(in_object)?;
        let Some(spec) = &template.spec else { return Err(in_object(Malformed::new(path.key("spec"), "missing"))) };
        let case =
            Case { settings: self.settings, template: &template, spec, is_stored_pod: self.is_pod && self.is_update };
        let sources = Sources { object: self.raw, metadata: self.metadata, old_object: self.old, steps: &path.0 };
        let mut traces = Traces::default();
        let findings = case.findings(sources, &mut traces)?;
        if findings.is_empty() {
            return Ok(());
        }
        let surroundings = Surroundings { frozen: self.frozen(), is_job: self.is_of_jobs, steps: &path.0 };
        let (plan, outcomes) = plan::plan(&case, surroundings, &findings).map_err(in_object)?;
        let about = About { object: self.reference, template: &path.0 };
        for (finding, outcome) in findings.iter().zip(outcomes) {
            verdict.add(finding, &outcome, about);
        }
        if !plan.is_empty() {
            verdict.plans.push((path, plan));
        }
        Ok(())
    }

    /// The template at this place, every container with a name.
    fn template(&self, path: &Path) -> Result<PodTemplate<'_>, Malformed> {
        let template: PodTemplate =
            read::at(self.raw.get(), &path.0)?.ok_or_else(|| Malformed::new(path, "missing"))?;
        for list in [List::InitContainers, List::Containers] {
            let containers = template.spec.as_ref().map(|spec| list.of(spec)).unwrap_or_default();
            if let Some(index) = containers.iter().position(|container| container.name().is_empty()) {
                let place = path.clone().key("spec").key(list.field()).index(index);
                return Err(Malformed::new(place, "a container without a name"));
            }
        }
        Ok(template)
    }

    /// Whether the template is just as it is stored.
    fn is_unchanged(self, path: &Path) -> Result<bool, Malformed> {
        let Some(old) = self.old else { return Ok(false) };
        let new = read::raw_at(self.raw.get(), &path.0).map_err(in_object)?;
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

/// What is to be told and done about an object, over all its templates.
#[derive(Default)]
struct Verdict {
    rejections: Vec<String>,
    warnings: Vec<String>,
    /// What the plans mean for the user.
    consequences: Vec<String>,
    plans: Vec<(Path<'static>, Plan)>,
}

impl Verdict {
    fn add(&mut self, finding: &Finding, outcome: &Outcome, about: About) {
        match outcome {
            Outcome::Rejected => self.rejections.push(finding.text(about)),
            Outcome::Warned => self.warnings.push(finding.text(about)),
            Outcome::Kept(kept) => self.warnings.push(finding.text_kept(about, kept)),
            Outcome::Repaired(consequences) => self
                .consequences
                .extend(consequences.iter().map(|consequence| finding.text_consequence(about, consequence))),
        }
    }

    fn answer<'a>(self, reference: &str, object: &'a RawValue) -> Result<Answer<'a>, Malformed> {
        let warnings = |texts: Vec<String>| texts.into_iter().map(|text| finding::warning(reference, text)).collect();
        if !self.rejections.is_empty() {
            return Ok(Answer::deny(self.rejections.join("\n"), warnings(self.warnings)));
        }
        let mutated_object = match self.plans.is_empty() {
            true => None,
            false => Some(edit::apply(object, &self.plans)?),
        };
        let warnings = warnings([self.warnings, self.consequences].concat());
        Ok(Answer { accepted: true, mutated_object, warnings, ..Answer::default() })
    }
}
