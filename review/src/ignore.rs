//! Comments in a manifest that ignore findings: `# native-sidecar: ignore[legacy] reason`.
//!
//! They hold for the program that reads the manifest. In a cluster there are no comments, so nothing is ignored there.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use yaml::comments::{self, Comment};

use crate::findings::{Finding, Repair, Suppression};
use crate::place::Place;
use crate::rules::Rule;

/// What such a comment starts with.
const MARK: &str = "native-sidecar:";

/// The comments of a text that ignore findings.
#[derive(Debug, Default)]
pub struct Ignores {
    ignores: Vec<Ignore>,
    mistakes: Vec<yaml::Error>,
}

/// A rule that a comment ignores.
#[derive(Debug)]
struct Ignore {
    rule: Rule,
    reason: String,
    /// Where the comment is.
    place: Place,
    /// The line that it is about: its own, or the first below that is no comment.
    about: usize,
    met: Met,
}

/// What a comment has met that it names.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Met {
    Nothing,
    /// Something that is repaired: a comment does not keep that off.
    Repair,
    Finding,
}

impl Ignores {
    /// Reads the comments of a text.
    pub fn read(text: &str) -> Self {
        let mut read = Self::default();
        // Most texts have none, and need not be read twice.
        if !text.contains(MARK) {
            return read;
        }
        let comments = comments::comments(text);
        let alone: BTreeSet<usize> =
            comments.iter().filter(|comment| comment.is_alone).map(|comment| comment.line).collect();
        for Comment { line, column, text, .. } in &comments {
            let Some(directive) = directive(text) else { continue };
            let about = (*line..).find(|line| !alone.contains(line)).unwrap_or(*line);
            let mistake = |message| yaml::Error { line: *line, column: *column, message };
            match parse(directive) {
                Ok((rules, reason)) => {
                    for name in rules {
                        match Rule::named(name) {
                            Some(rule) => read.ignores.push(Ignore {
                                rule,
                                reason: reason.to_owned(),
                                place: Place { line: *line, column: *column },
                                about,
                                met: Met::Nothing,
                            }),
                            None => read.mistakes.push(mistake(unknown(name))),
                        }
                    }
                }
                Err(message) => read.mistakes.push(mistake(message)),
            }
        }
        read
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ignores.is_empty()
    }

    /// Returns why a finding is ignored, where it is: by a comment on its line or above it, or at the head of its object, which
    /// is these lines.
    pub fn suppression(&mut self, finding: &Finding, head: &RangeInclusive<usize>) -> Option<Suppression> {
        let mut reason = None;
        for ignore in self.about(finding.rule, finding.place, head) {
            ignore.met = Met::Finding;
            reason.get_or_insert(&ignore.reason);
        }
        reason.map(|reason| Suppression::Comment(reason.clone()))
    }

    /// Notes that comments name what is repaired in an object with this head.
    pub fn meet(&mut self, repairs: &[Repair], head: &RangeInclusive<usize>) {
        for repair in repairs {
            for ignore in self.about(repair.rule, repair.place, head) {
                ignore.met = ignore.met.max(Met::Repair);
            }
        }
    }

    /// The comments that are about this rule in this place.
    fn about(&mut self, rule: Rule, place: Place, head: &RangeInclusive<usize>) -> impl Iterator<Item = &mut Ignore> {
        let is_about = move |ignore: &&mut Ignore| {
            ignore.rule == rule && (ignore.about == place.line || head.contains(&ignore.about))
        };
        self.ignores.iter_mut().filter(is_about)
    }

    /// Returns what is wrong with comments that mean to ignore something.
    pub fn mistakes(&mut self) -> Vec<yaml::Error> {
        std::mem::take(&mut self.mistakes)
    }

    /// Returns which rules had nothing to ignore where a comment names them: a line for each comment.
    pub fn unused(&self) -> Vec<yaml::Error> {
        let unused: Vec<&Ignore> = self.ignores.iter().filter(|ignore| ignore.met != Met::Finding).collect();
        let mut told: Vec<yaml::Error> = Vec::new();
        for same in unused.chunk_by(|a, b| a.place == b.place && a.met == b.met) {
            let rules: Vec<_> = same.iter().map(|ignore| ignore.rule.id).collect();
            let what = match same[0].met {
                Met::Repair => "does not keep off a change; the setting exemptContainers does",
                _ => "has nothing to ignore here; remove it",
            };
            let Place { line, column } = same[0].place;
            told.push(yaml::Error { line, column, message: format!("ignore[{}] {what}", rules.join(",")) });
        }
        told
    }
}

/// What a comment asks for: what is behind the mark. Ahead of it may be another comment.
fn directive(comment: &str) -> Option<&str> {
    let starts = std::iter::once(0).chain(comment.match_indices('#').map(|(at, _)| at + 1));
    starts.filter_map(|at| comment[at..].trim_start().strip_prefix(MARK)).map(str::trim).next()
}

/// The names of the rules, and the reason.
fn parse(directive: &str) -> Result<(Vec<&str>, &str), String> {
    let Some(rest) = directive.strip_prefix("ignore") else {
        let word = directive.split_whitespace().next().unwrap_or_default();
        return Err(format!("unknown instruction {word:?}; write: # {MARK} ignore[RULE] reason"));
    };
    let no_rule = || format!("ignore names no rule; write: # {MARK} ignore[RULE] reason");
    let (names, reason) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')).ok_or_else(no_rule)?;
    let names: Vec<&str> = names.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    if names.is_empty() { Err(no_rule()) } else { Ok((names, reason.trim())) }
}

fn unknown(rule: &str) -> String {
    let rules: Vec<_> = Rule::all().map(|rule| rule.id).collect();
    format!("unknown rule {rule:?} in ignore; the rules are {}", rules.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(rule: &str, line: usize) -> Finding {
        Finding {
            rule: Rule::named(rule).unwrap(),
            denies: true,
            text: String::new(),
            container: String::new(),
            path: String::new(),
            place: Place { line, column: 1 },
            suppression: None,
        }
    }

    /// The reason for which a finding of a rule on a line is ignored, in an object with this head.
    fn reason(text: &str, rule: &str, line: usize, head: RangeInclusive<usize>) -> Option<String> {
        match Ignores::read(text).suppression(&finding(rule, line), &head) {
            Some(Suppression::Comment(reason)) => Some(reason),
            _ => None,
        }
    }

    const POD: &str = "\
kind: Pod
spec:
  containers: # native-sidecar: ignore[nodes]
  # native-sidecar: ignore[legacy, stripped]  needed by #7
  # Ships logs.
  - name: a
  - name: b # pinned # native-sidecar:ignore[legacy]
    image: \"# native-sidecar: ignore[stripped]\"
";

    #[test]
    fn a_comment_is_about_its_line_or_the_next() {
        let reason = |rule, line| reason(POD, rule, line, 1..=1);
        assert_eq!(reason("legacy", 6).as_deref(), Some("needed by #7"));
        assert_eq!(reason("stripped", 6).as_deref(), Some("needed by #7"));
        assert_eq!(reason("nodes", 6), None);
        assert_eq!(reason("legacy", 7).as_deref(), Some(""));
        assert_eq!(reason("stripped", 7), None);
        assert_eq!(reason("legacy", 5), None);
    }

    #[test]
    fn a_comment_at_the_head_is_about_the_object() {
        let text = "# native-sidecar: ignore[legacy] until May\n\nkind: Pod\n--- # native-sidecar: ignore[stripped]\nkind: Job\n";
        assert_eq!(reason(text, "legacy", 3, 1..=3).as_deref(), Some("until May"));
        assert_eq!(reason(text, "stripped", 3, 1..=3), None);
        assert_eq!(reason(text, "legacy", 9, 4..=5), None);
        assert_eq!(reason(text, "stripped", 9, 4..=5).as_deref(), Some(""));
    }

    #[test]
    fn what_ignores_nothing_is_told() {
        let unused = |ignores: &Ignores| ignores.unused().iter().map(|error| error.to_string()).collect::<Vec<_>>();
        let mut ignores = Ignores::read(POD);
        let nothing = [
            "line 3, column 15: ignore[nodes] has nothing to ignore here; remove it",
            "line 4, column 3: ignore[legacy,stripped] has nothing to ignore here; remove it",
            "line 7, column 13: ignore[legacy] has nothing to ignore here; remove it",
        ];
        assert_eq!(unused(&ignores), nothing);
        ignores.suppression(&finding("legacy", 6), &(1..=1));
        let repair = |rule, line| Repair {
            rule: Rule::named(rule).unwrap(),
            container: String::new(),
            path: String::new(),
            place: Place { line, column: 5 },
        };
        ignores.meet(&[repair("legacy", 6), repair("legacy", 7)], &(1..=1));
        let repaired = [
            "line 3, column 15: ignore[nodes] has nothing to ignore here; remove it",
            "line 4, column 3: ignore[stripped] has nothing to ignore here; remove it",
            "line 7, column 13: ignore[legacy] does not keep off a change; the setting exemptContainers does",
        ];
        assert_eq!(unused(&ignores), repaired);
    }

    #[test]
    fn mistakes_are_told() {
        let mistakes = |comment: &str| {
            let mistakes = Ignores::read(&format!("a: 1 # {comment}\n")).mistakes();
            mistakes.into_iter().map(|error| error.message).collect::<Vec<_>>()
        };
        let no_rule = "ignore names no rule; write: # native-sidecar: ignore[RULE] reason";
        for text in ["ignore", "ignore legacy", "ignore[]", "ignore[ , ]", "ignore[legacy"] {
            assert_eq!(mistakes(&format!("native-sidecar: {text}")), [no_rule], "{text}");
        }
        let unknown = "unknown instruction \"disable\"; write: # native-sidecar: ignore[RULE] reason";
        assert_eq!(mistakes("native-sidecar: disable all"), [unknown]);
        let rule = "unknown rule \"lagacy\" in ignore; the rules are legacy, stripped, misplaced, injected, converted, nodes, \
            injections, policy";
        assert_eq!(mistakes("native-sidecar: ignore[legacy,lagacy]"), [rule]);
        assert_eq!(mistakes("see native-sidecar: ignore"), Vec::<String>::new());
    }
}
