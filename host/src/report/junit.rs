//! Reviews as JUnit XML, which CI systems show as tests: a suite for each file, a test for each object.
//!
//! <https://llg.cubic.org/docs/junit/>

use native_sidecar_review::reviewer::{Review, Verdict};
use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite, XmlString};

use crate::report::output::Report;
use crate::report::summary::Summary;

/// A report, which is printed at the end.
#[derive(Debug, Default)]
pub struct Junit {
    suites: Vec<TestSuite>,
}

impl Report for Junit {
    fn object(&mut self, file: &str, review: &Review) -> String {
        let texts = |denies: bool| {
            let texts = review.findings.iter().filter(|finding| finding.denies == denies);
            let texts = texts.map(|finding| {
                format!(
                    "{file}:{}:{}: {} [{}]",
                    finding.place.line, finding.place.column, finding.text, finding.rule.id
                )
            });
            texts.collect::<Vec<_>>().join("\n")
        };
        let mut status = match review.verdict {
            Verdict::Denied => TestCaseStatus::non_success(NonSuccessKind::Failure),
            Verdict::Skipped => TestCaseStatus::skipped(),
            Verdict::Accepted | Verdict::Warned | Verdict::Changed => TestCaseStatus::success(),
        };
        if let Some(first) = review.findings.iter().find(|finding| finding.denies) {
            status.set_message(first.text.as_str()).set_type(first.rule.id).set_description(texts(true));
        }
        let mut case = TestCase::new(review.object(), status);
        case.set_classname(file);
        let warnings = texts(false);
        if !warnings.is_empty() {
            case.set_system_out(warnings);
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
    fn problem(
        &mut self,
        file: &str,
        place: Option<&yaml::Error>,
        mut status: TestCaseStatus,
        message: &str,
    ) -> String {
        status.set_message(message);
        let place = place.map(|place| format!(":{}:{}", place.line, place.column)).unwrap_or_default();
        let mut case = TestCase::new(format!("{file}{place}"), status);
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
