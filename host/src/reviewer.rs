//! Reviews one text of manifests: what the policy says of each object, and the text that it would make of them.

use serde_json::Value;

use crate::admission::AdmissionResponse;
use crate::engine::{Engine, Evaluation};
use crate::manifest::{self, Kinds, Object};
use crate::place::Place;
use crate::rules::Rule;
use crate::yaml::edit::{self, Edit};
use crate::yaml::{self, Document, Node};

/// What is asked of every object.
pub struct Reviewer<'e> {
    engine: &'e Engine,
    settings: &'e Value,
    kinds: Kinds,
}

/// Something that a review has to tell.
#[derive(Debug)]
pub enum Event {
    /// What the policy says of an object.
    Object(Box<Review>),
    /// A document that is no Kubernetes object.
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

/// A message of the policy.
#[derive(Debug, Eq, PartialEq)]
pub struct Finding {
    /// The rule that it belongs to.
    pub rule: &'static Rule,
    /// Whether it denies the object; else it warns.
    pub denies: bool,
    /// The message.
    pub text: String,
    /// The line that it is about, from 1.
    pub line: usize,
    /// The column that it is about, from 1.
    pub column: usize,
    /// What it is about, as a path into the object; empty for the object itself.
    pub path: String,
}

/// How an object's lines would change.
#[derive(Debug, Eq, PartialEq)]
pub struct Change {
    /// The number of the first of these lines in the text, from 1.
    pub line: usize,
    /// The lines as they are.
    pub before: String,
    /// The lines as they would be.
    pub after: String,
    /// Whether the object had to be written anew, so that its comments are gone.
    pub loses_comments: bool,
}

/// An object of which the policy makes another.
struct Conversion<'d> {
    /// The index of its review.
    review: usize,
    node: &'d Node,
    before: &'d Value,
    after: Value,
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
    pub fn new(engine: &'e Engine, settings: &'e Value) -> Self {
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
                Err(mut error) => {
                    let line = text.lines().nth(error.line.saturating_sub(1));
                    let is_template = line.is_some_and(|line| line.contains("{{"));
                    if is_template {
                        error.message += " (a template? review what it renders to)";
                    }
                    tell(Event::Error(error))?;
                    // What follows in a template is no YAML either.
                    if is_template {
                        break;
                    }
                    continue;
                }
            };
            let objects = manifest::objects(&document);
            if objects.is_empty() && !document.value.is_null() {
                tell(Event::Other)?;
            }
            let (mut reviews, mut conversions) = (Vec::new(), Vec::new());
            for object in &objects {
                let (review, after) = self.object(file, &document, object);
                if let Some(after) = after {
                    // What stands behind an alias belongs to the whole document.
                    let node = object.node.filter(|node| !matches!(node.content, yaml::Content::Alias(_)));
                    if let Some(node) = node {
                        conversions.push(Conversion { review: reviews.len(), node, before: object.value, after });
                    }
                }
                reviews.push(review);
            }
            all_edits.append(&mut convert(text, &document, &objects, conversions, &mut reviews));
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
        review.findings = findings(&response, node);
        review.response = Some(response);
        (review, mutated)
    }
}

/// The messages of a response about the object that is written here.
fn findings(response: &AdmissionResponse, node: &Node) -> Vec<Finding> {
    let message = response.status.as_ref().and_then(|status| status.message.as_deref()).unwrap_or_default();
    let denials = message.lines().map(|text| (true, text));
    let warnings = response.warnings.iter().flatten().map(|text| (false, text.as_str()));
    let finding = |(denies, text): (bool, &str)| {
        let Place { path, line, column } = Place::of(text, node);
        Finding { rule: Rule::of(text), denies, text: text.to_owned(), line, column, path: path.to_owned() }
    };
    denials.chain(warnings).map(finding).collect()
}

/// The edits that make the conversions in a document; the reviews get to know what each does.
fn convert(
    text: &str,
    document: &Document,
    objects: &[Object],
    conversions: Vec<Conversion>,
    reviews: &mut [Review],
) -> Vec<Edit> {
    if conversions.is_empty() {
        return Vec::new();
    }
    let mut expected = document.value.clone();
    for conversion in &conversions {
        let place = match objects.get(conversion.review).and_then(|object| object.item) {
            None => Some(&mut expected),
            Some(item) => expected.get_mut("items").and_then(|items| items.get_mut(item)),
        };
        if let Some(place) = place {
            place.clone_from(&conversion.after);
        }
    }
    let edited = |edits: &[Vec<Edit>]| -> bool {
        let text = edit::apply(text, document.range.clone(), &edits.concat());
        yaml::parse(&text).is_ok_and(|value| value == expected)
    };
    let careful = conversions.iter().map(|each| edit::edits(text, each.node, each.before, &each.after));
    let careful: Vec<Vec<Edit>> = careful.collect();
    let anew = |each: &Conversion| edit::rewrite(text, each.node, &each.after);
    let edits = match edited(&careful) {
        true => careful,
        false => conversions.iter().map(anew).collect(),
    };
    if !edited(&edits) {
        return Vec::new();
    }
    for (conversion, edits) in conversions.iter().zip(&edits) {
        let Some(review) = reviews.get_mut(conversion.review) else { continue };
        let lines = edit::lines_of(text, conversion.node);
        review.change = Some(Change {
            line: conversion.node.line,
            before: text[lines.clone()].to_owned(),
            after: edit::apply(text, lines, edits),
            loses_comments: *edits == anew(conversion),
        });
    }
    edits.concat()
}
