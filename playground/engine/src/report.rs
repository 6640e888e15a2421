//! A review of the page's text, as data: the lines that `native-sidecar review --output json` prints, and what else a page shows.

use std::collections::BTreeMap;
use std::convert::Infallible;

use anyhow::anyhow;
use native_sidecar_review::admission::AdmissionResponse;
use native_sidecar_review::answer;
use native_sidecar_review::change::Change;
use native_sidecar_review::diff;
use native_sidecar_review::json as lines;
use native_sidecar_review::judge::Evaluation;
use native_sidecar_review::place::Place;
use native_sidecar_review::reviewer::{Event, Review, Reviewer};
use native_sidecar_review::template;
use serde_json::{Value, json};
use yaml::edit;

use crate::cluster::{Cluster, Question};
use crate::module::Module;
use crate::settings::{Problem, Settings};

/// What the manifest is called.
const FILE: &str = "manifest.yaml";

/// Reviews a text of manifests with these settings and this session.
pub fn review(module: &dyn Module, manifest: &str, settings: &str, session: &str) -> Value {
    let settings = match Settings::read(settings, module) {
        Ok(settings) => settings,
        Err(Problem { place, message, value }) => {
            return json!({"value": value, "settings": {"place": place.map(position), "message": message}});
        }
    };
    let cluster = match Cluster::new(session) {
        Ok(cluster) => cluster,
        Err(error) => return json!({"value": settings.value, "session": {"message": format!("{error:#}")}}),
    };
    let mut page = Page::default();
    match template::evidence(manifest) {
        Some(error) => page.problem("error", &error),
        None => drop(page.review(module, manifest, &settings, &cluster)),
    }
    json!({
        "value": settings.value,
        "note": settings.policy.and_then(|policy| policy.note(&settings.value)),
        "lines": page.lines,
        "details": page.details,
        "problems": page.problems,
        "others": page.others,
        "questions": questions(&cluster.take_questions()),
    })
}

/// Returns what all changes together make of a text: it, and the patch that makes it, as `--output diff` prints it.
pub fn changed(module: &dyn Module, manifest: &str, settings: &str, session: &str) -> Value {
    let after = match (Settings::read(settings, module), Cluster::new(session)) {
        (Ok(settings), Ok(cluster)) if template::evidence(manifest).is_none() => {
            Page::default().review(module, manifest, &settings, &cluster)
        }
        _ => manifest.to_owned(),
    };
    let hunks = diff::hunks(manifest, &after, 1);
    let patch = if hunks.is_empty() { String::new() } else { diff::patch(FILE, &hunks) };
    json!({"after": after, "patch": patch})
}

/// What a review has told so far.
#[derive(Debug, Default)]
struct Page {
    /// What the command line prints.
    lines: String,
    /// For each object, what is not in its line.
    details: Vec<Value>,
    problems: Vec<Value>,
    /// Documents that are no objects.
    others: usize,
}

impl Page {
    /// Reviews a text, and returns what becomes of it.
    fn review(&mut self, module: &dyn Module, manifest: &str, settings: &Settings, cluster: &Cluster) -> String {
        let judge = |request: &Value, settings: &Value| -> Evaluation {
            let answer = module.call("validate", &answer::payload(request, settings), &cluster.host());
            answer::of_request(request, answer.map_err(|message| anyhow!(message)))
        };
        let reviewer = Reviewer::new(&judge, &settings.value).of_policy(settings.policy.as_ref());
        let edits = reviewer.review(FILE, manifest, |event| {
            self.event(event);
            Ok::<(), Infallible>(())
        });
        let edits = edits.unwrap_or_else(|never| match never {});
        edit::apply(manifest, 0..manifest.len(), &edits)
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Object(review) => {
                self.lines += &lines::object(FILE, &review);
                self.details.push(details(&review));
            }
            Event::Other => self.others += 1,
            Event::Error(error) => self.problem("error", &error),
            Event::Mistake(mistake) => self.note(&mistake),
            Event::Unused(unused) => self.note(&unused),
        }
    }

    fn problem(&mut self, severity: &str, error: &yaml::Error) {
        self.lines += &lines::problem(FILE, Some(error), "error", &error.message);
        self.problems.push(problem(severity, error));
    }

    fn note(&mut self, error: &yaml::Error) {
        self.problems.push(problem("note", error));
    }
}

fn problem(severity: &str, error: &yaml::Error) -> Value {
    json!({"severity": severity, "place": position(Place::from(error)), "message": error.message})
}

fn position(Place { line, column }: Place) -> Value {
    json!({"line": line, "column": column})
}

/// What a page shows of an object besides its line.
fn details(review: &Review) -> Value {
    let evidence = review.response.as_ref().map(|response| evidence(response, review.findings.len()));
    json!({
        "title": review.object(),
        "briefs": review.findings.iter().map(|finding| review.brief(&finding.text)).collect::<Vec<_>>(),
        "evidence": evidence.unwrap_or_default(),
        "replacements": review.change.as_ref().map(replacements).unwrap_or_default(),
    })
}

/// What makes a change.
fn replacements(change: &Change) -> Vec<Value> {
    let replacement = |replacement: &native_sidecar_review::change::Replacement| json!({"start": position(replacement.start), "end": position(replacement.end), "text": replacement.text});
    change.replacements.iter().map(replacement).collect()
}

/// For each finding, the element of the audit annotation that tells of it; null where none does.
fn evidence(response: &AdmissionResponse, findings: usize) -> Vec<Value> {
    let text = response.audit_annotations.as_ref().and_then(|annotations| annotations.get("findings"));
    let entries: Vec<Value> = text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    // The messages that deny come first, then the warnings.
    let denials = findings - response.warnings.as_ref().map_or(0, Vec::len).min(findings);
    let of = |finding: usize| {
        let (member, number) = match finding.checked_sub(denials) {
            None => ("message", finding),
            Some(warning) => ("warning", warning),
        };
        entries.iter().find(|entry| entry[member] == number).cloned().unwrap_or_default()
    };
    (0..findings).map(of).collect()
}

/// The questions of a review, each once.
fn questions(asked: &[Question]) -> Vec<Value> {
    let mut questions: BTreeMap<String, (Option<String>, String)> = BTreeMap::new();
    for question in asked {
        let stub = question.stub().unwrap_or_default();
        questions.entry(question.words()).or_insert((question.problem.clone(), stub));
    }
    let question = |(words, (problem, stub))| json!({"words": words, "problem": problem, "stub": stub});
    questions.into_iter().map(question).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::module::Native;

    const JOB: &str = include_str!("../../../examples/job-sidecar-legacy.yaml");
    const CONVERT: &str = "legacySidecars: convert\nsidecarNames: [logshipper]\nconvertTemplates: true\n";

    #[test]
    fn a_change_is_that_of_the_command_line() {
        let report = review(&Native, JOB, CONVERT, "");
        let line: Value = serde_json::from_str(report["lines"].as_str().unwrap()).unwrap();
        assert_eq!(line["verdict"], "changed");
        let changed = changed(&Native, JOB, CONVERT, "");
        assert!(
            changed["patch"]
                .as_str()
                .unwrap()
                .starts_with("--- a/manifest.yaml\n+++ b/manifest.yaml\n@@ -6,6 +6,9 @@\n")
        );
        assert!(changed["after"].as_str().unwrap().contains("          restartPolicy: Always\n"));
        assert!(report["details"][0]["replacements"].as_array().is_some_and(|replacements| replacements.len() > 1));
    }

    #[test]
    fn findings_have_their_evidence() {
        let report = review(&Native, include_str!("../../../examples/legacy.yaml"), "", "");
        let details = &report["details"][0];
        assert_eq!(details["title"], "Deployment shop/orders");
        assert_eq!(details["evidence"][0]["evidence"], "catalogue");
        assert!(details["briefs"][0].as_str().unwrap().starts_with("container \"cloud-sql-proxy\" at spec.template"));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let report = review(&Native, "a: [\n", "", "");
        assert_eq!(report["problems"][0]["severity"], "error");
        assert_eq!(review(&Native, JOB, "a: [", "")["settings"]["place"]["line"], 1);
        assert!(review(&Native, JOB, "", "a: [")["session"]["message"].is_string());
        let template = review(&Native, "apiVersion: v1\nkind: Pod\nmetadata: {name: '{{ x }}'}\n", "", "");
        assert_eq!(template["problems"][0]["message"], "a template: review what it renders to");
    }

    #[test]
    fn a_question_comes_with_an_answer_to_fill_in() {
        let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  initContainers:\n  - {name: b, image: b, restartPolicy: Always}\n  containers:\n  - {name: c, image: c}\n";
        let settings = "nodeCheck: nodes\n";
        let report = review(&Native, pod, settings, "");
        assert_eq!(report["questions"][0]["words"], "each Node");
        assert!(report["questions"][0]["problem"].as_str().unwrap().contains("has not been granted access"));
        let session = report["questions"][0]["stub"].as_str().unwrap();
        let answered = review(&Native, pod, settings, session);
        assert_eq!(answered["questions"][0]["problem"], Value::Null);
        assert!(answered["lines"].as_str().unwrap().contains("\"verdict\":\"accepted\""), "{answered}");
    }
}
