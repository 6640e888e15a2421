//! Reviews one text of manifests: what the policy says of each object, and the text that it would make of them.

use std::ops::RangeInclusive;

use serde_json::Value;
use yaml::edit::Edit;
use yaml::{Content, Document};

use crate::admission::AdmissionResponse;
use crate::change::{self, Change, Conversion};
use crate::findings::{self, Finding, Repair, Suppression};
use crate::ignore::Ignores;
use crate::judge::{Evaluation, Judge};
use crate::manifest::{self, Kinds, Object};
use crate::place::Place;
use crate::policy::Policy;

/// What is asked of every object.
pub struct Reviewer<'e> {
    engine: &'e dyn Judge,
    settings: &'e Value,
    kinds: Kinds,
    policy: Option<&'e Policy>,
}

/// Something that a review has to tell.
#[derive(Debug)]
pub enum Event {
    /// What the policy says of an object.
    Object(Box<Review>),
    /// A document that is no Kubernetes object, or part of one.
    Other,
    /// A document that can't be read.
    Error(yaml::Error),
    /// A comment that means to ignore something, and can't be understood.
    Mistake(yaml::Error),
    /// A comment that ignores nothing.
    Unused(yaml::Error),
}

/// What the policy says of an object.
#[derive(Debug)]
pub struct Review {
    /// The line that the object starts on, from 1; 0 where it is in no text that anybody has written.
    pub line: usize,
    /// The number of its document in the text, from 1.
    pub document: usize,
    /// Its group and version.
    pub api_version: String,
    /// Its kind.
    pub kind: String,
    /// Its namespace; `default` where it names none and its kind has one.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The verdict in one word, by the findings that count.
    pub verdict: Verdict,
    /// Why a policy that is known by its manifest never sees the object, which is skipped.
    pub left_out: Option<String>,
    /// The policy's response; None for an object that it is not asked about.
    pub response: Option<AdmissionResponse>,
    /// Its messages one by one: first those that deny, then the warnings.
    pub findings: Vec<Finding>,
    /// What the policy repairs in it.
    pub repairs: Vec<Repair>,
    /// What would change in the text.
    pub change: Option<Change>,
}

/// A verdict, from good to bad.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub enum Verdict {
    /// Of a kind that the policy does not judge, or left out by the policy's manifest.
    #[default]
    Skipped,
    /// Good as it is.
    Accepted,
    /// Let through, and the user should know something.
    Warned,
    /// Let through in another form.
    Changed,
    /// Not let through.
    Denied,
}

impl Verdict {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Skipped => "skipped",
            Self::Accepted => "accepted",
            Self::Warned => "warned",
            Self::Changed => "changed",
            Self::Denied => "denied",
        }
    }
}

impl Review {
    /// What the object is called: `Pod shop/checkout`.
    pub fn object(&self) -> String {
        let Self { kind, namespace, name, .. } = self;
        if namespace.is_empty() { format!("{kind} {name}") } else { format!("{kind} {namespace}/{name}") }
    }

    /// Forgets where things are: the text was made for this review, and nobody has written it.
    pub fn forget_places(&mut self) {
        self.line = Place::NONE.line;
        for place in self.findings.iter_mut().map(|finding| &mut finding.place) {
            *place = Place::NONE;
        }
        for place in self.repairs.iter_mut().map(|repair| &mut repair.place) {
            *place = Place::NONE;
        }
    }

    /// Returns where the object starts; None where that is in no text that anybody has written.
    pub fn written_line(&self) -> Option<usize> {
        (self.line != Place::NONE.line).then_some(self.line)
    }

    /// Returns a message without the name of the object ahead of it.
    pub fn brief<'t>(&self, message: &'t str) -> &'t str {
        let Self { kind, namespace, name, .. } = self;
        message.strip_prefix(&format!("{kind}/{namespace}/{name}: ")).unwrap_or(message)
    }

    /// Returns the findings that count.
    pub fn open(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.suppression.is_none())
    }

    /// Takes findings out of the verdict, where this gives a reason to. A change stays a change.
    pub fn suppress(&mut self, mut reason: impl FnMut(&Finding) -> Option<Suppression>) {
        for finding in self.findings.iter_mut().filter(|finding| finding.suppression.is_none()) {
            finding.suppression = reason(finding);
        }
        let has = |denies: bool| self.findings.iter().any(|finding| finding.denies == denies);
        let has_open = |denies: bool| self.open().any(|finding| finding.denies == denies);
        self.verdict = match self.verdict {
            // What is denied without a message has nothing that could be taken out.
            Verdict::Denied if has_open(true) || !has(true) => Verdict::Denied,
            Verdict::Denied | Verdict::Warned if has_open(false) => Verdict::Warned,
            Verdict::Denied | Verdict::Warned => Verdict::Accepted,
            other => other,
        };
    }
}

impl<'e> Reviewer<'e> {
    /// Reviews with these settings, which are valid.
    pub fn new(engine: &'e dyn Judge, settings: &'e Value) -> Self {
        Self { engine, settings, kinds: Kinds::new(settings), policy: None }
    }

    /// Reviews as this policy of a cluster does: what it never sees is skipped, and its answers are carried out as Kubewarden
    /// carries them out.
    pub fn of_policy(self, policy: Option<&'e Policy>) -> Self {
        Self { policy, ..self }
    }

    /// Reviews a text, document by document. Returns the edits that make the changes.
    pub fn review<E>(
        &self,
        file: &str,
        text: &str,
        mut tell: impl FnMut(Event) -> Result<(), E>,
    ) -> Result<Vec<Edit>, E> {
        let mut all_edits = Vec::new();
        let mut ignores = Ignores::read(text);
        let mut is_whole = true;
        for document in yaml::documents(text) {
            let document = match document {
                Ok(document) => document,
                Err(error) => {
                    is_whole = false;
                    tell(Event::Error(error))?;
                    continue;
                }
            };
            let (objects, parts): (Vec<_>, Vec<_>) =
                manifest::objects(&document).into_iter().partition(Object::is_whole);
            let is_other = objects.is_empty() && parts.is_empty() && !document.value.is_null();
            for _ in 0..parts.len() + usize::from(is_other) {
                tell(Event::Other)?;
            }
            let (mut reviews, mut conversions, mut converted) = (Vec::new(), Vec::new(), Vec::new());
            for (index, object) in objects.iter().enumerate() {
                let (mut review, after) = self.object(file, &document, object);
                if !ignores.is_empty() {
                    let head = head(text, &document, object);
                    review.suppress(|finding| ignores.suppression(finding, &head));
                    ignores.meet(&review.repairs, &head);
                }
                reviews.push(review);
                // What stands behind an alias belongs to the whole document.
                let node = object.node.filter(|node| !matches!(node.content, Content::Alias(_)));
                if let (Some(node), Some(after)) = (node, after) {
                    conversions.push(Conversion { node, item: object.item, before: object.value, after });
                    converted.push(index);
                }
            }
            let edits = change::edits(text, &document, &conversions).unwrap_or_default();
            for ((conversion, index), edits) in conversions.iter().zip(converted).zip(edits) {
                reviews[index].change = Some(conversion.change(text, &document, &edits));
                all_edits.extend(edits);
            }
            for review in reviews {
                tell(Event::Object(Box::new(review)))?;
            }
        }
        for mistake in ignores.mistakes() {
            tell(Event::Mistake(mistake))?;
        }
        // What can't be read may have something to ignore.
        let unused = if is_whole { ignores.unused() } else { Vec::new() };
        for unused in unused {
            tell(Event::Unused(unused))?;
        }
        Ok(all_edits)
    }

    fn object(&self, file: &str, document: &Document, object: &Object) -> (Review, Option<Value>) {
        let node = object.node.unwrap_or(&document.root);
        let line = node.line;
        let mut review = Review {
            line,
            document: document.index,
            api_version: object.api_version.clone(),
            kind: object.kind.clone(),
            namespace: object.namespace().unwrap_or_default().to_owned(),
            name: object.name(),
            verdict: Verdict::Skipped,
            left_out: None,
            response: None,
            findings: Vec::new(),
            repairs: Vec::new(),
            change: None,
        };
        let Some(request) = self.kinds.request(object, format!("{file}:{line}")) else { return (review, None) };
        review.namespace = request.namespace.clone().unwrap_or_default();
        review.left_out = self.policy.and_then(|policy| policy.leaves_out(object));
        if review.left_out.is_some() {
            return (review, None);
        }
        // A request is made of strings, booleans and what came as JSON, which is always JSON again.
        let request = serde_json::to_value(request).unwrap_or_default();
        let mut evaluation = self.engine.judge(&request, self.settings);
        review.findings = findings::findings(&evaluation.response, node);
        if let Some(policy) = self.policy {
            evaluation = policy.carry_out(evaluation);
            match evaluation.response.allowed {
                // What a policy only monitors is found all the same.
                true => review.findings.iter_mut().for_each(|finding| finding.denies = false),
                false => review.findings = findings::findings(&evaluation.response, node),
            }
        }
        let Evaluation { response, mutated } = evaluation;
        let mutated = mutated.filter(|_| response.allowed);
        review.verdict = match (response.allowed, &mutated) {
            (false, _) => Verdict::Denied,
            (true, Some(_)) => Verdict::Changed,
            (true, None) if !review.findings.is_empty() => Verdict::Warned,
            (true, None) => Verdict::Accepted,
        };
        if mutated.is_some() {
            review.repairs = findings::repairs(&response, node);
        }
        review.response = Some(response);
        (review, mutated)
    }
}

/// The lines at the head of an object, where a comment is about all of it.
fn head(text: &str, document: &Document, object: &Object) -> RangeInclusive<usize> {
    let own = object.node.unwrap_or(&document.root).line;
    if object.item.is_some() {
        return own..=own;
    }
    // A comment above the first separator is about the first document.
    let start = if document.index == 1 { 0 } else { document.range.start };
    let first = text.get(..start).unwrap_or_default().matches('\n').count() + 1;
    first..=own
}
