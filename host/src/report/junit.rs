//! Reviews as JUnit XML, which CI systems show as tests: a suite for each file, a test for each object.
//!
//! <https://llg.cubic.org/docs/junit/>

use native_sidecar_review::diff;
use native_sidecar_review::reviewer::{Review, Verdict};
use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite, XmlString};

use crate::report::fail_on::FailOn;
use crate::report::output::Report;
use crate::report::paths;
use crate::report::pending::Pending;
use crate::report::summary::Summary;

/// A report, which is printed at the end.
#[derive(Debug)]
pub struct Junit {
    fail_on: FailOn,
    suites: Vec<TestSuite>,
}

/// Something that is told of an object.
struct Message {
    verdict: Verdict,
    kind: &'static str,
    title: String,
    text: String,
}

/// What is told of an object, the worst first: what denies it, what changes in it, what warns.
fn messages(file: &str, review: &Review) -> Vec<Message> {
    let findings = review.open().map(|finding| Message {
        verdict: if finding.denies { Verdict::Denied } else { Verdict::Warned },
        kind: finding.rule.id,
        title: finding.text.clone(),
        text: format!("{file}:{}:{}: {} [{}]", finding.place.line, finding.place.column, finding.text, finding.rule.id),
    });
    let change = Pending::of(review).map(|Pending { place, text, .. }| {
        let lines = review.change.as_ref().map(|change| diff::hunks(&change.before, &change.after, change.line));
        let lines: String = lines.iter().flatten().map(ToString::to_string).collect();
        let told = format!("{file}:{}:{}: {text}\n{lines}", place.line, place.column);
        Message { verdict: Verdict::Changed, kind: "changed", title: text, text: told.trim_end().to_owned() }
    });
    let mut messages: Vec<Message> = findings.chain(change).collect();
    messages.sort_by_key(|message| std::cmp::Reverse(message.verdict));
    messages
}

/// The status of a test that is skipped, and why.
fn skipped(reason: Option<&str>) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    if let Some(reason) = reason {
        status.set_message(reason);
    }
    status
}

fn texts(messages: &[Message]) -> String {
    messages.iter().map(|message| message.text.as_str()).collect::<Vec<_>>().join("\n")
}

impl Report for Junit {
    fn object(&mut self, file: &str, review: &Review) -> String {
        let messages = messages(file, review);
        let (failing, others) = messages.split_at(messages.partition_point(|it| self.fail_on.includes(it.verdict)));
        let mut status = match review.verdict {
            Verdict::Skipped => skipped(review.left_out.as_deref()),
            verdict if self.fail_on.includes(verdict) => TestCaseStatus::non_success(NonSuccessKind::Failure),
            _ => TestCaseStatus::success(),
        };
        if let Some(first) = failing.first() {
            status.set_message(first.title.as_str()).set_type(first.kind).set_description(texts(failing));
        }
        let mut case = TestCase::new(review.object(), status);
        case.set_classname(file);
        if !others.is_empty() {
            case.set_system_out(texts(others));
        }
        self.suite(file).add_test_case(case);
        String::new()
    }

    fn error(&mut self, file: &str, place: Option<&yaml::Error>, message: &str) -> String {
        self.problem(file, place, TestCaseStatus::non_success(NonSuccessKind::Error), message)
    }

    fn warning(&mut self, file: &str, place: Option<&yaml::Error>, message: &str) -> String {
        self.problem(file, place, TestCaseStatus::skipped(), message)
    }

    fn template(&mut self, file: &str) -> String {
        self.problem(file, None, TestCaseStatus::skipped(), "a template")
    }

    fn end(&mut self, _: &Summary) -> String {
        let mut report = quick_junit::Report::new(env!("CARGO_PKG_NAME"));
        report.add_test_suites(self.suites.drain(..));
        // Writing to memory can't fail.
        report.to_string().unwrap_or_default()
    }
}

impl Junit {
    /// Returns a report in which what is so bad fails.
    pub fn new(fail_on: FailOn) -> Self {
        Self { fail_on, suites: Vec::new() }
    }

    fn problem(
        &mut self,
        file: &str,
        place: Option<&yaml::Error>,
        mut status: TestCaseStatus,
        message: &str,
    ) -> String {
        status.set_message(message);
        let mut case = TestCase::new(paths::placed(file, place), status);
        case.set_classname(file);
        self.suite(file).add_test_case(case);
        String::new()
    }

    /// The suite of a file; files come one behind the other.
    fn suite(&mut self, file: &str) -> &mut TestSuite {
        let name = XmlString::new(file);
        if self.suites.last().is_none_or(|suite| suite.name != name) {
            self.suites.push(TestSuite::new(name));
        }
        let last = self.suites.len() - 1;
        &mut self.suites[last]
    }
}
