//! What is to be told and done about an object, over all its templates.

use std::fmt::Display;

use serde_json::value::RawValue;

use crate::answer::findings::{self, Entry, Outcome as Word};
use crate::answer::lines::{WARNING_LIMIT, fitting, printable, warning};
use crate::answer::response::{Annotations, Answer};
use crate::cluster::nodes::{MOST_NAMED, Unsupported};
use crate::cluster::owner::Owner;
use crate::cluster::webhooks::Suspect;
use crate::json::malformed::Malformed;
use crate::json::path::Path;
use crate::kubernetes::labels::NodeLabel;
use crate::kubernetes::version::Version;
use crate::repair::apply;
use crate::repair::outcome::{NotRepaired, Outcome};
use crate::repair::plan::Plan;
use crate::request::in_object;
use crate::rules::nodes::Native;
use crate::rules::rule::{About, Finding, Repair, Rule};
use crate::rules::{converted, injected, injections, nodes, stripped};
use crate::settings::action::Action;

/// What is to be told and done about an object. What is added here is data still; the texts are made on the way in, as what
/// they are about is borrowed.
#[derive(Default)]
pub struct Verdict {
    rejections: Vec<Line>,
    warnings: Vec<Line>,
    /// What the plans mean for the user.
    consequences: Vec<Line>,
    /// What is repaired, and says nothing.
    repaired: Vec<Entry>,
    plans: Vec<(Path<'static>, Plan)>,
    /// The first sidecar that was stripped, and whether that of any is rejected.
    stripped: Option<(String, bool)>,
}

/// A line for the user, and what it says as data.
struct Line {
    text: String,
    entry: Entry,
}

impl Verdict {
    /// Adds a finding and what becomes of it.
    pub fn finding(&mut self, about: About, finding: &Finding, outcome: &Outcome) {
        if finding.rule.id == stripped::RULE.id {
            let stripped = self.stripped.get_or_insert_with(|| (finding.container.name().to_owned(), false));
            stripped.1 |= matches!(outcome, Outcome::Rejected(_));
        }
        let entry = |outcome| Entry::of(finding, about, outcome);
        let problem = || format!("{} {}", finding.subject(about), (finding.check.problem)(finding));
        let text = || format!("{}. {}", problem(), (finding.check.remedy)(finding));
        match outcome {
            Outcome::Rejected(first) | Outcome::Warned(first) => {
                let is_rejected = matches!(outcome, Outcome::Rejected(_));
                let (lines, word) = match is_rejected {
                    true => (&mut self.rejections, Word::Rejected),
                    false => (&mut self.warnings, Word::Warned),
                };
                let text = match first {
                    None => text(),
                    Some(first) if is_rejected => format!("{} But first: {first}.", text()),
                    // A warning has room for one of the two.
                    Some(first) => format!("{}. Before it can go to initContainers: {first}.", problem()),
                };
                let reason = first.as_ref().map(ToString::to_string).unwrap_or_default();
                lines.push(Line { text, entry: Entry { reason, ..entry(word) } });
            }
            Outcome::NotRepaired(why) => {
                let text = match (why, finding.action) {
                    (NotRepaired::Template, _) => text(),
                    (_, Action::Repair) => format!(
                        "{}. Not {}: {why}.",
                        problem(),
                        finding.check.repair.map_or("repaired", Repair::undone)
                    ),
                    _ => format!("{}. It may stay: {why}.", problem()),
                };
                self.warnings.push(Line { text, entry: Entry { reason: why.to_string(), ..entry(Word::Kept) } });
            }
            Outcome::OfPods(conversion) => {
                let reason = NotRepaired::Template.to_string();
                self.warnings.push(Line { text: text(), entry: Entry { reason, ..entry(Word::Kept) } });
                let of_pods = |outcome, reason| Entry { reason, ..converted(entry(outcome)) };
                match conversion {
                    Ok(consequences) => self.warnings.extend(consequences.iter().map(|consequence| Line {
                        text: converted::of_pods(about, finding, consequence),
                        entry: of_pods(Word::Warned, String::new()),
                    })),
                    Err(why) => self.warnings.push(Line {
                        text: converted::not_of_pods(about, finding, why),
                        entry: of_pods(Word::Kept, why.to_string()),
                    }),
                }
            }
            Outcome::Repaired(consequences) => {
                self.repaired.push(entry(Word::Repaired));
                for consequence in consequences {
                    let text = converted::text(about, finding, consequence);
                    self.consequences.push(Line { text, entry: converted(entry(Word::Repaired)) });
                }
            }
        }
    }

    /// Adds what a Pod lacks of its controller's template.
    pub fn missing(&mut self, about: About, owner: &Owner, sidecar: &str) {
        self.stripped.get_or_insert_with(|| (sidecar.to_owned(), false));
        let entry = Entry { container: sidecar.to_owned(), ..Entry::of_object(&stripped::RULE, Word::Warned) };
        self.warnings.push(Line { text: stripped::missing(about, sidecar, owner), entry });
    }

    /// Adds that a Pod could not be compared with its controller's template.
    pub fn not_compared(&mut self, about: About, owner: &Owner, error: &str) {
        self.warn(&stripped::RULE, stripped::not_compared(about, owner, error));
    }

    /// Adds that a sidecar is not injected, and why.
    pub fn not_injected(&mut self, about: About, name: &str, why: &str) {
        let text = injections::not_injected(about, name, why);
        let entry = Entry { container: name.to_owned(), ..Entry::of_object(&injections::RULE, Word::Kept) };
        self.warnings.push(Line { text, entry: Entry { reason: why.to_owned(), ..entry } });
    }

    /// Adds that an injected sidecar may keep its Pod from completing.
    pub fn keeps_running(&mut self, about: About, name: &str) {
        let text = injections::keeps_running(about, name);
        let entry = Entry { container: name.to_owned(), ..Entry::of_object(&injections::RULE, Word::Warned) };
        self.consequences.push(Line { text, entry });
    }

    /// Adds that an injector is not switched to the native form, and why: the clause that names so many nodes.
    pub fn not_steered(&mut self, about: About, injector: &str, why: &dyn Fn(usize) -> String) {
        let text = fitting(MOST_NAMED, &|named| injected::not_steered(about, injector, &why(named)));
        let entry = Entry { reason: why(1), ..Entry::of_object(&injected::RULE, Word::Kept) };
        self.warnings.push(Line { text, entry });
    }

    /// Adds that the nodes can't be relied on, so that the object is refused.
    pub fn reject_nodes(&mut self, about: About, native: Native, unsupported: &Unsupported) {
        let text = nodes::problem(about, native, unsupported, None, MOST_NAMED);
        let entry = of_native(about, native, Word::Rejected);
        self.rejections.push(Line { text, entry });
    }

    /// Adds the same as a warning, which names as many nodes as it has room for. `kept` is why the Pod is not pinned to others.
    pub fn warn_of_nodes(
        &mut self,
        about: About,
        native: Native,
        unsupported: &Unsupported,
        kept: Option<&NotRepaired>,
    ) {
        let kept = kept.map(|why| why as &dyn Display);
        let text = fitting(MOST_NAMED, &|named| nodes::problem(about, native, unsupported, kept, named));
        let entry = match kept {
            Some(why) => Entry { reason: why.to_string(), ..of_native(about, native, Word::Kept) },
            None => of_native(about, native, Word::Warned),
        };
        self.warnings.push(Line { text, entry });
    }

    /// Adds that the Pod is kept to nodes with this label.
    pub fn pinned(&mut self, about: About, unsupported: &Unsupported, label: &NodeLabel) {
        let text = nodes::pinned(about, unsupported, label);
        self.consequences.push(Line { text, entry: Entry::of_object(&nodes::RULE, Word::Repaired) });
    }

    /// Adds that no node takes the Pod now.
    pub fn no_node(&mut self, about: About, minimum: Version) {
        self.warn(&nodes::RULE, nodes::no_node(about, minimum));
    }

    /// Adds what is to be done to the template at this place, if anything is.
    pub fn plan(&mut self, path: Path<'static>, plan: Plan) {
        if !plan.is_empty() {
            self.plans.push((path, plan));
        }
    }

    /// Whether a sidecar was stripped.
    pub const fn has_stripped(&self) -> bool {
        self.stripped.is_some()
    }

    /// Adds which webhooks could have stripped a sidecar.
    pub fn suspects(&mut self, object: &str, suspects: Result<Vec<Suspect>, String>) {
        let Some((sidecar, is_rejected)) = self.stripped.take() else { return };
        let word = if is_rejected { Word::Rejected } else { Word::Warned };
        let lines = if is_rejected { &mut self.rejections } else { &mut self.warnings };
        let texts = stripped::suspects(object, &sidecar, suspects, WARNING_LIMIT).into_iter();
        lines.extend(texts.map(|text| Line { text, entry: Entry::of_object(&stripped::RULE, word) }));
    }

    fn warn(&mut self, rule: &'static Rule, text: String) {
        self.warnings.push(Line { text, entry: Entry::of_object(rule, Word::Warned) });
    }

    /// Returns the answer, with the plans carried out on the object.
    pub fn answer<'a, 'r>(
        self,
        reference: impl Fn() -> &'r str,
        object: impl FnOnce() -> Result<&'a RawValue, Malformed>,
    ) -> Result<Answer<'a>, Malformed> {
        let Self { rejections, mut warnings, consequences, mut repaired, plans, .. } = self;
        let is_rejected = !rejections.is_empty();
        if is_rejected {
            for entry in &mut repaired {
                (entry.outcome, entry.reason) = (Word::Kept, "the object is rejected".to_owned());
            }
        } else {
            warnings.extend(consequences);
        }
        let mut entries = Vec::new();
        let mut texts = |lines: Vec<Line>, number: fn(&mut Entry) -> &mut Option<usize>| -> Vec<String> {
            let numbered = lines.into_iter().enumerate().map(|(index, Line { text, mut entry })| {
                *number(&mut entry) = Some(index);
                entries.push(entry);
                printable(text)
            });
            numbered.collect()
        };
        let message = is_rejected.then(|| texts(rejections, |entry| &mut entry.message).join("\n"));
        let warnings = texts(warnings, |entry| &mut entry.warning);
        let warnings = warnings.into_iter().map(|text| warning(&printable(reference().to_owned()), text)).collect();
        entries.append(&mut repaired);
        let audit_annotations = (!entries.is_empty()).then(|| Annotations { findings: findings::json(&entries) });
        if is_rejected {
            return Ok(Answer { message, code: Some(403), warnings, audit_annotations, ..Answer::default() });
        }
        let answer = Answer { accepted: true, warnings, audit_annotations, ..Answer::default() };
        if plans.is_empty() {
            return Ok(answer);
        }
        let object = object()?;
        let mutated_object = Some(apply::apply(object, &plans).map_err(in_object)?);
        Ok(Answer { mutated_object, length: object.get().len() + 1024, ..answer })
    }
}

/// What is said of a conversion, where the entry is that of what was found.
fn converted(entry: Entry) -> Entry {
    Entry { rule: converted::RULE.id, evidence: "", detail: String::new(), ..entry }
}

fn of_native(about: About, native: Native, outcome: Word) -> Entry {
    let entry = Entry::of_object(&nodes::RULE, outcome);
    match native {
        Native::Container(list, index, container) => {
            Entry { container: container.name().to_owned(), path: about.path(list, index).to_string(), ..entry }
        }
        Native::Injected(name) => Entry { container: name.to_owned(), ..entry },
    }
}
