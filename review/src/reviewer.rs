//! Reviews one text of manifests: what the policy says of each object, and the text that it would make of them.

use serde_json::Value;
use yaml::edit::Edit;
use yaml::{Content, Document};

use crate::admission::AdmissionResponse;
use crate::change::{self, Change, Conversion};
use crate::findings::{self, Finding};
use crate::judge::{Evaluation, Judge};
use crate::manifest::{self, Kinds, Object};

/// What is asked of every object.
pub struct Reviewer<'e> {
    engine: &'e dyn Judge,
    settings: &'e Value,
    kinds: Kinds,
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
}

/// What the policy says of an object.
#[derive(Debug)]
pub struct Review {
    /// The line that the object starts on, from 1.
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
    /// The verdict in one word.
    pub verdict: Verdict,
    /// The policy's response; None for an object that it is not asked about.
    pub response: Option<AdmissionResponse>,
    /// Its messages one by one: first those that deny, then the warnings.
    pub findings: Vec<Finding>,
    /// What would change in the text.
    pub change: Option<Change>,
}

/// A verdict, from good to bad.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// Of a kind that the policy does not judge.
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
}

impl<'e> Reviewer<'e> {
    /// Reviews with these settings, which are valid.
    pub fn new(engine: &'e dyn Judge, settings: &'e Value) -> Self {
        Self { engine, settings, kinds: Kinds::new(settings) }
    }

    /// Reviews a text, document by document. Returns the edits that make the changes.
    pub fn review<E>(
        &self,
        file: &str,
        text: &str,
        mut tell: impl FnMut(Event) -> Result<(), E>,
    ) -> Result<Vec<Edit>, E> {
        let mut all_edits = Vec::new();
        for document in yaml::documents(text) {
            let document = match document {
                Ok(document) => document,
                Err(error) => {
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
                let (review, after) = self.object(file, &document, object);
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
            response: None,
            findings: Vec::new(),
            change: None,
        };
        let Some(request) = self.kinds.request(object, format!("{file}:{line}")) else { return (review, None) };
        review.namespace = request.namespace.clone().unwrap_or_default();
        // A request is made of strings, booleans and what came as JSON, which is always JSON again.
        let request = serde_json::to_value(request).unwrap_or_default();
        let Evaluation { response, mutated } = self.engine.judge(&request, self.settings);
        let mutated = mutated.filter(|_| response.allowed);
        review.verdict = match (response.allowed, &mutated, &response.warnings) {
            (false, ..) => Verdict::Denied,
            (true, Some(_), _) => Verdict::Changed,
            (true, None, Some(warnings)) if !warnings.is_empty() => Verdict::Warned,
            _ => Verdict::Accepted,
        };
        review.findings = findings::findings(&response, node);
        review.response = Some(response);
        (review, mutated)
    }
}
